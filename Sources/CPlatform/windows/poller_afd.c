/* poller_afd.c: the poller, by AFD_POLL requests whose completions come to an I/O completion port.
 *
 * Requests go through handles to the driver of our own, and name the base handle of the socket they are about. They
 * could be issued on that handle itself, but a file is tied to a port for good: a socket could not leave one poller for
 * another, nor come back. The wait's own timeout is the timer.
 *
 * Each registration has one request, part of it:
 *
 *              submit                       packet
 *     IDLE  ------------->  SUBMITTED  -------------------> IDLE
 *                               | more is wanted, or removed
 *                               v              packet
 *                          CANCELLING  -------------------> IDLE, or freed if removed
 *
 * A request is one-shot. That every wait first submits all that is idle makes readiness level-triggered. Never are
 * two requests outstanding for one registration: where more is wanted the old one is cancelled, and the new one
 * submitted when the old one's packet has come.
 *
 * A registration is allocated alone and does not move, since the driver writes into it. One that was removed is no
 * longer found by its socket, but lives until its packet has been seen: so an address in a packet never means a later
 * registration, and no event is reported for one that was removed, though the socket's number be in use again. */
#include "afd.h"

#include <stdlib.h>
#include <string.h>

typedef enum { IDLE, SUBMITTED, CANCELLING } request_state;

typedef struct registration {
    weir_afd_poll poll; /* first: a packet's address is that of its registration */
    struct registration *next_in_bucket;
    struct registration *next, *previous; /* of those that are idle */
    weir_afd_device *device;
    HANDLE base;
    platform_socket socket;
    uint64_t token;
    uint32_t interest;
    ULONG submitted; /* events */
    request_state state;
    bool removed;
} registration;

#define FIRST_BUCKETS 64
#define PACKETS_MAXIMUM 128

/* Packets with this key are wakes, others belong to requests. */
#define WAKE_KEY 1

struct platform_poller {
    HANDLE port;
    uint32_t woken; /* a wake's packet is on its way */
    SRWLOCK lock;   /* of all below, and of the registrations */
    bool waiting;   /* somebody may be blocked: what is idle has to be submitted at once */
    registration *idle;
    registration **buckets; /* by socket */
    size_t bucket_count;    /* a power of two */
    size_t count;
    size_t outstanding; /* requests whose packets are still to come */
    weir_afd_devices devices;
};

/* ---- the table ---- */

static size_t bucket_of(const platform_poller *poller, platform_socket socket) {
    uint64_t mixed = ((uint64_t)socket >> 2) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 32) & (poller->bucket_count - 1);
}

/* The link that leads to the socket's registration, or the one at the end of its bucket. */
static registration **find(platform_poller *poller, platform_socket socket) {
    registration **link = &poller->buckets[bucket_of(poller, socket)];
    while (*link != NULL && (*link)->socket != socket) link = &(*link)->next_in_bucket;
    return link;
}

/* Without memory the buckets stay as they are, and grow long. */
static void grow(platform_poller *poller) {
    size_t old_count = poller->bucket_count;
    registration **old = poller->buckets, **made = calloc(old_count * 2, sizeof *made);
    if (made == NULL) return;
    poller->buckets = made;
    poller->bucket_count = old_count * 2;
    for (size_t index = 0; index < old_count; index++) {
        while (old[index] != NULL) {
            registration *moved = old[index];
            old[index] = moved->next_in_bucket;
            registration **bucket = &made[bucket_of(poller, moved->socket)];
            moved->next_in_bucket = *bucket;
            *bucket = moved;
        }
    }
    free(old);
}

/* ---- requests ---- */

static void become_idle(platform_poller *poller, registration *one) {
    one->state = IDLE;
    one->previous = NULL;
    one->next = poller->idle;
    if (one->next != NULL) one->next->previous = one;
    poller->idle = one;
}

static void leave_idle(platform_poller *poller, registration *one) {
    if (one->next != NULL) one->next->previous = one->previous;
    if (one->previous != NULL) one->previous->next = one->next;
    else poller->idle = one->next;
}

static ULONG events_for(uint32_t interest) {
    ULONG events = WEIR_AFD_ABORT | WEIR_AFD_CONNECT_FAIL | WEIR_AFD_LOCAL_CLOSE;
    if (interest & PLATFORM_POLL_READ) events |= WEIR_AFD_RECEIVE | WEIR_AFD_ACCEPT | WEIR_AFD_DISCONNECT;
    if (interest & PLATFORM_POLL_WRITE) events |= WEIR_AFD_SEND;
    return events;
}

static uint32_t ready_for(ULONG events) {
    const uint32_t both = PLATFORM_POLL_READ | PLATFORM_POLL_WRITE;
    uint32_t ready = 0;
    if (events & (WEIR_AFD_RECEIVE | WEIR_AFD_ACCEPT | WEIR_AFD_DISCONNECT)) ready |= PLATFORM_POLL_READ;
    if (events & WEIR_AFD_SEND) ready |= PLATFORM_POLL_WRITE;
    /* What came before a reset may still be there to read. */
    if (events & WEIR_AFD_ABORT) ready |= both | PLATFORM_POLL_HANGUP | PLATFORM_POLL_ERROR;
    if (events & WEIR_AFD_CONNECT_FAIL) ready |= both | PLATFORM_POLL_HANGUP | PLATFORM_POLL_ERROR;
    return ready;
}

