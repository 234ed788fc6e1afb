/* poller_kqueue.c: the poller on kqueue, for macOS and FreeBSD.
 *
 * A socket has two filters, one a direction, always: a direction that nobody asked about is only watched for its end.
 * Such a watch is edge-triggered and asks for more bytes, or more room, than there ever are, so that it seldom speaks;
 * what it says about anything but an end is passed over. A connection is over when both directions have ended. From
 * then on its filters are level-triggered, so that every wait reports it.
 *
 * The table of registrations says what a filter's event belongs to. Events carry the generation of the registration,
 * not its token: one that was fetched just before another thread removed the socket, and gave its number to the next,
 * finds another generation, and is dropped. */
#include "../posix/poller.h"
#include "../posix/registrations.h"

#include <sys/event.h>

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* Events taken from the kernel at once. */
#define BATCH 256

#define BOTH_DIRECTIONS (PLATFORM_POLL_READ | PLATFORM_POLL_WRITE)

typedef struct {
    platform_poller base;
    int kqueue;
    uint32_t woken; /* from a wake until a wait has seen it */
    pthread_mutex_t mutex;
    weir_registrations registrations; /* under the mutex */
    uint64_t wait; /* the waiting thread's own: the number of the wait */
} kqueue_poller;

static kqueue_poller *of(platform_poller *poller) { return (kqueue_poller *)(void *)poller; }

static void release(platform_poller *poller) {
    if (of(poller)->kqueue >= 0) close(of(poller)->kqueue);
    pthread_mutex_destroy(&of(poller)->mutex);
    free(of(poller)->registrations.slots);
    free(poller);
}

/* ---- filters; the mutex is held ---- */

/* Whether this direction's filter says each time what holds, and does not watch for an end only. */
static bool is_level(const weir_registration *registration, uint32_t direction) {
    return (registration->interest & direction) || registration->ended == BOTH_DIRECTIONS;
}

static int filter_of(uint32_t direction) { return direction == PLATFORM_POLL_READ ? EVFILT_READ : EVFILT_WRITE; }

