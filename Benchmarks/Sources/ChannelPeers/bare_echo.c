/* The least that a round trip can take with the usual calls: one thread a side, and for each message on each side one
 * epoll_wait, one recv and one send. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int socket;
    bool stuck;      /* waits until it can send the rest, and reads nothing meanwhile */
    size_t from, to; /* what of the buffer has still to be sent */
    char buffer[4096];
} connection;

static void take(int poller, int listener) {
    for (int socket = accept_one(listener); socket >= 0; socket = accept_one(listener)) {
        connection *made = allocate(sizeof *made);
        made->socket = socket;
        poller_add(poller, socket, made);
    }
}

static void drop(connection *it) {
    close(it->socket);
    free(it);
}

/* False: the connection is over. */
static bool echo(int poller, connection *it) {
    if (it->from == it->to) {
        ssize_t got = recv(it->socket, it->buffer, sizeof it->buffer, 0);
        if (got <= 0) return got < 0 && errno == EAGAIN;
        it->from = 0;
        it->to = (size_t)got;
    }
    ssize_t sent = send(it->socket, it->buffer + it->from, it->to - it->from, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) it->from += (size_t)sent;
    bool stuck = it->from < it->to;
    if (stuck == it->stuck) return true;
    it->stuck = stuck;
    struct epoll_event event = {.events = stuck ? EPOLLOUT : EPOLLIN, .data.ptr = it};
    return epoll_ctl(poller, EPOLL_CTL_MOD, it->socket, &event) == 0;
}

void bare_echo_server(const job *job) {
    int listener = listen_at(job->place), poller = poller_make();
    poller_add(poller, listener, NULL);
    while (true) {
        struct epoll_event events[128];
        int ready = epoll_wait(poller, events, 128, -1);
        for (int index = 0; index < ready; index++) {
            connection *it = events[index].data.ptr;
            if (it == NULL) take(poller, listener);
            else if (!echo(poller, it)) drop(it);
        }
    }
}

static void round_trip(int poller, int socket, char *frame, size_t length) {
    if (send(socket, frame, length, MSG_NOSIGNAL) != (ssize_t)length) die("send");
    for (size_t got = 0; got < length;) {
        struct epoll_event event;
        if (epoll_wait(poller, &event, 1, -1) < 0 && errno != EINTR) die("epoll_wait");
        ssize_t more = recv(socket, frame + got, length - got, 0);
        if (more == 0 || (more < 0 && errno != EAGAIN)) die("receive");
        if (more > 0) got += (size_t)more;
    }
}

void bare_echo_client(const job *job) {
    int socket = connect_to(job->place), poller = poller_make();
    size_t length = HEADER_BYTES + job->size;
    char *frame = allocate(length);
    uint64_t *times = allocate(job->count * sizeof *times);
    poller_add(poller, socket, NULL);
    for (size_t index = 0; index < job->warm_up; index++) round_trip(poller, socket, frame, length);
    for (size_t index = 0; index < job->count; index++) {
        uint64_t start = now();
        round_trip(poller, socket, frame, length);
        times[index] = now() - start;
    }
    say_percentiles(times, job->count);
    done();
}
