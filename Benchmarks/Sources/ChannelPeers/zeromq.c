#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void check(int result, const char *doing) {
    if (result < 0) die_because(doing, zmq_strerror(errno));
}

static void *context_make(void) {
    void *context = zmq_ctx_new();
    if (context == NULL) die("zmq_ctx_new");
    return context;
}

static void *socket_make(void *context, int kind, const job *job) {
    void *socket = zmq_socket(context, kind);
    if (socket == NULL) die_because("zmq_socket", zmq_strerror(errno));
    if (job->high_water < 0) return socket;
    int limit = (int)job->high_water;
    check(zmq_setsockopt(socket, ZMQ_SNDHWM, &limit, sizeof limit), "ZMQ_SNDHWM");
    check(zmq_setsockopt(socket, ZMQ_RCVHWM, &limit, sizeof limit), "ZMQ_RCVHWM");
    return socket;
}

static void *server_make(int kind, const job *job) {
    void *socket = socket_make(context_make(), kind, job);
    char endpoint[256];
    size_t length = sizeof endpoint;
    snprintf(endpoint, sizeof endpoint, job->place[0] == '/' ? "ipc://%s" : "tcp://127.0.0.1:%s",
             strcmp(job->place, "0") == 0 ? "*" : job->place);
    check(zmq_bind(socket, endpoint), "zmq_bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length), "ZMQ_LAST_ENDPOINT");
    const char *port = strrchr(endpoint, ':');
    say("at", job->place[0] == '/' ? job->place : port + 1);
    return socket;
}

static void *client_make(void *context, int kind, const job *job) {
    void *socket = socket_make(context, kind, job);
    char endpoint[256];
    snprintf(endpoint, sizeof endpoint, job->place[0] == '/' ? "ipc://%s" : "tcp://127.0.0.1:%s", job->place);
    check(zmq_connect(socket, endpoint), "zmq_connect");
    return socket;
}

/* ---- one outstanding: REQ and REP --------------------------------------------------------------------------------- */

void zeromq_echo_server(const job *job) {
    void *socket = server_make(ZMQ_REP, job);
    zmq_msg_t message;
    check(zmq_msg_init(&message), "zmq_msg_init");
    while (1) {
        check(zmq_msg_recv(&message, socket, 0), "zmq_msg_recv");
        check(zmq_msg_send(&message, socket, 0), "zmq_msg_send");
    }
}

static void round_trip(void *socket, char *body, size_t size) {
    check(zmq_send(socket, body, size, 0), "zmq_send");
    if (zmq_recv(socket, body, size, 0) != (int)size) die_because("zmq_recv", "another length");
}

void zeromq_echo_client(const job *job) {
    void *socket = client_make(context_make(), ZMQ_REQ, job);
    char *body = allocate(job->size);
    uint64_t *times = allocate(job->count * sizeof *times);
    for (size_t index = 0; index < job->warm_up; index++) round_trip(socket, body, job->size);
    for (size_t index = 0; index < job->count; index++) {
        uint64_t start = now();
        round_trip(socket, body, job->size);
        times[index] = now() - start;
    }
    say_percentiles(times, job->count);
    done();
}

/* ---- many connections: DEALERs and a ROUTER ------------------------------------------------------------------------ */

void zeromq_crowd_server(const job *job) {
    void *socket = server_make(ZMQ_ROUTER, job);
    zmq_msg_t identity, body;
    check(zmq_msg_init(&identity), "zmq_msg_init");
    check(zmq_msg_init(&body), "zmq_msg_init");
    while (1) {
        check(zmq_msg_recv(&identity, socket, 0), "zmq_msg_recv");
        check(zmq_msg_recv(&body, socket, 0), "zmq_msg_recv");
        check(zmq_msg_send(&identity, socket, ZMQ_SNDMORE), "zmq_msg_send");
        check(zmq_msg_send(&body, socket, 0), "zmq_msg_send");
    }
}

/* How many replies were there, each of which is followed by a new request at once. */
static size_t turn(void *socket, char *body, size_t size) {
    size_t replies = 0;
    while (zmq_recv(socket, body, size, ZMQ_DONTWAIT) >= 0) {
        check(zmq_send(socket, body, size, 0), "zmq_send");
        replies++;
    }
    if (errno != EAGAIN) die_because("zmq_recv", zmq_strerror(errno));
    return replies;
}

void zeromq_crowd_client(const job *job) {
    void *context = context_make();
    size_t total = job->warm_up + job->count, replies = 0, before = 0;
    uint64_t start = 0;
    char *body = allocate(job->size);
    zmq_pollitem_t *items = allocate(job->connections * sizeof *items);
    for (size_t index = 0; index < job->connections; index++) {
        items[index].socket = client_make(context, ZMQ_DEALER, job);
        items[index].events = ZMQ_POLLIN;
    }
    for (size_t index = 0; index < job->connections * job->outstanding; index++) {
        check(zmq_send(items[index % job->connections].socket, body, job->size, 0), "zmq_send");
    }
    while (replies < total) {
        check(zmq_poll(items, (int)job->connections, -1), "zmq_poll");
        for (size_t index = 0; index < job->connections; index++) {
            if (items[index].revents & ZMQ_POLLIN) replies += turn(items[index].socket, body, job->size);
        }
        if (start == 0 && replies >= job->warm_up) {
            start = now();
            before = replies;
        }
    }
    say_rate((double)(replies - before), now() - start);
    done();
}

/* ---- one way: PUSH and PULL ---------------------------------------------------------------------------------------- */

void zeromq_stream_receiver(const job *job) {
    void *socket = server_make(ZMQ_PULL, job);
    zmq_msg_t message;
    check(zmq_msg_init(&message), "zmq_msg_init");
    check(zmq_msg_recv(&message, socket, 0), "zmq_msg_recv");
    uint64_t start = now();
    for (size_t index = 1; index < job->count; index++) check(zmq_msg_recv(&message, socket, 0), "zmq_msg_recv");
    say_rate((double)(job->count - 1), now() - start);
    if (zmq_msg_size(&message) != job->size) die_because("zmq_msg_recv", "another length");
    done();
}

void zeromq_stream_sender(const job *job) {
    void *socket = client_make(context_make(), ZMQ_PUSH, job);
    char *body = allocate(job->size);
    for (size_t index = 0; index < job->count; index++) check(zmq_send(socket, body, job->size, 0), "zmq_send");
}
