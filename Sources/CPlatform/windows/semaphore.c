/* semaphore.c: there is nothing here: the programs that know only POSIX semaphores use none on Windows. */
#include "internal.h"

platform_status platform_semaphore_open(const char *name, bool create, platform_semaphore **semaphore) {
    (void)name, (void)create, (void)semaphore;
    return weir_fail(ERROR_NOT_SUPPORTED);
}

void platform_semaphore_close(platform_semaphore *semaphore) { (void)semaphore; }
void platform_semaphore_post_if_zero(platform_semaphore *semaphore) { (void)semaphore; }

bool platform_semaphore_try_take(platform_semaphore *semaphore) {
    (void)semaphore;
    return false;
}

platform_status platform_semaphore_unlink(const char *name) {
    (void)name;
    return weir_fail(ERROR_NOT_SUPPORTED);
}
