/* storage.c: disk space and stable storage. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include "../posix/internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int64_t weir_modified(const struct stat *description) {
    return (int64_t)description->st_mtim.tv_sec * WEIR_SECOND + description->st_mtim.tv_nsec;
}

/* fdatasync leaves out only what is not needed to read the data back: the length is included. For a directory it is
 * fsync. */
platform_status weir_sync_descriptor(int descriptor) {
    int result;
    do result = fdatasync(descriptor);
    while (result != 0 && errno == EINTR);
    return result == 0 ? PLATFORM_OK : weir_fail(errno);
}

platform_status platform_map_sync(platform_mapping mapping, platform_handle file, size_t offset, size_t length) {
    (void)file; /* MS_SYNC reaches the disk, as fsync does */
    if (offset > mapping.length || length > mapping.length - offset) return weir_fail(EINVAL);
    size_t start = offset & ~(platform_page_size() - 1);
    if (length == 0) return PLATFORM_OK;
    int result;
    do result = msync(mapping.base + start, offset - start + length, MS_SYNC);
    while (result != 0 && errno == EINTR);
    return result == 0 ? PLATFORM_OK : weir_fail(errno);
}

platform_status platform_file_reserve(platform_handle file, uint64_t size) {
    int descriptor = weir_descriptor(file);
    struct stat description;
    if (size > INT64_MAX) return weir_fail(EFBIG);
    if (fstat(descriptor, &description) != 0) return weir_fail(errno);
    uint64_t length = (uint64_t)description.st_size;
    uint64_t allocated = (uint64_t)description.st_blocks * 512;
    if (size == 0) return PLATFORM_OK;

    /* Asked even when the blocks seem to suffice, since some may hold the file system's notes about the file; it takes
     * microseconds then. Not posix_fallocate: where the file system cannot do it, glibc reads and writes back a byte of
     * every block, and that would undo a store made meanwhile through a mapping. */
    int result;
    do result = fallocate(descriptor, 0, 0, (off_t)size);
    while (result != 0 && errno == EINTR);
    if (result == 0) return PLATFORM_OK;
    /* A file system that never writes in place may want new space for what has some already. */
    if (errno == ENOSPC && length >= size && allocated >= length) return PLATFORM_OK;
    if (errno != EOPNOTSUPP && errno != ENOSYS) return weir_fail(errno);
    /* Bytes beyond the end are nobody's yet and can be filled; a hole before it cannot be told from data being
     * written. */
    if (allocated < length) return weir_fail(ENOTSUP);
    return length < size ? weir_fill_to(descriptor, length, size) : PLATFORM_OK;
}
