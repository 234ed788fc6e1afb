/* crc32c.h: the implementations between which machine/crc32c.c chooses. All take and return the register as it runs,
 * without the initial and final inversion. */
#ifndef WEIR_CRC32C_H
#define WEIR_CRC32C_H

#include "../include/platform.h"

#define WEIR_CRC32C_POLYNOMIAL 0x82F63B78u /* Castagnoli, reflected */

typedef uint32_t (*weir_crc32c_update)(uint32_t crc, const uint8_t *bytes, size_t length);

/* The implementation by tables, which every processor can run. */
weir_crc32c_update weir_crc32c_by_tables(void);

/* The implementation for this processor's own instruction, or NULL if it has none. One definition a machine:
 * crc32c_x86_64.c, crc32c_aarch64.c, crc32c_other.c. */
weir_crc32c_update weir_crc32c_instruction(void);

/* Has a 64-bit ARM processor the crc32c instructions? processor.c in each system's folder; not asked on other
 * machines. */
bool weir_processor_has_crc32c(void);

#endif
