#include "contract.h"

#include <stdio.h>
#include <string.h>

/* ---- peers that listen ---- */

static int role_sleep_on_word(int count, const char *const *arguments) {
    platform_handle file;
    platform_mapping mapping;
    platform_wake *wake;
    if (count != 1) return 97;
    must(platform_stop_listen(), "listen");
    must(platform_file_open(arguments[0], PLATFORM_READ | PLATFORM_WRITE, &file), "open");
    must(platform_map(file, 4096, true, &mapping), "map");
    must(platform_wake_open(file, (uint32_t *)(void *)mapping.base, &wake), "wake");
    say("listening");
    int64_t deadline = generous();
    while (platform_stop_requested() == PLATFORM_STOP_NONE) {
        uint32_t ticket = platform_wake_prepare(wake);
        must(platform_wake_wait(wake, ticket, deadline), "wait");
    }
    /* And no later wait sleeps. */
    for (int round = 0; round < 3; round++) {
        must(platform_wake_wait(wake, platform_wake_prepare(wake), PLATFORM_FOREVER), "wait again");
    }
    say_number(platform_stop_requested());
    platform_stop_finished();
    platform_wake_close(wake);
    return 0;
}

static int role_await_stop(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    must(platform_stop_listen(), "listen");
    say("listening");
    say_number(platform_stop_wait(generous()));
    platform_stop_finished();
    return 0;
}

/* On Windows a request may come as Ctrl-Break, whatever it was meant to be. */
static bool hear_reason(peer *other, const char *expected) {
    char line[64];
    if (!CHECK(peer_line(other, line, sizeof line))) return false;
    if (on_windows() && strcmp(line, "2") == 0) return true;
    return CHECK_TEXT(expected, line);
}

static void stop_and_hear(const char *role, uint32_t signal, const char *expected) {
    platform_child_options options = {.own_group = true};
    const char *const arguments[] = {in_folder("board"), NULL};
    peer *other = peer_start_with(options, role, arguments);
    REQUIRE(other != NULL && peer_hear(other, "listening"));
    REQUIRE_OK(platform_child_signal(peer_child(other), signal));
    hear_reason(other, expected);
    peer_finish(other);
}

static void requests_end_sleep_on_a_word(void) {
    platform_handle file = make_zeros(in_folder("board"), 4096);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_file_close(file);
    for (int round = 0; round < 10; round++) {
        stop_and_hear("sleep-on-word", PLATFORM_SIGNAL_INTERRUPT, "1");
        stop_and_hear("sleep-on-word", PLATFORM_SIGNAL_TERMINATE, "2");
    }
}

static void requests_end_stop_wait(void) {
    for (int round = 0; round < 5; round++) {
        stop_and_hear("await-stop", PLATFORM_SIGNAL_INTERRUPT, "1");
        stop_and_hear("await-stop", PLATFORM_SIGNAL_TERMINATE, "2");
    }
}

static void one_process_is_stopped_not_its_parent(void) {
    /* Not in a group of its own, and signalled by its number alone. */
    platform_child_options options = {0};
    const char *const arguments[] = {NULL};
    peer *other = peer_start_with(options, "await-stop", arguments);
    REQUIRE(other != NULL && peer_hear(other, "listening"));
    platform_status status = platform_child_signal(peer_child(other), PLATFORM_SIGNAL_TERMINATE);
    if (status == PLATFORM_UNSUPPORTED) SKIP("this system signals groups only");
    REQUIRE_OK(status);
    hear_reason(other, "2");
    peer_finish(other);
}

/* ---- from inside ---- */

static void request_interrupt(void *context) {
    (void)context;
    platform_stop_request(PLATFORM_STOP_INTERRUPT);
}

/* First nothing, then a request from another thread, which a later one does not change. */
static int role_stop_itself(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    if (platform_stop_requested() != PLATFORM_STOP_NONE) return 91;
    if (platform_stop_wait(PLATFORM_NO_WAIT) != PLATFORM_STOP_NONE) return 92;
    int64_t deadline = platform_monotonic() + 20000000;
    if (platform_stop_wait(deadline) != PLATFORM_STOP_NONE) return 93;
    if (platform_monotonic() < deadline) return 94;
    platform_thread *thread;
    must(platform_thread_start(request_interrupt, NULL, &thread), "thread");
    if (platform_stop_wait(PLATFORM_FOREVER) != PLATFORM_STOP_INTERRUPT) return 95;
    platform_thread_join(thread);
    platform_stop_request(PLATFORM_STOP_TERMINATE);
    if (platform_stop_requested() != PLATFORM_STOP_INTERRUPT) return 96;
    return platform_stop_wait(PLATFORM_FOREVER) == PLATFORM_STOP_INTERRUPT ? 0 : 97;
}

