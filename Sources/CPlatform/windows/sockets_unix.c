/* sockets_unix.c: the paths that Unix-domain listeners bind.
 *
 * A bound path is a reparse point. It stays when its process dies, and has to go before it can be bound again: when
 * nobody answers there for a while, since a listener is silent too between bind and listen. The file is opened first,
 * then asked for an answer, then removed through that handle. So of two processes that come upon the same dead path,
 * the second cannot remove what the first has bound meanwhile. */
#include "sockets.h"

#include <stdlib.h>
#include <string.h>

#ifndef IO_REPARSE_TAG_AF_UNIX
#define IO_REPARSE_TAG_AF_UNIX 0x80000023L
#endif

/* From newer headers, under names of our own. */
#define DISPOSITION_CLASS ((FILE_INFO_BY_HANDLE_CLASS)21) /* FileDispositionInfoEx */
#define DISPOSITION_DELETE 0x01u
#define DISPOSITION_POSIX 0x02u

/* How often a path that others remove and bind at the same time is tried. */
#define BIND_TRIES 8

typedef struct {
    DWORD volume;
    uint64_t index;
} identity;

/* A path that a listener of this process bound, kept until the listener closes. */
typedef struct bound_path {
    struct bound_path *next;
    SOCKET listener;
    identity file;
    wchar_t *path;
} bound_path;

static SRWLOCK bound_lock = SRWLOCK_INIT;
static bound_path *bound_paths;

/* ---- the file ---- */

static wchar_t *path_of(const platform_address *address) {
    struct sockaddr_un native = weir_unix_of(address);
    return weir_path(native.sun_path);
}

static HANDLE open_path(const wchar_t *path, DWORD access) {
    const DWORD flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
    return CreateFileW(path, access | FILE_READ_ATTRIBUTES, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, flags, NULL);
}

static bool is_socket(HANDLE file) {
    FILE_ATTRIBUTE_TAG_INFO tag;
    if (!GetFileInformationByHandleEx(file, FileAttributeTagInfo, &tag, sizeof tag)) return false;
    return (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) && tag.ReparseTag == (DWORD)IO_REPARSE_TAG_AF_UNIX;
}

static bool identify(HANDLE file, identity *found) {
    BY_HANDLE_FILE_INFORMATION native;
    if (!GetFileInformationByHandle(file, &native)) return false;
    found->volume = native.dwVolumeSerialNumber;
    found->index = (uint64_t)native.nFileIndexHigh << 32 | native.nFileIndexLow;
    return true;
}

static void remove_open(HANDLE file) {
    DWORD request = DISPOSITION_DELETE | DISPOSITION_POSIX;
    if (SetFileInformationByHandle(file, DISPOSITION_CLASS, &request, sizeof request)) return;
    FILE_DISPOSITION_INFO classic = {TRUE};
    SetFileInformationByHandle(file, FileDispositionInfo, &classic, sizeof classic);
}

bool weir_unix_path_is_missing(const platform_address *address) {
    wchar_t *path = path_of(address);
    if (path == NULL) return false;
    HANDLE file = open_path(path, 0);
    DWORD code = file == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    if (file != INVALID_HANDLE_VALUE) CloseHandle(file);
    free(path);
    return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
}

/* ---- taking over what a dead process left ---- */

#define KNOCKS 3
#define KNOCK_PAUSE (5 * WEIR_MILLISECOND)

static platform_status knock(const platform_address *address) {
    platform_socket socket;
    bool pending;
    platform_status status = platform_connect(address, &socket, &pending);
    if (status == PLATFORM_OK) platform_socket_close(socket, true);
    return status;
}

