#ifndef WEIR_ALLOCATIONS_H
#define WEIR_ALLOCATIONS_H
#include <stdint.h>

/* How often this process has asked for heap memory so far, by any of malloc's family. Always 0 where the C library offers no
 * second name for its allocator (all but glibc): "not counted". */
uint64_t allocation_count(void);

#endif
