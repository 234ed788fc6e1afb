#include "contract.h"

#include "../../Sources/CPlatform/machine/crc32c.h"

#include <string.h>

/* The definition, bit by bit. */
static uint32_t by_definition(uint32_t seed, const uint8_t *bytes, size_t length) {
    uint32_t crc = ~seed;
    for (size_t at = 0; at < length; at++) {
        crc ^= bytes[at];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
    }
    return ~crc;
}

static void known_vectors(void) {
    uint8_t bytes[32];
    CHECK_EQUAL(0xE3069283u, platform_crc32c(0, "123456789", 9));
    CHECK_EQUAL(0, platform_crc32c(0, "", 0));
    CHECK_EQUAL(0x1234, platform_crc32c(0x1234, NULL, 0));
    /* RFC 3720, B.4 */
    memset(bytes, 0, sizeof bytes);
    CHECK_EQUAL(0x8A9136AAu, platform_crc32c(0, bytes, 32));
    memset(bytes, 0xFF, sizeof bytes);
    CHECK_EQUAL(0x62A8AB43u, platform_crc32c(0, bytes, 32));
    for (int at = 0; at < 32; at++) bytes[at] = (uint8_t)at;
    CHECK_EQUAL(0x46DD794Eu, platform_crc32c(0, bytes, 32));
    for (int at = 0; at < 32; at++) bytes[at] = (uint8_t)(31 - at);
    CHECK_EQUAL(0x113FDB5Cu, platform_crc32c(0, bytes, 32));
}

static void every_length_and_alignment(void) {
    static uint8_t bytes[400];
    size_t wrong = 0;
    REQUIRE_OK(platform_random(bytes, sizeof bytes));
    for (size_t start = 0; start < 64; start++) {
        for (size_t length = 0; length <= 300; length++) {
            uint32_t seed = (uint32_t)(length * 2654435761u);
            wrong += platform_crc32c(seed, bytes + start, length) != by_definition(seed, bytes + start, length);
        }
    }
    CHECK_EQUAL(0, wrong);
}

static void longer_lengths(void) {
    enum { LONGEST = 20000 };
    uint8_t *bytes = contract_memory(LONGEST);
    size_t wrong = 0;
    REQUIRE_OK(platform_random(bytes, LONGEST));
    uint32_t expected = 0;
    for (size_t length = 1; length <= LONGEST; length++) {
        expected = by_definition(expected, bytes + length - 1, 1);
        if (length < 7000 || length % 97 == 0) wrong += platform_crc32c(0, bytes, length) != expected;
    }
    CHECK_EQUAL(0, wrong);
}

static void continues_where_it_was(void) {
    uint8_t *bytes = contract_memory(5000);
    size_t wrong = 0;
    REQUIRE_OK(platform_random(bytes, 5000));
    uint32_t whole = platform_crc32c(0, bytes, 5000);
    for (size_t cut = 0; cut <= 5000; cut += 37) {
        wrong += platform_crc32c(platform_crc32c(0, bytes, cut), bytes + cut, 5000 - cut) != whole;
    }
    CHECK_EQUAL(0, wrong);
}

/* What this processor does not choose has to be right as well. */
static void both_ways_agree(void) {
    weir_crc32c_update by_tables = weir_crc32c_by_tables(), by_instruction = weir_crc32c_instruction();
    uint8_t *bytes = contract_memory(9000);
    size_t wrong = 0;
    REQUIRE_OK(platform_random(bytes, 9000));
    for (size_t length = 0; length < 8900; length += length < 300 ? 1 : 41) {
        uint32_t expected = by_definition(0, bytes + length % 64, length);
        wrong += ~by_tables(~0u, bytes + length % 64, length) != expected;
        if (by_instruction != NULL) wrong += ~by_instruction(~0u, bytes + length % 64, length) != expected;
    }
    CHECK_EQUAL(0, wrong);
    if (by_instruction == NULL) SKIP("this processor has no instruction for it: by tables only");
}

static const contract_test tests[] = {
    {"known vectors", known_vectors},
    {"every length and alignment", every_length_and_alignment},
    {"longer lengths", longer_lengths},
    {"tables and instructions agree", both_ways_agree},
    {"a checksum continues where it was", continues_where_it_was},
    {NULL, NULL},
};

const contract_group checksum_group = {"checksum", tests, NULL};
