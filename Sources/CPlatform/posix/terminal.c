/* terminal.c: the standard streams, and what a terminal can do. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

platform_handle platform_standard_input(void) { return STDIN_FILENO; }
platform_handle platform_standard_output(void) { return STDOUT_FILENO; }
platform_handle platform_standard_error(void) { return STDERR_FILENO; }

bool platform_is_terminal(platform_handle stream) { return isatty(weir_descriptor(stream)) == 1; }

bool platform_terminal_enable_color(platform_handle stream) {
    const char *kind = getenv("TERM");
    return platform_is_terminal(stream) && kind != NULL && *kind != 0 && strcmp(kind, "dumb") != 0;
}

platform_status platform_terminal_size(platform_handle stream, uint32_t *columns, uint32_t *rows) {
    struct winsize size;
    if (ioctl(weir_descriptor(stream), TIOCGWINSZ, &size) != 0) {
        /* ENOTTY, or whatever else a stream says that is no terminal. */
        return weir_fail(errno == EBADF ? EBADF : ENOTSUP);
    }
    if (size.ws_col == 0 || size.ws_row == 0) return weir_fail(ENOTSUP);
    *columns = size.ws_col;
    *rows = size.ws_row;
    return PLATFORM_OK;
}
