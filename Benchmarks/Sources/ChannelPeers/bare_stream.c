/* One way, one blocking send for each frame and blocking recv into a buffer of a frame: an upper limit for large bodies. */
#define _GNU_SOURCE
#include "peer.h"

#include <poll.h>
#include <sys/socket.h>

void bare_stream_receiver(const job *job) {
    int listener = listen_at(job->place);
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    int socket = -1;
    while (socket < 0) {
        poll(&waiting, 1, -1);
        socket = accept_one(listener);
    }
    set_blocking(socket, 1);
    size_t length = HEADER_BYTES + job->size, total = job->count * length, got = 0, first = 0;
    char *buffer = allocate(length);
    uint64_t start = 0;
    while (got < total) {
        ssize_t more = recv(socket, buffer, length, 0);
        if (more <= 0) die("receive");
        got += (size_t)more;
        if (start > 0) continue;
        start = now();
        first = got;
    }
    say_rate((double)(total - first) / (double)length, now() - start);
    done();
}

void bare_stream_sender(const job *job) {
    int socket = connect_to(job->place);
    set_blocking(socket, 1);
    size_t length = HEADER_BYTES + job->size;
    char *frame = allocate(length);
    for (size_t index = 0; index < job->count; index++) {
        for (size_t sent = 0; sent < length;) {
            ssize_t more = send(socket, frame + sent, length - sent, MSG_NOSIGNAL);
            if (more <= 0) die("send");
            sent += (size_t)more;
        }
    }
}
