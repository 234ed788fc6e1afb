#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_WAIT INT64_C(20000000)

/* The words that the tests share, in one mapped file. */
typedef struct {
    uint32_t wake, other_wake;
    uint32_t number, answer;
    uint32_t finished;
} board;

typedef struct {
    platform_handle file;
    platform_mapping mapping;
    board *board;
    platform_wake *wake, *other_wake;
} table;

static platform_status set_up(platform_handle file, table *table) {
    table->file = file;
    platform_status status = platform_map(file, 4096, true, &table->mapping);
    if (status != PLATFORM_OK) return status;
    /* Not at the start: a word is known by its place in the file. */
    table->board = (board *)(void *)(table->mapping.base + 512);
    status = platform_wake_open(file, &table->board->wake, &table->wake);
    if (status != PLATFORM_OK) return status;
    return platform_wake_open(file, &table->board->other_wake, &table->other_wake);
}

static bool make_table(table *table) {
    platform_handle file = make_zeros(in_folder("board"), 4096);
    return file != PLATFORM_NO_HANDLE && CHECK_OK(set_up(file, table));
}

static void open_table(const char *path, table *table) {
    platform_handle file;
    must(platform_file_open(path, PLATFORM_READ | PLATFORM_WRITE, &file), "open");
    must(set_up(file, table), "wake");
}

static void clear_table(table *table) {
    platform_wake_close(table->wake);
    platform_wake_close(table->other_wake);
    platform_unmap(table->mapping);
    platform_file_close(table->file);
}

/* Sleeps until *word is `value` or more. */
static platform_status await_value(platform_wake *wake, const uint32_t *word, uint32_t value) {
    int64_t deadline = generous();
    while (platform_load_acquire_u32(word) < value) {
        uint32_t ticket = platform_wake_prepare(wake);
        if (platform_load_acquire_u32(word) >= value) break;
        platform_status status = platform_wake_wait(wake, ticket, deadline);
        if (status != PLATFORM_OK) return status;
    }
    return PLATFORM_OK;
}

/* ---- the word ---- */

static void word_counts_wakeups(void) {
    table t;
    REQUIRE(make_table(&t));
    uint32_t *word = &t.board->wake;
    for (int round = 0; round < 3; round++) platform_wake_all(t.wake);
    CHECK_EQUAL(0, *word); /* nobody asleep: not even a store, let alone a call */
    uint32_t ticket = platform_wake_prepare(t.wake);
    CHECK_EQUAL(1, *word);
    CHECK_EQUAL(1, ticket);
    CHECK_EQUAL(ticket, platform_wake_prepare(t.wake));
    platform_wake_all(t.wake);
    CHECK_EQUAL(2, *word);
    platform_wake_all(t.wake);
    CHECK_EQUAL(2, *word);
    CHECK_EQUAL(3, platform_wake_prepare(t.wake));
    CHECK_EQUAL(0, t.board->other_wake);
    *word = UINT32_MAX;
    platform_wake_all(t.wake);
    CHECK_EQUAL(0, *word);
    clear_table(&t);
}

static void stale_ticket_does_not_sleep(void) {
    table t;
    REQUIRE(make_table(&t));
    for (int round = 0; round < 100; round++) {
        uint32_t ticket = platform_wake_prepare(t.wake);
        platform_wake_all(t.wake);
        CHECK_OK(platform_wake_wait(t.wake, ticket, PLATFORM_FOREVER));
    }
    clear_table(&t);
}

static void deadline_ends_the_wait(void) {
    table t;
    REQUIRE(make_table(&t));
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_wake_wait(t.wake, platform_wake_prepare(t.wake), PLATFORM_NO_WAIT));
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_wake_wait(t.wake, platform_wake_prepare(t.wake), 0));
    int64_t deadline = platform_monotonic() + SHORT_WAIT;
    platform_status status;
    do status = platform_wake_wait(t.wake, platform_wake_prepare(t.wake), deadline);
    while (status == PLATFORM_OK); /* a wait may end for no reason */
    CHECK_STATUS(PLATFORM_TIMED_OUT, status);
    CHECK(platform_monotonic() >= deadline);
    clear_table(&t);
}

/* ---- between processes ---- */

/* Answers each number with its double. */
static int role_ping_pong(int count, const char *const *arguments) {
    table t;
    if (count != 2) return 97;
    open_table(arguments[0], &t);
    uint32_t rounds = (uint32_t)strtoul(arguments[1], NULL, 10);
    for (uint32_t round = 1; round <= rounds; round++) {
        must(await_value(t.wake, &t.board->number, round), "await");
        platform_store_release_u32(&t.board->answer, round);
        platform_wake_all(t.other_wake);
    }
    return 0;
}

static void wakes_both_ways(void) {
    enum { ROUNDS = 3000 };
    table t;
    REQUIRE(make_table(&t));
    peer *other = peer_start("ping-pong", in_folder("board"), "3000", NULL);
    REQUIRE(other != NULL);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        platform_store_release_u32(&t.board->number, round);
        platform_wake_all(t.wake);
        REQUIRE_OK(await_value(t.other_wake, &t.board->answer, round));
    }
    peer_finish(other);
    clear_table(&t);
}

static int role_await_number(int count, const char *const *arguments) {
    table t;
    if (count != 2) return 97;
    open_table(arguments[0], &t);
    say("ready");
    must(await_value(t.wake, &t.board->number, (uint32_t)strtoul(arguments[1], NULL, 10)), "await");
    platform_add_u32(&t.board->finished, 1);
    platform_wake_all(t.other_wake);
    hear_anything();
    return 0;
}

