#include "contract.h"

#include <stdlib.h>
#include <string.h>

#define MILLISECOND INT64_C(1000000)

static void watch_clock(void *context) {
    int64_t before = platform_monotonic();
    for (int round = 0; round < 200000; round++) {
        int64_t now = platform_monotonic();
        if (now < before) *(bool *)context = true;
        before = now;
    }
}

static void never_goes_back(void) {
    bool went_back[3] = {false, false, false};
    platform_thread *threads[3];
    for (int index = 0; index < 3; index++) {
        REQUIRE_OK(platform_thread_start(watch_clock, &went_back[index], &threads[index]));
    }
    for (int index = 0; index < 3; index++) platform_thread_join(threads[index]);
    CHECK(!went_back[0] && !went_back[1] && !went_back[2]);
}

static int role_clock(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    say_number(platform_monotonic());
    return 0;
}

static void is_one_for_all_processes(void) {
    char line[64];
    int64_t before = platform_monotonic();
    peer *other = peer_start("clock", NULL);
    REQUIRE(other != NULL);
    REQUIRE(peer_line(other, line, sizeof line));
    int64_t after = platform_monotonic();
    int64_t between = strtoll(line, NULL, 10);
    CHECK(before <= between && between <= after);
    peer_finish(other);
}

static void wall_is_plausible(void) {
    const int64_t year_2024 = INT64_C(1704067200) * 1000 * MILLISECOND;
    const int64_t year_2200 = INT64_C(7258118400) * 1000 * MILLISECOND;
    CHECK(platform_wall() > year_2024);
    CHECK(platform_wall() < year_2200);
}

static void sleep_reaches_its_deadline(void) {
    for (int64_t pause = 1; pause < 20 * MILLISECOND; pause *= 7) {
        int64_t deadline = platform_monotonic() + pause;
        platform_sleep_until(deadline);
        CHECK(platform_monotonic() >= deadline);
    }
}

static void sleep_for_the_past_returns(void) {
    platform_sleep_until(0);
    platform_sleep_until(-1);
    platform_sleep_until(PLATFORM_NO_WAIT);
    platform_sleep_until(platform_monotonic() - 1);
}

static void random_fills_exactly(void) {
    static const size_t lengths[] = {0, 1, 7, 16, 255, 256, 257, 511, 512, 513, 100000};
    for (size_t index = 0; index < sizeof lengths / sizeof lengths[0]; index++) {
        size_t length = lengths[index];
        uint8_t *bytes = contract_memory(length + 2);
        bytes[0] = bytes[length + 1] = 0xA5;
        CHECK_OK(platform_random(bytes + 1, length));
        CHECK(bytes[0] == 0xA5 && bytes[length + 1] == 0xA5);
        size_t zeros = 0;
        for (size_t at = 1; at <= length; at++) zeros += bytes[at] == 0;
        CHECK(length < 16 || zeros < length / 4);
    }
}

static void random_differs(void) {
    uint8_t first[32] = {0}, second[32] = {0};
    CHECK_OK(platform_random(first, sizeof first));
    CHECK_OK(platform_random(second, sizeof second));
    CHECK(memcmp(first, second, sizeof first) != 0);
}

static const contract_test tests[] = {
    {"the monotonic clock never goes back", never_goes_back},
    {"the monotonic clock is one for all processes", is_one_for_all_processes},
    {"the wall clock is plausible", wall_is_plausible},
    {"a sleep reaches its deadline", sleep_reaches_its_deadline},
    {"a sleep until the past returns at once", sleep_for_the_past_returns},
    {"random bytes fill exactly what was asked", random_fills_exactly},
    {"random bytes differ", random_differs},
    {NULL, NULL},
};

static const contract_role roles[] = {{"clock", role_clock}, {NULL, NULL}};

const contract_group clock_group = {"clock", tests, roles};
