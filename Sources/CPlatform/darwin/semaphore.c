/* semaphore.c: posting where a semaphore does not tell its count: what can be taken is put back. */
#include "../posix/semaphore.h"

void platform_semaphore_post_if_zero(platform_semaphore *semaphore) {
    platform_semaphore_try_take(semaphore);
    sem_post(semaphore->native);
}
