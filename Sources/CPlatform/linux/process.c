/* process.c: this process as /proc knows it. */
#define _DEFAULT_SOURCE

#include "../posix/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

char **weir_environment(void) { return environ; }

platform_status platform_executable_path(char *buffer, size_t capacity, size_t *length) {
    for (size_t room = 256;; room *= 2) {
        char *text = malloc(room);
        if (text == NULL) return weir_fail(ENOMEM);
        ssize_t count = readlink("/proc/self/exe", text, room);
        int code = errno;
        platform_status status = PLATFORM_OK;
        bool whole = count >= 0 && (size_t)count < room;
        if (whole) status = weir_text(text, (size_t)count, buffer, capacity, length);
        free(text);
        if (count < 0) return weir_fail(code);
        if (whole) return status;
    }
}

static pthread_once_t arguments_once = PTHREAD_ONCE_INIT;
static int32_t argument_count;
static char **arguments;

/* All of /proc/self/cmdline, with a NUL after it; NULL if it cannot be read. It is read because only the main program
 * is given its arguments, and that may not be ours; not every C library passes them to constructors. */
static char *read_command_line(size_t *length) {
    int descriptor = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    size_t room = 4096, filled = 0;
    char *text = malloc(room);
    while (text != NULL) {
        ssize_t count = read(descriptor, text + filled, room - 1 - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        filled += (size_t)count;
        if (room - 1 - filled > 0) continue;
        room *= 2;
        char *larger = realloc(text, room);
        if (larger == NULL) free(text);
        text = larger;
    }
    close(descriptor);
    if (text == NULL) return NULL;
    text[filled] = 0;
    *length = filled;
    return text;
}

static void split_command_line(void) {
    size_t length = 0;
    char *text = read_command_line(&length);
    if (text == NULL) return;
    int32_t count = 0;
    for (size_t at = 0; at < length; at++) count += text[at] == 0;
    arguments = calloc((size_t)count + 1, sizeof *arguments);
    if (arguments == NULL) return;
    char *start = text;
    for (size_t at = 0; at < length; at++) {
        if (text[at] != 0) continue;
        arguments[argument_count++] = start;
        start = text + at + 1;
    }
}

int32_t platform_argument_count(void) {
    pthread_once(&arguments_once, split_command_line);
    return argument_count;
}

const char *platform_argument(int32_t index) {
    return index >= 0 && index < platform_argument_count() ? arguments[index] : NULL;
}
