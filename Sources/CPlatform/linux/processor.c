/* processor.c: what the processor can do. */
#include "../machine/crc32c.h"

#include <sys/auxv.h>

#define HAS_CRC32 (1ul << 7) /* HWCAP_CRC32 of 64-bit ARM */

bool weir_processor_has_crc32c(void) { return (getauxval(AT_HWCAP) & HAS_CRC32) != 0; }
