#include "contract.h"

#include <stdio.h>
#include <string.h>

#define PAGE_TEXT_SIZE 65536

/* ---- a peer that has the file open and mapped ---- */

/* Tells in turn the first byte of its mapping and the number of links, then writes '!' through the mapping. */
static int role_hold_mapped(int count, const char *const *arguments) {
    platform_handle file;
    platform_mapping mapping;
    char line[64];
    if (count != 1) return 97;
    must(platform_file_open(arguments[0], PLATFORM_READ | PLATFORM_WRITE, &file), "open");
    must(platform_map(file, PAGE_TEXT_SIZE, true, &mapping), "map");
    say("mapped");
    while (hear(line, sizeof line)) {
        platform_file_info info;
        if (mapping.base[0] != 'o' || mapping.base[PAGE_TEXT_SIZE - 1] != 'o') return 96;
        mapping.base[1] = '!';
        must(platform_file_describe(file, &info), "describe");
        char byte = 0;
        size_t got;
        must(platform_file_read_at(file, 1, &byte, 1, &got), "read");
        if (got != 1 || byte != '!') return 95;
        say_number((int64_t)info.links);
    }
    return 0;
}

static bool make_old(const char *path) {
    platform_handle file;
    static uint8_t old[PAGE_TEXT_SIZE];
    memset(old, 'o', sizeof old);
    if (!CHECK_OK(platform_file_open(path, PLATFORM_WRITE | PLATFORM_CREATE, &file))) return false;
    bool made = CHECK_OK(platform_file_write(file, old, sizeof old));
    platform_file_close(file);
    return made;
}

static peer *start_holder(const char *path) {
    peer *holder = make_old(path) ? peer_start("hold-mapped", path, NULL) : NULL;
    return holder != NULL && peer_hear(holder, "mapped") ? holder : NULL;
}

/* The holder still has its file, and sees that it has no name any more. */
static bool hear_no_links(peer *holder) {
    char line[64];
    peer_say(holder, "look");
    if (!CHECK(peer_line(holder, line, sizeof line))) return false;
    if (on_windows() && strcmp(line, "1") == 0) return true; /* not every file system there says so */
    return CHECK_TEXT("0", line);
}

static size_t count_entries(void) {
    platform_directory *directory;
    size_t count = 0;
    const char *name;
    if (!CHECK_OK(platform_directory_open(contract_folder(), &directory))) return 0;
    while (CHECK_OK(platform_directory_next(directory, &name)) && name != NULL) count++;
    platform_directory_close(directory);
    return count;
}

/* ---- removing ---- */

static void remove_takes_the_name(void) {
    REQUIRE(make_file(in_folder("a"), "x"));
    CHECK_OK(platform_remove(in_folder("a")));
    CHECK_TEXT("<NOT_FOUND>", text_of(in_folder("a")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_remove(in_folder("a")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_remove(in_folder("missing/a")));
    CHECK_STATUS(PLATFORM_IS_DIRECTORY, platform_remove(contract_folder()));
}

static void removed_file_lives_for_its_users(void) {
    const char *path = in_folder("a");
    peer *holder = start_holder(path);
    REQUIRE(holder != NULL);
    REQUIRE_OK(platform_remove(path));
    CHECK_TEXT("<NOT_FOUND>", text_of(path));
    platform_handle fresh;
    CHECK_OK(platform_file_open(path, PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE, &fresh));
    CHECK_OK(platform_file_write(fresh, "new", 3));
    platform_file_close(fresh);
    REQUIRE(hear_no_links(holder));
    CHECK_TEXT("new", text_of(path));
    peer_finish(holder);
    /* And nothing is left of it. */
    CHECK_OK(platform_remove(path));
    CHECK_EQUAL(0, count_entries());
}

static void links_tell_of_removal(void) {
    platform_file_info info;
    platform_handle file = make_zeros(in_folder("a"), 10);
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK_OK(platform_remove(in_folder("a")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_path_describe(in_folder("a"), &info));
    CHECK_OK(platform_file_write_at(file, 0, "x", 1));
    CHECK_OK(platform_file_describe(file, &info));
    platform_file_close(file);
    if (on_windows() && info.links == 1) SKIP("this file system does not say it");
    CHECK_EQUAL(0, info.links);
}

/* ---- replacing ---- */

static void replace_replaces(void) {
    REQUIRE(make_file(in_folder("from"), "1"));
    CHECK_OK(platform_replace(in_folder("from"), in_folder("to")));
    CHECK_TEXT("1", text_of(in_folder("to")));
    CHECK_TEXT("<NOT_FOUND>", text_of(in_folder("from")));
    REQUIRE(make_file(in_folder("from"), "2"));
    CHECK_OK(platform_replace(in_folder("from"), in_folder("to")));
    CHECK_TEXT("2", text_of(in_folder("to")));
    CHECK_TEXT("<NOT_FOUND>", text_of(in_folder("from")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_replace(in_folder("from"), in_folder("to")));
    CHECK_TEXT("2", text_of(in_folder("to")));
    REQUIRE_OK(platform_make_directories(in_folder("folder"), false));
    CHECK_STATUS(PLATFORM_IS_DIRECTORY, platform_replace(in_folder("to"), in_folder("folder")));
    CHECK_TEXT("2", text_of(in_folder("to")));
}

static void replaced_file_lives_for_its_users(void) {
    const char *path = in_folder("a");
    peer *holder = start_holder(path);
    REQUIRE(holder != NULL);
    REQUIRE(make_file(in_folder("fresh"), "new"));
    platform_status status = platform_replace(in_folder("fresh"), path);
    if (status == PLATFORM_BUSY && on_windows()) {
        CHECK_TEXT("new", text_of(in_folder("fresh")));
        SKIP("this file system cannot replace a file that is open");
    }
    REQUIRE_OK(status);
    CHECK_TEXT("new", text_of(path));
    REQUIRE(hear_no_links(holder));
    CHECK_TEXT("new", text_of(path));
    peer_finish(holder);
}

/* Reads the file again and again until told to stop; every time it must be one whole version. */
static int role_read_versions(int count, const char *const *arguments) {
    static char text[20000];
    if (count != 1) return 97;
    int64_t rounds = 0, wrong = 0, refused = 0;
    const char *stop = arguments[0];
    char path[4096];
    snprintf(path, sizeof path, "%s-to", stop);
    say("reading");
    platform_file_info info;
    while (platform_path_describe(stop, &info) != PLATFORM_OK) {
        platform_handle file;
        size_t got = 0;
        platform_status status = platform_file_open(path, PLATFORM_READ, &file);
        if (status != PLATFORM_OK) {
            /* On Windows a file being replaced may refuse a moment long to be opened; it may never be missing. */
            refused += status == PLATFORM_BUSY || status == PLATFORM_PERMISSION;
            wrong += status != PLATFORM_BUSY && status != PLATFORM_PERMISSION;
            continue;
        }
        must(platform_file_read_at(file, 0, text, sizeof text, &got), "read");
        platform_file_close(file);
        wrong += got != 10000;
        for (size_t at = 1; at < got; at++) wrong += text[at] != text[0];
        rounds++;
    }
    say_number(wrong);
    say_number(on_windows() ? 0 : refused);
    return rounds > 0 ? 0 : 96;
}

static bool write_version(const char *path, int version) {
    static char text[10000];
    platform_handle file;
    memset(text, 'a' + version % 26, sizeof text);
    if (!CHECK_OK(platform_file_open(path, PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE, &file))) return false;
    bool written = CHECK_OK(platform_file_write(file, text, sizeof text));
    platform_file_close(file);
    return written;
}

static void replace_is_whole_for_others(void) {
    const char *to = in_folder("stop-to"), *from = in_folder("from");
    REQUIRE(write_version(to, 0));
    peer *reader = peer_start("read-versions", in_folder("stop"), NULL);
    REQUIRE(reader != NULL && peer_hear(reader, "reading"));
    for (int version = 1; version <= 300; version++) {
        REQUIRE(write_version(from, version));
        platform_status status;
        int64_t deadline = generous();
        do status = platform_replace(from, to);
        while (status == PLATFORM_BUSY && on_windows() && platform_monotonic() < deadline);
        REQUIRE_OK(status);
    }
    REQUIRE(make_file(in_folder("stop"), ""));
    peer_hear(reader, "0");
    peer_hear(reader, "0");
    peer_finish(reader);
}

/* ---- publishing ---- */

static void publish_never_replaces(void) {
    REQUIRE(make_file(in_folder("one"), "1"));
    REQUIRE(make_file(in_folder("two"), "2"));
    CHECK_OK(platform_publish(in_folder("one"), in_folder("to")));
    CHECK_TEXT("1", text_of(in_folder("to")));
    CHECK_TEXT("<NOT_FOUND>", text_of(in_folder("one")));
    CHECK_STATUS(PLATFORM_EXISTS, platform_publish(in_folder("two"), in_folder("to")));
    CHECK_TEXT("1", text_of(in_folder("to")));
    CHECK_TEXT("2", text_of(in_folder("two")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_publish(in_folder("missing"), in_folder("other")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_publish(in_folder("two"), in_folder("missing/other")));
    REQUIRE_OK(platform_make_directories(in_folder("folder"), false));
    CHECK_STATUS(PLATFORM_EXISTS, platform_publish(in_folder("two"), in_folder("folder")));
    CHECK_TEXT("2", text_of(in_folder("two")));
}

#define RACERS 6
#define RACES 15

/* In every race: a file of its own, then the start, then the attempt. */
static int role_publish(int count, const char *const *arguments) {
    char line[64], from[4096], to[4096];
    if (count != 2) return 97;
    for (int race = 0; hear(line, sizeof line); race++) {
        platform_handle file;
        snprintf(from, sizeof from, "%s-%s", arguments[0], arguments[1]);
        snprintf(to, sizeof to, "%s-%d", arguments[0], race);
        must(platform_file_open(from, PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_TRUNCATE, &file), "open");
        must(platform_file_write(file, arguments[1], strlen(arguments[1])), "write");
        platform_file_close(file);
        say("ready");
        if (!hear(line, sizeof line)) return 0;
        platform_status status = platform_publish(from, to);
        if (status != PLATFORM_EXISTS) must(status, "publish");
        say(status == PLATFORM_OK ? "won" : "lost");
    }
    return 0;
}

static void exactly_one_publishes(void) {
    peer *racers[RACERS];
    char name[64], line[64];
    for (int index = 0; index < RACERS; index++) {
        snprintf(name, sizeof name, "racer%d", index);
        racers[index] = peer_start("publish", in_folder("race"), name, NULL);
        REQUIRE(racers[index] != NULL);
    }
    for (int race = 0; race < RACES; race++) {
        int winner = -1, winners = 0;
        for (int index = 0; index < RACERS; index++) peer_say(racers[index], "prepare");
        for (int index = 0; index < RACERS; index++) REQUIRE(peer_hear(racers[index], "ready"));
        for (int index = 0; index < RACERS; index++) peer_say(racers[index], "go");
        for (int index = 0; index < RACERS; index++) {
            REQUIRE(peer_line(racers[index], line, sizeof line));
            if (strcmp(line, "won") != 0) continue;
            winner = index;
            winners++;
        }
        CHECK_EQUAL(1, winners);
        snprintf(name, sizeof name, "racer%d", winner);
        snprintf(line, sizeof line, "race-%d", race);
        CHECK_TEXT(name, text_of(in_folder(line)));
    }
    for (int index = 0; index < RACERS; index++) peer_finish(racers[index]);
}

/* ---- directories ---- */

static void directories_are_made_with_parents(void) {
    platform_file_info info;
    CHECK_OK(platform_make_directories(in_folder("a/b/c"), false));
    CHECK_OK(platform_make_directories(in_folder("a/b/c"), false));
    CHECK_OK(platform_make_directories(in_folder("a//b/d/"), false));
    CHECK_OK(platform_path_describe(in_folder("a/b/d"), &info));
    CHECK_EQUAL(PLATFORM_KIND_DIRECTORY, info.kind);
    REQUIRE(make_file(in_folder("file"), "x"));
    CHECK_STATUS(PLATFORM_NOT_DIRECTORY, platform_make_directories(in_folder("file"), false));
    CHECK_STATUS(PLATFORM_NOT_DIRECTORY, platform_make_directories(in_folder("file/inner"), false));
    CHECK_STATUS(PLATFORM_NOT_DIRECTORY, platform_make_directories(in_folder("file/inner/deeper"), false));
    CHECK_OK(platform_make_directories(in_folder("private/inner"), true));
    CHECK_OK(platform_path_describe(in_folder("private"), &info));
    CHECK_EQUAL(0, info.permissions & 077);
    CHECK_OK(platform_path_describe(in_folder("private/inner"), &info));
    CHECK_EQUAL(0, info.permissions & 077);
    CHECK(make_file(in_folder("private/inner/a"), "x"));
}

static void only_empty_directories_go(void) {
    REQUIRE_OK(platform_make_directories(in_folder("a/b"), false));
    REQUIRE(make_file(in_folder("file"), "x"));
    CHECK_STATUS(PLATFORM_NOT_EMPTY, platform_remove_directory(in_folder("a")));
    CHECK_OK(platform_remove_directory(in_folder("a/b")));
    CHECK_OK(platform_remove_directory(in_folder("a")));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_remove_directory(in_folder("a")));
    CHECK_STATUS(PLATFORM_NOT_DIRECTORY, platform_remove_directory(in_folder("file")));
    CHECK_TEXT("x", text_of(in_folder("file")));
}

/* ---- unusual names ---- */

static void long_paths_work(void) {
    platform_file_info info;
    char path[2048];
    int length = snprintf(path, sizeof path, "%s", contract_folder());
    for (int level = 0; level < 12; level++) {
        length += snprintf(path + length, sizeof path - (size_t)length, "/a-folder-with-quite-a-long-name-%02d", level);
    }
    REQUIRE(length > 400);
    CHECK_OK(platform_make_directories(path, false));
    char file[2100], other[2100], deep[2100], back[2100];
    snprintf(file, sizeof file, "%s/file", path);
    snprintf(other, sizeof other, "%s/other", path);
    snprintf(deep, sizeof deep, "%s/deep", path);
    REQUIRE(make_file(file, "far down"));
    CHECK_TEXT("far down", text_of(file));
    CHECK_OK(platform_path_describe(file, &info));
    CHECK_EQUAL(8, info.size);
    CHECK_OK(platform_replace(file, other));
    CHECK_OK(platform_publish(other, file));
    CHECK_OK(platform_set_permissions(file, 0600));
    CHECK_OK(platform_make_directories(deep, true));
    CHECK_OK(platform_directory_sync(path));
    size_t back_length;
    CHECK_OK(platform_canonical_path(file, back, sizeof back, &back_length));
    CHECK(back_length > 400);
    CHECK_TEXT("far down", text_of(back));
    platform_directory *directory;
    REQUIRE_OK(platform_directory_open(path, &directory));
    int entries = 0;
    const char *name;
    while (CHECK_OK(platform_directory_next(directory, &name)) && name != NULL) entries++;
    platform_directory_close(directory);
    CHECK_EQUAL(2, entries);
    CHECK_OK(platform_remove_directory(deep));
    CHECK_OK(platform_remove(file));
}

static void too_long_is_said(void) {
    char name[1024];
    platform_handle file;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    CHECK_STATUS(PLATFORM_NAME_TOO_LONG, platform_file_open(in_folder(name), PLATFORM_WRITE | PLATFORM_CREATE, &file));
}

static const contract_test tests[] = {
    {"remove takes the name away", remove_takes_the_name},
    {"a removed file lives for those who have it", removed_file_lives_for_its_users},
    {"links tell of removal", links_tell_of_removal},
    {"replace replaces", replace_replaces},
    {"a replaced file lives for those who have it", replaced_file_lives_for_its_users},
    {"replace is one step for others", replace_is_whole_for_others},
    {"publish never replaces", publish_never_replaces},
    {"of many who publish one wins", exactly_one_publishes},
    {"directories are made with their parents", directories_are_made_with_parents},
    {"only empty directories are removed", only_empty_directories_go},
    {"long paths work", long_paths_work},
    {"a name that is too long is said", too_long_is_said},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"hold-mapped", role_hold_mapped},
    {"read-versions", role_read_versions},
    {"publish", role_publish},
    {NULL, NULL},
};

const contract_group names_group = {"names", tests, roles};