static void program_stops_itself(void) {
    peer *other = peer_start("stop-itself", NULL);
    REQUIRE(other != NULL);
    peer_finish(other);
}

/* ---- closed pipes, and children of those who listen ---- */

/* Holds a lock on the file, writes to its output until nobody reads it, and leaves in the file what it was told. */
static int role_write_until_closed(int count, const char *const *arguments) {
    static const char block[4096];
    platform_handle file;
    if (count != 1) return 97;
    must(platform_stop_listen(), "listen");
    must(platform_file_open(arguments[0], PLATFORM_READ | PLATFORM_WRITE, &file), "open");
    must(platform_lock(file, PLATFORM_LOCK_EXCLUSIVE, PLATFORM_FOREVER), "lock");
    platform_status status = PLATFORM_OK;
    while (status == PLATFORM_OK) status = platform_file_write(platform_standard_output(), block, sizeof block);
    must(platform_file_write_at(file, 0, status == PLATFORM_CLOSED ? "closed" : "failed", 6), "tell");
    return 0;
}

static void closed_pipe_is_an_error(void) {
    char program[4096], byte;
    size_t length, got;
    platform_handle file = make_zeros(in_folder("file"), 0);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    REQUIRE_OK(platform_executable_path(program, sizeof program, &length));
    const char *const arguments[] = {program, "--role", "write-until-closed", in_folder("file"), NULL};
    platform_child_options options = {.arguments = arguments, .output = PLATFORM_STREAM_PIPE};
    platform_child *child;
    REQUIRE_OK(platform_child_start(&options, &child));
    CHECK_OK(platform_file_read(platform_child_output(child), &byte, 1, &got));
    platform_child_free(child); /* and with it our end of the pipe */
    CHECK_OK(platform_lock(file, PLATFORM_LOCK_EXCLUSIVE, generous()));
    CHECK_OK(platform_unlock(file));
    CHECK_TEXT("closed", text_of(in_folder("file")));
    platform_file_close(file);
}

static int role_start_sleeper(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    char program[4096], byte;
    size_t length, got;
    must(platform_stop_listen(), "listen");
    must(platform_executable_path(program, sizeof program, &length), "path");
    const char *const sleeper[] = {program, "--role", "just-read", NULL};
    platform_child_options options = {
        .arguments = sleeper, .input = PLATFORM_STREAM_PIPE, .output = PLATFORM_STREAM_PIPE, .own_group = true};
    platform_child *child;
    platform_exit_status status;
    must(platform_child_start(&options, &child), "start");
    must(platform_file_read(platform_child_output(child), &byte, 1, &got), "read");
    platform_status sent = platform_child_signal(child, PLATFORM_SIGNAL_TERMINATE);
    if (sent == PLATFORM_UNSUPPORTED) platform_child_close_input(child);
    else must(sent, "signal");
    must(platform_child_wait(child, generous(), &status), "wait");
    platform_child_free(child);
    bool ended = status.signaled || status.code != 0;
    say(sent == PLATFORM_UNSUPPORTED ? "cannot be signalled" : ended ? "ended by the signal" : "survived");
    return 0;
}

static int role_just_read(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    say("reading");
    hear_anything();
    return 0;
}

static void children_of_listeners_do_not_listen(void) {
    peer *middle = peer_start("start-sleeper", NULL);
    char line[64];
    REQUIRE(middle != NULL && peer_line(middle, line, sizeof line));
    peer_finish(middle);
    if (on_windows() && strcmp(line, "cannot be signalled") == 0) SKIP("no console to send Ctrl-Break through");
    CHECK_TEXT("ended by the signal", line);
}

static const contract_test tests[] = {
    {"a request ends the sleep on a word", requests_end_sleep_on_a_word},
    {"a request ends the wait for it", requests_end_stop_wait},
    {"a request reaches one process", one_process_is_stopped_not_its_parent},
    {"a program stops itself", program_stops_itself},
    {"writing to a closed pipe is an error", closed_pipe_is_an_error},
    {"children of those who listen do not", children_of_listeners_do_not_listen},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"sleep-on-word", role_sleep_on_word},
    {"await-stop", role_await_stop},
    {"stop-itself", role_stop_itself},
    {"write-until-closed", role_write_until_closed},
    {"start-sleeper", role_start_sleeper},
    {"just-read", role_just_read},
    {NULL, NULL},
};

const contract_group stop_group = {"stop", tests, roles};
