/* files.c: open files, read and written by position or in sequence. */
#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64

#include "internal.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* macOS refuses a transfer of 2 GiB or more; Linux cuts it. */
#define TRANSFER_MAXIMUM ((size_t)1 << 30)

static size_t transfer_size(size_t length) { return length < TRANSFER_MAXIMUM ? length : TRANSFER_MAXIMUM; }

/* A process that was started with a standard stream closed would get its number for a file, and then write its output into
 * that file. */
static int above_standard_streams(int descriptor) {
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int code = errno;
    close(descriptor);
    errno = code;
    return moved;
}

platform_status platform_file_open(const char *path, uint32_t flags, platform_handle *file) {
    static const int access_modes[4] = {O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR};
    int native = access_modes[flags & (PLATFORM_READ | PLATFORM_WRITE)] | O_CLOEXEC | O_NOCTTY;
    uint32_t only_to_write = PLATFORM_TRUNCATE | PLATFORM_APPEND;
    if ((flags & (PLATFORM_READ | PLATFORM_WRITE)) == 0) return weir_fail(EINVAL);
    if ((flags & only_to_write) && !(flags & PLATFORM_WRITE)) return weir_fail(EINVAL);
    if (flags & PLATFORM_CREATE) native |= O_CREAT;
    if (flags & PLATFORM_EXCLUSIVE) native |= O_EXCL;
    if (flags & PLATFORM_TRUNCATE) native |= O_TRUNC;
    if (flags & PLATFORM_APPEND) native |= O_APPEND;
    mode_t mode = flags & PLATFORM_PRIVATE ? 0600 : 0666;

    int descriptor;
    do descriptor = open(path, native, mode);
    while (descriptor < 0 && errno == EINTR);
    if (descriptor >= 0 && descriptor <= STDERR_FILENO) descriptor = above_standard_streams(descriptor);
    if (descriptor < 0) return weir_fail(errno);

    /* Reading a directory can be opened for here, and only the first read would fail. */
    struct stat description;
    int code = fstat(descriptor, &description) != 0 ? errno : S_ISDIR(description.st_mode) ? EISDIR : 0;
    if (code != 0) {
        close(descriptor);
        return weir_fail(code);
    }
    *file = descriptor;
    return PLATFORM_OK;
}

void platform_file_close(platform_handle file) {
    /* Not tried again after EINTR: the descriptor is gone then, and its number may be somebody else's. */
    if (file != PLATFORM_NO_HANDLE) close(weir_descriptor(file));
}

/* Whoever shares a standard stream with us may have made it non-blocking: then wait for it. */
static bool interrupted(int descriptor, short events) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    struct pollfd ready = {descriptor, events, 0};
    poll(&ready, 1, -1);
    return true;
}

platform_status platform_file_read(platform_handle file, void *buffer, size_t length, size_t *got) {
    int descriptor = weir_descriptor(file);
    ssize_t count;
    do count = read(descriptor, buffer, transfer_size(length));
    while (count < 0 && interrupted(descriptor, POLLIN));
    if (count < 0) return weir_fail(errno);
    *got = (size_t)count;
    return PLATFORM_OK;
}

platform_status platform_file_write(platform_handle file, const void *buffer, size_t length) {
    int descriptor = weir_descriptor(file);
    const uint8_t *next = buffer;
    while (length > 0) {
        ssize_t count = write(descriptor, next, transfer_size(length));
        if (count < 0) {
            if (interrupted(descriptor, POLLOUT)) continue;
            return weir_fail(errno);
        }
        next += count;
        length -= (size_t)count;
    }
    return PLATFORM_OK;
}

platform_status platform_file_read_at(platform_handle file, uint64_t offset, void *buffer, size_t length, size_t *got) {
    int descriptor = weir_descriptor(file);
    uint8_t *next = buffer;
    size_t rest = length;
    while (rest > 0) {
        ssize_t count = pread(descriptor, next, transfer_size(rest), (off_t)offset);
        if (count < 0) {
            if (errno == EINTR) continue;
            return weir_fail(errno);
        }
        if (count == 0) break;
        next += count;
        offset += (uint64_t)count;
        rest -= (size_t)count;
    }
    *got = length - rest;
    return PLATFORM_OK;
}

platform_status weir_write_all_at(int descriptor, uint64_t offset, const void *buffer, size_t length) {
    const uint8_t *next = buffer;
    while (length > 0) {
        ssize_t count = pwrite(descriptor, next, transfer_size(length), (off_t)offset);
        if (count < 0) {
            if (errno == EINTR) continue;
            return weir_fail(errno);
        }
        next += count;
        offset += (uint64_t)count;
        length -= (size_t)count;
    }
    return PLATFORM_OK;
}

platform_status platform_file_write_at(platform_handle file, uint64_t offset, const void *buffer, size_t length) {
    return weir_write_all_at(weir_descriptor(file), offset, buffer, length);
}

platform_status platform_file_set_size(platform_handle file, uint64_t size) {
    int result;
    if (size > INT64_MAX) return weir_fail(EFBIG);
    do result = ftruncate(weir_descriptor(file), (off_t)size);
    while (result != 0 && errno == EINTR);
    return result == 0 ? PLATFORM_OK : weir_fail(errno);
}

platform_status weir_fill_to(int descriptor, uint64_t from, uint64_t size) {
    static const uint8_t zeros[65536];
    uint64_t at = from;
    while (at < size) {
        size_t chunk = size - at < sizeof zeros ? (size_t)(size - at) : sizeof zeros;
        platform_status status = weir_write_all_at(descriptor, at, zeros, chunk);
        if (status != PLATFORM_OK) {
            int32_t code = platform_system_code();
            if (ftruncate(descriptor, (off_t)from) != 0) return weir_fail(errno);
            return weir_fail(code);
        }
        at += chunk;
    }
    return PLATFORM_OK;
}

platform_status platform_file_sync(platform_handle file) { return weir_sync_descriptor(weir_descriptor(file)); }

static uint32_t kind_of(mode_t mode) {
    if (S_ISREG(mode)) return PLATFORM_KIND_FILE;
    if (S_ISDIR(mode)) return PLATFORM_KIND_DIRECTORY;
    if (S_ISFIFO(mode)) return PLATFORM_KIND_PIPE;
    return PLATFORM_KIND_OTHER;
}

static void fill_info(const struct stat *description, platform_file_info *info) {
    memset(info, 0, sizeof *info);
    info->size = (uint64_t)description->st_size;
    info->modified = weir_modified(description);
    info->volume = (uint64_t)description->st_dev;
    info->index = (uint64_t)description->st_ino;
    info->links = (uint64_t)description->st_nlink;
    info->kind = kind_of(description->st_mode);
    info->permissions = (uint32_t)(description->st_mode & 0777);
}

platform_status platform_file_describe(platform_handle file, platform_file_info *info) {
    struct stat description;
    if (fstat(weir_descriptor(file), &description) != 0) return weir_fail(errno);
    fill_info(&description, info);
    return PLATFORM_OK;
}

platform_status platform_path_describe(const char *path, platform_file_info *info) {
    struct stat description;
    if (stat(path, &description) != 0) return weir_fail(errno);
    fill_info(&description, info);
    return PLATFORM_OK;
}
