/* random.c: bytes from the kernel's cryptographic source. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <sys/random.h>
#include <unistd.h>

/* The most that one call of getentropy gives. */
#define CHUNK 256

platform_status platform_random(void *buffer, size_t length) {
    uint8_t *next = buffer;
    while (length > 0) {
        size_t chunk = length < CHUNK ? length : CHUNK;
        if (getentropy(next, chunk) != 0) return weir_fail(errno);
        next += chunk;
        length -= chunk;
    }
    return PLATFORM_OK;
}
