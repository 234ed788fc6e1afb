/* process.c: this process as its loader knows it. */
#include "../posix/internal.h"

#include <crt_externs.h>
#include <mach-o/dyld.h>
#include <stdlib.h>
#include <string.h>

/* A dynamic library sees no `environ` here. */
char **weir_environment(void) { return *_NSGetEnviron(); }

platform_status platform_executable_path(char *buffer, size_t capacity, size_t *length) {
    uint32_t room = 0;
    _NSGetExecutablePath(NULL, &room);
    char *text = malloc((size_t)room + 1);
    if (text == NULL) return weir_fail(ENOMEM);
    platform_status status = _NSGetExecutablePath(text, &room) == 0
                                 ? platform_canonical_path(text, buffer, capacity, length)
                                 : weir_fail(ENOENT);
    free(text);
    return status;
}

int32_t platform_argument_count(void) { return *_NSGetArgc(); }

const char *platform_argument(int32_t index) {
    return index >= 0 && index < platform_argument_count() ? (*_NSGetArgv())[index] : NULL;
}
