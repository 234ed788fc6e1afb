/* names.c: publishing in one step. */
#include "../posix/internal.h"

#include <stdio.h>

platform_status platform_publish(const char *from, const char *to) {
    if (renamex_np(from, to, RENAME_EXCL) == 0) return PLATFORM_OK;
    if (errno != ENOTSUP && errno != EINVAL) return weir_fail(errno);
    return weir_publish_by_link(from, to);
}
