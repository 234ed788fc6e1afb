#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_WRITE (PLATFORM_READ | PLATFORM_WRITE)
#define SHARED PLATFORM_LOCK_SHARED
#define EXCLUSIVE PLATFORM_LOCK_EXCLUSIVE
#define SHORT_WAIT INT64_C(20000000)

/* ---- a peer that locks when told ---- */

static uint32_t mode_named(const char *name) { return strcmp(name, "exclusive") == 0 ? EXCLUSIVE : SHARED; }

/* Lines: shared, exclusive: wait for the lock. unlock. Answers "locked", "unlocked". */
static int role_lock(int count, const char *const *arguments) {
    platform_handle file;
    char line[64];
    if (count != 1) return 97;
    must(platform_file_open(arguments[0], READ_WRITE, &file), "open");
    say("open");
    while (hear(line, sizeof line)) {
        if (strcmp(line, "unlock") == 0) {
            must(platform_unlock(file), "unlock");
            say("unlocked");
        } else {
            must(platform_lock(file, mode_named(line), PLATFORM_FOREVER), "lock");
            say("locked");
        }
    }
    return 0;
}

static platform_handle lockable(void) { return make_zeros(in_folder("lock"), 100); }

static peer *start_locker(void) {
    peer *locker = peer_start("lock", in_folder("lock"), NULL);
    return locker != NULL && peer_hear(locker, "open") ? locker : NULL;
}

static bool tell(peer *locker, const char *line, const char *answer) {
    peer_say(locker, line);
    return peer_hear(locker, answer);
}

static const struct {
    uint32_t held, wanted;
    platform_status answer;
} pairs[] = {
    {SHARED, SHARED, PLATFORM_OK},
    {SHARED, EXCLUSIVE, PLATFORM_BUSY},
    {EXCLUSIVE, SHARED, PLATFORM_BUSY},
    {EXCLUSIVE, EXCLUSIVE, PLATFORM_BUSY},
};

static void handles_exclude_each_other(void) {
    platform_handle one = lockable(), other;
    REQUIRE(one != PLATFORM_NO_HANDLE);
    REQUIRE_OK(platform_file_open(in_folder("lock"), READ_WRITE, &other));
    for (int index = 0; index < 4; index++) {
        CHECK_OK(platform_lock(one, pairs[index].held, PLATFORM_NO_WAIT));
        CHECK_STATUS(pairs[index].answer, platform_lock(other, pairs[index].wanted, PLATFORM_NO_WAIT));
        CHECK_OK(platform_unlock(one));
        if (pairs[index].answer == PLATFORM_OK) CHECK_OK(platform_unlock(other));
        CHECK_OK(platform_lock(other, EXCLUSIVE, PLATFORM_NO_WAIT));
        CHECK_OK(platform_unlock(other));
    }
    CHECK_STATUS(PLATFORM_INVALID, platform_lock(one, 0, PLATFORM_NO_WAIT));
    CHECK_STATUS(PLATFORM_INVALID, platform_lock(one, 3, PLATFORM_NO_WAIT));
    platform_file_close(one);
    platform_file_close(other);
}

static void processes_exclude_each_other(void) {
    platform_handle file = lockable();
    REQUIRE(file != PLATFORM_NO_HANDLE);
    peer *locker = start_locker();
    REQUIRE(locker != NULL);
    for (int index = 0; index < 4; index++) {
        REQUIRE(tell(locker, pairs[index].held == SHARED ? "shared" : "exclusive", "locked"));
        CHECK_STATUS(pairs[index].answer, platform_lock(file, pairs[index].wanted, PLATFORM_NO_WAIT));
        if (pairs[index].answer == PLATFORM_OK) CHECK_OK(platform_unlock(file));
        REQUIRE(tell(locker, "unlock", "unlocked"));
        CHECK_OK(platform_lock(file, EXCLUSIVE, PLATFORM_NO_WAIT));
        CHECK_OK(platform_unlock(file));
    }
    peer_finish(locker);
    platform_file_close(file);
}

static void deadline_ends_the_wait(void) {
    platform_handle file = lockable();
    REQUIRE(file != PLATFORM_NO_HANDLE);
    peer *locker = start_locker();
    REQUIRE(locker != NULL && tell(locker, "exclusive", "locked"));
    int64_t deadline = platform_monotonic() + SHORT_WAIT;
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_lock(file, SHARED, deadline));
    CHECK(platform_monotonic() >= deadline);
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_lock(file, SHARED, 0));
    REQUIRE(tell(locker, "unlock", "unlocked"));
    CHECK_OK(platform_lock(file, SHARED, 0));
    CHECK_OK(platform_unlock(file));
    CHECK_OK(platform_lock(file, EXCLUSIVE, generous()));
    CHECK_OK(platform_unlock(file));
    peer_finish(locker);
    platform_file_close(file);
}