/* Submits the request of an idle registration. One that the driver refuses gets its packet from here, so that the wait
 * reports it as an error. */
static void submit(platform_poller *poller, registration *one) {
    ULONG events = events_for(one->interest);
    leave_idle(poller, one);
    NTSTATUS status = weir_afd_submit(one->device, &one->poll, one->base, events);
    if (status != 0) {
        one->poll.status.Status = status;
        if (!PostQueuedCompletionStatus(poller->port, 0, 0, (OVERLAPPED *)(void *)one)) {
            become_idle(poller, one); /* no memory for now: the next wait tries again */
            return;
        }
    }
    one->submitted = events;
    one->state = SUBMITTED;
    poller->outstanding++;
}

static void submit_idle(platform_poller *poller) {
    for (registration *one = poller->idle, *next; one != NULL; one = next) {
        next = one->next;
        submit(poller, one);
    }
}

static void cancel(registration *one) {
    if (one->state != SUBMITTED) return;
    one->state = CANCELLING;
    weir_afd_cancel(one->device, &one->poll);
}

static void free_registration(registration *one) {
    weir_afd_leave(one->device);
    free(one);
}

/* Takes back the request that a packet tells about. What is ready of what is wanted: 0 for a registration that was
 * removed, and for a packet that only says that something was cancelled. */
static uint32_t complete(platform_poller *poller, registration *one) {
    poller->outstanding--;
    if (one->removed) {
        free_registration(one);
        return 0;
    }
    bool failed;
    uint32_t ready = ready_for(weir_afd_events(&one->poll, &failed));
    if (failed) ready |= PLATFORM_POLL_ERROR;
    become_idle(poller, one);
    return ready & (one->interest | PLATFORM_POLL_HANGUP | PLATFORM_POLL_ERROR);
}

/* ---- registering ---- */

static platform_status add_locked(platform_poller *poller, registration *made) {
    if (*find(poller, made->socket) != NULL) return weir_fail(ERROR_ALREADY_EXISTS);
    made->device = weir_afd_join(&poller->devices, poller->port);
    if (made->device == NULL) return weir_failed();
    if (poller->count >= poller->bucket_count) grow(poller);
    registration **bucket = find(poller, made->socket);
    *bucket = made;
    poller->count++;
    become_idle(poller, made);
    if (poller->waiting) submit(poller, made);
    return PLATFORM_OK;
}

