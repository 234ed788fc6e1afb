#include "contract.h"

#include <stdio.h>
#include <string.h>

#define READ_WRITE (PLATFORM_READ | PLATFORM_WRITE)

/* ---- opening ---- */

static void open_says_what_is_wrong(void) {
    REQUIRE(make_file(in_folder("file"), "text"));
    REQUIRE_OK(platform_make_directories(in_folder("folder"), false));
    static const struct {
        const char *name;
        uint32_t flags;
        platform_status expected;
    } cases[] = {
        {"missing", PLATFORM_READ, PLATFORM_NOT_FOUND},
        {"missing", READ_WRITE, PLATFORM_NOT_FOUND},
        {"missing/inner", PLATFORM_READ, PLATFORM_NOT_FOUND},
        {"missing/inner", PLATFORM_WRITE | PLATFORM_CREATE, PLATFORM_NOT_FOUND},
        {"file/inner", PLATFORM_READ, PLATFORM_NOT_DIRECTORY},
        {"file/inner", PLATFORM_WRITE | PLATFORM_CREATE, PLATFORM_NOT_DIRECTORY},
        {"folder", PLATFORM_READ, PLATFORM_IS_DIRECTORY},
        {"folder", PLATFORM_WRITE, PLATFORM_IS_DIRECTORY},
        {"folder", READ_WRITE | PLATFORM_CREATE, PLATFORM_IS_DIRECTORY},
        {"file", READ_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE, PLATFORM_EXISTS},
        {"folder", READ_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE, PLATFORM_EXISTS},
        {"file", 0, PLATFORM_INVALID},
        {"file", PLATFORM_CREATE, PLATFORM_INVALID},
        {"file", PLATFORM_READ | PLATFORM_TRUNCATE, PLATFORM_INVALID},
        {"file", PLATFORM_READ | PLATFORM_APPEND, PLATFORM_INVALID},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        platform_handle file = 4711;
        platform_status got = platform_file_open(in_folder(cases[index].name), cases[index].flags, &file);
        if (!CHECK_STATUS(cases[index].expected, got)) CHECK_TEXT("case", cases[index].name);
        CHECK_EQUAL(4711, file);
    }
    CHECK_TEXT("text", text_of(in_folder("file")));
}

static void create_makes_or_keeps(void) {
    platform_handle file;
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE, &file));
    CHECK_OK(platform_file_write(file, "first", 5));
    platform_file_close(file);
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_WRITE | PLATFORM_CREATE, &file));
    platform_file_close(file);
    CHECK_TEXT("first", text_of(in_folder("a")));
}

static void truncate_empties(void) {
    platform_handle file;
    REQUIRE(make_file(in_folder("a"), "first"));
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_WRITE | PLATFORM_TRUNCATE, &file));
    CHECK_OK(platform_file_write(file, "2", 1));
    platform_file_close(file);
    CHECK_TEXT("2", text_of(in_folder("a")));
}

static void append_goes_to_the_end(void) {
    platform_handle one, other;
    uint32_t flags = PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_APPEND;
    REQUIRE_OK(platform_file_open(in_folder("log"), flags, &one));
    REQUIRE_OK(platform_file_open(in_folder("log"), flags, &other));
    CHECK_OK(platform_file_write(one, "a1 ", 3));
    CHECK_OK(platform_file_write(other, "b1 ", 3));
    CHECK_OK(platform_file_write(one, "a2 ", 3));
    CHECK_OK(platform_file_write(other, "b2 ", 3));
    platform_file_close(one);
    platform_file_close(other);
    CHECK_TEXT("a1 b1 a2 b2 ", text_of(in_folder("log")));
}

static void private_is_private(void) {
    platform_handle file;
    platform_file_info info;
    uint32_t flags = PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE;
    REQUIRE_OK(platform_file_open(in_folder("secret"), flags | PLATFORM_PRIVATE, &file));
    CHECK_OK(platform_file_describe(file, &info));
    CHECK_EQUAL(0600, info.permissions);
    CHECK_OK(platform_file_write(file, "x", 1));
    platform_file_close(file);
    CHECK_TEXT("x", text_of(in_folder("secret")));
}

/* ---- reading and writing ---- */

static void sequence_has_one_position(void) {
    platform_handle file;
    char text[16] = "";
    size_t got = 99;
    REQUIRE(make_file(in_folder("a"), "abcdef"));
    REQUIRE_OK(platform_file_open(in_folder("a"), READ_WRITE, &file));
    CHECK_OK(platform_file_read(file, text, 2, &got));
    CHECK_EQUAL(2, got);
    CHECK(memcmp(text, "ab", 2) == 0);
    CHECK_OK(platform_file_write(file, "CD", 2));
    CHECK_OK(platform_file_read(file, text, 16, &got));
    CHECK_EQUAL(2, got);
    CHECK(memcmp(text, "ef", 2) == 0);
    CHECK_OK(platform_file_read(file, text, 16, &got));
    CHECK_EQUAL(0, got);
    platform_file_close(file);
    CHECK_TEXT("abCDef", text_of(in_folder("a")));
}

