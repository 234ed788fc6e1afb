/* processor.c: what the processor can do. */
#include "internal.h"

#include "../machine/crc32c.h"

#define HAS_CRC32 31 /* PF_ARM_V8_CRC32_INSTRUCTIONS_AVAILABLE */

bool weir_processor_has_crc32c(void) { return IsProcessorFeaturePresent(HAS_CRC32) != 0; }
