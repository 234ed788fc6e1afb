/* locks.c: locks on ranges that belong to the open file. */
#include "../posix/internal.h"

#include <fcntl.h>

int weir_range_operation(int descriptor, bool wait, struct flock *range) {
    return fcntl(descriptor, wait ? F_OFD_SETLKW : F_OFD_SETLK, range);
}