static void offsets_are_exact(void) {
    platform_handle file = make_zeros(in_folder("a"), 0);
    char text[16];
    size_t got = 99;
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_OK(platform_file_write_at(file, 4, "efgh", 4));
    CHECK_OK(platform_file_write_at(file, 0, "ab", 2));
    static const struct {
        uint64_t offset;
        size_t length, got;
        const char *bytes;
    } cases[] = {
        {0, 8, 8, "ab\0\0efgh"}, {0, 16, 8, "ab\0\0efgh"}, {6, 16, 2, "gh"}, {7, 1, 1, "h"},
        {8, 4, 0, ""},           {1000, 4, 0, ""},        {3, 0, 0, ""},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        CHECK_OK(platform_file_read_at(file, cases[index].offset, text, cases[index].length, &got));
        CHECK_EQUAL(cases[index].got, got);
        CHECK(memcmp(text, cases[index].bytes, cases[index].got) == 0);
    }
    platform_file_close(file);
}

static void wrong_direction_is_refused(void) {
    platform_handle file;
    char byte;
    size_t got = 77;
    REQUIRE(make_file(in_folder("a"), "abc"));
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_READ, &file));
    CHECK(platform_file_write(file, "x", 1) != PLATFORM_OK);
    CHECK(platform_file_write_at(file, 0, "x", 1) != PLATFORM_OK);
    CHECK(platform_file_set_size(file, 0) != PLATFORM_OK);
    platform_file_close(file);
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_WRITE, &file));
    CHECK(platform_file_read_at(file, 0, &byte, 1, &got) != PLATFORM_OK);
    CHECK_EQUAL(77, got);
    platform_file_close(file);
    CHECK_TEXT("abc", text_of(in_folder("a")));
}

static void write_in_own_block(void *context) {
    platform_handle *argument = context;
    uint8_t block[512];
    uint64_t number = (uint64_t)argument[1];
    memset(block, (int)number, sizeof block);
    for (uint64_t at = 0; at < 64; at++) {
        CHECK_OK(platform_file_write_at(argument[0], (at * 4 + number) * sizeof block, block, sizeof block));
    }
}

static void threads_share_a_handle(void) {
    platform_handle file = make_zeros(in_folder("a"), 0);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    platform_thread *threads[4];
    platform_handle arguments[4][2];
    for (int index = 0; index < 4; index++) {
        arguments[index][0] = file;
        arguments[index][1] = index;
        REQUIRE_OK(platform_thread_start(write_in_own_block, arguments[index], &threads[index]));
    }
    for (int index = 0; index < 4; index++) platform_thread_join(threads[index]);
    uint8_t *bytes = contract_memory(4 * 64 * 512);
    size_t got = 0, wrong = 0;
    CHECK_OK(platform_file_read_at(file, 0, bytes, 4 * 64 * 512, &got));
    CHECK_EQUAL(4 * 64 * 512, got);
    for (size_t at = 0; at < got; at++) wrong += bytes[at] != at / 512 % 4;
    CHECK_EQUAL(0, wrong);
    platform_file_close(file);
}

/* ---- size and space ---- */

static uint64_t size_of(platform_handle file) {
    platform_file_info info = {0};
    CHECK_OK(platform_file_describe(file, &info));
    return info.size;
}

static size_t bytes_that_are_not(platform_handle file, uint64_t offset, size_t length, uint8_t value) {
    uint8_t *bytes = contract_memory(length);
    size_t got = 0, wrong = 0;
    CHECK_OK(platform_file_read_at(file, offset, bytes, length, &got));
    CHECK_EQUAL(length, got);
    for (size_t at = 0; at < got; at++) wrong += bytes[at] != value;
    return wrong;
}

static void set_size_grows_with_zeros(void) {
    platform_handle file = make_zeros(in_folder("a"), 0);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_OK(platform_file_write_at(file, 0, "abcd", 4));
    CHECK_OK(platform_file_set_size(file, 100000));
    CHECK_EQUAL(100000, size_of(file));
    CHECK_EQUAL(0, bytes_that_are_not(file, 4, 99996, 0));
    CHECK_OK(platform_file_set_size(file, 2));
    CHECK_EQUAL(2, size_of(file));
    CHECK_OK(platform_file_set_size(file, 4));
    CHECK_EQUAL(0, bytes_that_are_not(file, 2, 2, 0));
    platform_file_close(file);
}

