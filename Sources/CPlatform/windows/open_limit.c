/* open_limit.c: handles are limited by memory alone. */
#include "internal.h"

uint64_t platform_raise_open_limit(void) { return UINT64_MAX; }
