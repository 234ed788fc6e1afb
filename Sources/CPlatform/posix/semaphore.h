/* semaphore.h: what posix/semaphore.c and the systems' own posting share. */
#ifndef WEIR_POSIX_SEMAPHORE_H
#define WEIR_POSIX_SEMAPHORE_H

#include "internal.h"

#include <semaphore.h>

struct platform_semaphore {
    sem_t *native;
};

#endif
