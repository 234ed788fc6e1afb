#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEBIBYTE ((size_t)1 << 20)

static char program[4096];

/* The options to start this program in a role. `arguments` has room for 8. */
static platform_child_options for_role(const char **arguments, const char *role, const char *argument) {
    size_t length;
    CHECK_OK(platform_executable_path(program, sizeof program, &length));
    arguments[0] = program;
    arguments[1] = "--role";
    arguments[2] = role;
    arguments[3] = argument;
    arguments[4] = NULL;
    platform_child_options options = {.arguments = arguments};
    return options;
}

/* ---- the end ---- */

static int role_exit(int count, const char *const *arguments) {
    if (count != 1) return 97;
    int code = atoi(arguments[0]);
    if (code == 7) platform_exit(7);
    return code;
}

static void exit_status_is_told(void) {
    static const char *const codes[] = {"0", "1", "7", "42", "255"};
    for (size_t index = 0; index < sizeof codes / sizeof codes[0]; index++) {
        const char *arguments[8];
        platform_child_options options = for_role(arguments, "exit", codes[index]);
        platform_child *child;
        platform_exit_status status;
        REQUIRE_OK(platform_child_start(&options, &child));
        for (int again = 0; again < 3; again++) {
            status.signaled = true;
            status.code = -1;
            CHECK_OK(platform_child_wait(child, again == 2 ? PLATFORM_FOREVER : generous(), &status));
            CHECK(!status.signaled);
            CHECK_EQUAL(atoi(codes[index]), status.code);
        }
        CHECK_OK(platform_child_wait(child, PLATFORM_NO_WAIT, &status));
        CHECK_STATUS(PLATFORM_NOT_FOUND, platform_child_signal(child, PLATFORM_SIGNAL_KILL));
        platform_child_free(child);
    }
}

static int role_wait_for_input(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    say("here");
    hear_anything();
    return 0;
}

static void wait_has_deadlines(void) {
    const char *arguments[8];
    platform_child_options options = for_role(arguments, "wait-for-input", NULL);
    options.input = PLATFORM_STREAM_PIPE;
    options.output = PLATFORM_STREAM_PIPE;
    platform_child *child;
    platform_exit_status status = {true, 77};
    REQUIRE_OK(platform_child_start(&options, &child));
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_child_wait(child, PLATFORM_NO_WAIT, &status));
    int64_t deadline = platform_monotonic() + 20000000;
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_child_wait(child, deadline, &status));
    CHECK(platform_monotonic() >= deadline);
    CHECK(status.signaled && status.code == 77);
    platform_child_close_input(child);
    CHECK(platform_child_input(child) == PLATFORM_NO_HANDLE);
    platform_child_close_input(child);
    CHECK_OK(platform_child_wait(child, generous(), &status));
    CHECK(!status.signaled && status.code == 0);
    platform_child_free(child);
}

static void kill_ends_it(void) {
    for (int own_group = 0; own_group < 2; own_group++) {
        const char *arguments[8];
        platform_child_options options = for_role(arguments, "wait-for-input", NULL);
        options.input = PLATFORM_STREAM_PIPE;
        options.output = PLATFORM_STREAM_PIPE;
        options.own_group = own_group == 1;
        platform_child *child;
        platform_exit_status status = {false, 0};
        REQUIRE_OK(platform_child_start(&options, &child));
        CHECK_OK(platform_child_signal(child, PLATFORM_SIGNAL_KILL));
        CHECK_OK(platform_child_wait(child, generous(), &status));
        CHECK(on_windows() ? !status.signaled && status.code != 0 : status.signaled && status.code == 9);
        CHECK_STATUS(PLATFORM_NOT_FOUND, platform_child_signal(child, PLATFORM_SIGNAL_KILL));
        platform_child_free(child);
    }
}

