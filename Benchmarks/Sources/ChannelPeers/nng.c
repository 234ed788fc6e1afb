#define _GNU_SOURCE
#include "peer.h"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <string.h>

static void check(int result, const char *doing) {
    if (result != 0) die_because(doing, nng_strerror(result));
}

static void endpoint_from(char *endpoint, size_t capacity, const char *place) {
    snprintf(endpoint, capacity, place[0] == '/' ? "ipc://%s" : "tcp://127.0.0.1:%s", place);
}

static nng_socket socket_make(int (*open)(nng_socket *)) {
    nng_socket socket;
    check(open(&socket), "nng open");
    return socket;
}

static nng_socket server_make(int (*open)(nng_socket *), const job *job) {
    nng_socket socket = socket_make(open);
    nng_listener listener;
    char endpoint[256], port[16];
    int number = 0;
    endpoint_from(endpoint, sizeof endpoint, job->place);
    check(nng_listen(socket, endpoint, &listener, 0), "nng_listen");
    if (job->place[0] == '/') {
        say("at", job->place);
        return socket;
    }
    check(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &number), "NNG_OPT_TCP_BOUND_PORT");
    snprintf(port, sizeof port, "%d", number);
    say("at", port);
    return socket;
}

static nng_socket client_make(int (*open)(nng_socket *), const job *job) {
    nng_socket socket = socket_make(open);
    char endpoint[256];
    endpoint_from(endpoint, sizeof endpoint, job->place);
    check(nng_dial(socket, endpoint, NULL, 0), "nng_dial");
    return socket;
}

/* ---- one outstanding: REQ and REP --------------------------------------------------------------------------------- */

void nng_echo_server(const job *job) {
    nng_socket socket = server_make(nng_rep0_open, job);
    while (1) {
        nng_msg *message;
        check(nng_recvmsg(socket, &message, 0), "nng_recvmsg");
        check(nng_sendmsg(socket, message, 0), "nng_sendmsg");
    }
}

/* The same message goes out again and again: what came back is sent next. */
static nng_msg *round_trip(nng_socket socket, nng_msg *message) {
    check(nng_sendmsg(socket, message, 0), "nng_sendmsg");
    check(nng_recvmsg(socket, &message, 0), "nng_recvmsg");
    return message;
}

void nng_echo_client(const job *job) {
    nng_socket socket = client_make(nng_req0_open, job);
    nng_msg *message;
    uint64_t *times = allocate(job->count * sizeof *times);
    check(nng_msg_alloc(&message, job->size), "nng_msg_alloc");
    for (size_t index = 0; index < job->warm_up; index++) message = round_trip(socket, message);
    for (size_t index = 0; index < job->count; index++) {
        uint64_t start = now();
        message = round_trip(socket, message);
        times[index] = now() - start;
    }
    if (nng_msg_len(message) != job->size) die_because("nng_recvmsg", "another length");
    say_percentiles(times, job->count);
    done();
}

/* ---- one way: PUSH and PULL ---------------------------------------------------------------------------------------- */

void nng_stream_receiver(const job *job) {
    nng_socket socket = server_make(nng_pull0_open, job);
    uint64_t start = 0;
    for (size_t index = 0; index < job->count; index++) {
        nng_msg *message;
        check(nng_recvmsg(socket, &message, 0), "nng_recvmsg");
        if (nng_msg_len(message) != job->size) die_because("nng_recvmsg", "another length");
        nng_msg_free(message);
        if (index == 0) start = now();
    }
    say_rate((double)(job->count - 1), now() - start);
    done();
}

void nng_stream_sender(const job *job) {
    nng_socket socket = client_make(nng_push0_open, job);
    if (job->high_water > 0) check(nng_socket_set_int(socket, NNG_OPT_SENDBUF, (int)job->high_water), "NNG_OPT_SENDBUF");
    for (size_t index = 0; index < job->count; index++) {
        nng_msg *message;
        check(nng_msg_alloc(&message, job->size), "nng_msg_alloc");
        check(nng_sendmsg(socket, message, 0), "nng_sendmsg");
    }
}
