/* status.c: errno as a platform_status, and the texts that go with it. */
#define _DEFAULT_SOURCE /* and not _GNU_SOURCE, with which strerror_r would be another function */

#include "internal.h"

#include <string.h>

static _Thread_local int32_t last_code;

static platform_status status_of(int code) {
    /* Not one switch: some systems give two of these names the same number. */
    if (code == EAGAIN || code == EWOULDBLOCK || code == EBUSY || code == ETXTBSY) return PLATFORM_BUSY;
    if (code == ENOTSUP || code == EOPNOTSUPP || code == ENOSYS || code == EAFNOSUPPORT ||
        code == EPFNOSUPPORT || code == EPROTONOSUPPORT) {
        return PLATFORM_UNSUPPORTED;
    }
    switch (code) {
    case ENOENT: return PLATFORM_NOT_FOUND;
    case EEXIST: return PLATFORM_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return PLATFORM_PERMISSION;
    case ETIMEDOUT: return PLATFORM_TIMED_OUT;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return PLATFORM_NO_SPACE;
    case EISDIR: return PLATFORM_IS_DIRECTORY;
    case ENOTDIR: return PLATFORM_NOT_DIRECTORY;
    case ENOTEMPTY: return PLATFORM_NOT_EMPTY;
    case ENAMETOOLONG: return PLATFORM_NAME_TOO_LONG;
    case EINVAL:
    case EBADF:
    case ENOTSOCK:
    case EDESTADDRREQ:
    case ELOOP:
    case EXDEV:
    case E2BIG:
    case ENOEXEC: return PLATFORM_INVALID;
    case EPIPE:
    case ENOTCONN:
    case ESHUTDOWN: return PLATFORM_CLOSED;
    case ECONNREFUSED: return PLATFORM_REFUSED;
    case ECONNRESET:
    case ECONNABORTED: return PLATFORM_RESET;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return PLATFORM_UNREACHABLE;
    case EADDRINUSE: return PLATFORM_ADDRESS_IN_USE;
    case EADDRNOTAVAIL: return PLATFORM_ADDRESS_NOT_AVAILABLE;
    case ENOBUFS:
    case ENOMEM: return PLATFORM_NO_MEMORY;
    case EMFILE:
    case ENFILE:
    case ENOLCK:
    case EMLINK: return PLATFORM_LIMIT;
    default: return PLATFORM_IO;
    }
}

platform_status weir_fail(int code) {
    last_code = code;
    return status_of(code);
}

int32_t platform_system_code(void) { return last_code; }

size_t platform_system_message(int32_t code, char *buffer, size_t capacity) {
    char text[256];
    if (capacity == 0) return 0;
    if (strerror_r(code, text, sizeof text) != 0 && text[0] == 0) strcpy(text, "Unknown error");
    size_t length = strlen(text);
    if (length > capacity - 1) {
        length = capacity - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    while (length > 0 && (text[length - 1] == '.' || text[length - 1] == '\n')) length--;
    memcpy(buffer, text, length);
    buffer[length] = 0;
    return length;
}

platform_status weir_text(const char *text, size_t text_length, char *buffer, size_t capacity, size_t *length) {
    *length = text_length;
    if (text_length >= capacity) return PLATFORM_BUFFER_TOO_SMALL;
    memcpy(buffer, text, text_length);
    buffer[text_length] = 0;
    return PLATFORM_OK;
}
