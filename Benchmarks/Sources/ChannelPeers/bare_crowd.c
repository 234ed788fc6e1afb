/* Many connections of one thread, each with some requests on their way, against bare_echo_server; and many that do nothing. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

typedef struct {
    int socket;
    size_t partial; /* bytes of a reply that is not complete */
} connection;

/* How many replies ended with what is there, each of which is followed by a new request at once. */
static size_t turn(connection *it, const char *requests, size_t length, size_t outstanding) {
    char buffer[65536];
    size_t room = length * outstanding;
    ssize_t got = recv(it->socket, buffer, room < sizeof buffer ? room : sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) die("receive");
    size_t replies = (it->partial + (size_t)got) / length;
    it->partial = (it->partial + (size_t)got) % length;
    ssize_t wanted = (ssize_t)(replies * length);
    if (replies > 0 && send(it->socket, requests, (size_t)wanted, MSG_NOSIGNAL) != wanted) die("send");
    return replies;
}

void bare_crowd_client(const job *job) {
    int poller = poller_make();
    size_t length = HEADER_BYTES + job->size, total = job->warm_up + job->count;
    connection *connections = allocate(job->connections * sizeof *connections);
    char *requests = allocate(length * job->outstanding);
    for (size_t index = 0; index < job->connections; index++) {
        connections[index].socket = connect_to(job->place);
        poller_add(poller, connections[index].socket, &connections[index]);
    }
    for (size_t index = 0; index < job->connections; index++) {
        ssize_t wanted = (ssize_t)(length * job->outstanding);
        if (send(connections[index].socket, requests, (size_t)wanted, MSG_NOSIGNAL) != wanted) die("send");
    }
    size_t replies = 0, before = 0;
    uint64_t start = 0;
    while (replies < total) {
        struct epoll_event events[128];
        int ready = epoll_wait(poller, events, 128, -1);
        for (int index = 0; index < ready; index++) {
            replies += turn(events[index].data.ptr, requests, length, job->outstanding);
        }
        if (start == 0 && replies >= job->warm_up) {
            start = now();
            before = replies;
        }
    }
    say_rate((double)(replies - before), now() - start);
    done();
}

/* Each connection is used once, which shows that it was accepted, and then left alone. */
void bare_hold_client(const job *job) {
    size_t length = HEADER_BYTES + job->size;
    char *frame = allocate(length);
    for (size_t index = 0; index < job->connections; index++) {
        int socket = connect_to(job->place);
        set_blocking(socket, 1);
        if (send(socket, frame, length, MSG_NOSIGNAL) != (ssize_t)length) die("send");
        if (recv(socket, frame, length, MSG_WAITALL) != (ssize_t)length) die("receive");
    }
    say_number("held", (double)job->connections);
    done();
}
