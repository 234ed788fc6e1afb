#include "network_support.h"

#include <stdio.h>
#include <string.h>

static void literals_are_read_and_written(void) {
    static const struct {
        const char *text, *written;
        uint32_t family;
    } table[] = {
        {"127.0.0.1", "127.0.0.1", PLATFORM_ADDRESS_IPV4},
        {"0.0.0.0", "0.0.0.0", PLATFORM_ADDRESS_IPV4},
        {"255.255.255.255", "255.255.255.255", PLATFORM_ADDRESS_IPV4},
        {"::1", "::1", PLATFORM_ADDRESS_IPV6},
        {"::", "::", PLATFORM_ADDRESS_IPV6},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", PLATFORM_ADDRESS_IPV6},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", PLATFORM_ADDRESS_IPV6},
        {"fe80::1", "fe80::1", PLATFORM_ADDRESS_IPV6},
        {"::ffff:10.1.2.3", "10.1.2.3", PLATFORM_ADDRESS_IPV6},
    };
    static const uint16_t ports[] = {0, 1, 80, 0x1234, 65535};
    for (size_t index = 0; index < sizeof table / sizeof table[0]; index++) {
        platform_address address = {0};
        uint16_t port = ports[index % (sizeof ports / sizeof ports[0])];
        if (!CHECK_OK(platform_address_literal(table[index].text, port, &address))) continue;
        CHECK_EQUAL(table[index].family, address.family);
        CHECK_EQUAL(port, platform_address_port(&address));
        CHECK_TEXT(table[index].written, host_of(&address));
    }
}

static void junk_is_no_literal(void) {
    static const char *const table[] = {
        "", " ", "localhost", "1", "127.1", "127.0.1", "0x7f.0.0.1", "127.0.0.1.", "127.0.0.1.5", "1.2.3.256",
        "1.2.3.-4", "1..2.3", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1:80", "127.0.0.1%lo", "[::1]", "::1]", ":::",
        "1:2:3",
        "1:2:3:4:5:6:7:8:9", "12345::", "g::1", "::1::", "::1%", "::1%no-such-interface", "::1%99999999999", "%1",
        "::1%-1", "/tmp/x", "example.org", "::ffff:1.2.3",
    };
    platform_address address, before;
    memset(&address, 0x5A, sizeof address);
    memset(&before, 0x5A, sizeof before);
    for (size_t index = 0; index < sizeof table / sizeof table[0]; index++) {
        if (CHECK_STATUS(PLATFORM_INVALID, platform_address_literal(table[index], 1, &address))) continue;
        CHECK_TEXT("invalid", table[index]);
    }
    char *endless = contract_memory(100001);
    memset(endless, '1', 100000);
    CHECK_STATUS(PLATFORM_INVALID, platform_address_literal(endless, 1, &address));
    memset(endless, ':', 100000);
    CHECK_STATUS(PLATFORM_INVALID, platform_address_literal(endless, 1, &address));
    CHECK(memcmp(&address, &before, sizeof address) == 0);
}

static void scope_is_kept(void) {
    platform_address address = {0}, again = {0};
    REQUIRE_OK(platform_address_literal("fe80::1%1", 7, &address));
    const char *text = host_of(&address);
    CHECK(strncmp(text, "fe80::1%", 8) == 0 && text[8] != 0);
    REQUIRE_OK(platform_address_literal(text, 7, &again));
    CHECK_TEXT(text, host_of(&again));
}

static void any_is_ipv6(void) {
    platform_address address = {0};
    REQUIRE_OK(platform_address_any(4711, &address));
    CHECK_EQUAL(PLATFORM_ADDRESS_IPV6, address.family);
    CHECK_EQUAL(4711, platform_address_port(&address));
    CHECK_TEXT("::", host_of(&address));
}

static void text_says_what_room_it_takes(void) {
    char buffer[64];
    size_t length = 0;
    platform_address address = loopback(1);
    memset(buffer, 'x', sizeof buffer);
    CHECK_STATUS(PLATFORM_BUFFER_TOO_SMALL, platform_address_text(&address, buffer, 9, &length));
    CHECK_EQUAL(9, length);
    CHECK(buffer[9] == 'x');
    CHECK_OK(platform_address_text(&address, buffer, 10, &length));
    CHECK_TEXT("127.0.0.1", buffer);
}

