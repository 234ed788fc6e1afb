/* environment.c: where this process runs, and for whom. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- paths ---- */

/* No path and no variable of Windows is longer, in units. */
#define TEXT_MAXIMUM 0x10000

/* A function of the system that fills a buffer, and says how large it must be when it is too small. */
typedef DWORD filler(void *context, wchar_t *buffer, DWORD capacity);

/* Calls it with a buffer that is large enough; NULL after weir_fail. */
static wchar_t *filled(filler *fill, void *context) {
    DWORD capacity = 512;
    for (;;) {
        wchar_t *text = malloc(capacity * sizeof *text);
        if (text == NULL) {
            weir_fail(ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        SetLastError(ERROR_SUCCESS);
        DWORD count = fill(context, text, capacity);
        DWORD code = GetLastError();
        if (count == 0 && code == ERROR_SUCCESS) text[0] = 0; /* a text of no length */
        if (count < capacity && (count > 0 || code == ERROR_SUCCESS)) return text;
        free(text);
        bool too_small = count > 0 || code == ERROR_MORE_DATA || code == ERROR_INSUFFICIENT_BUFFER;
        if (!too_small || capacity > TEXT_MAXIMUM) {
            weir_fail(code);
            return NULL;
        }
        capacity = count > capacity ? count : 2 * capacity;
    }
}

static DWORD fill_final_path(void *context, wchar_t *buffer, DWORD capacity) {
    return GetFinalPathNameByHandleW(context, buffer, capacity, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
}
static DWORD fill_current_directory(void *context, wchar_t *buffer, DWORD capacity) {
    (void)context;
    return GetCurrentDirectoryW(capacity, buffer);
}
static DWORD fill_temporary_directory(void *context, wchar_t *buffer, DWORD capacity) {
    (void)context;
    return GetTempPathW(capacity, buffer);
}
static DWORD fill_module_path(void *context, wchar_t *buffer, DWORD capacity) {
    (void)context;
    DWORD count = GetModuleFileNameW(NULL, buffer, capacity);
    return count == capacity ? 2 * capacity : count; /* it cuts, instead of saying how much it needs */
}

static platform_status text_by(filler *fill, void *context, char *buffer, size_t capacity, size_t *length) {
    wchar_t *text = filled(fill, context);
    if (text == NULL) return weir_failed();
    size_t count = wcslen(text);
    while (count > 3 && text[count - 1] == L'\\') text[--count] = 0;
    platform_status status = weir_path_text(text, buffer, capacity, length);
    free(text);
    return status;
}

platform_status platform_canonical_path(const char *path, char *buffer, size_t capacity, size_t *length) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    HANDLE file = CreateFileW(wide, 0, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    platform_status status;
    if (file == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        status = code == ERROR_ACCESS_DENIED ? weir_fail(code) : weir_fail_path(wide, code);
    } else {
        status = text_by(fill_final_path, file, buffer, capacity, length);
        CloseHandle(file);
        /* Some drivers cannot say it. The absolute path then is all there is, and no link is known to be on it. */
        if (status != PLATFORM_OK && status != PLATFORM_BUFFER_TOO_SMALL) {
            status = weir_path_text(wide, buffer, capacity, length);
        }
    }
    free(wide);
    return status;
}

platform_status platform_current_directory(char *buffer, size_t capacity, size_t *length) {
    return text_by(fill_current_directory, NULL, buffer, capacity, length);
}

platform_status platform_temporary_directory(char *buffer, size_t capacity, size_t *length) {
    return text_by(fill_temporary_directory, NULL, buffer, capacity, length);
}

platform_status platform_executable_path(char *buffer, size_t capacity, size_t *length) {
    return text_by(fill_module_path, NULL, buffer, capacity, length);
}

/* ---- variables ---- */

static DWORD fill_variable(void *context, wchar_t *buffer, DWORD capacity) {
    return GetEnvironmentVariableW(context, buffer, capacity);
}

platform_status platform_environment(const char *name, char *buffer, size_t capacity, size_t *length) {
    wchar_t *wide = weir_wide(name);
    if (wide == NULL) return weir_failed();
    wchar_t *value = filled(fill_variable, wide);
    free(wide);
    if (value == NULL) return weir_failed();
    platform_status status = weir_text(value, wcslen(value), buffer, capacity, length);
    free(value);
    return status;
}

platform_status platform_home_directory(char *buffer, size_t capacity, size_t *length) {
    /* HOME is what the shells of other systems set here, and people who set it mean it. */
    static const char *const names[] = {"HOME", "USERPROFILE"};
    size_t needed = 0;
    for (int index = 0; index < 2; index++) {
        platform_status status = platform_environment(names[index], buffer, capacity, &needed);
        if (status == PLATFORM_NOT_FOUND || (status == PLATFORM_OK && needed == 0)) continue;
        if (status == PLATFORM_OK || status == PLATFORM_BUFFER_TOO_SMALL) *length = needed;
        return status;
    }
    return weir_fail(ERROR_ENVVAR_NOT_FOUND);
}

static DWORD fill_host_name(void *context, wchar_t *buffer, DWORD capacity) {
    (void)context;
    DWORD size = capacity;
    if (GetComputerNameExW(ComputerNameDnsHostname, buffer, &size)) return size;
    return GetLastError() == ERROR_MORE_DATA ? size : 0;
}

platform_status platform_host_name(char *buffer, size_t capacity, size_t *length) {
    wchar_t *name = filled(fill_host_name, NULL);
    if (name == NULL) return weir_failed();
    platform_status status = weir_text(name, wcslen(name), buffer, capacity, length);
    free(name);
    return status;
}

/* ---- this process ---- */

uint64_t platform_process_id(void) { return GetCurrentProcessId(); }

PLATFORM_NORETURN void platform_exit(int32_t status) {
    TerminateProcess(GetCurrentProcess(), (UINT)status);
    ExitProcess((UINT)status); /* not reached; the compiler does not know */
}
