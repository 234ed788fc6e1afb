/* random.c: bytes from the kernel's cryptographic source. */
#include "internal.h"

/* RtlGenRandom, under the name by which advapi32 exports it. BCryptGenRandom would need one more library at start. */
#define weir_generate_random SystemFunction036
BOOLEAN NTAPI weir_generate_random(PVOID buffer, ULONG length);

#define CHUNK ((size_t)1 << 24)

platform_status platform_random(void *buffer, size_t length) {
    uint8_t *next = buffer;
    while (length > 0) {
        size_t chunk = length < CHUNK ? length : CHUNK;
        if (!weir_generate_random(next, (ULONG)chunk)) return weir_fail(ERROR_GEN_FAILURE);
        next += chunk;
        length -= chunk;
    }
    return PLATFORM_OK;
}
