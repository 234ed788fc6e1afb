/* poller_churn_tests.c: very many short-lived connections through one poller, which has to be as it was afterwards. */
#include "network_support.h"

#if defined(_WIN32)
#include <windows.h>

#include <psapi.h>

/* Words of a language that Windows was written in once. */
#undef near
#undef far

static uint64_t open_handles(void) {
    DWORD count = 0;
    CHECK(GetProcessHandleCount(GetCurrentProcess(), &count) != 0);
    return count;
}

static uint64_t memory_in_use(void) {
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof memory};
    CHECK(GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory) != 0);
    CHECK(memory.PagefileUsage > 0);
    return memory.PagefileUsage;
}
#else
#include <fcntl.h>

static uint64_t open_handles(void) {
    uint64_t count = 0;
    for (int descriptor = 0; descriptor < 4096; descriptor++) count += fcntl(descriptor, F_GETFD) >= 0;
    return count;
}

/* Here nothing is left to the kernel to free later, and sanitizers, which see more, keep what was freed. */
static uint64_t memory_in_use(void) { return 0; }
#endif

#define CYCLES 10000
/* Enough for every cache to have its size. */
#define WARM_UP 1000
/* A registration that is lost in each cycle makes more. */
#define MEMORY_SLACK (512 * 1024)
#define HANDLE_SLACK 4

typedef struct {
    platform_poller *poller;
    platform_socket listener;
    platform_address address;
} arena;

/* Takes what is there without waiting, and checks that it is about this cycle. */
static bool look(arena *in, uint64_t cycle, uint32_t *ready) {
    platform_poll_event events[8];
    size_t count = 0;
    *ready = 0;
    platform_status status = platform_poller_wait(in->poller, events, 8, &count, PLATFORM_NO_WAIT);
    if (status == PLATFORM_TIMED_OUT) return true;
    if (!CHECK_OK(status)) return false;
    for (size_t index = 0; index < count; index++) {
        if (!CHECK_EQUAL(cycle, events[index].token)) return false;
        *ready |= events[index].ready;
    }
    return true;
}

static bool look_until(arena *in, uint64_t cycle, uint32_t wanted) {
    int64_t deadline = generous();
    uint32_t ready = 0;
    while ((ready & wanted) == 0) {
        if (!look(in, cycle, &ready) || !CHECK(platform_monotonic() < deadline)) return false;
    }
    return true;
}

/* Each kind of cycle leaves the poller's requests in another state when the sockets are removed. */
static bool play(arena *in, const connection *made, uint64_t cycle) {
    uint32_t ready;
    switch (cycle % 4) {
    case 0: return true; /* never looked at */
    case 1: return look(in, cycle, &ready); /* asked for, and not happened */
    case 2: /* asked for, and changed without another look */
        return look(in, cycle, &ready) &&
               CHECK_OK(platform_poller_modify(in->poller, made->near, PLATFORM_POLL_WRITE, cycle));
    default: /* happened, reported, and asked for again */
        return CHECK_OK(send_all(made->far, "x", 1)) && look_until(in, cycle, PLATFORM_POLL_READ) &&
               look(in, cycle, &ready);
    }
}

static bool live_and_die(arena *in, uint64_t cycle) {
    connection made;
    if (!make_connection_to(in->listener, &in->address, &made)) return false;
    bool good = CHECK_OK(platform_poller_add(in->poller, made.near, PLATFORM_POLL_READ, cycle)) &&
                CHECK_OK(platform_poller_add(in->poller, made.far, PLATFORM_POLL_READ, cycle)) &&
                play(in, &made, cycle);
    good = CHECK_OK(platform_poller_remove(in->poller, made.near)) && good;
    good = CHECK_OK(platform_poller_remove(in->poller, made.far)) && good;
    close_connection(&made);
    return good;
}

static void connections_come_and_go(void) {
    arena in;
    uint64_t cycle = 0;
    REQUIRE(start_listening(OVER_TCP, &in.listener, &in.address));
    REQUIRE_OK(platform_poller_make(PLATFORM_POLLER_BEST, &in.poller));
    while (cycle < WARM_UP && live_and_die(&in, cycle)) cycle++;
    uint64_t handles = open_handles(), memory = memory_in_use();
    while (cycle < CYCLES && live_and_die(&in, cycle)) cycle++;
    CHECK_EQUAL(CYCLES, cycle);
    CHECK(open_handles() <= handles + HANDLE_SLACK);
    CHECK(memory_in_use() <= memory + MEMORY_SLACK);
    platform_poller_free(in.poller);
    platform_listener_close(in.listener);
}

/* Pollers that are freed while what was removed may still be known to the kernel. */
static void pollers_come_and_go(void) {
    enum { POLLERS = 300, SOCKETS = 8 };
    connection made[SOCKETS];
    for (int index = 0; index < SOCKETS; index++) REQUIRE(make_connection(OVER_TCP, &made[index]));
    uint64_t handles = open_handles();
    for (uint64_t turn = 0; turn < POLLERS; turn++) {
        arena in = {0};
        uint32_t ready;
        REQUIRE_OK(platform_poller_make(PLATFORM_POLLER_BEST, &in.poller));
        for (int index = 0; index < SOCKETS; index++) {
            CHECK_OK(platform_poller_add(in.poller, made[index].near, PLATFORM_POLL_READ, turn));
        }
        CHECK(look(&in, turn, &ready));
        for (int index = 0; index < SOCKETS; index++) CHECK_OK(platform_poller_remove(in.poller, made[index].near));
        platform_poller_free(in.poller);
    }
    CHECK(open_handles() <= handles + HANDLE_SLACK);
    for (int index = 0; index < SOCKETS; index++) close_connection(&made[index]);
}

static const contract_test tests[] = {
    {"ten thousand connections leave no trace", connections_come_and_go},
    {"pollers leave no trace", pollers_come_and_go},
    {NULL, NULL},
};

const contract_group poller_churn_group = {"poller churn", tests, NULL};
