/* locks.c: whole-file locks with flock. Locks on ranges are each system's own. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <sys/file.h>

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
