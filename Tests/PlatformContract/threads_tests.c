#include "contract.h"

#include <string.h>

#define THREADS 8
#define SHORT_WAIT INT64_C(20000000)

/* ---- threads ---- */

static void tell_number(void *context) { *(uint64_t *)context = platform_thread_id(); }

static void threads_have_numbers(void) {
    uint64_t numbers[THREADS] = {0};
    platform_thread *threads[THREADS];
    uint64_t own = platform_thread_id();
    for (int round = 0; round < 20; round++) {
        for (int index = 0; index < THREADS; index++) {
            REQUIRE_OK(platform_thread_start(tell_number, &numbers[index], &threads[index]));
        }
        for (int index = 0; index < THREADS; index++) platform_thread_join(threads[index]);
        for (int index = 0; index < THREADS; index++) CHECK(numbers[index] != 0 && numbers[index] != own);
    }
    CHECK_EQUAL(own, platform_thread_id());
    CHECK(platform_processor_count() >= 1);
    uint64_t limit = platform_raise_open_limit();
    CHECK(limit >= 256);
    CHECK(platform_raise_open_limit() == limit);
    platform_thread_yield();
}

/* ---- mutexes ---- */

typedef struct {
    platform_mutex *mutex;
    platform_condition *changed;
    uint64_t count;
    uint64_t taken;
    int waiting;
    bool open;
} gate;

static bool make_gate(gate *gate) {
    memset(gate, 0, sizeof *gate);
    return CHECK_OK(platform_mutex_make(&gate->mutex)) && CHECK_OK(platform_condition_make(&gate->changed));
}

static void free_gate(gate *gate) {
    platform_condition_free(gate->changed);
    platform_mutex_free(gate->mutex);
}

static void count_up(void *context) {
    gate *g = context;
    for (int round = 0; round < 20000; round++) {
        if (round % 3 == 0) {
            while (!platform_mutex_try_lock(g->mutex)) platform_thread_yield();
        } else {
            platform_mutex_lock(g->mutex);
        }
        g->count++;
        platform_mutex_unlock(g->mutex);
    }
}

static void mutex_excludes(void) {
    gate g;
    platform_thread *threads[4];
    REQUIRE(make_gate(&g));
    for (int index = 0; index < 4; index++) REQUIRE_OK(platform_thread_start(count_up, &g, &threads[index]));
    for (int index = 0; index < 4; index++) platform_thread_join(threads[index]);
    CHECK_EQUAL(80000, g.count);
    free_gate(&g);
}

static void try_to_take(void *context) {
    gate *g = context;
    g->open = platform_mutex_try_lock(g->mutex);
    if (g->open) platform_mutex_unlock(g->mutex);
}

static void try_lock_does_not_wait(void) {
    gate g;
    platform_thread *thread;
    REQUIRE(make_gate(&g));
    platform_mutex_lock(g.mutex);
    REQUIRE_OK(platform_thread_start(try_to_take, &g, &thread));
    platform_thread_join(thread);
    CHECK(!g.open);
    platform_mutex_unlock(g.mutex);
    REQUIRE_OK(platform_thread_start(try_to_take, &g, &thread));
    platform_thread_join(thread);
    CHECK(g.open);
    free_gate(&g);
}

/* ---- conditions ---- */

static void take_one_by_one(void *context) {
    gate *g = context;
    platform_mutex_lock(g->mutex);
    while (g->taken < 2000) {
        if (g->count == 0) {
            platform_condition_wait(g->changed, g->mutex, generous());
            continue;
        }
        g->count--;
        g->taken++;
        platform_condition_broadcast(g->changed);
    }
    platform_mutex_unlock(g->mutex);
}

static void condition_passes_work_on(void) {
    gate g;
    platform_thread *threads[3];
    REQUIRE(make_gate(&g));
    for (int index = 0; index < 3; index++) REQUIRE_OK(platform_thread_start(take_one_by_one, &g, &threads[index]));
    platform_mutex_lock(g.mutex);
    for (int made = 0; made < 2000;) {
        if (g.count >= 3) {
            CHECK(platform_condition_wait(g.changed, g.mutex, generous()));
            continue;
        }
        g.count++;
        made++;
        platform_condition_broadcast(g.changed);
    }
    platform_mutex_unlock(g.mutex);
    for (int index = 0; index < 3; index++) platform_thread_join(threads[index]);
    CHECK_EQUAL(2000, g.taken);
    CHECK_EQUAL(0, g.count);
    free_gate(&g);
}

static void wait_at_gate(void *context) {
    gate *g = context;
    platform_mutex_lock(g->mutex);
    g->waiting++;
    platform_condition_broadcast(g->changed);
    while (!g->open) platform_condition_wait(g->changed, g->mutex, PLATFORM_FOREVER);
    g->taken++;
    platform_mutex_unlock(g->mutex);
}

static void broadcast_wakes_all(void) {
    gate g;
    platform_thread *threads[THREADS];
    REQUIRE(make_gate(&g));
    for (int index = 0; index < THREADS; index++) REQUIRE_OK(platform_thread_start(wait_at_gate, &g, &threads[index]));
    platform_mutex_lock(g.mutex);
    while (g.waiting < THREADS) platform_condition_wait(g.changed, g.mutex, PLATFORM_FOREVER);
    g.open = true;
    platform_condition_broadcast(g.changed);
    platform_mutex_unlock(g.mutex);
    for (int index = 0; index < THREADS; index++) platform_thread_join(threads[index]);
    CHECK_EQUAL(THREADS, g.taken);
    free_gate(&g);
}

static void signal_wakes_one(void) {
    gate g;
    platform_thread *thread;
    REQUIRE(make_gate(&g));
    REQUIRE_OK(platform_thread_start(wait_at_gate, &g, &thread));
    platform_mutex_lock(g.mutex);
    while (g.waiting < 1) platform_condition_wait(g.changed, g.mutex, PLATFORM_FOREVER);
    g.open = true;
    platform_condition_signal(g.changed);
    platform_mutex_unlock(g.mutex);
    platform_thread_join(thread);
    CHECK_EQUAL(1, g.taken);
    free_gate(&g);
}

static void deadline_ends_the_wait(void) {
    gate g;
    REQUIRE(make_gate(&g));
    platform_mutex_lock(g.mutex);
    CHECK(!platform_condition_wait(g.changed, g.mutex, PLATFORM_NO_WAIT));
    CHECK(!platform_condition_wait(g.changed, g.mutex, 0));
    int64_t deadline = platform_monotonic() + SHORT_WAIT;
    while (platform_condition_wait(g.changed, g.mutex, deadline)) {} /* may wake for no reason */
    CHECK(platform_monotonic() >= deadline);
    CHECK(!platform_mutex_try_lock(g.mutex)); /* ours again */
    platform_mutex_unlock(g.mutex);
    free_gate(&g);
}

static const contract_test tests[] = {
    {"threads have numbers", threads_have_numbers},
    {"a mutex excludes", mutex_excludes},
    {"trying does not wait", try_lock_does_not_wait},
    {"a condition passes work on", condition_passes_work_on},
    {"a broadcast wakes all", broadcast_wakes_all},
    {"a signal wakes one", signal_wakes_one},
    {"a deadline ends the wait", deadline_ends_the_wait},
    {NULL, NULL},
};

const contract_group threads_group = {"threads", tests, NULL};
