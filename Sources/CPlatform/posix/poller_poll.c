/* poller_poll.c: the poller on poll(2), for any POSIX system.
 *
 * The registrations are a table under a mutex. A wait polls a copy, made anew after changes, and looks each socket that
 * is ready up again: what was removed or replaced meanwhile is not reported. A change during a wait rouses it through a
 * pipe, and it goes on with a new copy; `roused` is true while a byte is in the pipe, so there is never more than one.
 * */
#define _DEFAULT_SOURCE

#include "poller.h"
#include "registrations.h"
#include "sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    platform_poller base;
    pthread_mutex_t mutex;
    int pipe[2];
    /* Under the mutex. */
    weir_registrations registrations;
    uint64_t version;
    bool waits, roused, woken;
    /* The waiting thread's own: the pipe first, then the sockets. */
    struct pollfd *polled;
    uint64_t *generations;
    size_t polled_count, polled_capacity;
    uint64_t polled_version;
    size_t turn; /* where the next wait begins to report, so that few events at a time leave nobody out */
} poll_poller;

static poll_poller *of(platform_poller *poller) { return (poll_poller *)(void *)poller; }

static void release(platform_poller *poller) {
    poll_poller *self = of(poller);
    for (int end = 0; end < 2; end++) {
        if (self->pipe[end] >= 0) close(self->pipe[end]);
    }
    pthread_mutex_destroy(&self->mutex);
    free(self->registrations.slots);
    free(self->polled);
    free(self->generations);
    free(self);
}

/* ---- changes; the mutex is held ---- */

static void rouse(poll_poller *self) {
    char byte = 0;
    ssize_t written;
    if (!self->waits || self->roused) return;
    do written = write(self->pipe[1], &byte, 1);
    while (written < 0 && errno == EINTR);
    self->roused = written == 1;
}