/* 0 or an errno. The filter that may be there is taken out first: being edge-triggered is decided when it is added. */
static int set_filter(kqueue_poller *self, int socket, const weir_registration *registration, uint32_t direction) {
    bool watch = !(registration->interest & direction);
    bool level = is_level(registration, direction);
    unsigned short flags = (unsigned short)(level ? EV_ADD : EV_ADD | EV_CLEAR);
    void *generation = (void *)(uintptr_t)registration->generation;
    struct kevent change;
    EV_SET(&change, (uintptr_t)socket, (short)filter_of(direction), EV_DELETE, 0, 0, NULL);
    kevent(self->kqueue, &change, 1, NULL, 0, NULL);
    EV_SET(&change, (uintptr_t)socket, (short)filter_of(direction), flags, watch ? NOTE_LOWAT : 0, watch ? INT_MAX : 0,
           generation);
    return kevent(self->kqueue, &change, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

static void drop_filter(kqueue_poller *self, int socket, uint32_t direction) {
    struct kevent change;
    EV_SET(&change, (uintptr_t)socket, (short)filter_of(direction), EV_DELETE, 0, 0, NULL);
    kevent(self->kqueue, &change, 1, NULL, 0, NULL);
}

static int set_filters(kqueue_poller *self, int socket, const weir_registration *registration, uint32_t directions) {
    int code = 0;
    if (directions & PLATFORM_POLL_READ) code = set_filter(self, socket, registration, PLATFORM_POLL_READ);
    if (code == 0 && (directions & PLATFORM_POLL_WRITE)) {
        code = set_filter(self, socket, registration, PLATFORM_POLL_WRITE);
    }
    return code;
}

static void forget(kqueue_poller *self, int socket, weir_registration *registration) {
    drop_filter(self, socket, PLATFORM_POLL_READ);
    drop_filter(self, socket, PLATFORM_POLL_WRITE);
    registration->generation = 0;
}

/* ---- registering ---- */

static platform_status add_locked(kqueue_poller *self, int socket, uint32_t interest, uint64_t token) {
    platform_status status = weir_registrations_add(&self->registrations, socket, interest, token);
    if (status != PLATFORM_OK) return status;
    weir_registration *added = weir_registrations_find(&self->registrations, socket);
    int code = set_filters(self, socket, added, BOTH_DIRECTIONS);
    if (code == 0) return PLATFORM_OK;
    forget(self, socket, added);
    return weir_fail(code);
}

static platform_status modify_locked(kqueue_poller *self, int socket, uint32_t interest, uint64_t token) {
    weir_registration *found = weir_registrations_find(&self->registrations, socket);
    if (found == NULL) return weir_fail(ENOENT);
    uint32_t changed = found->interest ^ interest;
    found->token = token;
    found->interest = interest;
    int code = set_filters(self, socket, found, changed);
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}

static platform_status remove_locked(kqueue_poller *self, int socket) {
    weir_registration *found = weir_registrations_find(&self->registrations, socket);
    if (found == NULL) return weir_fail(ENOENT);
    forget(self, socket, found);
    return PLATFORM_OK;
}

static platform_status add(platform_poller *poller, int socket, uint32_t interest, uint64_t token) {
    pthread_mutex_lock(&of(poller)->mutex);
    platform_status status = add_locked(of(poller), socket, interest, token);
    pthread_mutex_unlock(&of(poller)->mutex);
    return status;
}

static platform_status modify(platform_poller *poller, int socket, uint32_t interest, uint64_t token) {
    pthread_mutex_lock(&of(poller)->mutex);
    platform_status status = modify_locked(of(poller), socket, interest, token);
    pthread_mutex_unlock(&of(poller)->mutex);
    return status;
}

static platform_status take_out(platform_poller *poller, int socket) {
    pthread_mutex_lock(&of(poller)->mutex);
    platform_status status = remove_locked(of(poller), socket);
    pthread_mutex_unlock(&of(poller)->mutex);
    return status;
}

static void wake(platform_poller *poller) {
    if (platform_exchange_u32(&of(poller)->woken, 1) != 0) return;
    struct kevent trigger;
    EV_SET(&trigger, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
    int result;
    do result = kevent(of(poller)->kqueue, &trigger, 1, NULL, 0, NULL);
    while (result < 0 && errno == EINTR);
}

/* ---- waiting ---- */

/* Writes an event, or adds to the one that this wait has written for the same socket. */
static void report(kqueue_poller *self, weir_registration *found, uint32_t ready, platform_poll_event *events,
                   size_t *written) {
    if (ready == 0) return;
    if (found->reported_in == self->wait) {
        events[found->reported_at].ready |= ready;
        return;
    }
    found->reported_in = self->wait;
    found->reported_at = *written;
    events[(*written)++] = (platform_poll_event){found->token, ready, 0};
}

/* What an event of one filter says, when the registration's `ended` takes it into account. The mutex is held. */
static uint32_t ready_of(kqueue_poller *self, weir_registration *found, const struct kevent *event) {
    uint32_t direction = event->filter == EVFILT_READ ? PLATFORM_POLL_READ : PLATFORM_POLL_WRITE;
    uint32_t ready = found->interest & direction;
    if (!(event->flags & EV_EOF)) return ready;
    bool was_over = found->ended == BOTH_DIRECTIONS;
    found->ended |= direction;
    if (event->fflags != 0) ready |= PLATFORM_POLL_ERROR;
    if (found->ended != BOTH_DIRECTIONS) return ready;
    if (!was_over) set_filters(self, (int)event->ident, found, BOTH_DIRECTIONS & ~found->interest);
    /* What came before the end can still be read, also by those who did not ask for it. */
    return ready | PLATFORM_POLL_HANGUP | PLATFORM_POLL_READ;
}

/* How many events were written. */
static size_t take_in(kqueue_poller *self, const struct kevent *found, int count, platform_poll_event *events,
                      bool *woken) {
    size_t written = 0;
    self->wait++;
    pthread_mutex_lock(&self->mutex);
    for (int index = 0; index < count; index++) {
        if (found[index].filter == EVFILT_USER) {
            platform_exchange_u32(&self->woken, 0);
            *woken = true;
            continue;
        }
        weir_registration *registration = weir_registrations_find(&self->registrations, (int)found[index].ident);
        if (registration == NULL || registration->generation != (uintptr_t)found[index].udata) continue;
        report(self, registration, ready_of(self, registration, &found[index]), events, &written);
    }
    pthread_mutex_unlock(&self->mutex);
    return written;
}

static platform_status wait_for_events(platform_poller *poller, platform_poll_event *events, size_t capacity,
                                       size_t *count, int64_t deadline) {
    struct kevent found[BATCH];
    int limit = capacity < BATCH ? (int)capacity : BATCH;
    bool woken = false;
    *count = 0;
    for (;;) {
        int64_t pause = weir_poller_pause(deadline);
        struct timespec rest = weir_timespec(pause);
        int got = kevent(of(poller)->kqueue, NULL, 0, found, limit, pause < 0 ? NULL : &rest);
        if (got < 0 && errno != EINTR) return weir_fail(errno);
        if (got > 0) *count = take_in(of(poller), found, got, events, &woken);
        if (*count > 0 || woken) return PLATFORM_OK;
        if (got >= 0 && weir_poller_pause(deadline) == 0) return weir_fail(ETIMEDOUT);
    }
}

static const weir_poller_kind kqueue_kind = {release, add, modify, take_out, wait_for_events, wake};

/* Children that are forked do not inherit a kqueue. */
static bool set_up(kqueue_poller *made) {
    struct kevent change;
    made->kqueue = kqueue();
    if (made->kqueue < 0) return false;
    EV_SET(&change, 0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, NULL);
    return kevent(made->kqueue, &change, 1, NULL, 0, NULL) == 0;
}

platform_status weir_poller_make_best(platform_poller **poller) {
    kqueue_poller *made = calloc(1, sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    made->base.kind = &kqueue_kind;
    pthread_mutex_init(&made->mutex, NULL);
    if (!set_up(made)) {
        int code = errno;
        release(&made->base);
        return weir_fail(code);
    }
    *poller = &made->base;
    return PLATFORM_OK;
}