static void waiters_get_the_lock(void) {
    platform_handle file = lockable();
    REQUIRE(file != PLATFORM_NO_HANDLE);
    peer *first = start_locker(), *second = start_locker();
    REQUIRE(first != NULL && second != NULL);
    for (int round = 0; round < 10; round++) {
        CHECK_OK(platform_lock(file, EXCLUSIVE, generous()));
        peer_say(first, "exclusive");
        peer_say(second, "shared");
        CHECK_OK(platform_unlock(file));
        /* Whichever comes first lets the other in when it goes. */
        peer_say(first, "unlock");
        peer_say(second, "unlock");
        REQUIRE(peer_hear(first, "locked") && peer_hear(first, "unlocked"));
        REQUIRE(peer_hear(second, "locked") && peer_hear(second, "unlocked"));
    }
    REQUIRE(tell(first, "exclusive", "locked"));
    peer_say(first, "unlock");
    CHECK_OK(platform_lock(file, EXCLUSIVE, generous()));
    CHECK_OK(platform_unlock(file));
    peer_finish(first);
    peer_finish(second);
    platform_file_close(file);
}

static void killed_holder_lets_go(void) {
    platform_handle file = lockable();
    REQUIRE(file != PLATFORM_NO_HANDLE);
    for (int round = 0; round < 4; round++) {
        peer *locker = start_locker();
        REQUIRE(locker != NULL && tell(locker, round & 1 ? "shared" : "exclusive", "locked"));
        CHECK_STATUS(PLATFORM_BUSY, platform_lock(file, EXCLUSIVE, PLATFORM_NO_WAIT));
        peer_kill(locker);
        CHECK_OK(platform_lock(file, EXCLUSIVE, generous()));
        CHECK_OK(platform_unlock(file));
    }
    platform_file_close(file);
}

static void closing_lets_go(void) {
    platform_handle one = lockable(), other;
    REQUIRE(one != PLATFORM_NO_HANDLE);
    REQUIRE_OK(platform_file_open(in_folder("lock"), READ_WRITE, &other));
    CHECK_OK(platform_lock(one, EXCLUSIVE, PLATFORM_NO_WAIT));
    platform_file_close(one);
    CHECK_OK(platform_lock(other, EXCLUSIVE, generous()));
    platform_file_close(other);
}

static void locks_leave_mapped_memory_alone(void) {
    platform_handle file = lockable();
    platform_mapping mapping;
    REQUIRE(file != PLATFORM_NO_HANDLE);
    REQUIRE_OK(platform_map(file, 100, true, &mapping));
    peer *locker = start_locker();
    REQUIRE(locker != NULL && tell(locker, "exclusive", "locked"));
    mapping.base[50] = 5;
    CHECK_EQUAL(5, mapping.base[50]);
    peer_finish(locker);
    platform_unmap(mapping);
    platform_file_close(file);
}

/* Adds to a plain counter in mapped memory under the lock: exclusion is what makes the sum right. */
static int role_count_locked(int count, const char *const *arguments) {
    platform_handle file;
    platform_mapping mapping;
    if (count != 2) return 97;
    must(platform_file_open(arguments[0], READ_WRITE, &file), "open");
    must(platform_map(file, 100, true, &mapping), "map");
    volatile uint64_t *counter = (volatile uint64_t *)(void *)mapping.base;
    say("ready");
    hear_anything();
    for (long round = strtol(arguments[1], NULL, 10); round > 0; round--) {
        /* Every tenth by the way that asks again and again. */
        must(platform_lock(file, EXCLUSIVE, round % 10 == 0 ? generous() : PLATFORM_FOREVER), "lock");
        *counter = *counter + 1;
        must(platform_unlock(file), "unlock");
    }
    return 0;
}

static void exclusion_holds_under_pressure(void) {
    enum { PEERS = 4 };
    int rounds = on_windows() ? 300 : 3000;
    char text[16];
    platform_handle file = lockable();
    REQUIRE(file != PLATFORM_NO_HANDLE);
    snprintf(text, sizeof text, "%d", rounds);
    peer *peers[PEERS];
    for (int index = 0; index < PEERS; index++) {
        peers[index] = peer_start("count-locked", in_folder("lock"), text, NULL);
        REQUIRE(peers[index] != NULL);
    }
    for (int index = 0; index < PEERS; index++) REQUIRE(peer_hear(peers[index], "ready"));
    for (int index = 0; index < PEERS; index++) peer_say(peers[index], "go");
    for (int index = 0; index < PEERS; index++) peer_finish(peers[index]);
    uint64_t counter = 0;
    size_t got;
    CHECK_OK(platform_file_read_at(file, 0, &counter, sizeof counter, &got));
    CHECK_EQUAL(PEERS * rounds, counter);
    platform_file_close(file);
}

/* ---- ranges ---- */

static int role_lock_range(int count, const char *const *arguments) {
    platform_handle file;
    if (count != 4) return 97;
    must(platform_file_open(arguments[0], READ_WRITE, &file), "open");
    must(platform_lock_range(file, strtoull(arguments[1], NULL, 10), strtoull(arguments[2], NULL, 10),
                             mode_named(arguments[3]), PLATFORM_FOREVER),
         "lock");
    say("locked");
    hear_anything();
    return 0;
}

