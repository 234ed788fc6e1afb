/* poller.h: the kinds of pollers, side by side in one process. */
#ifndef WEIR_POSIX_POLLER_H
#define WEIR_POSIX_POLLER_H

#include "internal.h"

/* What a kind of poller does; each as the function of network.h that has its name. */
typedef struct {
    void (*free)(platform_poller *poller);
    platform_status (*add)(platform_poller *poller, int socket, uint32_t interest, uint64_t token);
    platform_status (*modify)(platform_poller *poller, int socket, uint32_t interest, uint64_t token);
    platform_status (*remove)(platform_poller *poller, int socket);
    platform_status (*wait)(platform_poller *poller, platform_poll_event *events, size_t capacity, size_t *count,
                            int64_t deadline);
    void (*wake)(platform_poller *poller);
} weir_poller_kind;

/* The first member of every kind's poller. */
struct platform_poller {
    const weir_poller_kind *kind;
};

/* posix/poller_poll.c */
platform_status weir_poller_make_poll(platform_poller **poller);

/* linux/poller_epoll.c, kqueue/poller_kqueue.c */
platform_status weir_poller_make_best(platform_poller **poller);

/* How long until the deadline: -1 for ever, 0 when it has passed. */
static inline int64_t weir_poller_pause(int64_t deadline) {
    if (deadline == PLATFORM_FOREVER) return -1;
    if (deadline == PLATFORM_NO_WAIT) return 0;
    int64_t now = platform_monotonic();
    return deadline > now ? deadline - now : 0;
}

/* Such a pause in milliseconds, rounded up, for the calls that count in them. */
static inline int weir_poller_milliseconds(int64_t pause) {
    if (pause <= 0) return (int)pause;
    int64_t rounded = (pause - 1) / 1000000 + 1;
    return rounded < INT32_MAX ? (int)rounded : INT32_MAX;
}

#endif
