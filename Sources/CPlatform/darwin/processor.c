/* processor.c: what the processor can do. */
#include "../machine/crc32c.h"

/* Every 64-bit ARM processor of Apple's has the instructions. */
bool weir_processor_has_crc32c(void) { return true; }
