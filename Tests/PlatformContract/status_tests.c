#include "contract.h"

#include <string.h>

static int32_t code_of_missing_file(void) {
    platform_handle file;
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_file_open(in_folder("missing"), PLATFORM_READ, &file));
    return platform_system_code();
}

static void code_is_kept(void) {
    int32_t code = code_of_missing_file();
    CHECK(code != 0);
    CHECK_OK(platform_make_directories(contract_folder(), false));
    CHECK_EQUAL(code, platform_system_code());
}

static void see_own_code(void *context) { *(int32_t *)context = platform_system_code(); }

static void code_belongs_to_thread(void) {
    code_of_missing_file();
    int32_t code = -1;
    platform_thread *thread;
    REQUIRE_OK(platform_thread_start(see_own_code, &code, &thread));
    platform_thread_join(thread);
    CHECK_EQUAL(0, code);
}

static void message_is_a_phrase(void) {
    char text[256];
    memset(text, 'x', sizeof text);
    size_t length = platform_system_message(code_of_missing_file(), text, sizeof text);
    REQUIRE(length > 3 && length < sizeof text);
    CHECK_EQUAL(length, strlen(text));
    char last = text[length - 1];
    CHECK(last != '.' && last != '\n' && last != '\r' && last != ' ');
}

static void message_is_cut(void) {
    char whole[256], text[256];
    int32_t code = code_of_missing_file();
    size_t length = platform_system_message(code, whole, sizeof whole);
    for (size_t capacity = 1; capacity <= length + 1; capacity++) {
        memset(text, 'x', sizeof text);
        size_t cut = platform_system_message(code, text, capacity);
        CHECK(cut < capacity);
        CHECK_EQUAL(cut, strlen(text));
        CHECK(strncmp(whole, text, cut) == 0);
        CHECK(text[capacity] == 'x');
    }
    text[0] = 'x';
    CHECK_EQUAL(0, platform_system_message(code, text, 0));
    CHECK(text[0] == 'x');
}

static void unknown_code_has_message(void) {
    char text[256];
    CHECK(platform_system_message(123456789, text, sizeof text) > 0);
}

static const contract_test tests[] = {
    {"the code of the last failure is kept", code_is_kept},
    {"each thread has its own code", code_belongs_to_thread},
    {"a message is a phrase", message_is_a_phrase},
    {"a message is cut to the room there is", message_is_cut},
    {"an unknown code has a message", unknown_code_has_message},
    {NULL, NULL},
};

const contract_group status_group = {"status", tests, NULL};