static void signals_end_it(void) {
    static const struct {
        uint32_t signal;
        int32_t number;
    } cases[] = {{PLATFORM_SIGNAL_INTERRUPT, 2}, {PLATFORM_SIGNAL_TERMINATE, 15}};
    for (int index = 0; index < 4; index++) {
        const char *arguments[8];
        char byte;
        size_t got;
        platform_child_options options = for_role(arguments, "wait-for-input", NULL);
        options.input = PLATFORM_STREAM_PIPE;
        options.output = PLATFORM_STREAM_PIPE;
        options.own_group = index >= 2 || on_windows();
        platform_child *child;
        platform_exit_status status = {false, 0};
        REQUIRE_OK(platform_child_start(&options, &child));
        CHECK_OK(platform_file_read(platform_child_output(child), &byte, 1, &got));
        platform_status sent = platform_child_signal(child, cases[index % 2].signal);
        if (on_windows() && sent == PLATFORM_UNSUPPORTED) {
            platform_child_signal(child, PLATFORM_SIGNAL_KILL);
            platform_child_wait(child, generous(), &status);
            platform_child_free(child);
            SKIP("there is no console to send Ctrl-Break through");
        }
        CHECK_OK(sent);
        CHECK_OK(platform_child_wait(child, generous(), &status));
        CHECK(on_windows() ? status.code != 0 : status.signaled && status.code == cases[index % 2].number);
        CHECK(CHECK_STATUS(PLATFORM_NOT_FOUND, platform_child_signal(child, cases[index % 2].signal)));
        platform_child_free(child);
    }
    const char *arguments[8];
    platform_child_options options = for_role(arguments, "exit", "0");
    platform_child *child;
    REQUIRE_OK(platform_child_start(&options, &child));
    CHECK_STATUS(PLATFORM_INVALID, platform_child_signal(child, 0));
    CHECK_STATUS(PLATFORM_INVALID, platform_child_signal(child, 4));
    platform_exit_status status;
    CHECK_OK(platform_child_wait(child, generous(), &status));
    platform_child_free(child);
}

static int role_lock_until_input_ends(int count, const char *const *arguments) {
    platform_handle file;
    if (count != 1) return 97;
    must(platform_file_open(arguments[0], PLATFORM_READ | PLATFORM_WRITE, &file), "open");
    must(platform_lock(file, PLATFORM_LOCK_EXCLUSIVE, PLATFORM_FOREVER), "lock");
    say("locked");
    hear_anything();
    return 0;
}

static void freed_child_goes_on(void) {
    const char *arguments[8];
    char byte;
    size_t got;
    platform_handle file = make_zeros(in_folder("lock"), 1);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    for (int round = 0; round < 5; round++) {
        platform_child_options options = for_role(arguments, "lock-until-input-ends", in_folder("lock"));
        options.input = PLATFORM_STREAM_PIPE;
        options.output = PLATFORM_STREAM_PIPE;
        platform_child *child;
        REQUIRE_OK(platform_child_start(&options, &child));
        CHECK_OK(platform_file_read(platform_child_output(child), &byte, 1, &got));
        CHECK_STATUS(PLATFORM_BUSY, platform_lock(file, PLATFORM_LOCK_EXCLUSIVE, PLATFORM_NO_WAIT));
        platform_child_free(child); /* closes its input, so it ends */
        CHECK_OK(platform_lock(file, PLATFORM_LOCK_EXCLUSIVE, generous()));
        CHECK_OK(platform_unlock(file));
    }
    platform_file_close(file);
}

/* ---- streams ---- */

/* Copies input to output, and counts on standard error. */
static int role_copy(int count, const char *const *arguments) {
    static uint8_t block[65536];
    (void)count, (void)arguments;
    uint64_t copied = 0;
    for (;;) {
        size_t got = 0;
        must(platform_file_read(platform_standard_input(), block, sizeof block, &got), "read");
        if (got == 0) break;
        must(platform_file_write(platform_standard_output(), block, got), "write");
        copied += got;
    }
    char text[32];
    int length = snprintf(text, sizeof text, "%llu\n", (unsigned long long)copied);
    must(platform_file_write(platform_standard_error(), text, (size_t)length), "write");
    return 0;
}

typedef struct {
    platform_child *child;
    const uint8_t *bytes;
} feeding;

static void feed(void *context) {
    feeding *f = context;
    CHECK_OK(platform_file_write(platform_child_input(f->child), f->bytes, MEBIBYTE));
    platform_child_close_input(f->child);
}

static size_t read_all(platform_handle stream, uint8_t *bytes, size_t capacity) {
    size_t filled = 0, got = 1;
    while (filled < capacity && got > 0) {
        if (!CHECK_OK(platform_file_read(stream, bytes + filled, capacity - filled, &got))) break;
        filled += got;
    }
    return filled;
}

