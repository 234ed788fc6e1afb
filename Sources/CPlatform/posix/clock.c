/* clock.c: wall time, sleeping, back-off. The monotonic clock is each system's own. */
#define _DEFAULT_SOURCE

#include "internal.h"

int64_t platform_wall(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * WEIR_SECOND + now.tv_nsec;
}

struct timespec weir_timespec(int64_t nanoseconds) {
    struct timespec result = {0, 0};
    if (nanoseconds > 0) {
        result.tv_sec = (time_t)(nanoseconds / WEIR_SECOND);
        result.tv_nsec = (long)(nanoseconds % WEIR_SECOND);
    }
    return result;
}

void platform_sleep_until(int64_t deadline) {
    for (;;) {
        int64_t now = platform_monotonic();
        if (now >= deadline) return;
        /* A signal ends the sleep early, and the rest is then measured again, so no drift adds up. */
        struct timespec rest = weir_timespec(deadline - now);
        nanosleep(&rest, NULL);
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
