/* threads.c: threads, mutexes and condition variables. Waiting with a deadline is each system's own. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

struct platform_thread {
    pthread_t native;
    void (*body)(void *);
    void *context;
};

static void *run(void *argument) {
    platform_thread *thread = argument;
    thread->body(thread->context);
    return NULL;
}

/* EAGAIN here means that there are too many threads, not that something is held. */
static platform_status thread_failure(int code) {
    platform_status status = weir_fail(code);
    return code == EAGAIN ? PLATFORM_LIMIT : status;
}

platform_status platform_thread_start(void (*body)(void *), void *context, platform_thread **thread) {
    platform_thread *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    made->body = body;
    made->context = context;
    int code = pthread_create(&made->native, NULL, run, made);
    if (code != 0) {
        free(made);
        return thread_failure(code);
    }
    *thread = made;
    return PLATFORM_OK;
}

void platform_thread_join(platform_thread *thread) {
    pthread_join(thread->native, NULL);
    free(thread);
}

platform_status weir_start_detached(void *(*body)(void *), void *context) {
    pthread_attr_t attributes;
    int code = pthread_attr_init(&attributes);
    if (code != 0) return weir_fail(code);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    code = pthread_create(&thread, &attributes, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    pthread_attr_destroy(&attributes);
    return code == 0 ? PLATFORM_OK : thread_failure(code);
}

void platform_thread_yield(void) { sched_yield(); }

platform_status platform_mutex_make(platform_mutex **mutex) {
    platform_mutex *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    int code = pthread_mutex_init(&made->native, NULL);
    if (code != 0) {
        free(made);
        return weir_fail(code);
    }
    *mutex = made;
    return PLATFORM_OK;
}

void platform_mutex_free(platform_mutex *mutex) {
    pthread_mutex_destroy(&mutex->native);
    free(mutex);
}

void platform_mutex_lock(platform_mutex *mutex) { pthread_mutex_lock(&mutex->native); }
bool platform_mutex_try_lock(platform_mutex *mutex) { return pthread_mutex_trylock(&mutex->native) == 0; }
void platform_mutex_unlock(platform_mutex *mutex) { pthread_mutex_unlock(&mutex->native); }

platform_status platform_condition_make(platform_condition **condition) {
    platform_condition *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    int code = weir_condition_make(&made->native);
    if (code != 0) {
        free(made);
        return weir_fail(code);
    }
    *condition = made;
    return PLATFORM_OK;
}

void platform_condition_free(platform_condition *condition) {
    pthread_cond_destroy(&condition->native);
    free(condition);
}

bool platform_condition_wait(platform_condition *condition, platform_mutex *mutex, int64_t deadline) {
    if (deadline == PLATFORM_FOREVER) {
        pthread_cond_wait(&condition->native, &mutex->native);
        return true;
    }
    if (deadline <= platform_monotonic()) return false;
    return weir_condition_sleep(&condition->native, &mutex->native, deadline);
}

void platform_condition_signal(platform_condition *condition) { pthread_cond_signal(&condition->native); }
void platform_condition_broadcast(platform_condition *condition) { pthread_cond_broadcast(&condition->native); }
