/* storage.c: disk space and stable storage. */
#include "../posix/internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int64_t weir_modified(const struct stat *description) {
    return (int64_t)description->st_mtimespec.tv_sec * WEIR_SECOND + description->st_mtimespec.tv_nsec;
}

platform_status weir_sync_descriptor(int descriptor) {
    int result;
    /* fsync leaves the data in the drive's own memory; this asks the drive as well. */
    do result = fcntl(descriptor, F_FULLFSYNC);
    while (result == -1 && errno == EINTR);
    if (result != -1) return PLATFORM_OK;
    /* Not every file system knows it: those of other machines, for one. */
    do result = fsync(descriptor);
    while (result != 0 && errno == EINTR);
    return result == 0 ? PLATFORM_OK : weir_fail(errno);
}

platform_status platform_map_sync(platform_mapping mapping, platform_handle file, size_t offset, size_t length) {
    if (offset > mapping.length || length > mapping.length - offset) return weir_fail(EINVAL);
    size_t start = offset & ~(platform_page_size() - 1);
    if (length == 0) return PLATFORM_OK;
    int result;
    do result = msync(mapping.base + start, offset - start + length, MS_SYNC);
    while (result != 0 && errno == EINTR);
    if (result != 0) return weir_fail(errno);
    return weir_sync_descriptor(weir_descriptor(file));
}

/* Asks for `size` bytes behind the space that the file has; -1 with errno. */
static int preallocate(int descriptor, off_t size) {
    fstore_t request = {.fst_posmode = F_PEOFPOSMODE, .fst_length = size};
    request.fst_flags = F_ALLOCATECONTIG | F_ALLOCATEALL;
    if (fcntl(descriptor, F_PREALLOCATE, &request) != -1) return 0;
    request.fst_flags = F_ALLOCATEALL;
    return fcntl(descriptor, F_PREALLOCATE, &request) == -1 ? -1 : 0;
}

platform_status platform_file_reserve(platform_handle file, uint64_t size) {
    int descriptor = weir_descriptor(file);
    struct stat description;
    if (size > INT64_MAX) return weir_fail(EFBIG);
    if (fstat(descriptor, &description) != 0) return weir_fail(errno);
    uint64_t length = (uint64_t)description.st_size;
    uint64_t allocated = (uint64_t)description.st_blocks * 512;
    if (size == 0 || (length >= size && allocated >= length)) return PLATFORM_OK;

    /* Space is given behind the end only: a hole before it stays one. */
    if (allocated < length) return weir_fail(ENOTSUP);
    if (allocated < size && preallocate(descriptor, (off_t)(size - allocated)) != 0) {
        if (errno != ENOTSUP && errno != EINVAL) return weir_fail(errno);
        return weir_fill_to(descriptor, length, size);
    }
    return length < size ? platform_file_set_size(file, size) : PLATFORM_OK;
}