static void mebibytes_pass_both_ways(void) {
    const char *arguments[8];
    uint8_t *sent = contract_memory(MEBIBYTE), *back = contract_memory(MEBIBYTE + 1), line[32] = {0};
    REQUIRE_OK(platform_random(sent, MEBIBYTE));
    platform_child_options options = for_role(arguments, "copy", NULL);
    options.input = options.output = options.error = PLATFORM_STREAM_PIPE;
    platform_child *child;
    platform_exit_status status;
    REQUIRE_OK(platform_child_start(&options, &child));
    feeding f = {child, sent};
    platform_thread *feeder;
    REQUIRE_OK(platform_thread_start(feed, &f, &feeder));
    CHECK_EQUAL(MEBIBYTE, read_all(platform_child_output(child), back, MEBIBYTE + 1));
    CHECK(memcmp(sent, back, MEBIBYTE) == 0);
    CHECK_EQUAL(8, read_all(platform_child_error(child), line, sizeof line));
    CHECK_TEXT("1048576\n", (const char *)line);
    platform_thread_join(feeder);
    CHECK_OK(platform_child_wait(child, generous(), &status));
    CHECK(!status.signaled && status.code == 0);
    platform_child_free(child);
}

static void null_streams_are_empty(void) {
    const char *arguments[8];
    uint8_t line[32] = {0};
    platform_child_options options = for_role(arguments, "copy", NULL);
    options.input = options.output = PLATFORM_STREAM_NULL;
    options.error = PLATFORM_STREAM_PIPE;
    platform_child *child;
    platform_exit_status status;
    REQUIRE_OK(platform_child_start(&options, &child));
    CHECK(platform_child_input(child) == PLATFORM_NO_HANDLE);
    CHECK(platform_child_output(child) == PLATFORM_NO_HANDLE);
    CHECK_EQUAL(2, read_all(platform_child_error(child), line, sizeof line));
    CHECK_TEXT("0\n", (const char *)line);
    CHECK_OK(platform_child_wait(child, generous(), &status));
    CHECK(!status.signaled && status.code == 0);
    platform_child_free(child);
}

static void output_ends_when_it_does(void) {
    /* Other children started meanwhile must not keep the pipe open. */
    peer *one = peer_start("wait-for-input", NULL);
    REQUIRE(one != NULL && peer_hear(one, "here"));
    peer *other = peer_start("wait-for-input", NULL);
    REQUIRE(other != NULL && peer_hear(other, "here"));
    char line[16];
    peer_say(one, "end");
    CHECK(!peer_line(one, line, sizeof line));
    peer_finish(one);
    peer_finish(other);
}

/* ---- starting ---- */

static void missing_program_is_said(void) {
    REQUIRE(make_file(in_folder("text.txt"), "no program"));
    static const char *const names[] = {"weir-no-such-program", "./weir-no-such-program", "missing/program"};
    platform_child_options options = {0};
    platform_child *child = NULL;
    for (int index = 0; index < 3; index++) {
        const char *const arguments[] = {names[index], "argument", NULL};
        options.arguments = arguments;
        CHECK_STATUS(PLATFORM_NOT_FOUND, platform_child_start(&options, &child));
    }
    const char *const folder[] = {contract_folder(), NULL};
    options.arguments = folder;
    CHECK_STATUS(PLATFORM_PERMISSION, platform_child_start(&options, &child));
    const char *const text[] = {in_folder("text.txt"), NULL};
    options.arguments = text;
    platform_status status = platform_child_start(&options, &child);
    CHECK(status == PLATFORM_PERMISSION || (on_windows() && status == PLATFORM_INVALID));
    const char *const nothing[] = {NULL}, *const empty[] = {"", NULL};
    options.arguments = nothing;
    CHECK_STATUS(PLATFORM_INVALID, platform_child_start(&options, &child));
    options.arguments = empty;
    CHECK_STATUS(PLATFORM_INVALID, platform_child_start(&options, &child));
    CHECK(child == NULL);
}

static void missing_directory_is_said(void) {
    const char *arguments[8];
    platform_child_options options = for_role(arguments, "exit", "0");
    options.directory = in_folder("missing");
    platform_child *child = NULL;
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_child_start(&options, &child));
}

static int role_tell_directory(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    char here[4096], canonical[4096];
    size_t length;
    must(platform_current_directory(here, sizeof here, &length), "directory");
    must(platform_canonical_path(here, canonical, sizeof canonical, &length), "canonical");
    say(canonical);
    return 0;
}

