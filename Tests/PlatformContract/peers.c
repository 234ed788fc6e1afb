/* peers.c: other processes for the tests that speak of two. */
#include "contract.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAXIMUM 32

struct peer {
    platform_child *child;
    peer *next;
};

static peer *running;

static void forget(peer *gone) {
    peer **link = &running;
    while (*link != gone) link = &(*link)->next;
    *link = gone->next;
    platform_child_free(gone->child);
    free(gone);
}

/* Ends what a failed test left behind. */
void contract_forget_peers(void);
void contract_forget_peers(void) {
    while (running != NULL) peer_kill(running);
}

peer *peer_start_with(platform_child_options options, const char *role, const char *const *arguments) {
    char program[4096];
    size_t length;
    if (!CHECK_OK(platform_executable_path(program, sizeof program, &length))) return NULL;
    const char *all[ARGUMENTS_MAXIMUM + 4] = {program, "--role", role};
    for (int index = 0; index < ARGUMENTS_MAXIMUM && arguments[index] != NULL; index++) {
        all[3 + index] = arguments[index];
    }
    options.arguments = all;
    options.input = PLATFORM_STREAM_PIPE;
    options.output = PLATFORM_STREAM_PIPE;
    platform_child *child;
    if (!CHECK_OK(platform_child_start(&options, &child))) return NULL;
    peer *made = calloc(1, sizeof *made);
    if (made == NULL) abort();
    made->child = child;
    made->next = running;
    running = made;
    return made;
}

peer *peer_start(const char *role, ...) {
    const char *arguments[ARGUMENTS_MAXIMUM + 1] = {0};
    va_list list;
    va_start(list, role);
    for (int index = 0; index < ARGUMENTS_MAXIMUM; index++) {
        arguments[index] = va_arg(list, const char *);
        if (arguments[index] == NULL) break;
    }
    va_end(list);
    platform_child_options options = {0};
    return peer_start_with(options, role, arguments);
}

platform_child *peer_child(peer *peer) { return peer->child; }

static platform_status send_line(platform_handle stream, const char *line) {
    char text[1024];
    int length = snprintf(text, sizeof text, "%s\n", line);
    return platform_file_write(stream, text, (size_t)length);
}

static bool receive_line(platform_handle stream, char *line, size_t capacity) {
    size_t filled = 0;
    for (;;) {
        char character;
        size_t got = 0;
        if (platform_file_read(stream, &character, 1, &got) != PLATFORM_OK || got == 0) break;
        if (character == '\n') {
            line[filled] = 0;
            return true;
        }
        if (filled + 1 < capacity) line[filled++] = character;
    }
    line[filled] = 0;
    return false;
}

void peer_say(peer *peer, const char *line) { CHECK_OK(send_line(platform_child_input(peer->child), line)); }

bool peer_line(peer *peer, char *line, size_t capacity) {
    return receive_line(platform_child_output(peer->child), line, capacity);
}

bool peer_hear(peer *peer, const char *expected) {
    char line[1024];
    if (!peer_line(peer, line, sizeof line)) strcat(line, "<end>");
    return CHECK_TEXT(expected, line);
}

void peer_finish(peer *peer) {
    platform_exit_status status = {true, -1};
    platform_child_close_input(peer->child);
    if (CHECK_OK(platform_child_wait(peer->child, generous(), &status))) {
        CHECK(!status.signaled);
        CHECK_EQUAL(0, status.code);
    }
    forget(peer);
}

void peer_kill(peer *peer) {
    platform_exit_status status;
    platform_child_signal(peer->child, PLATFORM_SIGNAL_KILL);
    platform_child_wait(peer->child, generous(), &status);
    forget(peer);
}

void say(const char *line) { must(send_line(platform_standard_output(), line), "say"); }

void say_number(int64_t number) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    say(text);
}

bool hear(char *line, size_t capacity) { return receive_line(platform_standard_input(), line, capacity); }

void hear_anything(void) {
    char line[1024];
    hear(line, sizeof line);
}

void must(platform_status status, const char *what) {
    if (status == PLATFORM_OK) return;
    char text[512], why[256];
    platform_system_message(platform_system_code(), why, sizeof why);
    int length = snprintf(text, sizeof text, "peer: %s: status %d: %s\n", what, (int)status, why);
    platform_file_write(platform_standard_error(), text, (size_t)length);
    platform_exit(98);
}
