/* status.c: error codes of Windows as a platform_status, and the texts that go with them. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local int32_t last_code;

static platform_status status_of(DWORD code) {
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_ENVVAR_NOT_FOUND:
    case ERROR_NOT_FOUND:
    case WSAHOST_NOT_FOUND:
    case WSANO_DATA: return PLATFORM_NOT_FOUND;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return PLATFORM_EXISTS;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
    case WSAEACCES:
    case ERROR_PRIVILEGE_NOT_HELD: return PLATFORM_PERMISSION;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
    case ERROR_DELETE_PENDING:
    case ERROR_PIPE_BUSY:
    case ERROR_BUSY: return PLATFORM_BUSY;
    case ERROR_TIMEOUT:
    case WAIT_TIMEOUT:
    case ERROR_SEM_TIMEOUT:
    case WSAETIMEDOUT:
    case WSATRY_AGAIN: return PLATFORM_TIMED_OUT;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_DISK_QUOTA_EXCEEDED:
    case ERROR_FILE_TOO_LARGE: return PLATFORM_NO_SPACE;
    case ERROR_DIRECTORY_NOT_SUPPORTED: return PLATFORM_IS_DIRECTORY;
    case ERROR_DIRECTORY: return PLATFORM_NOT_DIRECTORY;
    case ERROR_DIR_NOT_EMPTY: return PLATFORM_NOT_EMPTY;
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_BUFFER_OVERFLOW: return PLATFORM_NAME_TOO_LONG;
    case ERROR_INVALID_PARAMETER:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_INVALID_HANDLE:
    case ERROR_NEGATIVE_SEEK:
    case ERROR_NO_UNICODE_TRANSLATION:
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_BAD_LENGTH:
    case ERROR_NOT_SAME_DEVICE:
    case ERROR_FILE_INVALID:
    case WSAENOTSOCK:
    case WSAEBADF:
    case WSAEINVAL:
    case WSAEFAULT:
    case WSAEDESTADDRREQ:
    case WSAEISCONN: return PLATFORM_INVALID;
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
    case WSAESHUTDOWN:
    case WSAENOTCONN: return PLATFORM_CLOSED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT: return PLATFORM_NO_MEMORY;
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NO_PROC_SLOTS:
    case ERROR_MAX_THRDS_REACHED:
    case ERROR_TOO_MANY_LINKS:
    case WSAEMFILE:
    case WSAENOBUFS:
    case WSAEPROCLIM: return PLATFORM_LIMIT;
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED:
    case ERROR_INVALID_FUNCTION:
    case WSAEAFNOSUPPORT:
    case WSAEPFNOSUPPORT:
    case WSAEPROTONOSUPPORT:
    case WSAEPROTOTYPE:
    case WSAESOCKTNOSUPPORT:
    case WSAEOPNOTSUPP:
    case WSAENOPROTOOPT:
    case WSAVERNOTSUPPORTED:
    case WSASYSNOTREADY: return PLATFORM_UNSUPPORTED;
    case ERROR_INSUFFICIENT_BUFFER: return PLATFORM_BUFFER_TOO_SMALL;
    case WSAEWOULDBLOCK:
    case WSAEINPROGRESS:
    case WSAEALREADY: return PLATFORM_WOULD_BLOCK;
    case WSAECONNREFUSED:
    case ERROR_CONNECTION_REFUSED: return PLATFORM_REFUSED;
    case WSAECONNRESET:
    case WSAECONNABORTED:
    case WSAENETRESET:
    case ERROR_NETNAME_DELETED:
    case ERROR_CONNECTION_ABORTED: return PLATFORM_RESET;
    case WSAENETUNREACH:
    case WSAEHOSTUNREACH:
    case WSAENETDOWN:
    case WSAEHOSTDOWN:
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_HOST_UNREACHABLE: return PLATFORM_UNREACHABLE;
    case WSAEADDRINUSE: return PLATFORM_ADDRESS_IN_USE;
    case WSAEADDRNOTAVAIL: return PLATFORM_ADDRESS_NOT_AVAILABLE;
    default: return PLATFORM_IO;
    }
}

platform_status weir_fail(DWORD code) {
    last_code = (int32_t)code;
    return status_of(code);
}

platform_status weir_fail_last(void) { return weir_fail(GetLastError()); }
platform_status weir_failed(void) { return status_of((DWORD)last_code); }

/* Does the path lead through a file as if that were a directory? Asked after "path not found" only. */
static bool leads_through_file(const wchar_t *path) {
    wchar_t *copy = _wcsdup(path);
    if (copy == NULL) return false;
    bool through_file = false;
    for (wchar_t *end = wcsrchr(copy, L'\\'); end != NULL; end = wcsrchr(copy, L'\\')) {
        *end = 0;
        DWORD attributes = GetFileAttributesW(copy);
        if (attributes == INVALID_FILE_ATTRIBUTES) continue;
        through_file = (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
        break;
    }
    free(copy);
    return through_file;
}

platform_status weir_fail_path(const wchar_t *path, DWORD code) {
    bool not_found = code == ERROR_PATH_NOT_FOUND || code == ERROR_FILE_NOT_FOUND;
    if (not_found && leads_through_file(path)) code = ERROR_DIRECTORY;
    if (code == ERROR_ACCESS_DENIED && weir_is_directory(path)) code = ERROR_DIRECTORY_NOT_SUPPORTED;
    return weir_fail(code);
}

int32_t platform_system_code(void) { return last_code; }

size_t platform_system_message(int32_t code, char *buffer, size_t capacity) {
    wchar_t wide[512];
    if (capacity == 0) return 0;
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    DWORD count = FormatMessageW(flags, NULL, (DWORD)code, 0, wide, sizeof wide / sizeof wide[0], NULL);
    while (count > 0 && (wide[count - 1] == L' ' || wide[count - 1] == L'.' || wide[count - 1] < L' ')) count--;
    char *text = count > 0 ? weir_narrow(wide, count) : NULL;
    const char *message = text != NULL ? text : "Unknown error";
    size_t length = strlen(message);
    if (length > capacity - 1) {
        length = capacity - 1;
        while (length > 0 && ((unsigned char)message[length] & 0xC0) == 0x80) length--;
    }
    memcpy(buffer, message, length);
    buffer[length] = 0;
    free(text);
    return length;
}
