#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists the folder; the count of entries, and whether `name` was among them, byte for byte. */
static size_t entries_of(const char *path, const char *name, size_t *found) {
    platform_directory *directory;
    size_t count = 0;
    *found = 0;
    if (!CHECK_OK(platform_directory_open(path, &directory))) return 0;
    const char *entry;
    while (CHECK_OK(platform_directory_next(directory, &entry)) && entry != NULL) {
        count++;
        *found += name != NULL && strcmp(entry, name) == 0;
        CHECK(strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0);
    }
    platform_directory_close(directory);
    return count;
}

static void empty_has_no_entries(void) {
    size_t found;
    REQUIRE_OK(platform_make_directories(in_folder("empty"), false));
    CHECK_EQUAL(0, entries_of(in_folder("empty"), NULL, &found));
}

static void every_entry_comes_once(void) {
    enum { COUNT = 500 };
    static uint8_t seen[COUNT];
    char name[32];
    memset(seen, 0, sizeof seen);
    for (int index = 0; index < COUNT; index++) {
        snprintf(name, sizeof name, "f%d", index);
        REQUIRE(make_file(in_folder(name), ""));
    }
    platform_directory *directory;
    REQUIRE_OK(platform_directory_open(contract_folder(), &directory));
    const char *entry;
    while (CHECK_OK(platform_directory_next(directory, &entry)) && entry != NULL) {
        int index = atoi(entry + 1);
        if (CHECK(entry[0] == 'f' && index >= 0 && index < COUNT)) seen[index]++;
    }
    platform_directory_close(directory);
    size_t once = 0;
    for (int index = 0; index < COUNT; index++) once += seen[index] == 1;
    CHECK_EQUAL(COUNT, once);
}

static void names_of_all_scripts_come_back(void) {
    static const char *const names[] = {
        "plain", "with space", "na\xC3\xAFve", "\xE5\x90\x8D\xE5\x89\x8D.plasmite", "\xD0\xB8\xD0\xBC\xD1\x8F",
        "\xF0\x9F\x98\x80 smile", "trailing~", "-dash", "semi;colon", "per%cent", "quo'te", "UPPER",
    };
    size_t found;
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        REQUIRE(make_file(in_folder(names[index]), names[index]));
        CHECK_EQUAL(index + 1, entries_of(contract_folder(), names[index], &found));
        if (!CHECK_EQUAL(1, found)) CHECK_TEXT("listed", names[index]);
        CHECK_TEXT(names[index], text_of(in_folder(names[index])));
    }
}

static void names_without_utf8_come_back(void) {
    /* A lone surrogate: on Windows a name that has no UTF-8 form, elsewhere bytes that are none. */
    const char *name = "lone-\xED\xA0\xBD-surrogate";
    size_t found;
    platform_handle file;
    platform_status status = platform_file_open(in_folder(name), PLATFORM_WRITE | PLATFORM_CREATE, &file);
    if (status != PLATFORM_OK) SKIP("this file system takes UTF-8 only");
    platform_file_close(file);
    CHECK_EQUAL(1, entries_of(contract_folder(), name, &found));
    if (found == 0 && on_windows()) SKIP("the file system below does not keep such names");
    CHECK_EQUAL(1, found);
    CHECK_OK(platform_remove(in_folder(name)));
}

static void only_directories_are_listed(void) {
    platform_directory *directory;
    REQUIRE(make_file(in_folder("file"), "x"));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_directory_open(in_folder("missing"), &directory));
    CHECK_STATUS(PLATFORM_NOT_DIRECTORY, platform_directory_open(in_folder("file"), &directory));
}

static const contract_test tests[] = {
    {"an empty directory has no entries", empty_has_no_entries},
    {"every entry comes once", every_entry_comes_once},
    {"names of all scripts come back", names_of_all_scripts_come_back},
    {"names without a UTF-8 form come back", names_without_utf8_come_back},
    {"only directories are listed", only_directories_are_listed},
    {NULL, NULL},
};

const contract_group listing_group = {"listing", tests, NULL};
