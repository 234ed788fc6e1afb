#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static platform_mapping map_or_nothing(platform_handle file, size_t length, bool writable) {
    platform_mapping mapping = {NULL, 0};
    CHECK_OK(platform_map(file, length, writable, &mapping));
    return mapping;
}

static void stores_reach_the_file(void) {
    platform_handle file = make_zeros(in_folder("a"), 10000);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_mapping one = map_or_nothing(file, 10000, true), other = map_or_nothing(file, 5000, false);
    REQUIRE(one.base != NULL && other.base != NULL);
    CHECK_EQUAL(10000, one.length);
    memcpy(one.base + 4990, "across the end", 14);
    CHECK(memcmp(other.base + 4990, "across the", 10) == 0);
    char text[32] = "";
    size_t got;
    CHECK_OK(platform_file_read_at(file, 4990, text, 14, &got));
    CHECK_TEXT("across the end", text);
    CHECK_OK(platform_file_write_at(file, 9, "written", 7));
    CHECK(memcmp(one.base + 9, "written", 7) == 0);
    platform_unmap(one);
    platform_unmap(other);
    platform_file_close(file);
}

static void mapping_outlives_handle(void) {
    platform_handle file = make_zeros(in_folder("a"), 100);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_mapping mapping = map_or_nothing(file, 100, true);
    platform_file_close(file);
    REQUIRE(mapping.base != NULL);
    memcpy(mapping.base, "still here", 10);
    CHECK_TEXT("still here", text_of(in_folder("a")));
    platform_unmap(mapping);
}

static void bounds_are_checked(void) {
    platform_handle file = make_zeros(in_folder("a"), 100);
    platform_mapping mapping = {NULL, 77};
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_STATUS(PLATFORM_INVALID, platform_map(file, 0, false, &mapping));
    CHECK_STATUS(PLATFORM_INVALID, platform_map(file, 101, false, &mapping));
    CHECK_STATUS(PLATFORM_INVALID, platform_map(file, 101, true, &mapping));
    CHECK_EQUAL(77, mapping.length);
    platform_file_info info;
    CHECK_OK(platform_file_describe(file, &info));
    CHECK_EQUAL(100, info.size);
    platform_file_close(file);
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_READ, &file));
    CHECK_STATUS(PLATFORM_PERMISSION, platform_map(file, 100, true, &mapping));
    REQUIRE_OK(platform_map(file, 100, false, &mapping));
    platform_unmap(mapping);
    platform_file_close(file);
}

static void file_grows_while_mapped(void) {
    platform_handle file = make_zeros(in_folder("a"), 4096);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_mapping small = map_or_nothing(file, 4096, true);
    REQUIRE(small.base != NULL);
    CHECK_OK(platform_file_set_size(file, 200000));
    platform_mapping large = map_or_nothing(file, 200000, true);
    REQUIRE(large.base != NULL);
    small.base[5] = 42;
    CHECK_EQUAL(42, large.base[5]);
    large.base[199999] = 1;
    platform_unmap(small);
    CHECK_EQUAL(42, large.base[5]);
    platform_unmap(large);
    platform_file_close(file);
}

static void sync_takes_ranges(void) {
    size_t page = platform_page_size();
    platform_handle file = make_zeros(in_folder("a"), 10 * page);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK(page >= 4096 && (page & (page - 1)) == 0);
    platform_mapping mapping = map_or_nothing(file, 10 * page, true);
    REQUIRE(mapping.base != NULL);
    memset(mapping.base, 9, mapping.length);
    const size_t ranges[][2] = {{0, 1}, {1, 1}, {page - 1, 2}, {3 * page + 5, 2 * page}, {0, 10 * page}, {10 * page, 0},
                                {10 * page - 1, 1}, {7, 0}};
    for (size_t index = 0; index < sizeof ranges / sizeof ranges[0]; index++) {
        CHECK_OK(platform_map_sync(mapping, file, ranges[index][0], ranges[index][1]));
    }
    CHECK_STATUS(PLATFORM_INVALID, platform_map_sync(mapping, file, 0, 10 * page + 1));
    CHECK_STATUS(PLATFORM_INVALID, platform_map_sync(mapping, file, 10 * page + 1, 0));
    CHECK_STATUS(PLATFORM_INVALID, platform_map_sync(mapping, file, 1, SIZE_MAX));
    platform_unmap(mapping);
    platform_file_close(file);
}

/* ---- with another process ---- */

/* Maps the file for a role. */
static uint8_t *map_for_role(const char *path, size_t length) {
    platform_handle file;
    platform_mapping mapping;
    must(platform_file_open(path, PLATFORM_READ | PLATFORM_WRITE, &file), "open");
    must(platform_map(file, length, true, &mapping), "map");
    platform_file_close(file);
    return mapping.base;
}

static int role_mapped_lines(int count, const char *const *arguments) {
    char line[64];
    if (count != 1) return 97;
    uint8_t *base = map_for_role(arguments[0], 4096);
    say("mapped");
    while (hear(line, sizeof line)) {
        for (char *at = line; *at != 0; at++) {
            if (*at >= 'a' && *at <= 'z') *at = (char)(*at - 'a' + 'A');
        }
        if (strncmp((const char *)base, "to the peer", 11) != 0) return 96;
        memcpy(base + 100, line, strlen(line) + 1);
        say("stored");
    }
    return 0;
}

