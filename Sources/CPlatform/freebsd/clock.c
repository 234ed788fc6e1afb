/* clock.c: the clock that condition variables measure their deadlines by. */
#include "../posix/internal.h"

int64_t platform_monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * WEIR_SECOND + now.tv_nsec;
}
