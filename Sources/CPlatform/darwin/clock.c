/* clock.c: the clock of mach_absolute_time, in nanoseconds, finer than CLOCK_MONOTONIC is here. It stands still while
 * the machine sleeps. */
#include "../posix/internal.h"

int64_t platform_monotonic(void) { return (int64_t)clock_gettime_nsec_np(CLOCK_UPTIME_RAW); }
