#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Clients of `weir serve` that follow one pool, and one that appends to it a hundred times a second. Each message carries the
 * moment when it was posted, so that every follower tells how long it took to reach it. Beside `weir serve` stands a server that
 * does nothing but pass on what was posted: what the system itself needs for that many connections. */

#define INTERVAL 10000000u /* nanoseconds between messages */
#define LINE_BYTES 4096u

typedef struct {
    int socket;
    size_t held;
    size_t received;
    char line[LINE_BYTES];
} follower;

static void send_all(int socket, const char *text, size_t length) {
    while (length > 0) {
        ssize_t sent = send(socket, text, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) die("send");
        if (sent > 0) {
            text += sent;
            length -= (size_t)sent;
        }
    }
}

/* Whether the answer to a tail has begun. */
static void await_answer(int socket) {
    char answer[1024];
    size_t held = 0;
    uint64_t deadline = now() + 20000000000u;
    while (held < sizeof answer - 1) {
        ssize_t got = recv(socket, answer + held, 1, 0);
        if (got == 0) die_because("tail", "the server hung up");
        if (got < 0 && errno == EAGAIN && now() < deadline) continue;
        if (got < 0) die("recv");
        held += (size_t)got;
        answer[held] = 0;
        if (strstr(answer, "\r\n\r\n")) {
            if (strncmp(answer, "HTTP/1.1 200", 12) != 0) die_because("tail", answer);
            return;
        }
    }
    die_because("tail", "no end of the head");
}

static void take_line(follower *one, const char *line, uint64_t *delays, size_t *count, size_t limit) {
    const char *moment = strstr(line, "\"posted\":\"");
    if (!moment) return;
    uint64_t posted = strtoull(moment + 10, NULL, 10);
    one->received++;
    if (*count < limit) delays[(*count)++] = now() - posted;
}

/* What is left waits for the next look. */
static void read_from(follower *one, uint64_t *delays, size_t *count, size_t limit) {
    ssize_t got = recv(one->socket, one->line + one->held, LINE_BYTES - 1 - one->held, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die_because("tail", "the stream ended");
    one->held += (size_t)got;
    one->line[one->held] = 0;
    char *start = one->line, *end;
    while ((end = strchr(start, '\n'))) {
        *end = 0;
        take_line(one, start, delays, count, limit);
        start = end + 1;
    }
    one->held -= (size_t)(start - one->line);
    memmove(one->line, start, one->held);
    if (one->held == LINE_BYTES - 1) die_because("tail", "a line is too long");
}

static void post(int socket, const char *place) {
    char body[128], request[512], answer[4096];
    int length = snprintf(body, sizeof body, "{\"data\":{\"posted\":\"%llu\"}}", (unsigned long long)now());
    int whole = snprintf(
        request, sizeof request,
        "POST /v0/pools/followed/append HTTP/1.1\r\nhost: 127.0.0.1:%s\r\ncontent-type: application/json\r\n"
        "content-length: %d\r\n\r\n%s",
        place, length, body);
    /* Whatever answered the last one. */
    while (recv(socket, answer, sizeof answer, 0) > 0) {}
    send_all(socket, request, (size_t)whole);
}

void follow_pool(const job *job) {
    follower *all = allocate(job->connections * sizeof *all);
    size_t limit = job->connections * job->count, count = 0;
    uint64_t *delays = allocate(limit * sizeof *delays);
    int poller = poller_make();
    char request[256];
    int length = snprintf(
        request, sizeof request,
        "GET /v0/pools/followed/tail?since_seq=1000000000000&timeout_ms=600000 HTTP/1.1\r\nhost: 127.0.0.1:%s\r\n\r\n",
        job->place);
    /* From the first to come on: nothing that was there before. */
    char *wanted = strstr(request, "since_seq=") + 10;
    memcpy(wanted, "0000000000001", 13);
    for (size_t index = 0; index < job->connections; index++) {
        all[index].socket = connect_to(job->place);
        all[index].held = all[index].received = 0;
        send_all(all[index].socket, request, (size_t)length);
        await_answer(all[index].socket);
        poller_add(poller, all[index].socket, &all[index]);
    }
    int writer = connect_to(job->place);
    uint64_t next = now() + 200000000u, end = 0;
    size_t posted = 0;
    while (count < limit) {
        uint64_t moment = now();
        if (posted < job->count && moment >= next) {
            post(writer, job->place);
            posted++;
            next += INTERVAL;
            if (posted == job->count) end = now() + 5000000000u;
            continue;
        }
        if (end != 0 && moment > end) break;
        int patience = posted < job->count ? (next > moment ? (int)((next - moment) / 1000000u) : 0) : 100;
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, patience);
        for (int index = 0; index < ready; index++) read_from(events[index].data.ptr, delays, &count, limit);
    }
    say_number("lost", (double)(limit - count));
    if (count > 0) say_percentiles(delays, count);
    done();
}

typedef struct {
    int socket;
    int follows;
} client;

/* Who asked to follow gets what others post from now on. */
static void answer(client *all, size_t count, client *one) {
    char request[1024];
    ssize_t got = recv(one->socket, request, sizeof request - 2, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die_because("fan-out", "a client hung up");
    request[got] = 0;
    if (strncmp(request, "GET", 3) == 0) {
        static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n";
        send_all(one->socket, head, sizeof head - 1);
        one->follows = 1;
        return;
    }
    char *line = strstr(request, "\r\n\r\n");
    if (!line) die_because("fan-out", "a request in pieces");
    request[got] = '\n';
    line += 4;
    size_t length = (size_t)(request + got + 1 - line);
    for (size_t index = 0; index < count; index++) {
        if (all[index].follows) send_all(all[index].socket, line, length);
    }
    static const char done[] = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    send_all(one->socket, done, sizeof done - 1);
}

void fan_out(const job *job) {
    int listener = listen_at(job->place), poller = poller_make();
    size_t room = job->connections + 8, count = 0;
    client *all = allocate(room * sizeof *all);
    poller_add(poller, listener, NULL);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            if (events[index].data.ptr) {
                answer(all, count, events[index].data.ptr);
                continue;
            }
            int socket = accept_one(listener);
            if (socket < 0) continue;
            if (count == room) die_because("fan-out", "more clients than were announced");
            all[count] = (client){.socket = socket};
            poller_add(poller, socket, &all[count++]);
        }
    }
}
