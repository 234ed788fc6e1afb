#include "network_support.h"

#include <string.h>

#define MILLISECOND INT64_C(1000000)

/* Waits until all of these are reported together for this registration. */
static bool await_all(platform_poller *poller, uint64_t token, uint32_t wanted) {
    int64_t deadline = generous();
    uint32_t ready = 0;
    while ((ready & wanted) != wanted && platform_monotonic() < deadline) {
        ready = next_of(poller, token);
        if (ready == 0) return false;
    }
    return CHECK_EQUAL(wanted, ready & wanted);
}

/* ---- time ---- */

static void deadline_is_not_early(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    REQUIRE(poller != NULL);
    static const int64_t pauses[] = {0, 1, 1000, 300000, 999999, 1000001, 1500000, 12345678, 30000000};
    for (size_t index = 0; index < sizeof pauses / sizeof pauses[0]; index++) {
        platform_poll_event event;
        size_t count = 99;
        int64_t deadline = platform_monotonic() + pauses[index];
        platform_status status;
        do status = platform_poller_wait(poller, &event, 1, &count, deadline);
        while (status == PLATFORM_OK);
        CHECK_STATUS(PLATFORM_TIMED_OUT, status);
        CHECK(platform_monotonic() >= deadline);
        CHECK_EQUAL(0, count);
    }
    CHECK(is_quiet(poller));
    platform_poller_free(poller);
}
EACH_KIND(deadline_is_not_early)

static void short_timers_are_kept(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    REQUIRE(poller != NULL);
    /* The best of many: a busy machine spoils some. A coarse tick is 16 ms. */
    int64_t best = PLATFORM_FOREVER;
    for (int round = 0; round < 50; round++) {
        platform_poll_event event;
        size_t count;
        int64_t start = platform_monotonic();
        while (platform_poller_wait(poller, &event, 1, &count, start + MILLISECOND) == PLATFORM_OK) continue;
        int64_t took = platform_monotonic() - start;
        CHECK(took >= MILLISECOND);
        if (took < best) best = took;
    }
    CHECK(best < 20 * MILLISECOND);
    platform_poller_free(poller);
}
EACH_KIND(short_timers_are_kept)

/* ---- readiness ---- */

static void data_is_reported_until_it_is_read(uint32_t kind, transport over) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(over, &made));
    REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, 42));
    CHECK(is_quiet(poller));
    REQUIRE_OK(send_all(made.near, "abc", 3));
    for (int round = 0; round < 3; round++) CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, 42));
    CHECK(hears(made.far, "ab"));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, 42));
    CHECK(hears(made.far, "c"));
    CHECK(is_quiet(poller));
    CHECK_OK(platform_poller_remove(poller, made.far));
    close_connection(&made);
    platform_poller_free(poller);
}

EACH_KIND_OVER_BOTH(data_is_reported_until_it_is_read)

static void room_is_reported(uint32_t kind) {
    enum { SIZE = 65536 };
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(platform_poller_add(poller, made.near, PLATFORM_POLL_WRITE, 5));
    for (int round = 0; round < 2; round++) CHECK_EQUAL(PLATFORM_POLL_WRITE, next_of(poller, 5));
    /* Full means: still full after a while, since some systems go on making room for as long as the peer's lasts. */
    uint8_t *zeros = contract_memory(SIZE);
    platform_slice slice = {zeros, SIZE};
    size_t total = 0, sent = 0, count = 0;
    platform_poll_event event;
    do {
        while (platform_send(made.near, &slice, 1, &sent) == PLATFORM_OK) total += sent;
        platform_poller_wait(poller, &event, 1, &count, platform_monotonic() + 50 * MILLISECOND);
    } while (count > 0);
    CHECK(is_quiet(poller));
    while (total > 0) {
        size_t got = 0;
        REQUIRE_OK(receive_all(made.far, zeros, total < SIZE ? total : SIZE, &got));
        REQUIRE(got > 0);
        total -= got;
    }
    CHECK_EQUAL(PLATFORM_POLL_WRITE, next_of(poller, 5));
    CHECK_OK(platform_poller_remove(poller, made.near));
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(room_is_reported)

static void listener_is_reported(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    platform_socket listener, near, far;
    platform_address address;
    bool pending;
    REQUIRE(poller != NULL && start_listening(OVER_TCP, &listener, &address));
    REQUIRE_OK(platform_poller_add(poller, listener, PLATFORM_POLL_READ, 1));
    CHECK(is_quiet(poller));
    REQUIRE_OK(platform_connect(&address, &near, &pending));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, 1));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, 1));
    REQUIRE_OK(platform_accept(listener, &far, NULL));
    CHECK(is_quiet(poller));
    REQUIRE_OK(platform_poller_add(poller, near, PLATFORM_POLL_WRITE, 2));
    CHECK(next_of(poller, 2) & PLATFORM_POLL_WRITE);
    CHECK_OK(platform_connect_result(near));
    CHECK_OK(platform_poller_remove(poller, near));
    CHECK_OK(platform_poller_remove(poller, listener));
    platform_socket_close(near, true);
    platform_socket_close(far, true);
    platform_listener_close(listener);
    platform_poller_free(poller);
}
EACH_KIND(listener_is_reported)