static void paths_have_a_limit(void) {
    char path[512];
    size_t limit = platform_unix_path_limit();
    CHECK(limit == 107 || limit == 103);
    memset(path, 'p', sizeof path);
    platform_address address = {0};
    platform_status status = platform_address_unix("/x", 2, &address);
    if (status == PLATFORM_UNSUPPORTED) SKIP(NO_UNIX);
    CHECK_OK(status);
    CHECK_EQUAL(PLATFORM_ADDRESS_UNIX, address.family);
    CHECK_EQUAL(0, platform_address_port(&address));
    CHECK_TEXT("/x", host_of(&address));
    CHECK_OK(platform_address_unix(path, limit, &address));
    CHECK_EQUAL(limit, strlen(host_of(&address)));
    CHECK_STATUS(PLATFORM_NAME_TOO_LONG, platform_address_unix(path, limit + 1, &address));
    CHECK_STATUS(PLATFORM_NAME_TOO_LONG, platform_address_unix(path, sizeof path, &address));
    CHECK_STATUS(PLATFORM_INVALID, platform_address_unix(path, 0, &address));
    CHECK_STATUS(PLATFORM_INVALID, platform_address_unix("/a\0b", 4, &address));
    CHECK_EQUAL(limit, strlen(host_of(&address))); /* untouched */
}

static void abstract_names_are_linux(void) {
    platform_address address = {0};
    platform_status status = platform_address_unix("\0weir", 5, &address);
    if (status == PLATFORM_UNSUPPORTED) SKIP("no abstract names");
    REQUIRE_OK(status);
    CHECK_TEXT("@weir", host_of(&address));
}

/* ---- the resolver ---- */

static bool is_loopback(const platform_address *address) {
    const char *host = host_of(address);
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static void localhost_is_known(void) {
    platform_address found[16];
    size_t count = 0;
    memset(found, 0, sizeof found);
    REQUIRE_OK(platform_resolve("localhost", 8080, found, 16, &count));
    REQUIRE(count >= 1 && count <= 16);
    for (size_t index = 0; index < count; index++) {
        CHECK(is_loopback(&found[index]));
        CHECK_EQUAL(8080, platform_address_port(&found[index]));
    }
    count = 99;
    CHECK_OK(platform_resolve("LocalHost", 1, found, 1, &count));
    CHECK_EQUAL(1, count);
}

static void literals_need_no_resolver(void) {
    static const char *const table[] = {"127.0.0.1", "::1", "192.0.2.77", "2001:db8::77"};
    for (size_t index = 0; index < sizeof table / sizeof table[0]; index++) {
        platform_address found[4];
        size_t count = 0;
        memset(found, 0, sizeof found);
        if (!CHECK_OK(platform_resolve(table[index], 99, found, 4, &count))) continue;
        CHECK_EQUAL(1, count);
        CHECK_TEXT(table[index], host_of(&found[0]));
        CHECK_EQUAL(99, platform_address_port(&found[0]));
    }
}

static void nonsense_has_no_address(void) {
    static const char *const table[] = {"no-such-host.invalid", "", "a..b", "bad name.invalid"};
    for (size_t index = 0; index < sizeof table / sizeof table[0]; index++) {
        platform_address found[4];
        size_t count = 77;
        platform_status status = platform_resolve(table[index], 1, found, 4, &count);
        CHECK(status == PLATFORM_NOT_FOUND || status == PLATFORM_TIMED_OUT);
        CHECK_EQUAL(77, count);
    }
}

static const contract_test tests[] = {
    {"literals are read and written", literals_are_read_and_written},
    {"junk is no literal", junk_is_no_literal},
    {"a scope is kept", scope_is_kept},
    {"every interface is [::]", any_is_ipv6},
    {"a text says what room it takes", text_says_what_room_it_takes},
    {"paths have a limit", paths_have_a_limit},
    {"abstract names begin with @", abstract_names_are_linux},
    {"localhost is known", localhost_is_known},
    {"literals need no resolver", literals_need_no_resolver},
    {"nonsense has no address", nonsense_has_no_address},
    {NULL, NULL},
};

const contract_group addresses_group = {"addresses", tests, NULL};
