/* semaphore.c: named semaphores, for programs that know nothing better. Posting is each system's own. */
#include "semaphore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CAPACITY 256

/* "/name"; false when it cannot be the name of a semaphore anywhere. */
static bool semaphore_name(const char *name, char text[NAME_CAPACITY]) {
    if (*name == 0 || strchr(name, '/') != NULL) return false;
    return snprintf(text, NAME_CAPACITY, "/%s", name) < NAME_CAPACITY;
}

static platform_status semaphore_failure(int code) {
    /* Too long for this system is no mistake of the caller: there is no such semaphore here. */
    return weir_fail(code == ENAMETOOLONG ? ENOTSUP : code);
}

platform_status platform_semaphore_open(const char *name, bool create, platform_semaphore **semaphore) {
    char text[NAME_CAPACITY];
    if (!semaphore_name(name, text)) return weir_fail(strchr(name, '/') || *name == 0 ? EINVAL : ENOTSUP);
    platform_semaphore *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    do made->native = sem_open(text, create ? O_CREAT : 0, (mode_t)0600, 0u);
    while (made->native == SEM_FAILED && errno == EINTR);
    if (made->native == SEM_FAILED) {
        int code = errno;
        free(made);
        return semaphore_failure(code);
    }
    *semaphore = made;
    return PLATFORM_OK;
}

void platform_semaphore_close(platform_semaphore *semaphore) {
    sem_close(semaphore->native);
    free(semaphore);
}

bool platform_semaphore_try_take(platform_semaphore *semaphore) {
    int result;
    do result = sem_trywait(semaphore->native);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

platform_status platform_semaphore_unlink(const char *name) {
    char text[NAME_CAPACITY];
    if (!semaphore_name(name, text)) return weir_fail(EINVAL);
    return sem_unlink(text) == 0 ? PLATFORM_OK : semaphore_failure(errno);
}
