/* listen.c: listeners, and the names of Unix-domain ones.
 *
 * A Unix-domain socket outlives its process as a file on which nobody answers. A name is taken over only when a
 * connection to it is refused; but it is also refused in the moment between another's bind and listen. So we do the
 * two, and take names over, under the lock of the directory, and nobody who does the same sees the moment. The lock is
 * advice: where it cannot be had within a second, we go on without.
 *
 * A listener keeps its inode alive, so that the number of the file tells whether a name is still ours. */
#define _DEFAULT_SOURCE

#include "sockets.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct bound_name {
    struct bound_name *next;
    int socket;
    dev_t device;
    ino_t index;
    char path[sizeof(struct sockaddr_un)];
} bound_name;

static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;
static bound_name *bound_names;

/* ---- names that are taken ---- */

static void path_of(const platform_address *address, char path[sizeof(struct sockaddr_un)]) {
    struct sockaddr_un native;
    memset(&native, 0, sizeof native);
    memcpy(&native, address->native, address->length < sizeof native ? address->length : sizeof native);
    memset(path, 0, sizeof native);
    memcpy(path, native.sun_path, sizeof native.sun_path);
}

/* The code of a connection that was tried; 0 if it was made. */
static int knock_once(const platform_address *address) {
    int socket = weir_socket_make(AF_UNIX);
    if (socket < 0) return errno;
    int code = connect(socket, weir_native_of(address), (socklen_t)address->length) == 0 ? 0 : errno;
    close(socket);
    return code;
}

/* Refused only if it is refused for a while: others do not take our lock between bind and listen, and on the BSDs a
 * listener whose queue is full refuses too. */
static int knock(const platform_address *address) {
    int code = knock_once(address);
    for (int again = 0; again < 2 && code == ECONNREFUSED; again++) {
        platform_sleep_until(platform_monotonic() + 5 * WEIR_SECOND / 1000);
        code = knock_once(address);
    }
    return code;
}

static bool is_same_file(const struct stat *one, const struct stat *other) {
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Removes the socket of a process that died. OK when the name may be tried again. */
static platform_status take_over(const platform_address *address, const char *path) {
    struct stat before, after;
    if (lstat(path, &before) != 0) return errno == ENOENT ? PLATFORM_OK : weir_fail(errno);
    if (!S_ISSOCK(before.st_mode)) return weir_fail(EEXIST);
    int code = knock(address);
    if (code == ENOENT) return PLATFORM_OK;
    if (code == EACCES || code == EPERM || code == EMFILE || code == ENFILE) return weir_fail(code);
    if (code != ECONNREFUSED) return weir_fail(EADDRINUSE);
    if (lstat(path, &after) != 0) return errno == ENOENT ? PLATFORM_OK : weir_fail(errno);
    if (!is_same_file(&before, &after)) return weir_fail(EADDRINUSE);
    return unlink(path) == 0 || errno == ENOENT ? PLATFORM_OK : weir_fail(errno);
}

static int lock_directory_of(const char *path) {
    char directory[sizeof(struct sockaddr_un)] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        size_t length = slash > path ? (size_t)(slash - path) : 1;
        memcpy(directory, path, length);
        directory[length] = 0;
    }
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) platform_lock(descriptor, PLATFORM_LOCK_EXCLUSIVE, platform_monotonic() + WEIR_SECOND);
    return descriptor;
}

/* ---- names of ours ---- */

/* Takes ownership of `name`. */
static void remember(bound_name *name, int socket, const struct stat *description) {
    name->socket = socket;
    name->device = description->st_dev;
    name->index = description->st_ino;
    pthread_mutex_lock(&names_mutex);
    name->next = bound_names;
    bound_names = name;
    pthread_mutex_unlock(&names_mutex);
}

static bound_name *forget(int socket) {
    pthread_mutex_lock(&names_mutex);
    bound_name **link = &bound_names;
    while (*link != NULL && (*link)->socket != socket) link = &(*link)->next;
    bound_name *found = *link;
    if (found != NULL) *link = found->next;
    pthread_mutex_unlock(&names_mutex);
    return found;
}

void platform_listener_close(platform_socket listener) {
    bound_name *name = forget(weir_socket(listener));
    struct stat description;
    /* While the socket is open, its number cannot be given to another file. */
    if (name != NULL && lstat(name->path, &description) == 0 && description.st_dev == name->device &&
        description.st_ino == name->index) {
        unlink(name->path);
    }
    close(weir_socket(listener));
    free(name);
}

/* ---- listening ---- */

static int bind_and_listen(int socket, const platform_address *address, uint32_t backlog) {
    if (bind(socket, weir_native_of(address), (socklen_t)address->length) != 0) return errno;
    int limited = backlog < 1 ? 1 : backlog < INT_MAX ? (int)backlog : INT_MAX;
    return listen(socket, limited) == 0 ? 0 : errno;
}

static platform_status listen_at(const platform_address *address, uint32_t backlog, platform_socket *listener) {
    int socket = weir_socket_for(address);
    if (socket < 0) return weir_fail(errno);
    int on = 1, off = 0;
    if (weir_is_internet(address)) setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (weir_address_is_any_ipv6(address)) setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    int code = bind_and_listen(socket, address, backlog);
    if (code != 0) {
        close(socket);
        return weir_fail(code);
    }
    *listener = socket;
    return PLATFORM_OK;
}

static platform_status listen_on_path(const platform_address *address, const char *path, uint32_t backlog,
                                      platform_socket *listener) {
    /* A second attempt after a removal, and a few more for names that come and go meanwhile. */
    for (int attempt = 0;; attempt++) {
        platform_status status = listen_at(address, backlog, listener);
        if (status != PLATFORM_ADDRESS_IN_USE || attempt == 4) return status;
        status = take_over(address, path);
        if (status != PLATFORM_OK) return status;
    }
}

static platform_status listen_on_unix(const platform_address *address, uint32_t backlog, platform_socket *listener) {
    bound_name *name = calloc(1, sizeof *name);
    struct stat description;
    if (name == NULL) return weir_fail(ENOMEM);
    path_of(address, name->path);
    if (name->path[0] == 0) {
        free(name);
        return listen_at(address, backlog, listener);
    }
    int directory = lock_directory_of(name->path);
    platform_status status = listen_on_path(address, name->path, backlog, listener);
    bool is_there = status == PLATFORM_OK && lstat(name->path, &description) == 0;
    if (directory >= 0) close(directory);
    if (is_there) remember(name, weir_socket(*listener), &description);
    else free(name);
    return status;
}

platform_status platform_listen(const platform_address *address, uint32_t backlog, platform_socket *listener) {
    if (!weir_is_internet(address)) return listen_on_unix(address, backlog, listener);
    platform_status status = listen_at(address, backlog, listener);
    bool lacks_ipv6 = status == PLATFORM_UNSUPPORTED || status == PLATFORM_ADDRESS_NOT_AVAILABLE;
    if (!lacks_ipv6 || !weir_address_is_any_ipv6(address)) return status;
    platform_address any;
    weir_address_ipv4(INADDR_ANY, platform_address_port(address), &any);
    return listen_at(&any, backlog, listener);
}
