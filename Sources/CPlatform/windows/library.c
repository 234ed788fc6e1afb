/* library.c: shared libraries that are loaded when they are needed. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static bool has_separator(const char *name) {
    while (*name != 0) {
        if (platform_is_separator(*name++)) return true;
    }
    return false;
}

/* Beside the program and in the system's directories; a path also beside itself. Never the current directory, nor those
 * of PATH, where anybody may have left something of that name. */
static HMODULE load(const char *name) {
    if (!has_separator(name)) {
        wchar_t *wide = weir_wide(name);
        if (wide == NULL) return NULL;
        HMODULE module = LoadLibraryExW(wide, NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
        if (module == NULL) weir_fail_last();
        free(wide);
        return module;
    }
    wchar_t *path = weir_path(name);
    if (path == NULL) return NULL;
    HMODULE module = LoadLibraryExW(path, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (module == NULL) weir_fail_last();
    free(path);
    return module;
}

platform_status platform_library_open(const char *name, platform_library **library) {
    if (*name == 0) return weir_fail(ERROR_INVALID_PARAMETER);
    /* A window that says which file is missing would wait for somebody to close it. */
    DWORD before = 0;
    SetThreadErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX, &before);
    HMODULE module = load(name);
    SetThreadErrorMode(before, NULL);
    if (module == NULL) {
        platform_status status = weir_failed();
        return status == PLATFORM_NO_MEMORY ? status : PLATFORM_NOT_FOUND;
    }
    *library = (platform_library *)module;
    return PLATFORM_OK;
}

void *platform_library_symbol(platform_library *library, const char *name) {
    FARPROC found = GetProcAddress((HMODULE)library, name);
    void *symbol;
    /* A function's address as a pointer to data, which C itself has no word for. */
    memcpy(&symbol, &found, sizeof symbol);
    return symbol;
}
