/* mapping.c: files as memory. Syncing is each system's own. */
#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64

#include "internal.h"

#include <sys/mman.h>
#include <unistd.h>

platform_status platform_map(platform_handle file, size_t length, bool writable, platform_mapping *mapping) {
    struct stat description;
    if (fstat(weir_descriptor(file), &description) != 0) return weir_fail(errno);
    /* Beyond its end a file can be mapped here and not be touched: refuse it while that is still an error and no
     * signal. */
    if (length == 0 || (uint64_t)length > (uint64_t)description.st_size) return weir_fail(EINVAL);

    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    void *base = mmap(NULL, length, protection, MAP_SHARED, weir_descriptor(file), 0);
    if (base == MAP_FAILED) return weir_fail(errno);
    mapping->base = base;
    mapping->length = length;
    return PLATFORM_OK;
}

void platform_unmap(platform_mapping mapping) {
    if (mapping.base != NULL) munmap(mapping.base, mapping.length);
}

size_t platform_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }
