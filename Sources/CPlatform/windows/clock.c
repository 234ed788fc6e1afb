/* clock.c: the two clocks, sleeping, back-off. */
#include "internal.h"

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x00000002
#endif

/* 100 ns steps between 1601 and 1970. */
#define UNIX_EPOCH INT64_C(116444736000000000)

int64_t platform_monotonic(void) {
    static int64_t frequency; /* the same for the life of the machine, so threads may find it out at once */
    int64_t per_second = __atomic_load_n(&frequency, __ATOMIC_RELAXED);
    LARGE_INTEGER value;
    if (per_second == 0) {
        QueryPerformanceFrequency(&value);
        per_second = value.QuadPart;
        __atomic_store_n(&frequency, per_second, __ATOMIC_RELAXED);
    }
    QueryPerformanceCounter(&value);
    /* Seconds apart, so that the product fits whatever the frequency is. */
    return value.QuadPart / per_second * WEIR_SECOND + value.QuadPart % per_second * WEIR_SECOND / per_second;
}

int64_t platform_wall(void) {
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return (((int64_t)now.dwHighDateTime << 32 | (int64_t)now.dwLowDateTime) - UNIX_EPOCH) * 100;
}

DWORD weir_milliseconds_until(int64_t deadline) {
    int64_t now = platform_monotonic();
    if (deadline <= now) return 0;
    const int64_t day = INT64_C(86400) * 1000;
    /* Compared before it is subtracted: the deadline may be for ever. */
    if (deadline > day * WEIR_MILLISECOND && deadline - day * WEIR_MILLISECOND > now) return (DWORD)day;
    return (DWORD)((deadline - now + WEIR_MILLISECOND - 1) / WEIR_MILLISECOND);
}

/* Sleeps with a timer of its own, finer than the scheduler's tick where the system has such; false when it has none. */
static bool sleep_with_timer(int64_t nanoseconds) {
    HANDLE timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    if (timer == NULL) timer = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
    if (timer == NULL) return false;
    LARGE_INTEGER due;
    due.QuadPart = -((nanoseconds + 99) / 100);
    bool slept = SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE) &&
                 WaitForSingleObject(timer, INFINITE) == WAIT_OBJECT_0;
    CloseHandle(timer);
    return slept;
}

void platform_sleep_until(int64_t deadline) {
    for (;;) {
        int64_t now = platform_monotonic();
        if (now >= deadline) return;
        int64_t rest = deadline - now;
        if (rest > 3600 * WEIR_SECOND) rest = 3600 * WEIR_SECOND;
        if (!sleep_with_timer(rest)) Sleep(weir_milliseconds_until(deadline));
    }
}

bool weir_backoff_sleep(weir_backoff *backoff, int64_t deadline) {
    int64_t now = platform_monotonic();
    if (deadline <= now) return false;
    int64_t pause = backoff->pause;
    backoff->pause = pause * 2 < WEIR_BACKOFF_MAXIMUM ? pause * 2 : WEIR_BACKOFF_MAXIMUM;
    if (pause > deadline - now) pause = deadline - now;
    platform_sleep_until(now + pause);
    return true;
}