/* OK: nobody listens there. ADDRESS_IN_USE: somebody does, or may. */
static platform_status ask_for_answer(const platform_address *address) {
    platform_status status = knock(address);
    for (int knocks = 1; knocks < KNOCKS && status == PLATFORM_REFUSED; knocks++) {
        platform_sleep_until(platform_monotonic() + KNOCK_PAUSE);
        status = knock(address);
    }
    return status == PLATFORM_REFUSED || status == PLATFORM_NOT_FOUND ? PLATFORM_OK : weir_fail(WSAEADDRINUSE);
}

/* OK when the path may be tried again. */
static platform_status clear_path(const platform_address *address) {
    wchar_t *path = path_of(address);
    if (path == NULL) return weir_failed();
    HANDLE file = open_path(path, DELETE);
    DWORD code = file == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    free(path);
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_DELETE_PENDING) return PLATFORM_OK;
    if (code != ERROR_SUCCESS) return weir_fail(WSAEADDRINUSE);
    platform_status status = is_socket(file) ? ask_for_answer(address) : weir_fail(ERROR_FILE_EXISTS);
    if (status == PLATFORM_OK) remove_open(file);
    CloseHandle(file);
    return status;
}

/* ---- listening ---- */

static platform_status bind_path(SOCKET socket, const platform_address *address) {
    platform_status status = PLATFORM_OK;
    for (int tries = 0; tries < BIND_TRIES; tries++) {
        if (bind(socket, weir_sockaddr(address), (int)address->length) == 0) return PLATFORM_OK;
        status = weir_fail_socket();
        if (status != PLATFORM_ADDRESS_IN_USE) return status;
        status = clear_path(address);
        if (status != PLATFORM_OK) return status;
    }
    return weir_fail(WSAEADDRINUSE);
}

/* From now on weir_forget_unix_path knows the listener. Without memory its path stays, as if the process had died. */
static void remember(SOCKET listener, const platform_address *address) {
    bound_path *made = malloc(sizeof *made);
    wchar_t *path = path_of(address);
    HANDLE file = path == NULL ? INVALID_HANDLE_VALUE : open_path(path, 0);
    bool known = made != NULL && file != INVALID_HANDLE_VALUE && identify(file, &made->file);
    if (file != INVALID_HANDLE_VALUE) CloseHandle(file);
    if (!known) {
        free(path);
        free(made);
        return;
    }
    made->listener = listener;
    made->path = path;
    AcquireSRWLockExclusive(&bound_lock);
    made->next = bound_paths;
    bound_paths = made;
    ReleaseSRWLockExclusive(&bound_lock);
}

static bound_path *take_bound(SOCKET listener) {
    AcquireSRWLockExclusive(&bound_lock);
    bound_path **link = &bound_paths;
    while (*link != NULL && (*link)->listener != listener) link = &(*link)->next;
    bound_path *found = *link;
    if (found != NULL) *link = found->next;
    ReleaseSRWLockExclusive(&bound_lock);
    return found;
}

void weir_forget_unix_path(SOCKET listener) {
    bound_path *bound = take_bound(listener);
    if (bound == NULL) return;
    HANDLE file = open_path(bound->path, DELETE);
    if (file != INVALID_HANDLE_VALUE) {
        identity now;
        bool ours = identify(file, &now) && now.volume == bound->file.volume && now.index == bound->file.index;
        if (ours) remove_open(file);
        CloseHandle(file);
    }
    free(bound->path);
    free(bound);
}

platform_status weir_listen_unix(const platform_address *address, int backlog, platform_socket *listener) {
    SOCKET socket = weir_socket_open(AF_UNIX);
    if (socket == INVALID_SOCKET) return weir_failed();
    platform_status status = bind_path(socket, address);
    if (status == PLATFORM_OK) remember(socket, address);
    if (status == PLATFORM_OK && listen(socket, backlog) != 0) {
        status = weir_fail_socket();
        weir_forget_unix_path(socket);
    }
    if (status != PLATFORM_OK) {
        closesocket(socket);
        return status;
    }
    *listener = weir_socket_number(socket);
    return PLATFORM_OK;
}
