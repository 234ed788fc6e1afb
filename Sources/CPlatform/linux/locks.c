/* locks.c: locks on ranges that belong to the open file, as flock's do (open file description locks). */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include "../posix/internal.h"

#include <fcntl.h>
#include <unistd.h>

static int range_operation(int descriptor, int command, uint64_t offset, uint64_t length, short type) {
    if (length == 0 || offset > INT64_MAX) return EINVAL;
    struct flock range = {0};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = (off_t)offset;
    /* 0 means to the end of all offsets: what does not fit below that end is cut there. */
    range.l_len = length > (uint64_t)INT64_MAX - offset ? 0 : (off_t)length;
    int result;
    do result = fcntl(descriptor, command, &range);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

platform_status platform_lock_range(platform_handle file, uint64_t offset, uint64_t length, uint32_t mode,
                                    int64_t deadline) {
    int descriptor = weir_descriptor(file);
    if (mode != PLATFORM_LOCK_SHARED && mode != PLATFORM_LOCK_EXCLUSIVE) return weir_fail(EINVAL);
    short type = mode == PLATFORM_LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK;

    if (deadline == PLATFORM_FOREVER) {
        int code = range_operation(descriptor, F_OFD_SETLKW, offset, length, type);
        return code == 0 ? PLATFORM_OK : weir_fail(code);
    }
    weir_backoff backoff = {WEIR_BACKOFF_START};
    for (;;) {
        int code = range_operation(descriptor, F_OFD_SETLK, offset, length, type);
        if (code == 0) return PLATFORM_OK;
        if (code != EAGAIN && code != EACCES) return weir_fail(code);
        if (deadline == PLATFORM_NO_WAIT) return weir_fail(EAGAIN);
        if (!weir_backoff_sleep(&backoff, deadline)) return weir_fail(ETIMEDOUT);
    }
}

platform_status platform_unlock_range(platform_handle file, uint64_t offset, uint64_t length) {
    int code = range_operation(weir_descriptor(file), F_OFD_SETLK, offset, length, F_UNLCK);
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}
