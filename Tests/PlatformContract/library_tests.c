#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C library, which has the same function on every system. */
static const char *const c_libraries[] = {"libc.so.6", "libc.so.7", "libSystem.B.dylib", "msvcrt.dll"};

static platform_library *open_c_library(void) {
    for (size_t index = 0; index < sizeof c_libraries / sizeof c_libraries[0]; index++) {
        platform_library *library = NULL;
        if (platform_library_open(c_libraries[index], &library) == PLATFORM_OK) return library;
    }
    return NULL;
}

typedef size_t length_function(const char *);

static length_function *function_at(void *symbol) {
    length_function *function;
    memcpy(&function, &symbol, sizeof function);
    return function;
}

static void a_library_gives_its_functions(void) {
    platform_library *library = open_c_library();
#ifdef __GLIBC__
    REQUIRE(library != NULL);
#endif
    if (library == NULL) {
        CHECK(!on_windows());
        SKIP("this program loads no libraries");
    }
    void *symbol = platform_library_symbol(library, "strlen");
    REQUIRE(symbol != NULL);
    CHECK_EQUAL(5, function_at(symbol)("hello"));
    CHECK(platform_library_symbol(library, "weir_no_such_function") == NULL);
    CHECK(platform_library_symbol(library, "") == NULL);
    CHECK(open_c_library() == library);
    CHECK(platform_library_symbol(library, "strlen") == symbol);
}

static void what_is_not_there_is_not_found(void) {
    platform_library *library = NULL;
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_library_open("weir-no-such-library.so.0", &library));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_library_open(in_folder("missing.so"), &library));
    CHECK_STATUS(PLATFORM_INVALID, platform_library_open("", &library));
    CHECK(library == NULL);
}

static void what_is_no_library_is_not_found(void) {
    platform_library *library = NULL;
    REQUIRE(make_file(in_folder("text.so"), "this is text"));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_library_open(in_folder("text.so"), &library));
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_library_open(contract_folder(), &library));
    CHECK(library == NULL);
}

static int role_load_from_here(int count, const char *const *arguments) {
    (void)count;
    platform_library *library = NULL;
    say_number(platform_library_open(arguments[0], &library));
    return 0;
}

static bool copy_file(const char *from, const char *to) {
    platform_handle source, copy;
    char bytes[4096];
    size_t got = 0;
    if (platform_file_open(from, PLATFORM_READ, &source) != PLATFORM_OK) return false;
    if (!CHECK_OK(platform_file_open(to, PLATFORM_WRITE | PLATFORM_CREATE, &copy))) return false;
    do {
        CHECK_OK(platform_file_read(source, bytes, sizeof bytes, &got));
        CHECK_OK(platform_file_write(copy, bytes, got));
    } while (got > 0);
    platform_file_close(source);
    platform_file_close(copy);
    return true;
}

/* Whoever can write into the directory that one happens to be in must not choose what runs. */
static void the_current_directory_is_not_searched(void) {
    static const char *const sources[] = {"/lib/x86_64-linux-gnu/libz.so.1", "/lib/aarch64-linux-gnu/libz.so.1",
                                          "C:\\windows\\system32\\winmm.dll"};
    const char *planted = in_folder("weirplanted.dll");
    platform_library *library = NULL;
    for (size_t index = 0; index < sizeof sources / sizeof sources[0] && library == NULL; index++) {
        if (!copy_file(sources[index], planted)) continue;
        if (platform_library_open(planted, &library) != PLATFORM_OK) SKIP("this program loads no libraries");
    }
    if (library == NULL) SKIP("there is no library to plant");

    platform_child_options options = {.directory = contract_folder()};
    const char *const arguments[] = {"weirplanted.dll", NULL};
    peer *other = peer_start_with(options, "load-from-here", arguments);
    REQUIRE(other != NULL);
    char expected[16];
    snprintf(expected, sizeof expected, "%d", PLATFORM_NOT_FOUND);
    peer_hear(other, expected);
    peer_finish(other);
}

static const contract_test tests[] = {
    {"a library gives its functions", a_library_gives_its_functions},
    {"what is not there is not found", what_is_not_there_is_not_found},
    {"what is no library is not found", what_is_no_library_is_not_found},
    {"the current directory is not searched", the_current_directory_is_not_searched},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"load-from-here", role_load_from_here},
    {NULL, NULL},
};

const contract_group library_group = {"library", tests, roles};
