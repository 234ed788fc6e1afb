/* threads.c: conditions on the monotonic clock, and what the kernel knows about threads. */
#include "../posix/internal.h"

#include <pthread_np.h>
#include <unistd.h>

int weir_condition_make(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    int code = pthread_condattr_init(&attributes);
    if (code != 0) return code;
    code = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (code == 0) code = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return code;
}

bool weir_condition_sleep(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline) {
    struct timespec until = weir_timespec(deadline);
    return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}

uint64_t platform_thread_id(void) { return (uint64_t)pthread_getthreadid_np(); }

uint32_t platform_processor_count(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}
