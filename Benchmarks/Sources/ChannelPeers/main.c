#define _GNU_SOURCE
#include "peer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *library, *name;
    void (*run)(const job *);
} role;

static const role roles[] = {
    {"bare", "echo-server", bare_echo_server},
    {"bare", "echo-client", bare_echo_client},
    {"bare", "crowd-server", bare_echo_server},
    {"bare", "crowd-client", bare_crowd_client},
    {"bare", "hold-server", bare_echo_server},
    {"bare", "hold-client", bare_hold_client},
    {"bare", "stream-receiver", bare_stream_receiver},
    {"bare", "stream-sender", bare_stream_sender},
    {"bare", "fan-out", fan_out},
    {"http", "follow-pool", follow_pool},
    {"zeromq", "echo-server", zeromq_echo_server},
    {"zeromq", "echo-client", zeromq_echo_client},
    {"zeromq", "crowd-server", zeromq_crowd_server},
    {"zeromq", "crowd-client", zeromq_crowd_client},
    {"zeromq", "stream-receiver", zeromq_stream_receiver},
    {"zeromq", "stream-sender", zeromq_stream_sender},
    {"nng", "echo-server", nng_echo_server},
    {"nng", "echo-client", nng_echo_client},
    {"nng", "stream-receiver", nng_stream_receiver},
    {"nng", "stream-sender", nng_stream_sender},
};

/* Whoever started this is gone, or wants it to end. */
static void *end_with_input(void *unused) {
    char bytes[256];
    (void)unused;
    while (read(STDIN_FILENO, bytes, sizeof bytes) > 0) {
    }
    _exit(0);
}

int main(int count, char **arguments) {
    if (count < 3) die_because("channel-peer", "usage: LIBRARY ROLE [KEY=VALUE ...]");
    for (size_t index = 0; index < sizeof roles / sizeof *roles; index++) {
        if (strcmp(roles[index].library, arguments[1]) != 0 || strcmp(roles[index].name, arguments[2]) != 0) continue;
        job job = job_from(arguments + 3, count - 3);
        pthread_t watcher;
        if (pthread_create(&watcher, NULL, end_with_input, NULL) != 0) die_because("channel-peer", "no thread");
        roles[index].run(&job);
        until_input_ends();
    }
    die_because(arguments[2], "no such role");
}
