/* threads.c: threads, mutexes and condition variables. */
#include "internal.h"

#include <stdlib.h>

/* ---- threads ---- */

struct platform_thread {
    HANDLE native;
    void (*body)(void *);
    void *context;
};

static DWORD WINAPI run(LPVOID argument) {
    platform_thread *thread = argument;
    thread->body(thread->context);
    return 0;
}

platform_status platform_thread_start(void (*body)(void *), void *context, platform_thread **thread) {
    platform_thread *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    made->body = body;
    made->context = context;
    made->native = CreateThread(NULL, 0, run, made, 0, NULL);
    if (made->native == NULL) {
        platform_status status = weir_fail_last();
        free(made);
        return status;
    }
    *thread = made;
    return PLATFORM_OK;
}

void platform_thread_join(platform_thread *thread) {
    WaitForSingleObject(thread->native, INFINITE);
    CloseHandle(thread->native);
    free(thread);
}

uint64_t platform_thread_id(void) { return GetCurrentThreadId(); }
void platform_thread_yield(void) { SwitchToThread(); }

uint32_t platform_processor_count(void) {
    /* Those that this process may run on, in its group of at most 64; a process in several groups has them all. */
    DWORD_PTR mine = 0, all = 0;
    uint32_t count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all)) {
        for (; mine != 0; mine &= mine - 1) count++;
    }
    if (count == 0) count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return count > 0 ? count : 1;
}

/* ---- mutexes ---- */

struct platform_mutex {
    SRWLOCK native;
};

platform_status platform_mutex_make(platform_mutex **mutex) {
    platform_mutex *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    InitializeSRWLock(&made->native);
    *mutex = made;
    return PLATFORM_OK;
}

void platform_mutex_free(platform_mutex *mutex) { free(mutex); }
void platform_mutex_lock(platform_mutex *mutex) { AcquireSRWLockExclusive(&mutex->native); }
bool platform_mutex_try_lock(platform_mutex *mutex) { return TryAcquireSRWLockExclusive(&mutex->native) != 0; }
void platform_mutex_unlock(platform_mutex *mutex) { ReleaseSRWLockExclusive(&mutex->native); }

/* ---- conditions ---- */

struct platform_condition {
    CONDITION_VARIABLE native;
};

platform_status platform_condition_make(platform_condition **condition) {
    platform_condition *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    InitializeConditionVariable(&made->native);
    *condition = made;
    return PLATFORM_OK;
}

void platform_condition_free(platform_condition *condition) { free(condition); }

bool platform_condition_wait(platform_condition *condition, platform_mutex *mutex, int64_t deadline) {
    if (deadline == PLATFORM_FOREVER) {
        return SleepConditionVariableSRW(&condition->native, &mutex->native, INFINITE, 0) != 0;
    }
    DWORD milliseconds = weir_milliseconds_until(deadline);
    if (milliseconds == 0) return false;
    if (SleepConditionVariableSRW(&condition->native, &mutex->native, milliseconds, 0)) return true;
    return platform_monotonic() < deadline; /* its clock may be a tick ahead of ours */
}

void platform_condition_signal(platform_condition *condition) { WakeConditionVariable(&condition->native); }
void platform_condition_broadcast(platform_condition *condition) { WakeAllConditionVariable(&condition->native); }
