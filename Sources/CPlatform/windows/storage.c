/* storage.c: lengths, disk space and stable storage. */
#include "internal.h"

#include <stdlib.h>

platform_status platform_file_set_size(platform_handle file, uint64_t size) {
    if (size > INT64_MAX) return weir_fail(ERROR_FILE_TOO_LARGE);
    FILE_END_OF_FILE_INFO end;
    end.EndOfFile.QuadPart = (LONGLONG)size;
    if (SetFileInformationByHandle(weir_handle(file), FileEndOfFileInfo, &end, sizeof end)) return PLATFORM_OK;
    return weir_fail_last();
}

platform_status platform_file_reserve(platform_handle file, uint64_t size) {
    HANDLE handle = weir_handle(file);
    BY_HANDLE_FILE_INFORMATION native;
    if (!GetFileInformationByHandle(handle, &native)) return weir_fail_last();
    /* A file has its space from the moment it has its length, unless it was made otherwise. */
    if (native.dwFileAttributes & (FILE_ATTRIBUTE_SPARSE_FILE | FILE_ATTRIBUTE_COMPRESSED)) {
        return weir_fail(ERROR_NOT_SUPPORTED);
    }
    uint64_t length = (uint64_t)native.nFileSizeHigh << 32 | native.nFileSizeLow;
    return length >= size ? PLATFORM_OK : platform_file_set_size(file, size);
}

platform_status platform_file_sync(platform_handle file) {
    return FlushFileBuffers(weir_handle(file)) ? PLATFORM_OK : weir_fail_last();
}

platform_status platform_map_sync(platform_mapping mapping, platform_handle file, size_t offset, size_t length) {
    if (offset > mapping.length || length > mapping.length - offset) return weir_fail(ERROR_INVALID_PARAMETER);
    if (length == 0) return PLATFORM_OK;
    size_t start = offset & ~(platform_page_size() - 1);
    if (!FlushViewOfFile(mapping.base + start, offset - start + length)) return weir_fail_last();
    /* The first call hands the pages to the file system, the second waits for the disk. */
    return platform_file_sync(file);
}

platform_status platform_directory_sync(const char *path) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    HANDLE directory = CreateFileW(wide, FILE_LIST_DIRECTORY | FILE_ADD_FILE, WEIR_SHARE_ALL, NULL, OPEN_EXISTING,
                                   FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (directory != INVALID_HANDLE_VALUE) {
        /* Names are in the file system's log; where a directory cannot be flushed there is nothing more to ask for. */
        FlushFileBuffers(directory);
        CloseHandle(directory);
        free(wide);
        return PLATFORM_OK;
    }
    DWORD code = GetLastError();
    /* Not ours to flush: whoever may write there answers for its names. */
    bool refused = code == ERROR_ACCESS_DENIED && weir_is_directory(wide);
    platform_status status = refused ? PLATFORM_OK : weir_fail_path(wide, code);
    free(wide);
    return status;
}