static void directory_is_where_it_starts(void) {
    char expected[4096];
    size_t length;
    const char *const none[] = {NULL};
    REQUIRE_OK(platform_make_directories(in_folder("d\xC3\xA9p\xC3\xB4t"), false));
    REQUIRE_OK(platform_canonical_path(in_folder("d\xC3\xA9p\xC3\xB4t"), expected, sizeof expected, &length));
    platform_child_options options = {.directory = in_folder("d\xC3\xA9p\xC3\xB4t")};
    peer *other = peer_start_with(options, "tell-directory", none);
    REQUIRE(other != NULL);
    peer_hear(other, expected);
    peer_finish(other);
}

/* Starts the named program by PATH, in a role that exits with 42. */
static int role_start_by_name(int count, const char *const *arguments) {
    if (count != 1) return 97;
    const char *const inner[] = {arguments[0], "--role", "exit", "42", NULL};
    platform_child_options options = {.arguments = inner};
    platform_child *child;
    platform_exit_status status;
    must(platform_child_start(&options, &child), "start");
    must(platform_child_wait(child, generous(), &status), "wait");
    platform_child_free(child);
    say_number(status.signaled ? -1 : status.code);
    return 0;
}

static void program_is_looked_up_in_path(void) {
    char path[5000] = "PATH=", root[300] = "SystemRoot=", home[300] = "WINEPREFIX=", *base;
    size_t length;
    platform_environment("SystemRoot", root + strlen(root), sizeof root - strlen(root), &length);
    platform_environment("WINEPREFIX", home + strlen(home), sizeof home - strlen(home), &length);
    REQUIRE_OK(platform_executable_path(program, sizeof program, &length));
    base = program + length;
    while (base > program && !platform_is_separator(base[-1])) base--;
    /* Behind a directory that does not exist and one that does not have it. */
    snprintf(path, sizeof path, "PATH=%s%s%s%s%.*s", in_folder("missing"), on_windows() ? ";" : ":", contract_folder(),
             on_windows() ? ";" : ":", (int)(base - program - 1), program);
    const char *const environment[] = {path, root, home, NULL};
    const char *const arguments[] = {base, NULL};
    platform_child_options options = {.environment = environment};
    peer *other = peer_start_with(options, "start-by-name", arguments);
    REQUIRE(other != NULL);
    peer_hear(other, "42");
    peer_finish(other);
}

static void many_children_at_once(void) {
    enum { CHILDREN = 12 };
    peer *peers[CHILDREN];
    for (int index = 0; index < CHILDREN; index++) {
        peers[index] = peer_start("wait-for-input", NULL);
        REQUIRE(peers[index] != NULL);
    }
    for (int index = CHILDREN - 1; index >= 0; index--) {
        peer_hear(peers[index], "here");
        peer_finish(peers[index]);
    }
}

static void signals_have_names(void) {
    CHECK(platform_signal_name(0) == NULL && platform_signal_name(-1) == NULL && platform_signal_name(9999) == NULL);
    if (on_windows()) {
        CHECK(platform_signal_name(9) == NULL);
        return;
    }
    CHECK_TEXT("SIGINT", platform_signal_name(2));
    CHECK_TEXT("SIGKILL", platform_signal_name(9));
    CHECK_TEXT("SIGTERM", platform_signal_name(15));
}

static const contract_test tests[] = {
    {"the exit status is told", exit_status_is_told},
    {"waiting has deadlines", wait_has_deadlines},
    {"a kill ends it", kill_ends_it},
    {"signals end it", signals_end_it},
    {"signals have names", signals_have_names},
    {"a freed child goes on and is reaped", freed_child_goes_on},
    {"mebibytes pass both ways", mebibytes_pass_both_ways},
    {"null streams are empty", null_streams_are_empty},
    {"output ends when the child does", output_ends_when_it_does},
    {"a program that cannot start is said", missing_program_is_said},
    {"a directory that is not there is said", missing_directory_is_said},
    {"the directory is where it starts", directory_is_where_it_starts},
    {"a program is looked up in PATH", program_is_looked_up_in_path},
    {"many children at once", many_children_at_once},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"exit", role_exit},
    {"wait-for-input", role_wait_for_input},
    {"lock-until-input-ends", role_lock_until_input_ends},
    {"copy", role_copy},
    {"tell-directory", role_tell_directory},
    {"start-by-name", role_start_by_name},
    {NULL, NULL},
};

const contract_group child_group = {"child", tests, roles};
