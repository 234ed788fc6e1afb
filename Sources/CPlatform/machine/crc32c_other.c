/* crc32c_other.c: processors without an instruction that is known here. */
#if !defined(__x86_64__) && !defined(_M_X64) && !defined(__aarch64__) && !defined(_M_ARM64)

#include "crc32c.h"

weir_crc32c_update weir_crc32c_instruction(void) { return NULL; }

#else
typedef int weir_not_this_machine;
#endif
