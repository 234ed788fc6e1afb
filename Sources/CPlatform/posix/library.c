/* library.c: shared libraries that are loaded when they are needed. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <dlfcn.h>

/* The handle of dlopen is the library; it is never closed. */
static void *handle_of(platform_library *library) { return (void *)library; }

platform_status platform_library_open(const char *name, platform_library **library) {
    if (*name == 0) return weir_fail(EINVAL);
    /* Its symbols are for those who ask for them, and are bound now: what is missing is known before anything runs. */
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return weir_fail(ENOENT);
    *library = (platform_library *)handle;
    return PLATFORM_OK;
}

void *platform_library_symbol(platform_library *library, const char *name) { return dlsym(handle_of(library), name); }
