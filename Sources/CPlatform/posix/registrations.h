/* registrations.h: which sockets a poller watches, for the kinds whose system does not keep it for them. */
#ifndef WEIR_POSIX_REGISTRATIONS_H
#define WEIR_POSIX_REGISTRATIONS_H

#include "internal.h"

typedef struct {
    uint64_t token;
    uint64_t generation; /* 0: nobody. Never the same twice in one poller, so that a socket that was added again, or
                            another one with its number, is not taken for it */
    uint32_t interest;
    uint32_t ended; /* kqueue: the directions of which the end was seen, as PLATFORM_POLL_READ and WRITE */
    uint64_t reported_in; /* kqueue: the wait that last wrote an event for it, and where */
    size_t reported_at;
} weir_registration;

/* By the socket's number. Not safe by itself: the poller has a mutex. */
typedef struct {
    weir_registration *slots;
    size_t count;
    uint64_t generation;
} weir_registrations;

platform_status weir_registrations_add(weir_registrations *all, int socket, uint32_t interest, uint64_t token);
/* NULL if it is not registered. */
weir_registration *weir_registrations_find(const weir_registrations *all, int socket);

#endif
