/* wake_futex.c: sleeping on a word that other processes share. Never FUTEX_PRIVATE_FLAG: the kernel then looks the word
 * up by its page, the same in every process that maps the file. */
#define _DEFAULT_SOURCE

#include "../posix/internal.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

platform_status weir_wake_sleep(uint32_t *word, uint32_t ticket, int64_t deadline) {
    /* The bitset call, because its deadline is absolute and on the monotonic clock. */
    struct timespec until = weir_timespec(deadline);
    struct timespec *limit = deadline == PLATFORM_FOREVER ? NULL : &until;
    for (;;) {
        if (platform_load_acquire_u32(word) != ticket) return PLATFORM_OK;
        if (deadline == PLATFORM_NO_WAIT) return weir_fail(ETIMEDOUT);
        if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, ticket, limit, NULL, FUTEX_BITSET_MATCH_ANY) == 0) {
            return PLATFORM_OK;
        }
        if (errno == ETIMEDOUT) {
            return platform_load_acquire_u32(word) != ticket ? PLATFORM_OK : weir_fail(ETIMEDOUT);
        }
        if (errno != EINTR && errno != EAGAIN) return weir_fail(errno);
    }
}

void weir_wake_rouse(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }
