/* names.c: what is done to the names of files, and directories. Publishing is each system's own. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_directory(const char *path) {
    struct stat description;
    return lstat(path, &description) == 0 && S_ISDIR(description.st_mode);
}

platform_status platform_remove(const char *path) {
    if (unlink(path) == 0) return PLATFORM_OK;
    int code = errno;
    /* POSIX says EPERM for a directory, Linux EISDIR. */
    if (code == EPERM && is_directory(path)) code = EISDIR;
    return weir_fail(code);
}

platform_status platform_replace(const char *from, const char *to) {
    return rename(from, to) == 0 ? PLATFORM_OK : weir_fail(errno);
}

platform_status weir_publish_by_link(const char *from, const char *to) {
    if (link(from, to) != 0) return weir_fail(errno);
    /* `to` is complete from here on; at worst the file keeps its old name as well. */
    return unlink(from) == 0 ? PLATFORM_OK : weir_fail(errno);
}

/* mkdir, content with a directory that is there. */
static int make_one(const char *path, mode_t mode) {
    if (mkdir(path, mode) == 0) return 0;
    int code = errno;
    if (code != EEXIST && code != EISDIR && code != EROFS && code != EACCES) return code;
    struct stat description;
    if (stat(path, &description) != 0) return code;
    return S_ISDIR(description.st_mode) ? 0 : ENOTDIR;
}

platform_status platform_make_directories(const char *path, bool private_to_user) {
    mode_t mode = private_to_user ? 0700 : 0777;
    int code = make_one(path, mode);
    if (code != ENOENT || *path == 0) return code == 0 ? PLATFORM_OK : weir_fail(code);

    char *copy = strdup(path);
    if (copy == NULL) return weir_fail(ENOMEM);
    code = 0;
    for (char *at = copy + 1; code == 0 && *at != 0; at++) {
        if (*at != '/' || at[-1] == '/') continue;
        *at = 0;
        code = make_one(copy, mode);
        *at = '/';
    }
    if (code == 0) code = make_one(path, mode);
    free(copy);
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}

platform_status platform_remove_directory(const char *path) {
    if (rmdir(path) == 0) return PLATFORM_OK;
    return weir_fail(errno == EEXIST ? ENOTEMPTY : errno);
}

platform_status platform_directory_sync(const char *path) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return weir_fail(errno);
    platform_status status = weir_sync_descriptor(descriptor);
    close(descriptor);
    return status;
}

platform_status platform_set_permissions(const char *path, uint32_t permissions) {
    return chmod(path, (mode_t)(permissions & 0777)) == 0 ? PLATFORM_OK : weir_fail(errno);
}

struct platform_directory {
    DIR *stream;
};

platform_status platform_directory_open(const char *path, platform_directory **directory) {
    platform_directory *made = malloc(sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    made->stream = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (made->stream == NULL) {
        int code = errno;
        if (descriptor >= 0) close(descriptor);
        free(made);
        return weir_fail(code);
    }
    *directory = made;
    return PLATFORM_OK;
}

platform_status platform_directory_next(platform_directory *directory, const char **name) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(directory->stream);
        if (entry == NULL) {
            if (errno != 0) return weir_fail(errno);
            *name = NULL;
            return PLATFORM_OK;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        *name = entry->d_name;
        return PLATFORM_OK;
    }
}

void platform_directory_close(platform_directory *directory) {
    closedir(directory->stream);
    free(directory);
}

bool platform_is_separator(char character) { return character == '/'; }
char platform_separator(void) { return '/'; }
