/* names.c: publishing by a second name and the removal of the first. */
#include "../posix/internal.h"

platform_status platform_publish(const char *from, const char *to) { return weir_publish_by_link(from, to); }
