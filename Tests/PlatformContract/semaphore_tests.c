#include "contract.h"

#include <stdio.h>
#include <string.h>

static const char *unique_name(void) {
    char *name = contract_memory(64);
    snprintf(name, 64, "weir-contract-%llu", (unsigned long long)platform_process_id());
    return name;
}

static void post_fills_to_one(void) {
    const char *name = unique_name();
    platform_semaphore *semaphore;
    platform_status status = platform_semaphore_open(name, true, &semaphore);
    if (status == PLATFORM_UNSUPPORTED) SKIP("this system has no named semaphores");
    REQUIRE_OK(status);
    CHECK(!platform_semaphore_try_take(semaphore));
    for (int round = 0; round < 5; round++) platform_semaphore_post_if_zero(semaphore);
    CHECK(platform_semaphore_try_take(semaphore));
    CHECK(!platform_semaphore_try_take(semaphore));
    platform_semaphore_close(semaphore);
    CHECK_OK(platform_semaphore_unlink(name));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_semaphore_unlink(name));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_semaphore_open(name, false, &semaphore));
}

static int role_post(int count, const char *const *arguments) {
    platform_semaphore *semaphore;
    if (count != 1) return 97;
    must(platform_semaphore_open(arguments[0], false, &semaphore), "open");
    platform_semaphore_post_if_zero(semaphore);
    say("posted");
    hear_anything();
    bool left = platform_semaphore_try_take(semaphore);
    platform_semaphore_close(semaphore);
    return left ? 96 : 0;
}

static void count_is_shared(void) {
    const char *name = unique_name();
    platform_semaphore *semaphore;
    platform_status status = platform_semaphore_open(name, true, &semaphore);
    if (status == PLATFORM_UNSUPPORTED) SKIP("this system has no named semaphores");
    REQUIRE_OK(status);
    peer *other = peer_start("post", name, NULL);
    REQUIRE(other != NULL && peer_hear(other, "posted"));
    CHECK(platform_semaphore_try_take(semaphore));
    peer_say(other, "look");
    peer_finish(other);
    platform_semaphore_close(semaphore);
    CHECK_OK(platform_semaphore_unlink(name));
}

static void names_are_checked(void) {
    platform_semaphore *semaphore;
    char name[400];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    CHECK_STATUS(PLATFORM_UNSUPPORTED, platform_semaphore_open(name, true, &semaphore));
    platform_status status = platform_semaphore_open("with/slash", true, &semaphore);
    CHECK(status == PLATFORM_INVALID || status == PLATFORM_UNSUPPORTED);
    status = platform_semaphore_open("", true, &semaphore);
    CHECK(status == PLATFORM_INVALID || status == PLATFORM_UNSUPPORTED);
}

static const contract_test tests[] = {
    {"posting fills to one", post_fills_to_one},
    {"the count is shared between processes", count_is_shared},
    {"names are checked", names_are_checked},
    {NULL, NULL},
};

static const contract_role roles[] = {{"post", role_post}, {NULL, NULL}};

const contract_group semaphore_group = {"semaphore", tests, roles};
