/* directories.c: making, removing and listing directories. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- making and removing ---- */

static DWORD make_one(const wchar_t *path, SECURITY_ATTRIBUTES *security) {
    if (CreateDirectoryW(path, security)) return ERROR_SUCCESS;
    DWORD code = GetLastError();
    if (code == ERROR_PATH_NOT_FOUND) return code;
    /* A drive's root says that access is denied, not that it is there. */
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES) return code;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? ERROR_SUCCESS : ERROR_DIRECTORY;
}

/* Makes the directory, and before it those above that are missing. `path` is cut and mended on the way. */
static DWORD make_with_parents(wchar_t *path, SECURITY_ATTRIBUTES *security) {
    DWORD code = make_one(path, security);
    if (code != ERROR_PATH_NOT_FOUND) return code;
    wchar_t *end = wcsrchr(path, L'\\');
    if (end == NULL || end == path || end[-1] == L'\\' || end[-1] == L'?' || end[-1] == L':') return code;
    *end = 0;
    code = make_with_parents(path, security);
    *end = L'\\';
    return code == ERROR_SUCCESS ? make_one(path, security) : code;
}

platform_status platform_make_directories(const char *path, bool private_to_user) {
    SECURITY_ATTRIBUTES *security = private_to_user ? weir_private_directory() : NULL;
    if (private_to_user && security == NULL) return weir_fail(ERROR_NOT_SUPPORTED);
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    DWORD code = make_with_parents(wide, security);
    free(wide);
    return code == ERROR_SUCCESS ? PLATFORM_OK : weir_fail(code);
}

platform_status platform_remove_directory(const char *path) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    platform_status status = PLATFORM_OK;
    if (!RemoveDirectoryW(wide)) {
        DWORD code = GetLastError();
        status = code == ERROR_ACCESS_DENIED ? weir_fail(code) : weir_fail_path(wide, code);
    }
    free(wide);
    return status;
}

/* ---- listing ---- */

struct platform_directory {
    HANDLE search;
    WIN32_FIND_DATAW entry; /* read already, and not handed out yet, unless at_end */
    bool at_end;
    char *name;
};

platform_status platform_directory_open(const char *path, platform_directory **directory) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    size_t length = wcslen(wide);
    platform_directory *made = calloc(1, sizeof *made);
    wchar_t *pattern = malloc((length + 3) * sizeof *pattern);
    platform_status status = PLATFORM_OK;
    if (made == NULL || pattern == NULL) {
        status = weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    } else {
        memcpy(pattern, wide, length * sizeof *pattern);
        memcpy(pattern + length, wide[length - 1] == L'\\' ? L"*" : L"\\*", 3 * sizeof *pattern);
        made->search = FindFirstFileExW(pattern, FindExInfoBasic, &made->entry, FindExSearchNameMatch, NULL, 0);
        DWORD code = GetLastError();
        DWORD attributes = made->search == INVALID_HANDLE_VALUE ? GetFileAttributesW(wide) : 0;
        if (made->search != INVALID_HANDLE_VALUE) {
            /* The first entry is there. */
        } else if (attributes == INVALID_FILE_ATTRIBUTES) {
            status = weir_fail_path(wide, code);
        } else if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
            status = weir_fail(ERROR_DIRECTORY);
        } else if (code == ERROR_FILE_NOT_FOUND) {
            made->at_end = true; /* a drive's root has not even "." */
        } else {
            status = weir_fail(code);
        }
    }
    free(pattern);
    free(wide);
    if (status == PLATFORM_OK) *directory = made;
    else free(made);
    return status;
}

static bool is_dots(const wchar_t *name) { return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0; }

platform_status platform_directory_next(platform_directory *directory, const char **name) {
    free(directory->name);
    directory->name = NULL;
    while (!directory->at_end) {
        if (directory->name == NULL && !is_dots(directory->entry.cFileName)) {
            directory->name = weir_narrow(directory->entry.cFileName, wcslen(directory->entry.cFileName));
            if (directory->name == NULL) return PLATFORM_NO_MEMORY;
        }
        bool handed_out = directory->name != NULL;
        if (!FindNextFileW(directory->search, &directory->entry)) {
            DWORD code = GetLastError();
            if (code != ERROR_NO_MORE_FILES) return weir_fail(code);
            directory->at_end = true;
        }
        if (handed_out) break;
    }
    *name = directory->name;
    return PLATFORM_OK;
}

void platform_directory_close(platform_directory *directory) {
    if (directory->search != INVALID_HANDLE_VALUE) FindClose(directory->search);
    free(directory->name);
    free(directory);
}
