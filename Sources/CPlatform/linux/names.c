/* names.c: publishing in one step. */
#define _GNU_SOURCE

#include "../posix/internal.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_REPLACE 1u /* RENAME_NOREPLACE, which only newer headers name */

platform_status platform_publish(const char *from, const char *to) {
    /* By number: musl has no function for it before 1.2.4. */
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, NO_REPLACE) == 0) return PLATFORM_OK;
    /* Some file systems know no flags and say EINVAL; a mistake of the caller fails again in link, with its own
     * name. */
    if (errno != EINVAL && errno != ENOSYS) return weir_fail(errno);
    return weir_publish_by_link(from, to);
}
