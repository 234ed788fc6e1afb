/* child.c: what starting a process asks of the kernel beyond POSIX. */
#include "../posix/internal.h"

#include <fcntl.h>
#include <libproc.h>
#include <unistd.h>

/* Moves a descriptor above the standard streams and closes it on exec; -1 with errno. */
static int moved(int descriptor) {
    int result = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int code = errno;
    close(descriptor);
    errno = code;
    return result;
}

int weir_pipe(int ends[2]) {
    /* There is no pipe2: a child started meanwhile by other means could inherit these. Ours closes what it does not
     * know. */
    if (pipe(ends) != 0) return -1;
    ends[0] = moved(ends[0]);
    ends[1] = moved(ends[1]);
    if (ends[0] >= 0 && ends[1] >= 0) return 0;
    int code = errno;
    if (ends[0] >= 0) close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    errno = code;
    return -1;
}

void weir_close_on_exec_from(int first) {
    struct proc_fdinfo open_files[512];
    int bytes = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, open_files, (int)sizeof open_files);
    if (bytes > 0 && (size_t)bytes < sizeof open_files) {
        for (size_t index = 0; index < (size_t)bytes / sizeof open_files[0]; index++) {
            if (open_files[index].proc_fd >= first) fcntl(open_files[index].proc_fd, F_SETFD, FD_CLOEXEC);
        }
        return;
    }
    int limit = getdtablesize();
    for (int descriptor = first; descriptor < limit; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}
