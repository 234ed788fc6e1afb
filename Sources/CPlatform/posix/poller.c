/* poller.c: calls the kind that a poller was made as. */
#include "poller.h"

platform_status platform_poller_make(uint32_t kind, platform_poller **poller) {
    if (kind == PLATFORM_POLLER_BEST) return weir_poller_make_best(poller);
    if (kind == PLATFORM_POLLER_POLL) return weir_poller_make_poll(poller);
    return weir_fail(EINVAL);
}

void platform_poller_free(platform_poller *poller) { poller->kind->free(poller); }

platform_status platform_poller_add(platform_poller *poller, platform_socket socket, uint32_t interest,
                                    uint64_t token) {
    return poller->kind->add(poller, (int)socket, interest, token);
}

platform_status platform_poller_modify(platform_poller *poller, platform_socket socket, uint32_t interest,
                                       uint64_t token) {
    return poller->kind->modify(poller, (int)socket, interest, token);
}

platform_status platform_poller_remove(platform_poller *poller, platform_socket socket) {
    return poller->kind->remove(poller, (int)socket);
}

platform_status platform_poller_wait(platform_poller *poller, platform_poll_event *events, size_t capacity,
                                     size_t *count, int64_t deadline) {
    return poller->kind->wait(poller, events, capacity, count, deadline);
}

void platform_poller_wake(platform_poller *poller) { poller->kind->wake(poller); }
