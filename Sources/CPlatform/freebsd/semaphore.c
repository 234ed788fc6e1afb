/* semaphore.c: posting without a system call: the count is in shared memory. */
#include "../posix/semaphore.h"

void platform_semaphore_post_if_zero(platform_semaphore *semaphore) {
    int value = 0;
    if (sem_getvalue(semaphore->native, &value) == 0 && value <= 0) sem_post(semaphore->native);
}
