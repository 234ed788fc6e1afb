#include "network_support.h"

#include <string.h>

/* ---- waking ---- */

/* Waits with a generous deadline, and checks that it ended for a wake alone. */
static bool is_woken(platform_poller *poller) {
    platform_poll_event event;
    size_t count = 99;
    if (!CHECK_OK(platform_poller_wait(poller, &event, 1, &count, generous()))) return false;
    return CHECK_EQUAL(0, count);
}

static void wake_before_wait_is_kept(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    REQUIRE(poller != NULL);
    for (int round = 0; round < 100; round++) {
        for (int again = 0; again <= round % 3; again++) platform_poller_wake(poller);
        REQUIRE(is_woken(poller));
        REQUIRE(is_quiet(poller)); /* once, however often it was called */
    }
    platform_poller_free(poller);
}
EACH_KIND(wake_before_wait_is_kept)

static void wake_comes_beside_events(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(send_all(made.near, "x", 1));
    /* A token may have any value. */
    static const uint64_t tokens[] = {0, 1, UINT64_MAX, (uint64_t)INT64_MAX, UINT64_MAX - 1};
    for (size_t index = 0; index < sizeof tokens / sizeof tokens[0]; index++) {
        REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, tokens[index]));
        platform_poller_wake(poller);
        for (int round = 0; round < 4; round++) CHECK_EQUAL(PLATFORM_POLL_READ, next_of(poller, tokens[index]));
        platform_poller_wake(poller);
        CHECK_OK(platform_poller_remove(poller, made.far));
        CHECK(is_woken(poller));
        CHECK(is_quiet(poller));
    }
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(wake_comes_beside_events)

typedef struct {
    platform_poller *poller;
    uint32_t *counter;
    uint32_t rounds;
    const connection *made;
} helper;

/* Counts, and wakes after each. */
static void count_and_wake(void *context) {
    helper *help = context;
    for (uint32_t round = 0; round < help->rounds; round++) {
        platform_add_u32(help->counter, 1);
        platform_poller_wake(help->poller);
    }
}

/* Waits until the counter has come so far; the number of waits, 0 after a failure. */
static uint32_t waits_until(platform_poller *poller, const uint32_t *counter, uint32_t value) {
    uint32_t waits = 1;
    for (; platform_load_acquire_u32(counter) < value; waits++) {
        platform_poll_event event;
        size_t count = 0;
        if (!CHECK_OK(platform_poller_wait(poller, &event, 1, &count, generous()))) return 0;
        if (!CHECK_EQUAL(0, count)) return 0;
    }
    return waits;
}

static void wake_ends_a_wait(uint32_t kind) {
    uint32_t counter = 0;
    platform_poller *poller = made_poller(kind);
    REQUIRE(poller != NULL);
    for (uint32_t round = 1; round <= 100; round++) {
        platform_thread *thread;
        helper help = {poller, &counter, 1, NULL};
        REQUIRE_OK(platform_thread_start(count_and_wake, &help, &thread));
        uint32_t waits = waits_until(poller, &counter, round);
        platform_thread_join(thread);
        REQUIRE(waits > 0);
    }
    platform_poller_free(poller);
}
EACH_KIND(wake_ends_a_wait)

static void storm_of_wakes_is_bounded(uint32_t kind) {
    enum { THREADS = 4, WAKES = 10000 };
    uint32_t counter = 0;
    platform_poller *poller = made_poller(kind);
    platform_thread *threads[THREADS];
    helper help = {poller, &counter, WAKES, NULL};
    REQUIRE(poller != NULL);
    for (int index = 0; index < THREADS; index++) {
        REQUIRE_OK(platform_thread_start(count_and_wake, &help, &threads[index]));
    }
    uint32_t waits = waits_until(poller, &counter, THREADS * WAKES);
    for (int index = 0; index < THREADS; index++) platform_thread_join(threads[index]);
    CHECK(waits > 0 && waits <= THREADS * WAKES + 1);
    /* One may be left. Then there is quiet, and the next wake counts again. */
    platform_poll_event event;
    size_t count = 0;
    platform_poller_wait(poller, &event, 1, &count, PLATFORM_NO_WAIT);
    CHECK_EQUAL(0, count);
    CHECK(is_quiet(poller));
    platform_poller_wake(poller);
    CHECK(is_woken(poller));
    platform_poller_free(poller);
}
EACH_KIND(storm_of_wakes_is_bounded)

/* Each wake is answered before the next: nothing but the wake ends these waits. */
static void answer_wakes(void *context) {
    helper *help = context;
    for (uint32_t round = 1; round <= help->rounds; round++) {
        platform_poll_event event;
        size_t count = 0;
        while (platform_load_acquire_u32(help->counter) < 2 * round - 1) {
            if (!CHECK_OK(platform_poller_wait(help->poller, &event, 1, &count, generous()))) return;
        }
        platform_add_u32(help->counter, 1);
    }
}