static void another_process_sees_stores(void) {
    platform_handle file = make_zeros(in_folder("a"), 4096);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_mapping mapping = map_or_nothing(file, 4096, true);
    REQUIRE(mapping.base != NULL);
    peer *other = peer_start("mapped-lines", in_folder("a"), NULL);
    REQUIRE(other != NULL && peer_hear(other, "mapped"));
    memcpy(mapping.base, "to the peer", 11);
    peer_say(other, "hello");
    peer_hear(other, "stored");
    CHECK_TEXT("HELLO", (const char *)mapping.base + 100);
    peer_finish(other);
    platform_unmap(mapping);
    platform_file_close(file);
}

static int role_add_atomically(int count, const char *const *arguments) {
    if (count != 2) return 97;
    uint8_t *base = map_for_role(arguments[0], 4096);
    long rounds = strtol(arguments[1], NULL, 10);
    uint32_t *adds = (uint32_t *)(void *)base, *swaps = adds + 1;
    uint64_t *wide = (uint64_t *)(void *)(base + 8);
    say("ready");
    hear_anything();
    for (long round = 0; round < rounds; round++) {
        platform_add_u32(adds, 1);
        uint32_t seen = platform_load_relaxed_u32(swaps);
        while (!platform_compare_exchange_u32(swaps, &seen, seen + 3)) {}
        uint64_t seen_wide = platform_load_relaxed_u64(wide);
        while (!platform_compare_exchange_u64(wide, &seen_wide, seen_wide + (UINT64_C(1) << 33))) {}
    }
    return 0;
}

static void atomics_work_between_processes(void) {
    enum { PEERS = 3, ROUNDS = 50000 };
    platform_handle file = make_zeros(in_folder("a"), 4096);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    peer *peers[PEERS];
    for (int index = 0; index < PEERS; index++) {
        peers[index] = peer_start("add-atomically", in_folder("a"), "50000", NULL);
        REQUIRE(peers[index] != NULL);
    }
    for (int index = 0; index < PEERS; index++) REQUIRE(peer_hear(peers[index], "ready"));
    for (int index = 0; index < PEERS; index++) peer_say(peers[index], "go");
    for (int index = 0; index < PEERS; index++) peer_finish(peers[index]);
    uint32_t words[2];
    uint64_t wide;
    size_t got;
    CHECK_OK(platform_file_read_at(file, 0, words, 8, &got));
    CHECK_OK(platform_file_read_at(file, 8, &wide, 8, &got));
    CHECK_EQUAL(PEERS * ROUNDS, words[0]);
    CHECK_EQUAL(3 * PEERS * ROUNDS, words[1]);
    CHECK_EQUAL(((uint64_t)PEERS * ROUNDS) << 33, wide);
    platform_file_close(file);
}

static void atomics_do_what_they_say(void) {
    uint32_t word = 5, expected = 4;
    uint64_t wide = 7, expected_wide = 7;
    CHECK_EQUAL(5, platform_exchange_u32(&word, 6));
    CHECK_EQUAL(6, platform_add_u32(&word, 10));
    CHECK_EQUAL(16, platform_or_u32(&word, 1));
    CHECK_EQUAL(17, platform_load_acquire_u32(&word));
    CHECK(!platform_compare_exchange_u32(&word, &expected, 1));
    CHECK_EQUAL(17, expected);
    CHECK(platform_compare_exchange_u32(&word, &expected, 1));
    platform_store_release_u32(&word, 2);
    CHECK_EQUAL(2, platform_load_relaxed_u32(&word));
    platform_store_relaxed_u32(&word, 3);
    CHECK_EQUAL(3, word);
    CHECK(platform_compare_exchange_u64(&wide, &expected_wide, UINT64_MAX));
    CHECK_EQUAL(UINT64_MAX, platform_load_relaxed_u64(&wide));
    CHECK(!platform_compare_exchange_u64(&wide, &expected_wide, 1));
    CHECK_EQUAL(UINT64_MAX, expected_wide);
    platform_store_relaxed_u64(&wide, 8);
    CHECK_EQUAL(8, platform_load_acquire_u64(&wide));
    platform_store_release_u64(&wide, 9);
    CHECK_EQUAL(9, wide);
    platform_pause();
    platform_fence_acquire();
    platform_fence_release();
    platform_fence_full();
}

static const contract_test tests[] = {
    {"stores reach the file and other mappings", stores_reach_the_file},
    {"a mapping outlives its handle", mapping_outlives_handle},
    {"bounds and access are checked", bounds_are_checked},
    {"a file grows while it is mapped", file_grows_while_mapped},
    {"sync takes any range", sync_takes_ranges},
    {"another process sees stores", another_process_sees_stores},
    {"atomics work between processes", atomics_work_between_processes},
    {"atomics do what they say", atomics_do_what_they_say},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"mapped-lines", role_mapped_lines},
    {"add-atomically", role_add_atomically},
    {NULL, NULL},
};

const contract_group mapping_group = {"mapping", tests, roles};