static void wakes_all_sleepers(void) {
    enum { PEERS = 4 };
    table t;
    REQUIRE(make_table(&t));
    peer *peers[PEERS];
    for (int index = 0; index < PEERS; index++) {
        peers[index] = peer_start("await-number", in_folder("board"), "5", NULL);
        REQUIRE(peers[index] != NULL && peer_hear(peers[index], "ready"));
    }
    /* Four times for nothing, the fifth time for good. */
    for (uint32_t number = 1; number <= 5; number++) {
        platform_store_release_u32(&t.board->number, number);
        platform_wake_all(t.wake);
    }
    CHECK_OK(await_value(t.other_wake, &t.board->finished, PEERS));
    for (int index = 0; index < PEERS; index++) peer_finish(peers[index]);
    clear_table(&t);
}

/* Counts on as fast as it can, waking each time. */
static int role_count_up(int count, const char *const *arguments) {
    table t;
    if (count != 2) return 97;
    open_table(arguments[0], &t);
    say("ready");
    hear_anything();
    for (uint32_t round = (uint32_t)strtoul(arguments[1], NULL, 10); round > 0; round--) {
        platform_add_u32(&t.board->number, 1);
        platform_wake_all(t.wake);
    }
    return 0;
}

static void await_end_of_count(void *context) {
    table *t = context;
    uint32_t seen = 0;
    platform_status status = PLATFORM_OK;
    while (seen < 40000 && status == PLATFORM_OK) {
        status = await_value(t->wake, &t->board->number, seen + 1);
        seen = platform_load_acquire_u32(&t->board->number);
    }
    CHECK_OK(status);
}

static void no_wakeup_is_lost(void) {
    table t;
    REQUIRE(make_table(&t));
    peer *first = peer_start("count-up", in_folder("board"), "20000", NULL);
    peer *second = peer_start("count-up", in_folder("board"), "20000", NULL);
    REQUIRE(first != NULL && second != NULL && peer_hear(first, "ready") && peer_hear(second, "ready"));
    platform_thread *sleepers[3]; /* several sleepers share one handle */
    for (int index = 0; index < 3; index++) REQUIRE_OK(platform_thread_start(await_end_of_count, &t, &sleepers[index]));
    peer_say(first, "go");
    peer_say(second, "go");
    for (int index = 0; index < 3; index++) platform_thread_join(sleepers[index]);
    CHECK_EQUAL(40000, t.board->number);
    peer_finish(first);
    peer_finish(second);
    clear_table(&t);
}

static void dead_sleeper_costs_one_call(void) {
    table t;
    REQUIRE(make_table(&t));
    for (int round = 0; round < 3; round++) {
        peer *sleeper = peer_start("await-number", in_folder("board"), "1000000", NULL);
        REQUIRE(sleeper != NULL && peer_hear(sleeper, "ready"));
        while ((platform_load_acquire_u32(&t.board->wake) & 1) == 0) platform_thread_yield();
        peer_kill(sleeper);
        uint32_t before = platform_load_acquire_u32(&t.board->wake);
        CHECK_EQUAL(1, before & 1);
        platform_wake_all(t.wake);
        CHECK_EQUAL(before + 1, t.board->wake);
        platform_wake_all(t.wake);
        CHECK_EQUAL(before + 1, t.board->wake);
    }
    /* And the living are still woken. */
    peer *other = peer_start("ping-pong", in_folder("board"), "3", NULL);
    REQUIRE(other != NULL);
    for (uint32_t round = 1; round <= 3; round++) {
        platform_store_release_u32(&t.board->number, round);
        platform_wake_all(t.wake);
        REQUIRE_OK(await_value(t.other_wake, &t.board->answer, round));
    }
    peer_finish(other);
    clear_table(&t);
}

static void killed_waker_loses_nothing(void) {
    table t;
    REQUIRE(make_table(&t));
    peer *waker = peer_start("count-up", in_folder("board"), "4000000000", NULL);
    REQUIRE(waker != NULL && peer_hear(waker, "ready"));
    peer_say(waker, "go");
    CHECK_OK(await_value(t.wake, &t.board->number, 100));
    peer_kill(waker);
    /* What the dead one may have left undone, the next waker does. */
    peer *sleeper = peer_start("await-number", in_folder("board"), "4294967295", NULL);
    REQUIRE(sleeper != NULL && peer_hear(sleeper, "ready"));
    platform_store_release_u32(&t.board->number, UINT32_MAX);
    platform_wake_all(t.wake);
    CHECK_OK(await_value(t.other_wake, &t.board->finished, 1));
    peer_finish(sleeper);
    clear_table(&t);
}

static const contract_test tests[] = {
    {"the word counts wake-ups, and only those that somebody awaits", word_counts_wakeups},
    {"a stale ticket does not sleep", stale_ticket_does_not_sleep},
    {"a deadline ends the wait", deadline_ends_the_wait},
    {"processes wake each other", wakes_both_ways},
    {"one call wakes all sleepers", wakes_all_sleepers},
    {"no wake-up is lost", no_wakeup_is_lost},
    {"a sleeper that died costs one call", dead_sleeper_costs_one_call},
    {"a waker that died loses nothing", killed_waker_loses_nothing},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"ping-pong", role_ping_pong},
    {"await-number", role_await_number},
    {"count-up", role_count_up},
    {NULL, NULL},
};

const contract_group wake_group = {"wake", tests, roles};
