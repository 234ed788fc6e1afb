/* console.c: text to and from a console. It takes UTF-16 in any code page; bytes it would read in the code page that it
 * happens to have. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- which streams are consoles ---- */

static INIT_ONCE looked_once = INIT_ONCE_STATIC_INIT;
static HANDLE consoles[3];

static BOOL CALLBACK look(PINIT_ONCE once, PVOID parameter, PVOID *context) {
    (void)once, (void)parameter, (void)context;
    static const DWORD which[3] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    for (int index = 0; index < 3; index++) {
        HANDLE stream = GetStdHandle(which[index]);
        DWORD mode;
        consoles[index] = stream != NULL && GetConsoleMode(stream, &mode) ? stream : INVALID_HANDLE_VALUE;
    }
    return TRUE;
}

bool weir_is_console(HANDLE stream) {
    /* Asked once: the question is a system call, and every write would pay for it. */
    InitOnceExecuteOnce(&looked_once, look, NULL, NULL);
    return stream != INVALID_HANDLE_VALUE && (stream == consoles[0] || stream == consoles[1] || stream == consoles[2]);
}

/* ---- writing ---- */

/* A character may be cut by the end of a write: its first bytes wait here for the next one. */
static SRWLOCK write_lock = SRWLOCK_INIT;
static char waiting[4];
static size_t waiting_count;

/* How many bytes at the end begin a character that is not complete. */
static size_t incomplete_tail(const char *bytes, size_t length) {
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)bytes[length - back];
        if ((byte & 0xC0) == 0x80) continue;
        size_t needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return needed > back ? back : 0;
    }
    return 0;
}

static platform_status write_units(HANDLE console, const wchar_t *units, DWORD count) {
    while (count > 0) {
        DWORD written = 0;
        if (!WriteConsoleW(console, units, count, &written, NULL)) return weir_fail_last();
        units += written;
        count -= written;
    }
    return PLATFORM_OK;
}

/* Writes whole characters; what is no UTF-8 is shown as replacement characters. */
static platform_status write_characters(HANDLE console, const char *bytes, size_t length) {
    enum { PIECE = 4096 };
    static wchar_t units[PIECE];
    while (length > 0) {
        size_t piece = length < PIECE ? length : PIECE;
        if (piece < length) piece -= incomplete_tail(bytes, piece);
        int count = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)piece, units, PIECE);
        if (count == 0) return weir_fail_last();
        platform_status status = write_units(console, units, (DWORD)count);
        if (status != PLATFORM_OK) return status;
        bytes += piece;
        length -= piece;
    }
    return PLATFORM_OK;
}

platform_status weir_console_write(HANDLE console, const void *buffer, size_t length) {
    const char *bytes = buffer;
    platform_status status = PLATFORM_OK;
    AcquireSRWLockExclusive(&write_lock);
    while (waiting_count > 0 && length > 0 && status == PLATFORM_OK) {
        waiting[waiting_count++] = *bytes++;
        length--;
        if (waiting_count < sizeof waiting && incomplete_tail(waiting, waiting_count) > 0) continue;
        status = write_characters(console, waiting, waiting_count);
        waiting_count = 0;
    }
    size_t tail = waiting_count > 0 ? 0 : incomplete_tail(bytes, length);
    if (status == PLATFORM_OK && length > tail) status = write_characters(console, bytes, length - tail);
    if (tail > 0) {
        memcpy(waiting, bytes + length - tail, tail);
        waiting_count = tail;
    }
    ReleaseSRWLockExclusive(&write_lock);
    return status;
}

/* ---- reading ---- */

/* A line that was read from the console and not yet handed out whole. */
static SRWLOCK read_lock = SRWLOCK_INIT;
static char *pending;
static size_t pending_length, pending_taken;

static platform_status read_line(HANDLE console) {
    enum { LINE = 4096 };
    static wchar_t units[LINE + 1];
    DWORD count = 0;
    if (!ReadConsoleW(console, units, LINE, &count, NULL)) return weir_fail_last();
    /* Not between the halves of a pair. */
    DWORD more = 0;
    if (count == LINE && units[LINE - 1] >= 0xD800 && units[LINE - 1] < 0xDC00 &&
        ReadConsoleW(console, units + LINE, 1, &more, NULL)) {
        count += more;
    }
    free(pending);
    pending = NULL;
    pending_length = pending_taken = 0;
    /* Ctrl-Z at the start of a line is the end, as everywhere here. */
    if (count == 0 || units[0] == 0x1A) return PLATFORM_OK;
    pending = weir_narrow(units, count);
    if (pending == NULL) return PLATFORM_NO_MEMORY;
    pending_length = strlen(pending);
    return PLATFORM_OK;
}

platform_status weir_console_read(HANDLE console, void *buffer, size_t length, size_t *got) {
    AcquireSRWLockExclusive(&read_lock);
    platform_status status = pending_taken < pending_length || length == 0 ? PLATFORM_OK : read_line(console);
    if (status == PLATFORM_OK) {
        size_t count = pending_length - pending_taken;
        if (count > length) count = length;
        if (count > 0) memcpy(buffer, pending + pending_taken, count);
        pending_taken += count;
        *got = count;
    }
    ReleaseSRWLockExclusive(&read_lock);
    return status;
}