platform_status platform_poller_add(platform_poller *poller, platform_socket socket, uint32_t interest,
                                    uint64_t token) {
    HANDLE base;
    platform_status status = weir_afd_base(weir_socket(socket), &base);
    if (status != PLATFORM_OK) return status;
    registration *made = calloc(1, sizeof *made);
    if (made == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    made->base = base;
    made->socket = socket;
    made->token = token;
    made->interest = interest;
    AcquireSRWLockExclusive(&poller->lock);
    status = add_locked(poller, made);
    ReleaseSRWLockExclusive(&poller->lock);
    if (status != PLATFORM_OK) free(made);
    return status;
}

platform_status platform_poller_modify(platform_poller *poller, platform_socket socket, uint32_t interest,
                                       uint64_t token) {
    AcquireSRWLockExclusive(&poller->lock);
    registration *one = *find(poller, socket);
    if (one != NULL) {
        one->interest = interest;
        one->token = token;
        /* One that asks for too much is left: what it brings is filtered. */
        if (one->state == SUBMITTED && (events_for(interest) & ~one->submitted) != 0) cancel(one);
    }
    ReleaseSRWLockExclusive(&poller->lock);
    return one != NULL ? PLATFORM_OK : weir_fail(ERROR_NOT_FOUND);
}

static void remove_at(platform_poller *poller, registration **link) {
    registration *one = *link;
    *link = one->next_in_bucket;
    poller->count--;
    if (one->state == IDLE) {
        leave_idle(poller, one);
        free_registration(one);
        return;
    }
    one->removed = true;
    cancel(one);
}

platform_status platform_poller_remove(platform_poller *poller, platform_socket socket) {
    AcquireSRWLockExclusive(&poller->lock);
    registration **link = find(poller, socket);
    bool found = *link != NULL;
    if (found) remove_at(poller, link);
    ReleaseSRWLockExclusive(&poller->lock);
    return found ? PLATFORM_OK : weir_fail(ERROR_NOT_FOUND);
}

/* ---- waiting ---- */

typedef struct {
    OVERLAPPED_ENTRY entries[PACKETS_MAXIMUM];
    ULONG count;
} packets;

/* Takes what has come, or comes within so many milliseconds. */
static platform_status take(HANDLE port, packets *taken, size_t capacity, DWORD milliseconds) {
    ULONG most = capacity < PACKETS_MAXIMUM ? (ULONG)capacity : PACKETS_MAXIMUM;
    if (GetQueuedCompletionStatusEx(port, taken->entries, most, &taken->count, milliseconds, FALSE)) return PLATFORM_OK;
    taken->count = 0;
    DWORD code = GetLastError();
    return code == WAIT_TIMEOUT ? PLATFORM_OK : weir_fail(code);
}

/* Turns packets into events; no more of these than of those. */
static size_t report(platform_poller *poller, const packets *taken, platform_poll_event *events, bool *woken) {
    size_t count = 0;
    for (ULONG index = 0; index < taken->count; index++) {
        if (taken->entries[index].lpCompletionKey == WAKE_KEY) {
            /* Before the caller looks at what it was woken for: whoever comes after that wakes it again. */
            platform_exchange_u32(&poller->woken, 0);
            *woken = true;
            continue;
        }
        registration *one = (void *)taken->entries[index].lpOverlapped;
        uint64_t token = one->token;
        uint32_t ready = complete(poller, one);
        if (ready != 0) events[count++] = (platform_poll_event){.token = token, .ready = ready};
    }
    return count;
}

platform_status platform_poller_wait(platform_poller *poller, platform_poll_event *events, size_t capacity,
                                     size_t *count, int64_t deadline) {
    packets taken;
    for (;;) {
        /* Before it is asked: after the last look the deadline must have passed already. */
        DWORD milliseconds = weir_milliseconds_until(deadline);
        AcquireSRWLockExclusive(&poller->lock);
        submit_idle(poller);
        poller->waiting = true;
        ReleaseSRWLockExclusive(&poller->lock);

        platform_status status = take(poller->port, &taken, capacity, milliseconds);
        bool woken = false;
        AcquireSRWLockExclusive(&poller->lock);
        poller->waiting = false;
        size_t reported = report(poller, &taken, events, &woken);
        ReleaseSRWLockExclusive(&poller->lock);

        if (status != PLATFORM_OK) return status;
        if (reported > 0 || woken) {
            *count = reported;
            return PLATFORM_OK;
        }
        /* Packets without events: their requests are submitted again, and may find something. */
        if (taken.count == 0 && milliseconds == 0) {
            *count = 0;
            return weir_fail(WAIT_TIMEOUT);
        }
    }
}

void platform_poller_wake(platform_poller *poller) {
    if (platform_exchange_u32(&poller->woken, 1) != 0) return;
    while (!PostQueuedCompletionStatus(poller->port, 0, WAKE_KEY, NULL)) {
        Sleep(1); /* no memory in the kernel: a wake may come late, and may not be lost */
    }
}

/* ---- making and freeing ---- */

platform_status platform_poller_make(uint32_t kind, platform_poller **poller) {
    if (kind == PLATFORM_POLLER_POLL) return weir_fail(ERROR_NOT_SUPPORTED);
    if (kind != PLATFORM_POLLER_BEST) return weir_fail(ERROR_INVALID_PARAMETER);
    platform_status status = weir_network_start();
    if (status != PLATFORM_OK) return status;
    platform_poller *made = calloc(1, sizeof *made);
    registration **buckets = calloc(FIRST_BUCKETS, sizeof *buckets);
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (made == NULL || buckets == NULL || port == NULL) {
        DWORD code = port == NULL ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY;
        if (port != NULL) CloseHandle(port);
        free(buckets);
        free(made);
        return weir_fail(code);
    }
    InitializeSRWLock(&made->lock);
    made->port = port;
    made->buckets = buckets;
    made->bucket_count = FIRST_BUCKETS;
    *poller = made;
    return PLATFORM_OK;
}

/* Packets of cancelled requests come at once. Should one not, its registration is given up: the driver may still write
 * to it. */
#define DRAIN_LIMIT (5 * WEIR_SECOND)

static void drain(platform_poller *poller) {
    packets taken;
    int64_t deadline = platform_monotonic() + DRAIN_LIMIT;
    while (poller->outstanding > 0) {
        DWORD milliseconds = weir_milliseconds_until(deadline);
        if (take(poller->port, &taken, PACKETS_MAXIMUM, milliseconds) != PLATFORM_OK) return;
        if (taken.count == 0 && milliseconds == 0) return;
        for (ULONG index = 0; index < taken.count; index++) {
            if (taken.entries[index].lpCompletionKey == WAKE_KEY) continue;
            complete(poller, (void *)taken.entries[index].lpOverlapped);
        }
    }
}

void platform_poller_free(platform_poller *poller) {
    for (size_t index = 0; index < poller->bucket_count; index++) {
        while (poller->buckets[index] != NULL) remove_at(poller, &poller->buckets[index]);
    }
    drain(poller);
    weir_afd_close(&poller->devices);
    CloseHandle(poller->port);
    free(poller->buckets);
    free(poller);
}
