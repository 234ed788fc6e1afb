/* environment.c: where this process runs, and for whom. Its own path and arguments are each system's own. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

platform_status platform_canonical_path(const char *path, char *buffer, size_t capacity, size_t *length) {
    char *resolved = realpath(path, NULL);
    if (resolved == NULL) return weir_fail(errno);
    platform_status status = weir_text(resolved, strlen(resolved), buffer, capacity, length);
    free(resolved);
    return status;
}

platform_status platform_current_directory(char *buffer, size_t capacity, size_t *length) {
    size_t room = 256;
    for (;;) {
        char *text = malloc(room);
        if (text == NULL) return weir_fail(ENOMEM);
        if (getcwd(text, room) != NULL) {
            platform_status status = weir_text(text, strlen(text), buffer, capacity, length);
            free(text);
            return status;
        }
        int code = errno;
        free(text);
        if (code != ERANGE) return weir_fail(code);
        room *= 2;
    }
}

platform_status platform_home_directory(char *buffer, size_t capacity, size_t *length) {
    const char *home = getenv("HOME");
    if (home != NULL && *home != 0) return weir_text(home, strlen(home), buffer, capacity, length);

    char space[4096];
    struct passwd entry, *found = NULL;
    int code = getpwuid_r(getuid(), &entry, space, sizeof space, &found);
    if (code != 0) return weir_fail(code);
    if (found == NULL || entry.pw_dir == NULL || *entry.pw_dir == 0) return weir_fail(ENOENT);
    return weir_text(entry.pw_dir, strlen(entry.pw_dir), buffer, capacity, length);
}

platform_status platform_temporary_directory(char *buffer, size_t capacity, size_t *length) {
    const char *path = getenv("TMPDIR");
    if (path == NULL || *path == 0) path = "/tmp";
    size_t path_length = strlen(path);
    while (path_length > 1 && path[path_length - 1] == '/') path_length--;
    return weir_text(path, path_length, buffer, capacity, length);
}

platform_status platform_host_name(char *buffer, size_t capacity, size_t *length) {
    char name[256];
    if (gethostname(name, sizeof name) != 0) return weir_fail(errno);
    name[sizeof name - 1] = 0;
    return weir_text(name, strlen(name), buffer, capacity, length);
}

platform_status platform_environment(const char *name, char *buffer, size_t capacity, size_t *length) {
    const char *value = getenv(name);
    if (value == NULL) return weir_fail(ENOENT);
    return weir_text(value, strlen(value), buffer, capacity, length);
}

uint64_t platform_process_id(void) { return (uint64_t)getpid(); }

_Noreturn void platform_exit(int32_t status) { _exit(status); }