static void reserve_changes_no_byte(void) {
    platform_handle file = make_zeros(in_folder("a"), 300000);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    uint8_t block[1000];
    memset(block, 7, sizeof block);
    CHECK_OK(platform_file_write_at(file, 100000, block, sizeof block));
    platform_status status = platform_file_reserve(file, 200000);
    if (status == PLATFORM_UNSUPPORTED) {
        platform_file_close(file);
        SKIP("this file system cannot reserve space");
    }
    CHECK_OK(status);
    CHECK_EQUAL(300000, size_of(file));
    for (int round = 0; round < 3; round++) {
        CHECK_OK(platform_file_reserve(file, 1000000));
        CHECK_EQUAL(1000000, size_of(file));
    }
    CHECK_OK(platform_file_reserve(file, 0));
    CHECK_OK(platform_file_reserve(file, 1));
    CHECK_EQUAL(1000000, size_of(file));
    CHECK_EQUAL(0, bytes_that_are_not(file, 0, 100000, 0));
    CHECK_EQUAL(0, bytes_that_are_not(file, 100000, 1000, 7));
    CHECK_EQUAL(0, bytes_that_are_not(file, 101000, 899000, 0));
    platform_file_close(file);
}

static bool run_command(const char *const *arguments) {
    platform_child_options options = {.arguments = arguments,
                                      .input = PLATFORM_STREAM_NULL,
                                      .output = PLATFORM_STREAM_NULL,
                                      .error = PLATFORM_STREAM_NULL};
    platform_child *child;
    platform_exit_status status = {false, -1};
    if (platform_child_start(&options, &child) != PLATFORM_OK) return false;
    platform_child_wait(child, generous(), &status);
    platform_child_free(child);
    return !status.signaled && status.code == 0;
}

static void full_disk_is_said(void) {
    const char *folder = in_folder("small");
    REQUIRE_OK(platform_make_directories(folder, false));
    const char *const mount[] = {"mount", "-t", "tmpfs", "-o", "size=256k", "weir-contract", folder, NULL};
    const char *const unmount[] = {"umount", folder, NULL};
    if (!run_command(mount)) SKIP("needs the right to mount a small tmpfs");
    platform_handle file = make_zeros(in_folder("small/a"), 8192);
    CHECK_OK(platform_file_reserve(file, 65536));
    CHECK_STATUS(PLATFORM_NO_SPACE, platform_file_reserve(file, 1048576));
    CHECK_EQUAL(65536, size_of(file));
    CHECK_EQUAL(0, bytes_that_are_not(file, 0, 65536, 0));
    static const uint8_t block[65536];
    platform_status status = PLATFORM_OK;
    for (int round = 0; round < 8 && status == PLATFORM_OK; round++) {
        status = platform_file_write_at(file, 65536u * (1u + (unsigned)round), block, sizeof block);
    }
    CHECK_STATUS(PLATFORM_NO_SPACE, status);
    platform_file_close(file);
    CHECK(run_command(unmount));
}

static void sync_works(void) {
    platform_handle file = make_zeros(in_folder("a"), 5000);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_OK(platform_file_write_at(file, 10, "x", 1));
    CHECK_OK(platform_file_sync(file));
    CHECK_OK(platform_directory_sync(contract_folder()));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_directory_sync(in_folder("missing")));
    platform_file_close(file);
}

/* ---- describing ---- */

static void describe_tells_what_it_is(void) {
    platform_handle file = make_zeros(in_folder("a"), 0);
    platform_file_info info, by_path;
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_OK(platform_file_write(file, "hello", 5));
    CHECK_OK(platform_file_describe(file, &info));
    platform_file_close(file);
    CHECK_EQUAL(5, info.size);
    CHECK_EQUAL(PLATFORM_KIND_FILE, info.kind);
    CHECK_EQUAL(1, info.links);
    CHECK_EQUAL(0600, info.permissions & 0600);
    /* File systems keep time in steps, some of 2 s, and servers have clocks of their own. */
    int64_t apart = platform_wall() - info.modified;
    CHECK(apart > -INT64_C(3600000000000) && apart < INT64_C(3600000000000));
    CHECK_OK(platform_path_describe(in_folder("a"), &by_path));
    CHECK_EQUAL(5, by_path.size);
    CHECK_EQUAL(info.volume, by_path.volume);
    CHECK_EQUAL(info.index, by_path.index);

    CHECK_OK(platform_path_describe(contract_folder(), &info));
    CHECK_EQUAL(PLATFORM_KIND_DIRECTORY, info.kind);
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_path_describe(in_folder("missing"), &info));
    CHECK_STATUS(PLATFORM_NOT_DIRECTORY, platform_path_describe(in_folder("a/inner"), &info));
}

