/* process.c: this process as the kernel knows it. */
#include "../posix/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

/* What the kernel has under KERN_PROC for this process, with a NUL after it; NULL with errno. */
static char *read_process(int what, size_t *length) {
    int name[4] = {CTL_KERN, KERN_PROC, what, -1};
    size_t size = 0;
    if (sysctl(name, 4, NULL, &size, NULL, 0) != 0) return NULL;
    size += 4096; /* it may have grown */
    char *text = malloc(size + 1);
    if (text == NULL) return NULL;
    if (sysctl(name, 4, text, &size, NULL, 0) != 0) {
        int code = errno;
        free(text);
        errno = code;
        return NULL;
    }
    text[size] = 0;
    *length = size;
    return text;
}

extern char **environ;

char **weir_environment(void) { return environ; }

platform_status platform_executable_path(char *buffer, size_t capacity, size_t *length) {
    size_t size;
    char *text = read_process(KERN_PROC_PATHNAME, &size);
    if (text == NULL) return weir_fail(errno);
    platform_status status = weir_text(text, strlen(text), buffer, capacity, length);
    free(text);
    return status;
}

static pthread_once_t arguments_once = PTHREAD_ONCE_INIT;
static int32_t argument_count;
static char **arguments;

static void split_arguments(void) {
    size_t length = 0;
    char *text = read_process(KERN_PROC_ARGS, &length);
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
    pthread_once(&arguments_once, split_arguments);
    return argument_count;
}

const char *platform_argument(int32_t index) {
    return index >= 0 && index < platform_argument_count() ? arguments[index] : NULL;
}
