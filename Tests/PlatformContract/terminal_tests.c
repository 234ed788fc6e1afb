#include "contract.h"

static void files_are_no_terminals(void) {
    platform_handle file = make_zeros(in_folder("a"), 1);
    uint32_t columns = 7, rows = 8;
    REQUIRE(file != PLATFORM_NO_HANDLE);
    CHECK(!platform_is_terminal(file));
    CHECK(!platform_terminal_enable_color(file));
    CHECK_STATUS(PLATFORM_UNSUPPORTED, platform_terminal_size(file, &columns, &rows));
    CHECK(columns == 7 && rows == 8);
    platform_file_close(file);
}

static int role_tell_terminal(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    uint32_t columns, rows;
    say_number(platform_is_terminal(platform_standard_input()));
    say_number(platform_is_terminal(platform_standard_output()));
    say_number(platform_terminal_enable_color(platform_standard_output()));
    say_number(platform_terminal_size(platform_standard_output(), &columns, &rows) == PLATFORM_UNSUPPORTED);
    return 0;
}

static void pipes_are_no_terminals(void) {
    peer *other = peer_start("tell-terminal", NULL);
    REQUIRE(other != NULL);
    peer_hear(other, "0");
    peer_hear(other, "0");
    peer_hear(other, "0");
    peer_hear(other, "1");
    peer_finish(other);
}

static void streams_are_three(void) {
    CHECK(platform_standard_input() != PLATFORM_NO_HANDLE);
    CHECK(platform_standard_output() != platform_standard_input());
    CHECK(platform_standard_error() != platform_standard_input());
}

static const contract_test tests[] = {
    {"files are no terminals", files_are_no_terminals},
    {"pipes are no terminals", pipes_are_no_terminals},
    {"there are three standard streams", streams_are_three},
    {NULL, NULL},
};

static const contract_role roles[] = {{"tell-terminal", role_tell_terminal}, {NULL, NULL}};

const contract_group terminal_group = {"terminal", tests, roles};
