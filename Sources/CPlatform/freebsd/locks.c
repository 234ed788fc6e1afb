/* locks.c: there are no locks on ranges that belong to the open file. Record locks belong to the process and are
 * dropped when any of its handles to the file closes: nothing could be built on them, so there are none. */
#include "../posix/internal.h"

int weir_range_operation(int descriptor, bool wait, struct flock *range) {
    (void)descriptor, (void)wait, (void)range;
    errno = ENOTSUP;
    return -1;
}
