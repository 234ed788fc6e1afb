/* crc32c.c: the checksum, by the best means that this processor has. */
#include "crc32c.h"

/* ---- by tables: eight bytes a step ---- */

/* Threads may fill them at once, with the same values. */
static uint32_t tables[8][256];

static inline uint32_t entry(int table, uint32_t byte) {
    return __atomic_load_n(&tables[table][byte & 0xFF], __ATOMIC_RELAXED);
}

static inline void set_entry(int table, uint32_t byte, uint32_t value) {
    __atomic_store_n(&tables[table][byte], value, __ATOMIC_RELAXED);
}

static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ WEIR_CRC32C_POLYNOMIAL : crc >> 1;
        set_entry(0, byte, crc);
    }
    for (int table = 1; table < 8; table++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t before = entry(table - 1, byte);
            set_entry(table, byte, (before >> 8) ^ entry(0, before));
        }
    }
}

static uint32_t little_endian_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t update_by_tables(uint32_t crc, const uint8_t *bytes, size_t length) {
    for (; length >= 8; bytes += 8, length -= 8) {
        uint32_t low = crc ^ little_endian_u32(bytes);
        uint32_t high = little_endian_u32(bytes + 4);
        crc = entry(7, low) ^ entry(6, low >> 8) ^ entry(5, low >> 16) ^ entry(4, low >> 24) ^ entry(3, high) ^
              entry(2, high >> 8) ^ entry(1, high >> 16) ^ entry(0, high >> 24);
    }
    for (; length > 0; bytes++, length--) crc = (crc >> 8) ^ entry(0, crc ^ *bytes);
    return crc;
}

weir_crc32c_update weir_crc32c_by_tables(void) {
    fill_tables();
    return update_by_tables;
}

/* ---- the choice ---- */

static uint32_t choose_and_update(uint32_t crc, const uint8_t *bytes, size_t length);

static weir_crc32c_update chosen = choose_and_update;

/* Threads that come here at once fill the tables with the same values and make the same choice; the choice is published
 * after the tables. */
static uint32_t choose_and_update(uint32_t crc, const uint8_t *bytes, size_t length) {
    weir_crc32c_update choice = weir_crc32c_instruction();
    if (choice == NULL) choice = weir_crc32c_by_tables();
    __atomic_store_n(&chosen, choice, __ATOMIC_RELEASE);
    return choice(crc, bytes, length);
}

uint32_t platform_crc32c(uint32_t seed, const void *bytes, size_t length) {
    weir_crc32c_update update = __atomic_load_n(&chosen, __ATOMIC_ACQUIRE);
    return ~update(~seed, bytes, length);
}
