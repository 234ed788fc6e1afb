/* locks.c: whole-file locks with flock, and locks on ranges with whatever each system has that belongs to the open
 * file. */
#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64

#include "internal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- the whole file ---- */

static int lock_operation(int descriptor, int operation) {
    int result;
    do result = flock(descriptor, operation);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

platform_status platform_lock(platform_handle file, uint32_t mode, int64_t deadline) {
    int descriptor = weir_descriptor(file);
    if (mode != PLATFORM_LOCK_SHARED && mode != PLATFORM_LOCK_EXCLUSIVE) return weir_fail(EINVAL);
    int operation = mode == PLATFORM_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH;

    if (deadline == PLATFORM_FOREVER) {
        int code = lock_operation(descriptor, operation);
        return code == 0 ? PLATFORM_OK : weir_fail(code);
    }
    /* flock knows no deadline, and a signal to cut it short would have to be sent to this very thread: so ask again. */
    weir_backoff backoff = {WEIR_BACKOFF_START};
    for (;;) {
        int code = lock_operation(descriptor, operation | LOCK_NB);
        if (code == 0) return PLATFORM_OK;
        if (code != EWOULDBLOCK || deadline == PLATFORM_NO_WAIT) return weir_fail(code);
        if (!weir_backoff_sleep(&backoff, deadline)) return weir_fail(ETIMEDOUT);
    }
}

platform_status platform_unlock(platform_handle file) {
    int code = lock_operation(weir_descriptor(file), LOCK_UN);
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}

/* ---- ranges ---- */

static int range_operation(int descriptor, bool wait, uint64_t offset, uint64_t length, short type) {
    if (length == 0 || offset > INT64_MAX) return EINVAL;
    struct flock range = {0};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = (off_t)offset;
    /* 0 means to the end of all offsets: what does not fit below that end is cut there. */
    range.l_len = length > (uint64_t)INT64_MAX - offset ? 0 : (off_t)length;
    int result;
    do result = weir_range_operation(descriptor, wait, &range);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

platform_status platform_lock_range(platform_handle file, uint64_t offset, uint64_t length, uint32_t mode,
                                    int64_t deadline) {
    int descriptor = weir_descriptor(file);
    if (mode != PLATFORM_LOCK_SHARED && mode != PLATFORM_LOCK_EXCLUSIVE) return weir_fail(EINVAL);
    short type = mode == PLATFORM_LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK;

    if (deadline == PLATFORM_FOREVER) {
        int code = range_operation(descriptor, true, offset, length, type);
        return code == 0 ? PLATFORM_OK : weir_fail(code);
    }
    weir_backoff backoff = {WEIR_BACKOFF_START};
    for (;;) {
        int code = range_operation(descriptor, false, offset, length, type);
        if (code == 0) return PLATFORM_OK;
        if (code != EAGAIN && code != EACCES) return weir_fail(code);
        if (deadline == PLATFORM_NO_WAIT) return weir_fail(EAGAIN);
        if (!weir_backoff_sleep(&backoff, deadline)) return weir_fail(ETIMEDOUT);
    }
}

platform_status platform_unlock_range(platform_handle file, uint64_t offset, uint64_t length) {
    int code = range_operation(weir_descriptor(file), false, offset, length, F_UNLCK);
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}
