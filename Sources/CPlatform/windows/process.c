/* process.c: the arguments of this process. */
#include "internal.h"

#include <stdlib.h>

static INIT_ONCE split_once = INIT_ONCE_STATIC_INIT;
static int32_t argument_count;
static char **arguments;

/* Windows gives a program one line, and the C runtime's rules say how it is cut: see child.c for the other direction.
 * They are applied here and not by CommandLineToArgvW, which would load the shell's library for it. */

/* The program's name: up to a space, quotes only toggle. Returns what comes behind it. */
static const wchar_t *cut_program(const wchar_t *at, wchar_t *out, size_t *count) {
    bool quoted = false;
    *count = 0;
    for (; *at != 0 && (quoted || (*at != L' ' && *at != L'\t')); at++) {
        if (*at == L'"') quoted = !quoted;
        else out[(*count)++] = *at;
    }
    return at;
}

/* One argument: backslashes are themselves, except before a quote, where two make one and an odd one makes the quote a
 * character; two quotes inside quotes make one. */
static const wchar_t *cut_argument(const wchar_t *at, wchar_t *out, size_t *count) {
    bool quoted = false;
    *count = 0;
    while (*at != 0 && (quoted || (*at != L' ' && *at != L'\t'))) {
        size_t backslashes = 0;
        while (at[backslashes] == L'\\') backslashes++;
        at += backslashes;
        bool before_quote = *at == L'"';
        for (size_t made = before_quote ? backslashes / 2 : backslashes; made > 0; made--) out[(*count)++] = L'\\';
        if (!before_quote) {
            if (backslashes == 0) out[(*count)++] = *at++;
        } else if (backslashes % 2 == 1) {
            out[(*count)++] = *at++;
        } else if (quoted && at[1] == L'"') {
            out[(*count)++] = L'"';
            at += 2;
        } else {
            quoted = !quoted;
            at++;
        }
    }
    return at;
}

static BOOL CALLBACK split(PINIT_ONCE once, PVOID parameter, PVOID *context) {
    (void)once, (void)parameter, (void)context;
    const wchar_t *at = GetCommandLineW();
    size_t length = weir_wide_length(at);
    wchar_t *scratch = malloc((length + 1) * sizeof *scratch);
    /* An argument takes one unit and a space at least. */
    arguments = calloc(length / 2 + 2, sizeof *arguments);
    if (scratch == NULL || arguments == NULL) {
        free(scratch);
        return TRUE;
    }
    size_t count;
    at = cut_program(at, scratch, &count);
    for (;;) {
        arguments[argument_count] = weir_narrow(scratch, count);
        if (arguments[argument_count] == NULL) break;
        argument_count++;
        while (*at == L' ' || *at == L'\t') at++;
        if (*at == 0) break;
        at = cut_argument(at, scratch, &count);
    }
    free(scratch);
    return TRUE;
}

int32_t platform_argument_count(void) {
    InitOnceExecuteOnce(&split_once, split, NULL, NULL);
    return argument_count;
}

const char *platform_argument(int32_t index) {
    return index >= 0 && index < platform_argument_count() ? arguments[index] : NULL;
}
