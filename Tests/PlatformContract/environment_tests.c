#include "contract.h"

#include <stdio.h>
#include <string.h>

/* ---- texts ---- */

static platform_status environment_path(char *buffer, size_t capacity, size_t *length) {
    return platform_environment("PATH", buffer, capacity, length);
}
static platform_status canonical_folder(char *buffer, size_t capacity, size_t *length) {
    return platform_canonical_path(contract_folder(), buffer, capacity, length);
}

static void texts_say_how_long_they_are(void) {
    static platform_status (*const functions[])(char *, size_t, size_t *) = {
        platform_current_directory, platform_home_directory, platform_temporary_directory, platform_executable_path,
        platform_host_name,         environment_path,        canonical_folder,
    };
    char whole[8192], text[8192];
    for (size_t index = 0; index < sizeof functions / sizeof functions[0]; index++) {
        size_t length = 0, again = 0;
        if (!CHECK_OK(functions[index](whole, sizeof whole, &length))) continue;
        CHECK(length > 0);
        CHECK_EQUAL(length, strlen(whole));
        for (size_t capacity = 0; capacity <= length; capacity++) {
            memset(text, 'x', length + 2);
            again = 0;
            CHECK_STATUS(PLATFORM_BUFFER_TOO_SMALL, functions[index](text, capacity, &again));
            CHECK_EQUAL(length, again);
            CHECK(text[capacity] == 'x');
        }
        CHECK_OK(functions[index](text, length + 1, &again));
        CHECK_TEXT(whole, text);
    }
}

static void places_exist(void) {
    char text[8192];
    size_t length;
    platform_file_info info;
    CHECK_OK(platform_current_directory(text, sizeof text, &length));
    CHECK_OK(platform_path_describe(text, &info));
    CHECK_EQUAL(PLATFORM_KIND_DIRECTORY, info.kind);
    CHECK_OK(platform_temporary_directory(text, sizeof text, &length));
    CHECK_OK(platform_path_describe(text, &info));
    CHECK_EQUAL(PLATFORM_KIND_DIRECTORY, info.kind);
    CHECK(!platform_is_separator(text[length - 1]));
    CHECK_OK(platform_executable_path(text, sizeof text, &length));
    CHECK_OK(platform_path_describe(text, &info));
    CHECK_EQUAL(PLATFORM_KIND_FILE, info.kind);
}

static void canonical_is_absolute_and_plain(void) {
    char plain[8192], text[8192];
    size_t length;
    REQUIRE(make_file(in_folder("file"), "x"));
    REQUIRE_OK(platform_make_directories(in_folder("folder"), false));
    REQUIRE_OK(platform_canonical_path(in_folder("file"), plain, sizeof plain, &length));
    CHECK_TEXT("x", text_of(plain));
    CHECK_OK(platform_canonical_path(in_folder("folder/../file"), text, sizeof text, &length));
    CHECK_TEXT(plain, text);
    CHECK_OK(platform_canonical_path(in_folder("./folder/.././/file"), text, sizeof text, &length));
    CHECK_TEXT(plain, text);
    CHECK_OK(platform_canonical_path(plain, text, sizeof text, &length));
    CHECK_TEXT(plain, text);
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_canonical_path(in_folder("missing"), text, sizeof text, &length));
    CHECK_OK(platform_canonical_path(".", plain, sizeof plain, &length));
    CHECK(platform_is_separator(plain[0]) || plain[1] == ':');
}

static void canonical_resolves_links(void) {
    char plain[8192], text[8192];
    size_t length;
    REQUIRE(make_file(in_folder("file"), "x"));
    const char *const arguments[] = {"ln", "-s", in_folder("file"), in_folder("link"), NULL};
    platform_child_options options = {.arguments = arguments, .error = PLATFORM_STREAM_NULL};
    platform_child *child;
    platform_exit_status status = {false, 1};
    if (platform_child_start(&options, &child) != PLATFORM_OK) SKIP("there is no ln here");
    CHECK_OK(platform_child_wait(child, generous(), &status));
    platform_child_free(child);
    if (status.code != 0) SKIP("ln makes no link here");
    CHECK_OK(platform_canonical_path(in_folder("file"), plain, sizeof plain, &length));
    CHECK_OK(platform_canonical_path(in_folder("link"), text, sizeof text, &length));
    CHECK_TEXT(plain, text);
}

static void separators(void) {
    CHECK(platform_is_separator('/'));
    CHECK(platform_is_separator(platform_separator()));
    CHECK(!platform_is_separator(':') && !platform_is_separator('a') && !platform_is_separator(0));
}

/* ---- what a process is given ---- */

static int role_tell_environment(int count, const char *const *arguments) {
    for (int index = 0; index < count; index++) {
        char text[512], line[600];
        size_t length;
        platform_status status = platform_environment(arguments[index], text, sizeof text, &length);
        if (status == PLATFORM_OK) snprintf(line, sizeof line, "%zu:%s", length, text);
        else snprintf(line, sizeof line, "status %d", (int)status);
        say(line);
    }
    return 0;
}

