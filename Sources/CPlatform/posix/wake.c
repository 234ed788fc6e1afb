/* wake.c: the protocol of a wake word. How to sleep on a word and how to rouse its sleepers is each system's own.
 *
 * Why no wake-up is lost. The sleeper sets bit 0, then looks at the shared state; the waker changes the state, then
 * looks at bit 0; a full fence stands between the two steps of each. So either the sleeper sees the change, or the
 * waker sees the bit. A waker that sees it changes the word before it rouses, and a sleeper falls asleep only on an
 * unchanged word. Of several wakers one wins the exchange; the others need not call: the winner's sleepers look at the
 * state after the exchange, which is after the others' changes.
 *
 * A stop request of this process is one more waker, of every wake that is open here. It is raised before the words are
 * changed, and a sleeper asks for it after it has its ticket, so the same argument holds. */
#include "internal.h"

#include <stdlib.h>

struct platform_wake {
    uint32_t *word; /* first: platform_wake_all in the header reads it */
    platform_wake *next;
    platform_wake **link;
};

static pthread_mutex_t open_wakes_mutex = PTHREAD_MUTEX_INITIALIZER;
static platform_wake *open_wakes;

platform_status platform_wake_open(platform_handle file, uint32_t *word, platform_wake **wake) {
    (void)file; /* the word is known by the page that holds it */
    platform_wake *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    made->word = word;
    pthread_mutex_lock(&open_wakes_mutex);
    made->next = open_wakes;
    made->link = &open_wakes;
    if (open_wakes != NULL) open_wakes->link = &made->next;
    open_wakes = made;
    pthread_mutex_unlock(&open_wakes_mutex);
    *wake = made;
    return PLATFORM_OK;
}

void platform_wake_close(platform_wake *wake) {
    pthread_mutex_lock(&open_wakes_mutex);
    *wake->link = wake->next;
    if (wake->next != NULL) wake->next->link = wake->link;
    pthread_mutex_unlock(&open_wakes_mutex);
    free(wake);
}

platform_status weir_wake_poll(const uint32_t *word, uint32_t ticket, int64_t deadline) {
    weir_backoff backoff = {WEIR_BACKOFF_START};
    while (platform_load_acquire_u32(word) == ticket) {
        if (!weir_backoff_sleep(&backoff, deadline)) return weir_fail(ETIMEDOUT);
    }
    return PLATFORM_OK;
}

uint32_t platform_wake_prepare(platform_wake *wake) {
    uint32_t ticket = platform_or_u32(wake->word, 1) | 1;
    platform_fence_full();
    return ticket;
}

platform_status platform_wake_wait(platform_wake *wake, uint32_t ticket, int64_t deadline) {
    if (platform_stop_requested() != PLATFORM_STOP_NONE) return PLATFORM_OK;
    return weir_wake_sleep(wake->word, ticket, deadline);
}

void platform_wake_sleepers(platform_wake *wake) {
    uint32_t seen = platform_load_relaxed_u32(wake->word);
    while (seen & 1) {
        /* One more wake-up counted, and bit 0 cleared by the carry. */
        if (platform_compare_exchange_u32(wake->word, &seen, seen + 1)) {
            weir_wake_rouse(wake->word);
            return;
        }
    }
}

void weir_wake_everybody_here(void) {
    pthread_mutex_lock(&open_wakes_mutex);
    for (platform_wake *wake = open_wakes; wake != NULL; wake = wake->next) platform_wake_all(wake);
    pthread_mutex_unlock(&open_wakes_mutex);
}