static void no_wake_is_lost(uint32_t kind) {
    enum { ROUNDS = 5000 };
    uint32_t counter = 0;
    platform_poller *poller = made_poller(kind);
    platform_thread *thread;
    helper help = {poller, &counter, ROUNDS, NULL};
    REQUIRE(poller != NULL);
    REQUIRE_OK(platform_thread_start(answer_wakes, &help, &thread));
    int64_t deadline = generous();
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        platform_add_u32(&counter, 1);
        platform_poller_wake(poller);
        while (platform_load_acquire_u32(&counter) < 2 * round && platform_monotonic() < deadline) {
            platform_thread_yield();
        }
    }
    platform_thread_join(thread);
    CHECK_EQUAL(2 * ROUNDS, counter);
    platform_poller_free(poller);
}
EACH_KIND(no_wake_is_lost)

/* ---- changes by another thread ---- */

/* Gives the other thread the time to begin to wait, most of the time; either order has to work. */
static void dawdle(void) {
    for (int step = 0; step < 50; step++) platform_thread_yield();
}

static void add_later(void *context) {
    helper *help = context;
    dawdle();
    CHECK_OK(platform_poller_add(help->poller, help->made->far, PLATFORM_POLL_READ, 11));
}

static void addition_takes_effect(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(send_all(made.near, "x", 1));
    for (int round = 0; round < 50; round++) {
        platform_thread *thread;
        helper help = {poller, NULL, 0, &made};
        REQUIRE_OK(platform_thread_start(add_later, &help, &thread));
        uint32_t ready = next_of(poller, 11);
        platform_thread_join(thread);
        REQUIRE(ready == PLATFORM_POLL_READ);
        REQUIRE_OK(platform_poller_remove(poller, made.far));
    }
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(addition_takes_effect)

static void modify_later(void *context) {
    helper *help = context;
    dawdle();
    CHECK_OK(platform_poller_modify(help->poller, help->made->far, PLATFORM_POLL_READ, 13));
}

static void modification_takes_effect(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    REQUIRE_OK(send_all(made.near, "x", 1));
    REQUIRE_OK(platform_poller_add(poller, made.far, 0, 12));
    for (int round = 0; round < 50; round++) {
        platform_thread *thread;
        helper help = {poller, NULL, 0, &made};
        REQUIRE_OK(platform_thread_start(modify_later, &help, &thread));
        uint32_t ready = next_of(poller, 13);
        platform_thread_join(thread);
        REQUIRE(ready == PLATFORM_POLL_READ);
        REQUIRE_OK(platform_poller_modify(poller, made.far, 0, 12));
    }
    CHECK_OK(platform_poller_remove(poller, made.far));
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(modification_takes_effect)

/* Data comes only after the removal, so there is nothing that an earlier wait could have seen. */
static void remove_later(void *context) {
    helper *help = context;
    dawdle();
    CHECK_OK(platform_poller_remove(help->poller, help->made->far));
    CHECK_OK(send_all(help->made->near, "x", 1));
    platform_add_u32(help->counter, 1);
    platform_poller_wake(help->poller);
}

static void removal_takes_effect(uint32_t kind) {
    platform_poller *poller = made_poller(kind);
    connection made;
    uint32_t counter = 0;
    REQUIRE(poller != NULL && make_connection(OVER_TCP, &made));
    for (uint32_t round = 1; round <= 50; round++) {
        platform_thread *thread;
        helper help = {poller, &counter, 0, &made};
        REQUIRE_OK(platform_poller_add(poller, made.far, PLATFORM_POLL_READ, 14));
        REQUIRE_OK(platform_thread_start(remove_later, &help, &thread));
        uint32_t waits = waits_until(poller, &counter, round);
        platform_thread_join(thread);
        REQUIRE(waits > 0 && hears(made.far, "x"));
    }
    close_connection(&made);
    platform_poller_free(poller);
}
EACH_KIND(removal_takes_effect)

static const contract_test tests[] = {
    BOTH("a wake before the wait is kept, once", wake_before_wait_is_kept),
    BOTH("a wake comes beside events of any token", wake_comes_beside_events),
    BOTH("a wake from another thread ends a wait", wake_ends_a_wait),
    BOTH("a storm of wakes is bounded", storm_of_wakes_is_bounded),
    BOTH("no wake is lost", no_wake_is_lost),
    BOTH("an addition during a wait takes effect", addition_takes_effect),
    BOTH("a modification during a wait takes effect", modification_takes_effect),
    BOTH("a removal during a wait takes effect", removal_takes_effect),
    {NULL, NULL},
};

const contract_group poller_threads_group = {"poller threads", tests, NULL};