static void ranges_exclude_where_they_meet(void) {
    static const struct {
        const char *offset, *length, *mode;
        uint64_t wanted_offset, wanted_length;
        uint32_t wanted_mode;
        platform_status answer;
    } cases[] = {
        {"10", "10", "exclusive", 0, 10, EXCLUSIVE, PLATFORM_OK},
        {"10", "10", "exclusive", 20, 10, EXCLUSIVE, PLATFORM_OK},
        {"10", "10", "exclusive", 19, 1, SHARED, PLATFORM_BUSY},
        {"10", "10", "exclusive", 0, 11, EXCLUSIVE, PLATFORM_BUSY},
        {"10", "10", "shared", 0, 100, SHARED, PLATFORM_OK},
        {"10", "10", "shared", 12, 1, EXCLUSIVE, PLATFORM_BUSY},
        /* Beyond the end of the file, up to the end of all offsets. */
        {"1000000", "1", "exclusive", 1000000, 1, EXCLUSIVE, PLATFORM_BUSY},
        {"4611686018427387904", "4611686018427387903", "exclusive", INT64_MAX - 7, 1, SHARED, PLATFORM_BUSY},
        {"4611686018427387904", "4611686018427387903", "exclusive", 0, 100, EXCLUSIVE, PLATFORM_OK},
    };
    platform_handle file = lockable();
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_status first = platform_lock_range(file, 0, 1, EXCLUSIVE, PLATFORM_NO_WAIT);
    if (first == PLATFORM_UNSUPPORTED) {
        platform_file_close(file);
        SKIP("this system has no locks on ranges that belong to an open file");
    }
    CHECK_OK(first);
    CHECK_OK(platform_unlock_range(file, 0, 1));
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        peer *locker = peer_start("lock-range", in_folder("lock"), cases[index].offset, cases[index].length,
                                  cases[index].mode, NULL);
        REQUIRE(locker != NULL && peer_hear(locker, "locked"));
        platform_status got = platform_lock_range(file, cases[index].wanted_offset, cases[index].wanted_length,
                                                  cases[index].wanted_mode, PLATFORM_NO_WAIT);
        if (!CHECK_STATUS(cases[index].answer, got)) CHECK_EQUAL(-1, index);
        if (got == PLATFORM_OK) {
            CHECK_OK(platform_unlock_range(file, cases[index].wanted_offset, cases[index].wanted_length));
        }
        if (index & 1) peer_kill(locker);
        else peer_finish(locker);
        uint64_t offset = cases[index].wanted_offset, length = cases[index].wanted_length;
        CHECK_OK(platform_lock_range(file, offset, length, EXCLUSIVE, generous()));
        CHECK_OK(platform_unlock_range(file, offset, length));
    }
    CHECK_STATUS(PLATFORM_INVALID, platform_lock_range(file, 0, 0, SHARED, PLATFORM_NO_WAIT));
    platform_file_close(file);
}

static void ranges_belong_to_the_open_file(void) {
    platform_handle one = lockable(), other;
    REQUIRE(one != PLATFORM_NO_HANDLE);
    REQUIRE_OK(platform_file_open(in_folder("lock"), READ_WRITE, &other));
    platform_status first = platform_lock_range(one, 5, 5, EXCLUSIVE, PLATFORM_NO_WAIT);
    if (first == PLATFORM_UNSUPPORTED) {
        platform_file_close(one);
        platform_file_close(other);
        SKIP("this system has no locks on ranges that belong to an open file");
    }
    CHECK_STATUS(PLATFORM_BUSY, platform_lock_range(other, 5, 5, EXCLUSIVE, PLATFORM_NO_WAIT));
    int64_t deadline = platform_monotonic() + SHORT_WAIT;
    CHECK_STATUS(PLATFORM_TIMED_OUT, platform_lock_range(other, 9, 5, EXCLUSIVE, deadline));
    CHECK(platform_monotonic() >= deadline);
    platform_file_close(one);
    CHECK_OK(platform_lock_range(other, 5, 5, EXCLUSIVE, generous()));
    platform_file_close(other);
}

static const contract_test tests[] = {
    {"handles of one process exclude each other", handles_exclude_each_other},
    {"processes exclude each other", processes_exclude_each_other},
    {"a deadline ends the wait", deadline_ends_the_wait},
    {"those who wait get the lock", waiters_get_the_lock},
    {"a killed holder lets go", killed_holder_lets_go},
    {"closing lets go", closing_lets_go},
    {"locks leave mapped memory alone", locks_leave_mapped_memory_alone},
    {"exclusion holds under pressure", exclusion_holds_under_pressure},
    {"ranges exclude where they meet", ranges_exclude_where_they_meet},
    {"ranges belong to the open file", ranges_belong_to_the_open_file},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"lock", role_lock},
    {"count-locked", role_count_locked},
    {"lock-range", role_lock_range},
    {NULL, NULL},
};

const contract_group locks_group = {"locks", tests, roles};
