/* crc32c_x86_64.c: the crc32 instruction of SSE 4.2.
 *
 * The instruction takes three cycles and a new one can begin in each, so three streams run side by side: the input is
 * cut into three parts of n words, each part has a register of its own, and the registers are joined at the end.
 * Joining means multiplying a register by x^(64 n) modulo the polynomial, once for the middle part and by x^(128 n) for
 * the first: one carry-less multiplication each. Of a reflected product of 32 by 32 bits, crc32 with register 0
 * computes product * x^33 mod P, so the constant to multiply by is x^(64 n - 33) mod P; and since crc32 is linear, the
 * products need no step of their own: they are added to the last word of the third part. */
#if defined(__x86_64__) || defined(_M_X64)

#include "crc32c.h"

#include <cpuid.h>
#include <nmmintrin.h>
#include <string.h>
#include <wmmintrin.h>

#define USES_CRC32 __attribute__((target("sse4.2,crc32,pclmul")))

/* Words of a part, at most: beyond it a longer part gains nothing, and the constants would no longer fit the first
 * cache. */
#define PART_MAXIMUM 128
/* Below this the joining costs more than one stream saves. */
#define PARTS_WORTHWHILE 72

/* powers[n] = x^(64 n - 33) mod P, reflected; n from 1. Threads may fill it at once, with the same values. */
static uint32_t powers[2 * PART_MAXIMUM + 1];

static inline uint32_t power_of(size_t n) { return __atomic_load_n(&powers[n], __ATOMIC_RELAXED); }

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* x * polynomial mod P in reflected form: bit 31 is x^0. */
static uint32_t times_x(uint32_t polynomial) {
    return polynomial & 1 ? (polynomial >> 1) ^ WEIR_CRC32C_POLYNOMIAL : polynomial >> 1;
}

static void fill_powers(void) {
    uint32_t power = 0x80000000u; /* x^0 */
    for (int exponent = 0; exponent < 64 - 33; exponent++) power = times_x(power);
    for (int n = 1; n <= 2 * PART_MAXIMUM; n++) {
        __atomic_store_n(&powers[n], power, __ATOMIC_RELAXED);
        for (int exponent = 0; exponent < 64; exponent++) power = times_x(power);
    }
}

USES_CRC32 static inline uint64_t product(uint64_t crc, uint32_t power) {
    __m128i both = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc), _mm_cvtsi64_si128(power), 0);
    return (uint64_t)_mm_cvtsi128_si64(both);
}

/* Three parts of n words each; n from 2 to PART_MAXIMUM. */
USES_CRC32 static inline uint64_t update_parts(uint64_t crc, const uint8_t *bytes, size_t n) {
    const uint8_t *second = bytes + 8 * n, *third = bytes + 16 * n;
    uint64_t a = crc, b = 0, c = 0;
    for (size_t at = 0; at < 8 * (n - 1); at += 8) {
        a = _mm_crc32_u64(a, word_at(bytes + at));
        b = _mm_crc32_u64(b, word_at(second + at));
        c = _mm_crc32_u64(c, word_at(third + at));
    }
    size_t last = 8 * (n - 1);
    a = _mm_crc32_u64(a, word_at(bytes + last));
    b = _mm_crc32_u64(b, word_at(second + last));
    return _mm_crc32_u64(c, word_at(third + last) ^ product(a, power_of(2 * n)) ^ product(b, power_of(n)));
}

USES_CRC32 static uint32_t update(uint32_t crc32, const uint8_t *bytes, size_t length) {
    uint64_t crc = crc32;
    while (length >= PARTS_WORTHWHILE) {
        size_t n = length / 24;
        if (n > PART_MAXIMUM) n = PART_MAXIMUM;
        crc = update_parts(crc, bytes, n);
        bytes += 24 * n;
        length -= 24 * n;
    }
    for (; length >= 8; bytes += 8, length -= 8) crc = _mm_crc32_u64(crc, word_at(bytes));
    if (length & 4) {
        uint32_t word;
        memcpy(&word, bytes, sizeof word);
        crc = _mm_crc32_u32((uint32_t)crc, word);
        bytes += 4;
    }
    if (length & 2) {
        uint16_t word;
        memcpy(&word, bytes, sizeof word);
        crc = _mm_crc32_u16((uint32_t)crc, word);
        bytes += 2;
    }
    if (length & 1) crc = _mm_crc32_u8((uint32_t)crc, *bytes);
    return (uint32_t)crc;
}

weir_crc32c_update weir_crc32c_instruction(void) {
    const uint32_t pclmulqdq = 1u << 1, sse42 = 1u << 20;
    uint32_t a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & pclmulqdq) == 0 || (c & sse42) == 0) return NULL;
    fill_powers();
    return update;
}

#else
typedef int weir_not_this_machine;
#endif