static void environment_is_what_was_given(void) {
    char root[300] = "SystemRoot=", home[300] = "WINEPREFIX=";
    size_t length;
    /* What a Windows program cannot start without. */
    platform_environment("SystemRoot", root + strlen(root), sizeof root - strlen(root), &length);
    platform_environment("WINEPREFIX", home + strlen(home), sizeof home - strlen(home), &length);
    const char *const environment[] = {"FIRST=one", "ACCENT=\xC3\xA9\xE5\x90\x8D\xF0\x9F\x98\x80", "EQUALS=a=b=c", root,
                                       home,        NULL};
    const char *const arguments[] = {"FIRST", "ACCENT", "EQUALS", "NOT_THERE", "HOME_OF_NOBODY", NULL};
    platform_child_options options = {.environment = environment};
    peer *other = peer_start_with(options, "tell-environment", arguments);
    REQUIRE(other != NULL);
    peer_hear(other, "3:one");
    peer_hear(other, "9:\xC3\xA9\xE5\x90\x8D\xF0\x9F\x98\x80");
    peer_hear(other, "5:a=b=c");
    peer_hear(other, "status 1");
    peer_hear(other, "status 1");
    peer_finish(other);
}

static void environment_is_inherited(void) {
    char text[8192], line[9000], expected[9000];
    size_t length;
    REQUIRE_OK(platform_environment("PATH", text, sizeof text, &length));
    if (length > 500) SKIP("PATH is too long for this test");
    peer *other = peer_start("tell-environment", "PATH", NULL);
    REQUIRE(other != NULL);
    snprintf(expected, sizeof expected, "%zu:%s", length, text);
    REQUIRE(peer_line(other, line, sizeof line));
    CHECK_TEXT(expected, line);
    peer_finish(other);
}

static int role_tell_arguments(int count, const char *const *arguments) {
    char line[512];
    for (int index = 0; index < count; index++) {
        snprintf(line, sizeof line, "[%s]", arguments[index]);
        say(line);
    }
    return 0;
}

static const char *const difficult[] = {
    "plain",
    "",
    "with space",
    " ",
    "tab\there",
    "\"quoted\"",
    "in\"side",
    "back\\slash",
    "ends\\",
    "ends with space\\",
    "two ends\\\\",
    "a\\\"b",
    "a\\\\\"b c",
    "\\\\server\\share\\",
    "\\",
    "\"",
    "\\\"",
    "%PATH%",
    "^caret&amp|pipe<>",
    "*",
    "'single'",
    "na\xC3\xAFve \xE5\x90\x8D \xF0\x9F\x98\x80",
    "lone \xED\xA0\xBD surrogate, other half \xED\xB8\x80.",
    "last",
    NULL,
};

static void arguments_arrive_exactly(void) {
    platform_child_options options = {0};
    char expected[600];
    peer *other = peer_start_with(options, "tell-arguments", difficult);
    REQUIRE(other != NULL);
    for (int index = 0; difficult[index] != NULL; index++) {
        snprintf(expected, sizeof expected, "[%s]", difficult[index]);
        peer_hear(other, expected);
    }
    peer_finish(other);
}

static void arguments_have_bounds(void) {
    int32_t count = platform_argument_count();
    CHECK(count >= 1);
    CHECK(platform_argument(0) != NULL);
    CHECK(platform_argument(-1) == NULL);
    CHECK(platform_argument(count) == NULL);
    CHECK(platform_argument(INT32_MAX) == NULL);
}

static int role_tell_process(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    say_number((int64_t)platform_process_id());
    hear_anything();
    return 0;
}

static void process_numbers_agree(void) {
    char expected[32];
    peer *other = peer_start("tell-process", NULL);
    REQUIRE(other != NULL);
    uint64_t number = platform_child_process_id(peer_child(other));
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)number);
    peer_hear(other, expected);
    CHECK(number != platform_process_id());
    peer_finish(other);
}

static const contract_test tests[] = {
    {"texts say how long they are", texts_say_how_long_they_are},
    {"the places of a process exist", places_exist},
    {"a canonical path is absolute and plain", canonical_is_absolute_and_plain},
    {"a canonical path has no links", canonical_resolves_links},
    {"separators", separators},
    {"the environment is what was given", environment_is_what_was_given},
    {"the environment is inherited", environment_is_inherited},
    {"arguments arrive exactly", arguments_arrive_exactly},
    {"arguments have bounds", arguments_have_bounds},
    {"process numbers agree", process_numbers_agree},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"tell-environment", role_tell_environment},
    {"tell-arguments", role_tell_arguments},
    {"tell-process", role_tell_process},
    {NULL, NULL},
};

const contract_group environment_group = {"environment", tests, roles};
