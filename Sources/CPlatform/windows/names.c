/* names.c: what is done to the names of files.
 *
 * Windows 10 can do on NTFS what POSIX promises: take a name away from a file that others have open, or give it to
 * another file. Not so for a file that others have mapped, nor on older file systems. There a file is removed by moving
 * it aside, so that its name is free at once, and marking it to go with its last handle. A mapped file does not take
 * even that mark: it stays aside until a later removal in the same directory finds it free. And a file that is in use
 * cannot be replaced in one step: that is BUSY. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* From newer headers, under names of our own. */
#define DISPOSITION_CLASS ((FILE_INFO_BY_HANDLE_CLASS)21) /* FileDispositionInfoEx */
#define DISPOSITION_DELETE 0x01u
#define DISPOSITION_POSIX 0x02u
#define DISPOSITION_IGNORE_READ_ONLY 0x10u
#define RENAME_CLASS ((FILE_INFO_BY_HANDLE_CLASS)22) /* FileRenameInfoEx */
#define RENAME_REPLACE 0x01u
#define RENAME_POSIX 0x02u
#define RENAME_IGNORE_READ_ONLY 0x40u

typedef struct {
    DWORD flags;
} disposition;

/* FILE_RENAME_INFO, whose first member has become one of flags. */
typedef struct {
    DWORD flags;
    HANDLE root;
    DWORD name_bytes;
    WCHAR name[1];
} renaming;

/* Did the file system refuse because it does not know the call? */
static bool is_unknown_call(DWORD code) {
    return code == ERROR_INVALID_PARAMETER || code == ERROR_NOT_SUPPORTED || code == ERROR_INVALID_FUNCTION ||
           code == ERROR_CALL_NOT_IMPLEMENTED || code == ERROR_INVALID_LEVEL;
}

