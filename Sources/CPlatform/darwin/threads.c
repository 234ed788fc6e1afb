/* threads.c: conditions, whose deadlines here are relative to now, and what the kernel knows about threads. */
#include "../posix/internal.h"

#include <unistd.h>

int weir_condition_make(pthread_cond_t *condition) { return pthread_cond_init(condition, NULL); }

bool weir_condition_sleep(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline) {
    int64_t now = platform_monotonic();
    if (deadline <= now) return false;
    struct timespec rest = weir_timespec(deadline - now);
    if (pthread_cond_timedwait_relative_np(condition, mutex, &rest) != ETIMEDOUT) return true;
    return platform_monotonic() < deadline; /* its clock may be a little ahead of ours */
}

uint64_t platform_thread_id(void) {
    uint64_t number = 0;
    pthread_threadid_np(NULL, &number);
    return number;
}

uint32_t platform_processor_count(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}