static void refusal_is_reported(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    platform_socket listener, near;
    platform_address address;
    bool pending;
    REQUIRE(poller != NULL && start_listening(OVER_TCP, &listener, &address));
    platform_listener_close(listener);
    platform_status status = platform_connect(&address, &near, &pending);
    if (status == PLATFORM_OK) {
        CHECK(pending);
        REQUIRE_OK(platform_poller_add(poller, near, PLATFORM_POLL_READ | PLATFORM_POLL_WRITE, 9));
        CHECK(next_of(poller, 9) & (PLATFORM_POLL_WRITE | PLATFORM_POLL_ERROR));
        CHECK_STATUS(PLATFORM_REFUSED, platform_connect_result(near));
        CHECK_OK(platform_poller_remove(poller, near));
        platform_socket_close(near, false);
    } else {
        CHECK_STATUS(PLATFORM_REFUSED, status);
    }
    platform_poller_free(poller);
}
EACH_KIND(refusal_is_reported)

/* ---- endings ---- */

static void end_of_half_is_readable(uint32_t kind, transport over) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(over, &made));
    REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, 3));
    REQUIRE_OK(platform_finish_sending(made.near));
    for (int round = 0; round < 2; round++) {
        uint32_t ready = next_of(poller, 3);
        CHECK(ready & PLATFORM_POLL_READ);
        CHECK(!(ready & (PLATFORM_POLL_HANGUP | PLATFORM_POLL_ERROR)));
    }
    CHECK_OK(end_of(made.far));
    REQUIRE_OK(send_all(made.far, "answer", 6));
    CHECK(hears(made.near, "answer"));
    CHECK_OK(platform_poller_remove(poller, made.far));
    close_connection(&made);
    platform_poller_free(poller);
}

EACH_KIND_OVER_BOTH(end_of_half_is_readable)

static void data_comes_before_hangup(uint32_t kind, transport over) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(over, &made));
    REQUIRE_OK(send_all(made.near, "bye", 3));
    platform_socket_close(made.near, false);
    REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, 4));
    for (const char *letter = "bye"; *letter != 0; letter++) {
        char text[2] = {*letter, 0};
        CHECK(next_of(poller, 4) & PLATFORM_POLL_READ);
        CHECK(hears(made.far, text));
    }
    CHECK(next_of(poller, 4) & PLATFORM_POLL_READ);
    CHECK_OK(end_of(made.far));
    CHECK_OK(platform_poller_remove(poller, made.far));
    platform_socket_close(made.far, false);
    platform_poller_free(poller);
}

EACH_KIND_OVER_BOTH(data_comes_before_hangup)

static void reset_is_reported_unasked(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(platform_poller_add(poller, made.far, 0, 6));
    REQUIRE_OK(send_all(made.near, "x", 1));
    CHECK(is_quiet(poller));
    platform_socket_close(made.near, true);
    for (int round = 0; round < 2; round++) {
        CHECK(next_of(poller, 6) & (PLATFORM_POLL_HANGUP | PLATFORM_POLL_ERROR));
    }
    CHECK_STATUS(PLATFORM_RESET, end_of(made.far));
    CHECK_OK(platform_poller_remove(poller, made.far));
    platform_socket_close(made.far, false);
    platform_poller_free(poller);
}
EACH_KIND(reset_is_reported_unasked)

/* ---- registering ---- */

