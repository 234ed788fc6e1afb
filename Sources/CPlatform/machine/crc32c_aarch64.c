/* crc32c_aarch64.c: the crc32c instructions of 64-bit ARM, where the processor has them: three streams side by side, as
 * on x86-64, joined by tables. */
#if defined(__aarch64__) || defined(_M_ARM64)

#include "crc32c.h"

#include <string.h>

/* Words of a part. Fixed, so that joining needs one set of tables. */
#define PART 42

/* In assembly, because compilers offer the instructions only when told to assume them of every processor. */
static inline uint32_t add_word(uint32_t crc, uint64_t word) {
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
    return crc;
}

static inline uint32_t add_byte(uint32_t crc, uint32_t byte) {
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(byte));
    return crc;
}

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* advance[k][v]: the register v << 8k after PART words of zeros. Threads may fill it at once, with the same values. */
static uint32_t advance[4][256];

static void fill_advance(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int place = 0; place < 4; place++) {
            uint32_t crc = byte << 8 * place;
            for (int word = 0; word < PART; word++) crc = add_word(crc, 0);
            __atomic_store_n(&advance[place][byte], crc, __ATOMIC_RELAXED);
        }
    }
}

static inline uint32_t after_part(int place, uint32_t byte) {
    return __atomic_load_n(&advance[place][byte & 0xFF], __ATOMIC_RELAXED);
}

static inline uint32_t advanced(uint32_t crc) {
    return after_part(0, crc) ^ after_part(1, crc >> 8) ^ after_part(2, crc >> 16) ^ after_part(3, crc >> 24);
}

static uint32_t update(uint32_t crc, const uint8_t *bytes, size_t length) {
    for (; length >= 24 * PART; bytes += 24 * PART, length -= 24 * PART) {
        uint32_t a = crc, b = 0, c = 0;
        for (size_t at = 0; at < 8 * PART; at += 8) {
            a = add_word(a, word_at(bytes + at));
            b = add_word(b, word_at(bytes + 8 * PART + at));
            c = add_word(c, word_at(bytes + 16 * PART + at));
        }
        crc = advanced(advanced(a) ^ b) ^ c;
    }
    for (; length >= 8; bytes += 8, length -= 8) crc = add_word(crc, word_at(bytes));
    for (; length > 0; bytes++, length--) crc = add_byte(crc, *bytes);
    return crc;
}

weir_crc32c_update weir_crc32c_instruction(void) {
    if (!weir_processor_has_crc32c()) return NULL;
    fill_advance();
    return update;
}

#else
typedef int weir_not_this_machine;
#endif
