/* storage.c: disk space and stable storage. */
#include "../posix/internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int64_t weir_modified(const struct stat *description) {
    return (int64_t)description->st_mtim.tv_sec * WEIR_SECOND + description->st_mtim.tv_nsec;
}

platform_status weir_sync_descriptor(int descriptor) {
    int result;
    do result = fsync(descriptor);
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
    if (size == 0 || (length >= size && allocated >= length)) return PLATFORM_OK;

    int code;
    do code = posix_fallocate(descriptor, 0, (off_t)size);
    while (code == EINTR);
    if (code == 0) return PLATFORM_OK;
    /* ZFS, which writes every block anew, says EINVAL: there is no space to hold for what will be written. */
    if (code != EINVAL && code != EOPNOTSUPP && code != ENODEV) return weir_fail(code);
    if (allocated < length) return weir_fail(ENOTSUP);
    return length < size ? weir_fill_to(descriptor, length, size) : PLATFORM_OK;
}
