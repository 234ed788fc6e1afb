/* locks.c: locks on the whole file and on ranges, both with LockFileEx.
 *
 * Locks of Windows keep others from reading and writing through handles, not through mapped memory: whoever shares a
 * file under these locks touches it through its mapping, or while holding the lock. */
#include "internal.h"

typedef struct {
    uint64_t offset, length;
} range;

static const range whole_file = {0, UINT64_MAX};

static DWORD lock_once(HANDLE file, range r, DWORD flags) {
    OVERLAPPED position = {0};
    position.Offset = (DWORD)r.offset;
    position.OffsetHigh = (DWORD)(r.offset >> 32);
    if (LockFileEx(file, flags, 0, (DWORD)r.length, (DWORD)(r.length >> 32), &position)) return ERROR_SUCCESS;
    DWORD code = GetLastError();
    return code == ERROR_IO_PENDING ? ERROR_LOCK_VIOLATION : code;
}

static platform_status lock(platform_handle file, range r, uint32_t mode, int64_t deadline) {
    HANDLE handle = weir_handle(file);
    if (mode != PLATFORM_LOCK_SHARED && mode != PLATFORM_LOCK_EXCLUSIVE) return weir_fail(ERROR_INVALID_PARAMETER);
    DWORD flags = mode == PLATFORM_LOCK_EXCLUSIVE ? LOCKFILE_EXCLUSIVE_LOCK : 0;

    if (deadline == PLATFORM_FOREVER) {
        DWORD code = lock_once(handle, r, flags);
        return code == ERROR_SUCCESS ? PLATFORM_OK : weir_fail(code);
    }
    /* Only handles opened for overlapped use could take the lock while we wait for something else as well, and those
     * have no position for reading and writing in sequence: so ask again. */
    weir_backoff backoff = {WEIR_BACKOFF_START};
    for (;;) {
        DWORD code = lock_once(handle, r, flags | LOCKFILE_FAIL_IMMEDIATELY);
        if (code == ERROR_SUCCESS) return PLATFORM_OK;
        if (code != ERROR_LOCK_VIOLATION || deadline == PLATFORM_NO_WAIT) return weir_fail(code);
        if (!weir_backoff_sleep(&backoff, deadline)) return weir_fail(WAIT_TIMEOUT);
    }
}

static platform_status unlock(platform_handle file, range r) {
    OVERLAPPED position = {0};
    position.Offset = (DWORD)r.offset;
    position.OffsetHigh = (DWORD)(r.offset >> 32);
    if (UnlockFileEx(weir_handle(file), 0, (DWORD)r.length, (DWORD)(r.length >> 32), &position)) return PLATFORM_OK;
    DWORD code = GetLastError();
    /* As on other systems, letting go of nothing is no failure. */
    return code == ERROR_NOT_LOCKED ? PLATFORM_OK : weir_fail(code);
}

platform_status platform_lock(platform_handle file, uint32_t mode, int64_t deadline) {
    return lock(file, whole_file, mode, deadline);
}

platform_status platform_unlock(platform_handle file) { return unlock(file, whole_file); }

platform_status platform_lock_range(platform_handle file, uint64_t offset, uint64_t length, uint32_t mode,
                                    int64_t deadline) {
    if (length == 0 || offset > INT64_MAX) return weir_fail(ERROR_INVALID_PARAMETER);
    return lock(file, (range){offset, length}, mode, deadline);
}

platform_status platform_unlock_range(platform_handle file, uint64_t offset, uint64_t length) {
    if (length == 0 || offset > INT64_MAX) return weir_fail(ERROR_INVALID_PARAMETER);
    return unlock(file, (range){offset, length});
}
