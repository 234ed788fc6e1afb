/* terminal.c: the standard streams, and what a console can do. */
#include "internal.h"

#ifndef ENABLE_VIRTUAL_TERMINAL_PROCESSING
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#endif

static platform_handle standard(DWORD which) {
    HANDLE stream = GetStdHandle(which);
    return stream == NULL ? PLATFORM_NO_HANDLE : weir_number(stream);
}

platform_handle platform_standard_input(void) { return standard(STD_INPUT_HANDLE); }
platform_handle platform_standard_output(void) { return standard(STD_OUTPUT_HANDLE); }
platform_handle platform_standard_error(void) { return standard(STD_ERROR_HANDLE); }

bool platform_is_terminal(platform_handle stream) {
    DWORD mode;
    return GetConsoleMode(weir_handle(stream), &mode) != 0;
}

bool platform_terminal_enable_color(platform_handle stream) {
    DWORD mode;
    if (!GetConsoleMode(weir_handle(stream), &mode)) return false;
    if (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) return true;
    return SetConsoleMode(weir_handle(stream), mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

platform_status platform_terminal_size(platform_handle stream, uint32_t *columns, uint32_t *rows) {
    CONSOLE_SCREEN_BUFFER_INFO buffer;
    if (!GetConsoleScreenBufferInfo(weir_handle(stream), &buffer)) return weir_fail(ERROR_NOT_SUPPORTED);
    int width = buffer.srWindow.Right - buffer.srWindow.Left + 1;
    int height = buffer.srWindow.Bottom - buffer.srWindow.Top + 1;
    if (width <= 0 || height <= 0) return weir_fail(ERROR_NOT_SUPPORTED);
    *columns = (uint32_t)width;
    *rows = (uint32_t)height;
    return PLATFORM_OK;
}
