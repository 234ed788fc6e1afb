/* command_line.c: arguments, environment and program of a child in the forms that CreateProcessW takes. */
#include "command_line.h"

#include <stdlib.h>
#include <string.h>

static wchar_t *out_of_memory(void) {
    weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* ---- arguments ---- */

static bool needs_quotes(const wchar_t *argument) { return *argument == 0 || wcspbrk(argument, L" \t\n\v\"") != NULL; }

/* Writes the argument so that process.c, and every C runtime, reads it back: inside quotes a backslash is itself unless
 * quotes follow, before which each is doubled, and a quote of the text has one more before it. Returns what comes
 * behind. */
static wchar_t *quote(wchar_t *out, const wchar_t *argument) {
    if (!needs_quotes(argument)) {
        size_t length = wcslen(argument);
        memcpy(out, argument, length * sizeof *out);
        return out + length;
    }
    *out++ = L'"';
    for (size_t backslashes = 0;; argument++) {
        if (*argument == L'\\') {
            backslashes++;
            continue;
        }
        size_t count = *argument == 0 || *argument == L'"' ? 2 * backslashes : backslashes;
        if (*argument == L'"') count++;
        for (; count > 0; count--) *out++ = L'\\';
        if (*argument == 0) break;
        *out++ = *argument;
        backslashes = 0;
    }
    *out++ = L'"';
    return out;
}

wchar_t *weir_command_line(const char *const *arguments) {
    size_t room = 1;
    for (int index = 0; arguments[index] != NULL; index++) room += 2 * strlen(arguments[index]) + 3;
    wchar_t *line = malloc(room * sizeof *line);
    if (line == NULL) return out_of_memory();
    wchar_t *at = line;
    for (int index = 0; arguments[index] != NULL; index++) {
        wchar_t *argument = weir_wide(arguments[index]);
        if (argument == NULL) {
            free(line);
            return NULL;
        }
        if (index > 0) *at++ = L' ';
        at = quote(at, argument);
        free(argument);
    }
    *at = 0;
    return line;
}

/* ---- environment ---- */

wchar_t *weir_environment_block(const char *const *environment) {
    size_t room = 2;
    for (int index = 0; environment[index] != NULL; index++) room += strlen(environment[index]) + 1;
    wchar_t *block = malloc(room * sizeof *block);
    if (block == NULL) return out_of_memory();
    wchar_t *at = block;
    for (int index = 0; environment[index] != NULL; index++) {
        wchar_t *variable = weir_wide(environment[index]);
        if (variable == NULL) {
            free(block);
            return NULL;
        }
        size_t length = wcslen(variable) + 1;
        memcpy(at, variable, length * sizeof *at);
        at += length;
        free(variable);
    }
    at[0] = at[1] = 0; /* two when there is no variable at all */
    return block;
}

/* ---- the program ---- */

static bool ends_with(const wchar_t *text, const wchar_t *end) {
    size_t length = wcslen(text), end_length = wcslen(end);
    return length >= end_length && _wcsicmp(text + length - end_length, end) == 0;
}

/* cmd.exe runs these, and reads their arguments by rules of its own that no quoting can be trusted under. */
static bool is_batch(const wchar_t *path) { return ends_with(path, L".bat") || ends_with(path, L".cmd"); }

/* The full path of `name` in `directory` (of `name` itself without one) if there is such a file; NULL if not, without
 * weir_fail. */
static wchar_t *file_named(const wchar_t *directory, size_t directory_length, const wchar_t *name,
                           const wchar_t *suffix) {
    size_t length = directory_length + wcslen(name) + wcslen(suffix) + 2;
    wchar_t *joined = malloc(length * sizeof *joined);
    if (joined == NULL) return NULL;
    memcpy(joined, directory, directory_length * sizeof *joined);
    joined[directory_length] = 0;
    if (directory_length > 0) wcscat(joined, L"\\");
    wcscat(joined, name);
    wcscat(joined, suffix);

    char *narrow = weir_narrow(joined, wcslen(joined));
    wchar_t *path = narrow == NULL ? NULL : weir_path(narrow);
    free(narrow);
    free(joined);
    if (path == NULL || GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) {
        free(path);
        return NULL;
    }
    bool network;
    const wchar_t *plain = weir_plain_path(path, &network);
    /* The program sees the path it was started by: the prefix stays only where nothing else works. */
    if (!network && wcslen(plain) < MAX_PATH) memmove(path, plain, (wcslen(plain) + 1) * sizeof *path);
    return path;
}

/* With the suffixes of programs, the bare name last; a name that has a suffix first as it is. */
static wchar_t *program_in(const wchar_t *directory, size_t directory_length, const wchar_t *name) {
    static const wchar_t *const suffixes[] = {L".exe", L".com", L""};
    bool has_suffix = ends_with(name, L".exe") || ends_with(name, L".com") || is_batch(name);
    for (int index = has_suffix ? 2 : 0; index < 3; index++) {
        wchar_t *path = file_named(directory, directory_length, name, suffixes[index]);
        if (path != NULL) return path;
    }
    return NULL;
}

static wchar_t *program_in_path(const wchar_t *name) {
    DWORD capacity = GetEnvironmentVariableW(L"PATH", NULL, 0);
    wchar_t *list = calloc((size_t)capacity + 1, sizeof *list);
    if (list == NULL) return NULL;
    if (capacity > 0) GetEnvironmentVariableW(L"PATH", list, capacity);
    wchar_t *found = NULL;
    /* Not the current directory, which CreateProcessW would search first: a file there is not what was asked for. */
    for (const wchar_t *at = list; found == NULL && *at != 0;) {
        size_t length = wcscspn(at, L";"), quotes = length >= 2 && at[0] == L'"' && at[length - 1] == L'"';
        if (length > 2 * quotes) found = program_in(at + quotes, length - 2 * quotes, name);
        at += length;
        if (*at == L';') at++;
    }
    free(list);
    return found;
}

wchar_t *weir_find_program(const char *program) {
    wchar_t *name = weir_wide(program);
    if (name == NULL) return NULL;
    bool is_path = wcspbrk(name, L"\\/:") != NULL;
    wchar_t *path = is_path ? program_in(L"", 0, name) : program_in_path(name);
    free(name);
    DWORD code = ERROR_SUCCESS;
    if (path == NULL) code = ERROR_FILE_NOT_FOUND;
    else if (is_batch(path)) code = ERROR_NOT_SUPPORTED;
    else if (weir_is_directory(path)) code = ERROR_ACCESS_DENIED;
    if (code == ERROR_SUCCESS) return path;
    free(path);
    weir_fail(code);
    return NULL;
}