static void registration_is_kept_straight(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_poller_modify(poller, made.far, PLATFORM_POLL_READ, 1));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_poller_remove(poller, made.far));
    CHECK_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, 1));
    CHECK_STATUS(PLATFORM_EXISTS, platform_poller_add(poller, made.far, PLATFORM_POLL_WRITE, 2));
    CHECK(is_quiet(poller)); /* the second changed nothing */
    CHECK_OK(platform_poller_remove(poller, made.far));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_poller_remove(poller, made.far));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_poller_modify(poller, made.far, PLATFORM_POLL_READ, 1));
    CHECK_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_WRITE, 3));
    CHECK_EQUAL(PLATFORM_POLL_WRITE, next_of(poller, 3));
    CHECK_OK(platform_poller_remove(poller, made.far));
    CHECK(is_quiet(poller));
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(registration_is_kept_straight)

static void interest_and_token_change(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(send_all(made.near, "x", 1));
    REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, 1));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, 1));
    CHECK_OK(platform_poller_modify(poller, made.far, PLATFORM_POLL_WRITE, 2));
    CHECK_EQUAL(PLATFORM_POLL_WRITE, next_of(poller, 2));
    CHECK_OK(platform_poller_modify(poller, made.far, PLATFORM_POLL_READ | PLATFORM_POLL_WRITE, 3));
    CHECK(await_all(poller, 3, PLATFORM_POLL_READ | PLATFORM_POLL_WRITE));
    CHECK_OK(platform_poller_modify(poller, made.far, 0, 4));
    CHECK(is_quiet(poller));
    CHECK_OK(platform_poller_modify(poller, made.far, PLATFORM_POLL_READ, 5));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, 5));
    CHECK_OK(platform_poller_remove(poller, made.far));
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(interest_and_token_change)

static void number_is_used_again(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    REQUIRE(poller != NULL);
    for (uint64_t round = 1; round <= 50; round++) {
        connection made;
        REQUIRE(make_connection(OVER_TCP, &made));
        REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ | PLATFORM_POLL_WRITE, round));
        REQUIRE_OK(send_all(made.near, "x", 1));
        CHECK(await_all(poller, round, PLATFORM_POLL_READ | PLATFORM_POLL_WRITE));
        /* Ready when it goes; half of the time the same thread waited just now. */
        CHECK_OK(platform_poller_remove(poller, made.far));
        close_connection(&made);
        if (round % 2 == 0) CHECK(is_quiet(poller));
    }
    platform_poller_free(poller);
}
EACH_KIND(number_is_used_again)

static void removed_while_others_are_served(uint32_t kind) {
    enum { COUNT = 10 };
    platform_poller *poller = made_poller(kind);
    connection made[COUNT];
    bool gone[COUNT] = {false};
    REQUIRE(poller != NULL);
    for (uint64_t index = 0; index < COUNT; index++) {
        REQUIRE(make_connection(OVER_TCP, &made[index]));
        REQUIRE_OK(platform_poller_add(poller, made[index].far, PLATFORM_POLL_READ, index));
        REQUIRE_OK(send_all(made[index].near, "x", 1));
    }
    /* Whoever is reported, it and the next one go. */
    for (int left = COUNT; left > 0;) {
        platform_poll_event event;
        size_t count = 0;
        REQUIRE_OK(platform_poller_wait(poller, &event, 1, &count, generous()));
        if (count == 0) continue;
        REQUIRE(event.token < COUNT && !gone[event.token]);
        for (uint64_t step = 0; step < 2; step++) {
            uint64_t index = (event.token + step) % COUNT;
            if (gone[index]) continue;
            gone[index] = true;
            left--;
            CHECK_OK(platform_poller_remove(poller, made[index].far));
            close_connection(&made[index]);
        }
    }
    CHECK(is_quiet(poller));
    platform_poller_free(poller);
}
EACH_KIND(removed_while_others_are_served)

static void everybody_gets_a_turn(uint32_t kind) {
    enum { COUNT = 9 };
    platform_poller *poller = made_poller(kind);
    connection made[COUNT];
    int turns[COUNT] = {0};
    REQUIRE(poller != NULL);
    for (uint64_t index = 0; index < COUNT; index++) {
        REQUIRE(make_connection(OVER_TCP, &made[index]));
        REQUIRE_OK(platform_poller_add(poller, made[index].far, PLATFORM_POLL_WRITE, index));
    }
    for (int round = 0; round < COUNT * 10; round++) {
        platform_poll_event events[2];
        size_t count = 0;
        REQUIRE_OK(platform_poller_wait(poller, events, 2, &count, generous()));
        for (size_t index = 0; index < count; index++) turns[events[index].token]++;
    }
    for (int index = 0; index < COUNT; index++) CHECK(turns[index] > 0);
    for (int index = 0; index < COUNT; index++) {
        CHECK_OK(platform_poller_remove(poller, made[index].far));
        close_connection(&made[index]);
    }
    platform_poller_free(poller);
}
EACH_KIND(everybody_gets_a_turn)

