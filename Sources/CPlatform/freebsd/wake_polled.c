/* wake_polled.c: sleepers look at the word again and again, at most every 5 ms. */
#include "../posix/internal.h"

platform_status weir_wake_sleep(uint32_t *word, uint32_t ticket, int64_t deadline) {
    return weir_wake_poll(word, ticket, deadline);
}

void weir_wake_rouse(uint32_t *word) { (void)word; }