/* Renames an open file; `flags` are those of RENAME_CLASS, or 0 and 1 for the classic FileRenameInfo. */
static DWORD rename_open(HANDLE file, const wchar_t *to, FILE_INFO_BY_HANDLE_CLASS class, DWORD flags) {
    size_t bytes = wcslen(to) * sizeof *to;
    size_t size = sizeof(renaming) + bytes;
    renaming *request = calloc(1, size);
    if (request == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    request->flags = flags;
    request->name_bytes = (DWORD)bytes;
    memcpy(request->name, to, bytes + sizeof *to);
    DWORD code = SetFileInformationByHandle(file, class, request, (DWORD)size) ? ERROR_SUCCESS : GetLastError();
    free(request);
    return code;
}

static HANDLE open_to_delete(const wchar_t *path) {
    DWORD access = DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
    HANDLE file = CreateFileW(path, access, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file != INVALID_HANDLE_VALUE || GetLastError() != ERROR_ACCESS_DENIED) return file;
    return CreateFileW(path, DELETE, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

/* ---- removing ---- */

/* How many units of the path are its directory, with the separator behind it. */
static size_t directory_length(const wchar_t *path) {
    const wchar_t *base = wcsrchr(path, L'\\');
    return base == NULL ? 0 : (size_t)(base + 1 - path);
}

/* The directory of `path`, the mark, and room for `more` units. NULL when there is no memory. */
static wchar_t *marked_name(const wchar_t *path, size_t more) {
    static const wchar_t mark[] = WEIR_REMOVED_MARK;
    size_t directory = directory_length(path);
    wchar_t *name = malloc((directory + sizeof mark / sizeof *mark + more) * sizeof *name);
    if (name == NULL) return NULL;
    memcpy(name, path, directory * sizeof *name);
    memcpy(name + directory, mark, sizeof mark);
    return name;
}

/* A name in the same directory that nobody has. NULL when there is no memory or no chance. */
static wchar_t *name_aside(const wchar_t *path) {
    uint64_t number;
    wchar_t *aside = marked_name(path, 16);
    if (aside != NULL && platform_random(&number, sizeof number) == PLATFORM_OK) {
        weir_hexadecimal(aside + wcslen(aside), number, 16);
        return aside;
    }
    free(aside);
    return NULL;
}

static void clear_read_only(HANDLE file) {
    FILE_BASIC_INFO basic;
    if (!GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof basic)) return;
    if ((basic.FileAttributes & FILE_ATTRIBUTE_READONLY) == 0) return;
    FILE_BASIC_INFO change = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};
    SetFileInformationByHandle(file, FileBasicInfo, &change, sizeof change);
}

static bool mark_deleted(HANDLE file) {
    clear_read_only(file);
    FILE_DISPOSITION_INFO classic = {TRUE};
    return SetFileInformationByHandle(file, FileDispositionInfo, &classic, sizeof classic) != 0;
}

static DWORD remove_aside(HANDLE file, const wchar_t *path) {
    wchar_t *aside = name_aside(path);
    if (aside == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    DWORD code = rename_open(file, aside, FileRenameInfo, 0);
    if (code == ERROR_SUCCESS) mark_deleted(file); /* or it stays, until it can be swept */
    free(aside);
    return code;
}

static DWORD remove_path(const wchar_t *path) {
    HANDLE file = open_to_delete(path);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    DWORD code = ERROR_SUCCESS;
    disposition request = {DISPOSITION_DELETE | DISPOSITION_POSIX | DISPOSITION_IGNORE_READ_ONLY};
    if (!SetFileInformationByHandle(file, DISPOSITION_CLASS, &request, sizeof request)) {
        code = GetLastError();
        bool in_use = code == ERROR_ACCESS_DENIED || code == ERROR_USER_MAPPED_FILE || code == ERROR_SHARING_VIOLATION;
        if (in_use || is_unknown_call(code)) code = remove_aside(file, path);
    }
    CloseHandle(file);
    return code;
}

/* Removes what earlier removals had to leave aside, as far as it is free now. */
static void sweep(const wchar_t *path) {
    WIN32_FIND_DATAW found;
    size_t directory = directory_length(path);
    wchar_t *pattern = marked_name(path, 1);
    if (pattern == NULL) return;
    wcscat(pattern, L"*");
    HANDLE search = FindFirstFileExW(pattern, FindExInfoBasic, &found, FindExSearchNameMatch, NULL, 0);
    free(pattern);
    if (search == INVALID_HANDLE_VALUE) return;
    do {
        size_t length = wcslen(found.cFileName);
        wchar_t *left = malloc((directory + length + 1) * sizeof *left);
        if (left == NULL) break;
        memcpy(left, path, directory * sizeof *left);
        memcpy(left + directory, found.cFileName, (length + 1) * sizeof *left);
        HANDLE file = open_to_delete(left);
        free(left);
        if (file == INVALID_HANDLE_VALUE) continue;
        mark_deleted(file);
        CloseHandle(file);
    } while (FindNextFileW(search, &found));
    FindClose(search);
}

platform_status platform_remove(const char *path) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    DWORD code = remove_path(wide);
    platform_status status = code == ERROR_SUCCESS ? PLATFORM_OK : weir_fail_path(wide, code);
    if (status == PLATFORM_OK) sweep(wide);
    free(wide);
    return status;
}

/* ---- replacing and publishing ---- */

/* May this file be replaced, if only nobody had it open? */
static bool could_be_deleted(const wchar_t *path) {
    HANDLE file = open_to_delete(path);
    if (file == INVALID_HANDLE_VALUE) return GetLastError() == ERROR_SHARING_VIOLATION;
    CloseHandle(file);
    return true;
}

static DWORD replace_path(const wchar_t *from, const wchar_t *to) {
    HANDLE file = open_to_delete(from);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    DWORD code = rename_open(file, to, RENAME_CLASS, RENAME_REPLACE | RENAME_POSIX | RENAME_IGNORE_READ_ONLY);
    if (is_unknown_call(code)) code = rename_open(file, to, FileRenameInfo, 1);
    CloseHandle(file);
    if (code == ERROR_ACCESS_DENIED && !weir_is_directory(to) && could_be_deleted(to)) code = ERROR_SHARING_VIOLATION;
    return code;
}

typedef DWORD renamer(const wchar_t *from, const wchar_t *to);

static platform_status rename_by(renamer *rename, const char *from, const char *to) {
    wchar_t *wide_from = weir_path(from);
    if (wide_from == NULL) return weir_failed();
    wchar_t *wide_to = weir_path(to);
    if (wide_to == NULL) {
        free(wide_from);
        return weir_failed();
    }
    DWORD code = rename(wide_from, wide_to);
    platform_status status = PLATFORM_OK;
    if (code != ERROR_SUCCESS) {
        /* Which of the two names the code is about is to be found out. */
        bool from_is_there = GetFileAttributesW(wide_from) != INVALID_FILE_ATTRIBUTES;
        status = weir_fail_path(from_is_there ? wide_to : wide_from, code);
    }
    free(wide_from);
    free(wide_to);
    return status;
}

platform_status platform_replace(const char *from, const char *to) {
    platform_status status = rename_by(replace_path, from, to);
    return status == PLATFORM_EXISTS ? weir_fail(ERROR_DIRECTORY_NOT_SUPPORTED) : status;
}

static DWORD publish_path(const wchar_t *from, const wchar_t *to) {
    if (MoveFileExW(from, to, 0)) return ERROR_SUCCESS;
    DWORD code = GetLastError();
    return code == ERROR_ACCESS_DENIED && weir_is_directory(to) ? ERROR_ALREADY_EXISTS : code;
}

platform_status platform_publish(const char *from, const char *to) { return rename_by(publish_path, from, to); }
