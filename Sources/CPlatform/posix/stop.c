/* stop.c: stop requests. The signals are blocked in every thread and taken with sigwait by a thread of our own, so
 * nothing ever runs in a signal handler. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <signal.h>

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define STOP_SIGNAL_COUNT (sizeof stop_signals / sizeof stop_signals[0])

static pthread_once_t made_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived;
static uint32_t requested = PLATFORM_STOP_NONE;
static bool listening;
static sigset_t listened;

static void make_condition(void) { weir_condition_make(&arrived); }

static void *take_signals(void *context) {
    (void)context;
    for (;;) {
        int signal = 0;
        if (sigwait(&listened, &signal) != 0) continue;
        platform_stop_request(signal == SIGINT ? PLATFORM_STOP_INTERRUPT : PLATFORM_STOP_TERMINATE);
    }
    return NULL;
}

/* A signal that was ignored when the program began is to stay so: nohup, and what a script runs in the background. */
static bool is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

platform_status platform_stop_listen(void) {
    pthread_once(&made_once, make_condition);
    pthread_mutex_lock(&mutex);
    bool already = listening;
    listening = true;
    pthread_mutex_unlock(&mutex);
    if (already) return PLATFORM_OK;

    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);

    sigemptyset(&listened);
    bool any = false;
    for (size_t index = 0; index < STOP_SIGNAL_COUNT; index++) {
        if (is_ignored(stop_signals[index])) continue;
        sigaddset(&listened, stop_signals[index]);
        any = true;
    }
    if (!any) return PLATFORM_OK;
    int code = pthread_sigmask(SIG_BLOCK, &listened, NULL);
    if (code != 0) return weir_fail(code);
    platform_status status = weir_start_detached(take_signals, NULL);
    /* Blocked and taken by nobody would be deaf. */
    if (status != PLATFORM_OK) pthread_sigmask(SIG_UNBLOCK, &listened, NULL);
    return status;
}

int32_t platform_stop_requested(void) { return (int32_t)__atomic_load_n(&requested, __ATOMIC_SEQ_CST); }

int32_t platform_stop_wait(int64_t deadline) {
    pthread_once(&made_once, make_condition);
    pthread_mutex_lock(&mutex);
    while (platform_stop_requested() == PLATFORM_STOP_NONE) {
        if (deadline == PLATFORM_FOREVER) {
            pthread_cond_wait(&arrived, &mutex);
        } else if (deadline <= platform_monotonic() || !weir_condition_sleep(&arrived, &mutex, deadline)) {
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
    return platform_stop_requested();
}

void platform_stop_request(int32_t reason) {
    pthread_once(&made_once, make_condition);
    pthread_mutex_lock(&mutex);
    if (platform_stop_requested() == PLATFORM_STOP_NONE) {
        __atomic_store_n(&requested, (uint32_t)reason, __ATOMIC_SEQ_CST);
    }
    pthread_cond_broadcast(&arrived);
    pthread_mutex_unlock(&mutex);
    weir_wake_everybody_here();
}

void platform_stop_finished(void) {}