static void identity_is_the_files(void) {
    platform_handle one = make_zeros(in_folder("a"), 1), other = make_zeros(in_folder("b"), 1), again;
    platform_file_info first, second, third;
    REQUIRE(one != PLATFORM_NO_HANDLE && other != PLATFORM_NO_HANDLE);
    REQUIRE_OK(platform_file_open(in_folder("a"), PLATFORM_READ, &again));
    CHECK_OK(platform_file_describe(one, &first));
    CHECK_OK(platform_file_describe(other, &second));
    CHECK_OK(platform_file_describe(again, &third));
    CHECK_EQUAL(first.volume, second.volume);
    CHECK(first.index != second.index);
    CHECK_EQUAL(first.index, third.index);
    platform_file_close(one);
    platform_file_close(other);
    platform_file_close(again);
}

static void modified_follows_writes(void) {
    platform_file_info before, after;
    platform_handle file = make_zeros(in_folder("a"), 1);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_OK(platform_file_describe(file, &before));
    int64_t deadline = generous();
    do {
        CHECK_OK(platform_file_write_at(file, 0, "x", 1));
        CHECK_OK(platform_file_describe(file, &after));
    } while (after.modified == before.modified && platform_monotonic() < deadline);
    CHECK(after.modified > before.modified);
    platform_file_close(file);
}

static void pipes_are_pipes(void) {
    peer *other = peer_start("listen-only", NULL);
    REQUIRE(other != NULL);
    platform_file_info info;
    REQUIRE_OK(platform_file_describe(platform_child_output(peer_child(other)), &info));
    CHECK_EQUAL(PLATFORM_KIND_PIPE, info.kind);
    peer_finish(other);
}

static void permissions_are_kept(void) {
    platform_handle file;
    platform_file_info info;
    const char *path = in_folder("a");
    REQUIRE(make_file(path, "x"));
    static const uint32_t sets[] = {0600, 0666, 0444, 0600, 0400, 0666};
    for (size_t index = 0; index < sizeof sets / sizeof sets[0]; index++) {
        CHECK_OK(platform_set_permissions(path, sets[index]));
        CHECK_OK(platform_path_describe(path, &info));
        /* What the directory above hands down on Windows may be for this user alone. */
        if (on_windows() && (sets[index] & 077)) CHECK_EQUAL(sets[index] & 0600, info.permissions & 0600);
        else CHECK_EQUAL(sets[index], info.permissions);
    }
    CHECK_OK(platform_set_permissions(path, 0444));
    platform_status status = platform_file_open(path, PLATFORM_WRITE, &file);
    if (status == PLATFORM_OK) platform_file_close(file); /* root writes what it likes */
    else CHECK_STATUS(PLATFORM_PERMISSION, status);
    CHECK_OK(platform_file_open(path, PLATFORM_READ, &file));
    platform_file_close(file);
    CHECK_OK(platform_remove(path));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_set_permissions(path, 0666));
}

/* ---- inheritance ---- */

static int role_listen_only(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    hear_anything();
    return 0;
}

static void children_inherit_no_file(void) {
    platform_handle held, again;
    REQUIRE(make_file(in_folder("a"), "x"));
    REQUIRE_OK(platform_file_open(in_folder("a"), READ_WRITE, &held));
    REQUIRE_OK(platform_lock(held, PLATFORM_LOCK_EXCLUSIVE, PLATFORM_NO_WAIT));
    peer *other = peer_start("listen-only", NULL);
    REQUIRE(other != NULL);
    platform_file_close(held);
    /* Had the child got the handle, it would still hold the lock. */
    REQUIRE_OK(platform_file_open(in_folder("a"), READ_WRITE, &again));
    CHECK_OK(platform_lock(again, PLATFORM_LOCK_EXCLUSIVE, PLATFORM_NO_WAIT));
    platform_file_close(again);
    peer_finish(other);
}

static const contract_test tests[] = {
    {"open says what is wrong", open_says_what_is_wrong},
    {"create makes a file or keeps what is there", create_makes_or_keeps},
    {"truncate empties", truncate_empties},
    {"append goes to the end", append_goes_to_the_end},
    {"a private file is private", private_is_private},
    {"sequential calls share one position", sequence_has_one_position},
    {"offsets are exact", offsets_are_exact},
    {"the wrong direction is refused", wrong_direction_is_refused},
    {"threads share a handle by offsets", threads_share_a_handle},
    {"set size grows with zeros", set_size_grows_with_zeros},
    {"reserve changes no byte", reserve_changes_no_byte},
    {"a full disk is said", full_disk_is_said},
    {"sync works", sync_works},
    {"describe tells what it is", describe_tells_what_it_is},
    {"identity is the file's", identity_is_the_files},
    {"the time of change follows writes", modified_follows_writes},
    {"a pipe is a pipe", pipes_are_pipes},
    {"permissions are kept", permissions_are_kept},
    {"children inherit no file", children_inherit_no_file},
    {NULL, NULL},
};

static const contract_role roles[] = {{"listen-only", role_listen_only}, {NULL, NULL}};

const contract_group files_group = {"files", tests, roles};
