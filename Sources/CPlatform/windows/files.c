/* files.c: open files, read and written by position or in sequence. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFER_MAXIMUM ((size_t)1 << 30)

static DWORD transfer_size(size_t length) { return (DWORD)(length < TRANSFER_MAXIMUM ? length : TRANSFER_MAXIMUM); }

bool weir_is_directory(const wchar_t *path) {
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* ---- opening ---- */

static DWORD access_for(uint32_t flags) {
    DWORD access = READ_CONTROL | FILE_READ_ATTRIBUTES; /* to describe it */
    if (flags & PLATFORM_READ) access |= GENERIC_READ;
    /* Without the right to write elsewhere the system puts each write at the end, in one step. */
    if (flags & PLATFORM_WRITE) access |= flags & PLATFORM_APPEND ? FILE_APPEND_DATA | SYNCHRONIZE : GENERIC_WRITE;
    return access;
}

static HANDLE open_path(const wchar_t *path, uint32_t flags) {
    DWORD disposition = OPEN_EXISTING;
    if (flags & PLATFORM_CREATE) disposition = flags & PLATFORM_EXCLUSIVE ? CREATE_NEW : OPEN_ALWAYS;
    SECURITY_ATTRIBUTES *security = NULL;
    if ((flags & PLATFORM_CREATE) && (flags & PLATFORM_PRIVATE)) {
        security = weir_private_file();
        if (security == NULL) {
            SetLastError(ERROR_NOT_SUPPORTED); /* rather no file than one that others can read */
            return INVALID_HANDLE_VALUE;
        }
    }
    return CreateFileW(path, access_for(flags), WEIR_SHARE_ALL, security, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
}

/* Empties a file that is there. */
static DWORD truncate_path(const wchar_t *path) {
    HANDLE file = CreateFileW(path, GENERIC_WRITE, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : code; /* opening says so if it may not be made */
    }
    DWORD code = SetEndOfFile(file) ? ERROR_SUCCESS : GetLastError();
    CloseHandle(file);
    return code;
}

platform_status platform_file_open(const char *path, uint32_t flags, platform_handle *file) {
    uint32_t only_to_write = PLATFORM_TRUNCATE | PLATFORM_APPEND;
    if ((flags & (PLATFORM_READ | PLATFORM_WRITE)) == 0) return weir_fail(ERROR_INVALID_PARAMETER);
    if ((flags & only_to_write) && !(flags & PLATFORM_WRITE)) return weir_fail(ERROR_INVALID_PARAMETER);
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();

    /* Not by a disposition: those that truncate also want to set attributes, and refuse hidden files. */
    DWORD code = flags & PLATFORM_TRUNCATE && !(flags & PLATFORM_EXCLUSIVE) ? truncate_path(wide) : ERROR_SUCCESS;
    HANDLE handle = INVALID_HANDLE_VALUE;
    if (code == ERROR_SUCCESS) {
        handle = open_path(wide, flags);
        if (handle == INVALID_HANDLE_VALUE) code = GetLastError();
    }
    if (handle == INVALID_HANDLE_VALUE) {
        bool taken = code == ERROR_ACCESS_DENIED && (flags & PLATFORM_EXCLUSIVE) && weir_is_directory(wide);
        platform_status status = taken ? weir_fail(ERROR_FILE_EXISTS) : weir_fail_path(wide, code);
        free(wide);
        return status;
    }
    free(wide);
    *file = weir_number(handle);
    return PLATFORM_OK;
}

void platform_file_close(platform_handle file) {
    if (file != PLATFORM_NO_HANDLE) CloseHandle(weir_handle(file));
}

/* ---- in sequence ---- */

platform_status platform_file_read(platform_handle file, void *buffer, size_t length, size_t *got) {
    HANDLE handle = weir_handle(file);
    if (weir_is_console(handle)) return weir_console_read(handle, buffer, length, got);
    for (;;) {
        DWORD count = 0;
        if (!ReadFile(handle, buffer, transfer_size(length), &count, NULL)) {
            DWORD code = GetLastError();
            if (code != ERROR_BROKEN_PIPE && code != ERROR_HANDLE_EOF) return weir_fail(code);
            count = 0;
        } else if (count == 0 && length > 0 && GetFileType(handle) == FILE_TYPE_PIPE &&
                   PeekNamedPipe(handle, NULL, 0, NULL, NULL, NULL)) {
            continue; /* somebody wrote nothing into the pipe, and still can: not its end. Wine ends a pipe like this */
        }
        *got = count;
        return PLATFORM_OK;
    }
}

platform_status platform_file_write(platform_handle file, const void *buffer, size_t length) {
    HANDLE handle = weir_handle(file);
    if (weir_is_console(handle)) return weir_console_write(handle, buffer, length);
    const uint8_t *next = buffer;
    while (length > 0) {
        DWORD count = 0;
        if (!WriteFile(handle, next, transfer_size(length), &count, NULL)) return weir_fail_last();
        next += count;
        length -= count;
    }
    return PLATFORM_OK;
}

/* ---- at an offset ---- */

static OVERLAPPED at_offset(uint64_t offset) {
    OVERLAPPED position = {0};
    position.Offset = (DWORD)offset;
    position.OffsetHigh = (DWORD)(offset >> 32);
    return position;
}

platform_status platform_file_read_at(platform_handle file, uint64_t offset, void *buffer, size_t length, size_t *got) {
    uint8_t *next = buffer;
    size_t rest = length;
    while (rest > 0) {
        OVERLAPPED position = at_offset(offset);
        DWORD count = 0;
        if (!ReadFile(weir_handle(file), next, transfer_size(rest), &count, &position)) {
            if (GetLastError() == ERROR_HANDLE_EOF) break;
            return weir_fail_last();
        }
        if (count == 0) break;
        next += count;
        offset += count;
        rest -= count;
    }
    *got = length - rest;
    return PLATFORM_OK;
}

platform_status platform_file_write_at(platform_handle file, uint64_t offset, const void *buffer, size_t length) {
    const uint8_t *next = buffer;
    while (length > 0) {
        OVERLAPPED position = at_offset(offset);
        DWORD count = 0;
        if (!WriteFile(weir_handle(file), next, transfer_size(length), &count, &position)) return weir_fail_last();
        next += count;
        offset += count;
        length -= count;
    }
    return PLATFORM_OK;
}

/* ---- describing ---- */

#define UNIX_EPOCH INT64_C(116444736000000000)

static int64_t wall_of(FILETIME time) {
    return (((int64_t)time.dwHighDateTime << 32 | (int64_t)time.dwLowDateTime) - UNIX_EPOCH) * 100;
}

/* Was the file removed by moving it aside? Then its link is one that nobody should count. */
static bool was_moved_aside(HANDLE handle) {
    union {
        FILE_NAME_INFO info;
        uint8_t bytes[sizeof(FILE_NAME_INFO) + 1024 * sizeof(WCHAR)];
    } name;
    if (!GetFileInformationByHandleEx(handle, FileNameInfo, &name, sizeof name - sizeof(WCHAR))) return false;
    name.info.FileName[name.info.FileNameLength / sizeof(WCHAR)] = 0;
    const wchar_t *base = wcsrchr(name.info.FileName, L'\\');
    return base != NULL && wcsncmp(base + 1, WEIR_REMOVED_MARK, wcslen(WEIR_REMOVED_MARK)) == 0;
}

static platform_status describe(HANDLE handle, platform_file_info *info) {
    DWORD type = GetFileType(handle);
    if (type != FILE_TYPE_DISK) {
        if (type == FILE_TYPE_UNKNOWN) return weir_fail(ERROR_INVALID_HANDLE);
        *info = (platform_file_info){.links = 1, .permissions = 0666};
        info->kind = type == FILE_TYPE_PIPE ? PLATFORM_KIND_PIPE : PLATFORM_KIND_OTHER;
        return PLATFORM_OK;
    }
    BY_HANDLE_FILE_INFORMATION native;
    FILE_STANDARD_INFO standard;
    if (!GetFileInformationByHandle(handle, &native)) return weir_fail_last();
    if (!GetFileInformationByHandleEx(handle, FileStandardInfo, &standard, sizeof standard)) return weir_fail_last();
    info->size = (uint64_t)native.nFileSizeHigh << 32 | native.nFileSizeLow;
    info->modified = wall_of(native.ftLastWriteTime);
    info->volume = native.dwVolumeSerialNumber;
    info->index = (uint64_t)native.nFileIndexHigh << 32 | native.nFileIndexLow;
    info->links = standard.DeletePending || was_moved_aside(handle) ? 0 : standard.NumberOfLinks;
    info->kind = standard.Directory ? PLATFORM_KIND_DIRECTORY : PLATFORM_KIND_FILE;
    info->permissions = weir_is_private(handle) ? 0600 : 0666;
    if ((native.dwFileAttributes & FILE_ATTRIBUTE_READONLY) && !standard.Directory) info->permissions &= ~0222u;
    return PLATFORM_OK;
}

platform_status platform_file_describe(platform_handle file, platform_file_info *info) {
    return describe(weir_handle(file), info);
}

platform_status platform_path_describe(const char *path, platform_file_info *info) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    const DWORD flags = FILE_FLAG_BACKUP_SEMANTICS; /* directories too */
    DWORD access = FILE_READ_ATTRIBUTES | READ_CONTROL;
    HANDLE handle = CreateFileW(wide, access, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, flags, NULL);
    if (handle == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED) {
        handle = CreateFileW(wide, FILE_READ_ATTRIBUTES, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, flags, NULL);
    }
    platform_status status;
    if (handle == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        status = code == ERROR_ACCESS_DENIED ? weir_fail(code) : weir_fail_path(wide, code);
    } else {
        status = describe(handle, info);
        CloseHandle(handle);
    }
    free(wide);
    return status;
}
