/* locks.c: locks on ranges that belong to the open file, as those of flock do (open file description locks). */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include "../posix/internal.h"

#include <fcntl.h>

int weir_range_operation(int descriptor, bool wait, struct flock *range) {
    return fcntl(descriptor, wait ? F_OFD_SETLKW : F_OFD_SETLK, range);
}
