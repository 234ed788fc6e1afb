/* child.c: what starting a process asks of the kernel beyond POSIX. */
#include "../posix/internal.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* From newer headers. */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* Makes sure that a descriptor lies above the standard streams. */
static int above_standard(int descriptor) {
    if (descriptor < 0 || descriptor > 2) return descriptor;
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int code = errno;
    close(descriptor);
    errno = code;
    return moved;
}

int weir_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    ends[0] = above_standard(ends[0]);
    ends[1] = above_standard(ends[1]);
    if (ends[0] >= 0 && ends[1] >= 0) return 0;
    int code = errno;
    if (ends[0] >= 0) close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    errno = code;
    return -1;
}

void weir_close_on_exec_from(int first) {
    if (close_range((unsigned)first, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0) return;
    /* Before FreeBSD 14. */
    long limit = sysconf(_SC_OPEN_MAX);
    for (int descriptor = first; descriptor < limit; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}
