/* open_limit.c: how many descriptors this process may have. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <limits.h>
#include <sys/resource.h>

/* What a system that answers "no limit" may still refuse to grant: it then takes this. */
#define MODEST 10240

uint64_t platform_raise_open_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return MODEST;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit wanted = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &wanted) != 0 && limit.rlim_cur < MODEST) {
            wanted.rlim_cur = MODEST;
            (void)setrlimit(RLIMIT_NOFILE, &wanted);
        }
        if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return MODEST;
    }
    return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
}
