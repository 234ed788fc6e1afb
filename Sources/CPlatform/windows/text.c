/* text.c: WTF-8 outside, UTF-16 inside, and paths of any length.
 *
 * File names of Windows are sequences of 16-bit units that need not be UTF-16: a surrogate may stand alone. WTF-8 gives
 * such a unit the three bytes that UTF-8 would give its number, so every name has one form outside and comes back as it
 * was. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

size_t weir_wide_length(const wchar_t *text) { return wcslen(text); }

/* ---- WTF-8 to UTF-16 ---- */

/* Reads one character; 0 bytes when there is none that is well-formed. Bytes behind the text's NUL are not looked
 * at. */
static size_t decode(const unsigned char *at, uint32_t *character) {
    unsigned char first = at[0];
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t value = first & first_bits[length];
    for (size_t index = 1; index < length; index++) {
        if ((at[index] & 0xC0) != 0x80) return 0;
        value = value << 6 | (at[index] & 0x3Fu);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0 || value < smallest[length] || value > 0x10FFFF) return 0;
    *character = value;
    return length;
}

wchar_t *weir_wide(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    wchar_t *wide = malloc((strlen(text) + 1) * sizeof *wide); /* never more units than bytes */
    if (wide == NULL) {
        weir_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    size_t count = 0;
    while (*at != 0) {
        uint32_t character = 0;
        size_t length = decode(at, &character);
        if (length == 0) {
            free(wide);
            weir_fail(ERROR_NO_UNICODE_TRANSLATION);
            return NULL;
        }
        if (character >= 0x10000) {
            wide[count++] = (wchar_t)(0xD800 + ((character - 0x10000) >> 10));
            wide[count++] = (wchar_t)(0xDC00 + ((character - 0x10000) & 0x3FF));
        } else {
            wide[count++] = (wchar_t)character;
        }
        at += length;
    }
    wide[count] = 0;
    return wide;
}

/* ---- UTF-16 to WTF-8 ---- */

static bool is_high(wchar_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
static bool is_low(wchar_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

char *weir_narrow(const wchar_t *text, size_t count) {
    char *narrow = malloc(count * 3 + 1); /* a pair takes four bytes for two units */
    if (narrow == NULL) {
        weir_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    unsigned char *out = (unsigned char *)narrow;
    for (size_t at = 0; at < count; at++) {
        uint32_t character = text[at];
        if (is_high(text[at]) && at + 1 < count && is_low(text[at + 1])) {
            character = 0x10000 + ((character - 0xD800) << 10) + ((uint32_t)text[at + 1] - 0xDC00);
            at++;
        }
        if (character < 0x80) {
            *out++ = (unsigned char)character;
            continue;
        }
        int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
        static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
        *out++ = (unsigned char)(marks[more] | character >> (6 * more));
        while (more-- > 0) *out++ = (unsigned char)(0x80 | (character >> (6 * more) & 0x3F));
    }
    *out = 0;
    return narrow;
}

platform_status weir_text(const wchar_t *text, size_t count, char *buffer, size_t capacity, size_t *length) {
    char *narrow = weir_narrow(text, count);
    if (narrow == NULL) return PLATFORM_NO_MEMORY;
    size_t narrow_length = strlen(narrow);
    *length = narrow_length;
    if (narrow_length < capacity) memcpy(buffer, narrow, narrow_length + 1);
    free(narrow);
    return narrow_length < capacity ? PLATFORM_OK : PLATFORM_BUFFER_TOO_SMALL;
}

/* ---- paths ---- */

#define COMPONENT_MAXIMUM 255

static bool is_separator(wchar_t unit) { return unit == L'\\' || unit == L'/'; }

/* "\\?\", "\\.\" and "\??\": the caller has said already what the system is to take as it is. */
static bool is_verbatim(const wchar_t *path) {
    return wcsncmp(path, L"\\\\?\\", 4) == 0 || wcsncmp(path, L"\\\\.\\", 4) == 0 || wcsncmp(path, L"\\??\\", 4) == 0;
}

static bool has_long_component(const wchar_t *path) {
    size_t length = 0;
    for (; *path != 0; path++) {
        length = is_separator(*path) ? 0 : length + 1;
        if (length > COMPONENT_MAXIMUM) return true;
    }
    return false;
}

/* The absolute form of a path that is not verbatim, with room for a prefix before it. */
static wchar_t *absolute(const wchar_t *path, size_t room) {
    DWORD capacity = GetFullPathNameW(path, 0, NULL, NULL);
    for (;;) {
        wchar_t *full = capacity == 0 ? NULL : malloc((room + capacity) * sizeof *full);
        if (full == NULL) {
            weir_fail(capacity == 0 ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        DWORD count = GetFullPathNameW(path, capacity, full + room, NULL);
        if (count > 0 && count < capacity) return full;
        DWORD code = GetLastError();
        free(full);
        if (count == 0) {
            weir_fail(code);
            return NULL;
        }
        capacity = count; /* the current directory grew meanwhile */
    }
}

wchar_t *weir_path(const char *path) {
    wchar_t *wide = weir_wide(path);
    if (wide == NULL || is_verbatim(wide)) return wide;
    if (*wide == 0 || has_long_component(wide)) {
        weir_fail(*wide == 0 ? ERROR_PATH_NOT_FOUND : ERROR_FILENAME_EXCED_RANGE);
        free(wide);
        return NULL;
    }
    enum { ROOM = 8 }; /* of "\\?\UNC\", which takes the place of the two backslashes of a server's path */
    wchar_t *full = absolute(wide, ROOM);
    free(wide);
    if (full == NULL) return NULL;

    wchar_t *start = full + ROOM;
    size_t count = wcslen(start);
    /* Names do not end in a separator for the calls to come; a drive's root does. */
    while (count > 3 && start[count - 1] == L'\\') start[--count] = 0;
    if (is_verbatim(start)) {
        /* A device, such as NUL. */
    } else if (start[0] == L'\\' && start[1] == L'\\') {
        start -= 6;
        memcpy(start, L"\\\\?\\UNC", 7 * sizeof *start);
    } else {
        start -= 4;
        memcpy(start, L"\\\\?\\", 4 * sizeof *start);
    }
    memmove(full, start, (wcslen(start) + 1) * sizeof *full);
    return full;
}

const wchar_t *weir_plain_path(const wchar_t *path, bool *network) {
    *network = wcsncmp(path, L"\\\\?\\UNC\\", 8) == 0;
    if (*network) return path + 8;
    return wcsncmp(path, L"\\\\?\\", 4) == 0 ? path + 4 : path;
}

platform_status weir_path_text(const wchar_t *path, char *buffer, size_t capacity, size_t *length) {
    bool network;
    const wchar_t *plain = weir_plain_path(path, &network);
    if (!network) return weir_text(plain, wcslen(plain), buffer, capacity, length);

    size_t count = wcslen(plain);
    wchar_t *text = malloc((count + 3) * sizeof *text);
    if (text == NULL) return weir_fail(ERROR_NOT_ENOUGH_MEMORY);
    memcpy(text, L"\\\\", 2 * sizeof *text);
    memcpy(text + 2, plain, (count + 1) * sizeof *text);
    platform_status status = weir_text(text, count + 2, buffer, capacity, length);
    free(text);
    return status;
}

bool platform_is_separator(char character) { return character == '/' || character == '\\'; }
char platform_separator(void) { return '\\'; }

wchar_t *weir_hexadecimal(wchar_t *at, uint64_t value, int digits) {
    for (int digit = digits - 1; digit >= 0; digit--) *at++ = L"0123456789abcdef"[value >> (4 * digit) & 15];
    *at = 0;
    return at;
}