static void thousand_sockets(uint32_t kind) {
    enum { PAIRS = 500 };
    platform_poller *poller = made_poller(kind);
    platform_socket listener;
    platform_address address;
    connection *made = contract_memory(PAIRS * sizeof *made);
    uint8_t *heard = contract_memory(2 * PAIRS);
    size_t count = 0, seen = 0;
    bool few = false;
    REQUIRE(poller != NULL && start_listening(OVER_TCP, &listener, &address));
    while (count < PAIRS && !few) {
        few = connect_to(&address, &made[count].near) == PLATFORM_LIMIT;
        if (few) break;
        few = accept_one(listener, &made[count].far, NULL) == PLATFORM_LIMIT;
        if (few) platform_socket_close(made[count].near, true);
        else count++;
    }
    for (size_t index = 0; index < count; index++) {
        CHECK_OK(platform_poller_add(poller, made[index].near, PLATFORM_POLL_READ, index * 2));
        CHECK_OK(platform_poller_add(poller, made[index].far, PLATFORM_POLL_READ, index * 2 + 1));
        CHECK_OK(send_all(made[index].near, "n", 1));
        CHECK_OK(send_all(made[index].far, "f", 1));
    }
    int64_t deadline = generous();
    while (seen < 2 * count) {
        platform_poll_event events[300];
        size_t got = 0;
        if (!CHECK_OK(platform_poller_wait(poller, events, 300, &got, deadline))) break;
        for (size_t index = 0; index < got; index++) {
            uint64_t token = events[index].token;
            if (!CHECK(token < 2 * count && !heard[token]++)) continue;
            connection *one = &made[token / 2];
            CHECK(hears(token % 2 == 0 ? one->near : one->far, token % 2 == 0 ? "f" : "n"));
            seen++;
        }
    }
    CHECK(is_quiet(poller));
    for (size_t index = 0; index < count; index++) {
        CHECK_OK(platform_poller_remove(poller, made[index].near));
        CHECK_OK(platform_poller_remove(poller, made[index].far));
        close_connection(&made[index]);
    }
    platform_listener_close(listener);
    platform_poller_free(poller);
    if (few) SKIP("fewer sockets may be open; what there were was served");
}
EACH_KIND(thousand_sockets)

static void kinds_live_side_by_side(void) {
    if (!has_poll()) SKIP("poll(2) not available");
    platform_poller *best = made_poller(PLATFORM_POLLER_BEST), *poll = made_poller(PLATFORM_POLLER_POLL);
    connection made;
    REQUIRE(best != NULL && poll != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(platform_poller_add(best, made.far, PLATFORM_POLL_READ, 1));
    REQUIRE_OK(platform_poller_add(poll, made.far, PLATFORM_POLL_READ, 2));
    REQUIRE_OK(send_all(made.near, "x", 1));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(best, 1));
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poll, 2));
    platform_poller_wake(poll);
    CHECK_EQUAL(PLATFORM_POLL_READ, next_of(best, 1));
    CHECK_OK(platform_poller_remove(best, made.far));
    CHECK_OK(platform_poller_remove(poll, made.far));
    close_connection(&made);
    platform_poller_free(best);
    platform_poller_free(poll);
}

static const contract_test tests[] = {
    BOTH("a deadline is not early", deadline_is_not_early),
    BOTH("short timers are kept", short_timers_are_kept),
    OVER_EITHER("data is reported until it is read", data_is_reported_until_it_is_read),
    BOTH("room is reported", room_is_reported),
    BOTH("a listener with a connection, and the connection, are reported", listener_is_reported),
    BOTH("a refusal is reported", refusal_is_reported),
    OVER_EITHER("the end of one side is readable and no hang-up", end_of_half_is_readable),
    OVER_EITHER("data comes before hang-up", data_comes_before_hangup),
    BOTH("a reset is reported unasked", reset_is_reported_unasked),
    BOTH("a socket is registered once", registration_is_kept_straight),
    BOTH("interest and token change", interest_and_token_change),
    BOTH("a number that is used again brings only the new token", number_is_used_again),
    BOTH("a socket is removed while others are served", removed_while_others_are_served),
    BOTH("everybody gets a turn", everybody_gets_a_turn),
    BOTH("a thousand sockets", thousand_sockets),
    {"both kinds live side by side", kinds_live_side_by_side},
    {NULL, NULL},
};

const contract_group poller_group = {"poller", tests, NULL};