static void calm(poll_poller *self) {
    char byte;
    ssize_t got;
    if (!self->roused) return;
    do got = read(self->pipe[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    self->roused = false;
}

static void changed(poll_poller *self) {
    self->version++;
    rouse(self);
}

static platform_status change(poll_poller *self, int socket, uint32_t interest, uint64_t token) {
    weir_registration *found = weir_registrations_find(&self->registrations, socket);
    if (found == NULL) return weir_fail(ENOENT);
    found->token = token;
    found->interest = interest;
    changed(self);
    return PLATFORM_OK;
}

static platform_status erase(poll_poller *self, int socket) {
    weir_registration *found = weir_registrations_find(&self->registrations, socket);
    if (found == NULL) return weir_fail(ENOENT);
    found->generation = 0;
    changed(self);
    return PLATFORM_OK;
}

static platform_status add(platform_poller *poller, int socket, uint32_t interest, uint64_t token) {
    poll_poller *self = of(poller);
    pthread_mutex_lock(&self->mutex);
    platform_status status = weir_registrations_add(&self->registrations, socket, interest, token);
    if (status == PLATFORM_OK) changed(self);
    pthread_mutex_unlock(&self->mutex);
    return status;
}

static platform_status modify(platform_poller *poller, int socket, uint32_t interest, uint64_t token) {
    pthread_mutex_lock(&of(poller)->mutex);
    platform_status status = change(of(poller), socket, interest, token);
    pthread_mutex_unlock(&of(poller)->mutex);
    return status;
}

static platform_status take_out(platform_poller *poller, int socket) {
    pthread_mutex_lock(&of(poller)->mutex);
    platform_status status = erase(of(poller), socket);
    pthread_mutex_unlock(&of(poller)->mutex);
    return status;
}

static void wake(platform_poller *poller) {
    pthread_mutex_lock(&of(poller)->mutex);
    of(poller)->woken = true;
    rouse(of(poller));
    pthread_mutex_unlock(&of(poller)->mutex);
}

/* ---- waiting; the mutex is held ---- */

static bool make_room(poll_poller *self, size_t needed) {
    if (needed <= self->polled_capacity) return true;
    struct pollfd *polled = realloc(self->polled, needed * sizeof *polled);
    if (polled == NULL) return false;
    self->polled = polled;
    uint64_t *generations = realloc(self->generations, needed * sizeof *generations);
    if (generations == NULL) return false;
    self->generations = generations;
    self->polled_capacity = needed;
    return true;
}

static short wanted_of(uint32_t interest) {
    int wanted = 0;
    if (interest & PLATFORM_POLL_READ) wanted |= POLLIN;
    if (interest & PLATFORM_POLL_WRITE) wanted |= POLLOUT;
    return (short)wanted;
}

static bool copy_registrations(poll_poller *self) {
    if (self->polled_count > 0 && self->polled_version == self->version) return true;
    if (!make_room(self, self->registrations.count + 1)) return false;
    size_t count = 0;
    self->polled[count++] = (struct pollfd){self->pipe[0], POLLIN, 0};
    for (size_t socket = 0; socket < self->registrations.count; socket++) {
        const weir_registration *slot = &self->registrations.slots[socket];
        if (slot->generation == 0) continue;
        self->polled[count] = (struct pollfd){(int)socket, wanted_of(slot->interest), 0};
        self->generations[count++] = slot->generation;
    }
    self->polled_count = count;
    self->polled_version = self->version;
    return true;
}

static uint32_t ready_of(short events, uint32_t interest) {
    uint32_t ready = 0;
    if (events & POLLIN) ready |= interest & PLATFORM_POLL_READ;
    if (events & POLLOUT) ready |= interest & PLATFORM_POLL_WRITE;
    if (events & (POLLERR | POLLNVAL)) ready |= PLATFORM_POLL_ERROR;
    if (events & POLLHUP) ready |= weir_poll_hangup(interest);
    return ready;
}

static size_t report(poll_poller *self, platform_poll_event *events, size_t capacity) {
    size_t written = 0, sockets = self->polled_count - 1;
    for (size_t step = 0; step < sockets && written < capacity; step++) {
        size_t at = 1 + (self->turn + step) % sockets;
        if (self->polled[at].revents == 0) continue;
        const weir_registration *found = weir_registrations_find(&self->registrations, self->polled[at].fd);
        if (found == NULL || found->generation != self->generations[at]) continue;
        uint32_t ready = ready_of(self->polled[at].revents, found->interest);
        if (ready == 0) continue;
        events[written++] = (platform_poll_event){found->token, ready, 0};
        if (written == capacity) self->turn = at % sockets;
    }
    return written;
}

/* Polls once, with the mutex given up meanwhile. */
static platform_status poll_once(poll_poller *self, int64_t pause) {
    if (!copy_registrations(self)) return weir_fail(ENOMEM);
    self->waits = true;
    pthread_mutex_unlock(&self->mutex);
    int result = poll(self->polled, (nfds_t)self->polled_count, weir_poller_milliseconds(pause));
    int code = errno;
    pthread_mutex_lock(&self->mutex);
    self->waits = false;
    calm(self);
    if (result >= 0) return PLATFORM_OK;
    for (size_t at = 0; at < self->polled_count; at++) self->polled[at].revents = 0;
    return code == EINTR ? PLATFORM_OK : weir_fail(code);
}

static platform_status wait_locked(poll_poller *self, platform_poll_event *events, size_t capacity, size_t *count,
                                   int64_t deadline) {
    for (;;) {
        platform_status status = poll_once(self, self->woken ? 0 : weir_poller_pause(deadline));
        if (status != PLATFORM_OK) return status;
        *count = report(self, events, capacity);
        bool woken = self->woken;
        self->woken = false;
        if (*count > 0 || woken) return PLATFORM_OK;
        if (weir_poller_pause(deadline) == 0) return weir_fail(ETIMEDOUT);
    }
}

static platform_status wait_for_events(platform_poller *poller, platform_poll_event *events, size_t capacity,
                                       size_t *count, int64_t deadline) {
    *count = 0;
    pthread_mutex_lock(&of(poller)->mutex);
    platform_status status = wait_locked(of(poller), events, capacity, count, deadline);
    pthread_mutex_unlock(&of(poller)->mutex);
    return status;
}

static const weir_poller_kind poll_kind = {release, add, modify, take_out, wait_for_events, wake};

platform_status weir_poller_make_poll(platform_poller **poller) {
    poll_poller *made = calloc(1, sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    made->base.kind = &poll_kind;
    made->pipe[0] = made->pipe[1] = -1;
    pthread_mutex_init(&made->mutex, NULL);
    if (weir_pipe(made->pipe) != 0) {
        int code = errno;
        made->pipe[0] = made->pipe[1] = -1;
        release(&made->base);
        return weir_fail(code);
    }
    *poller = &made->base;
    return PLATFORM_OK;
}
