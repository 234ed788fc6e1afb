/* mapping.c: files as memory. */
#include "internal.h"

platform_status platform_map(platform_handle file, size_t length, bool writable, platform_mapping *mapping) {
    LARGE_INTEGER size;
    if (!GetFileSizeEx(weir_handle(file), &size)) return weir_fail_last();
    /* A writable section longer than the file would make the file longer. */
    if (length == 0 || (uint64_t)length > (uint64_t)size.QuadPart) return weir_fail(ERROR_INVALID_PARAMETER);

    HANDLE section = CreateFileMappingW(weir_handle(file), NULL, writable ? PAGE_READWRITE : PAGE_READONLY,
                                        (DWORD)((uint64_t)length >> 32), (DWORD)length, NULL);
    if (section == NULL) return weir_fail_last();
    void *base = MapViewOfFile(section, writable ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ, 0, 0, length);
    DWORD code = GetLastError();
    CloseHandle(section); /* the view keeps it */
    if (base == NULL) return weir_fail(code);
    mapping->base = base;
    mapping->length = length;
    return PLATFORM_OK;
}

void platform_unmap(platform_mapping mapping) {
    if (mapping.base != NULL) UnmapViewOfFile(mapping.base);
}

size_t platform_page_size(void) {
    SYSTEM_INFO information;
    GetSystemInfo(&information);
    return information.dwPageSize;
}
