/* crc32c_aarch64.c: the crc32c instructions, when the compiler may use them (every Apple processor; elsewhere with
 * -march=armv8-a+crc or later). Three streams side by side, as on x86-64, joined by tables of one multiplication each. */
#if defined(__aarch64__) || defined(_M_ARM64)

#include "crc32c.h"

#if defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>
#include <string.h>

/* Words of a part. Fixed, so that joining needs two constants. */
#define PART 42

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* advance[k][v]: the register v << 8k after PART words of zeros. */
static uint32_t advance[4][256];

static void fill_advance(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int place = 0; place < 4; place++) {
            uint32_t crc = byte << 8 * place;
            for (int word = 0; word < PART; word++) crc = __crc32cd(crc, 0);
            advance[place][byte] = crc;
        }
    }
}

static inline uint32_t advanced(uint32_t crc) {
    return advance[0][crc & 0xFF] ^ advance[1][crc >> 8 & 0xFF] ^ advance[2][crc >> 16 & 0xFF] ^ advance[3][crc >> 24];
}

static uint32_t update(uint32_t crc, const uint8_t *bytes, size_t length) {
    for (; length >= 24 * PART; bytes += 24 * PART, length -= 24 * PART) {
        uint32_t a = crc, b = 0, c = 0;
        for (size_t at = 0; at < 8 * PART; at += 8) {
            a = __crc32cd(a, word_at(bytes + at));
            b = __crc32cd(b, word_at(bytes + 8 * PART + at));
            c = __crc32cd(c, word_at(bytes + 16 * PART + at));
        }
        crc = advanced(advanced(a) ^ b) ^ c;
    }
    for (; length >= 8; bytes += 8, length -= 8) crc = __crc32cd(crc, word_at(bytes));
    for (; length > 0; bytes++, length--) crc = __crc32cb(crc, *bytes);
    return crc;
}

weir_crc32c_update weir_crc32c_instruction(void) {
    fill_advance();
    return update;
}

#else

weir_crc32c_update weir_crc32c_instruction(void) { return NULL; }

#endif

#else
typedef int weir_not_this_machine;
#endif
