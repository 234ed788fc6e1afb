/* internal.h: what the files of the Windows back end share.
 *
 * Windows 10 and later, by its wide-character functions only. Every path goes through weir_path, which makes it
 * absolute and gives it the prefix that lifts the limit of 260 characters. Linked are kernel32 and advapi32, and for
 * sockets ws2_32 and ntdll. */
#ifndef WEIR_WINDOWS_INTERNAL_H
#define WEIR_WINDOWS_INTERNAL_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif

#include "../include/platform.h"

#include <windows.h>

/* From newer headers. */
#ifndef ERROR_DIRECTORY_NOT_SUPPORTED
#define ERROR_DIRECTORY_NOT_SUPPORTED 336L
#endif
#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295L
#endif

#define WEIR_SECOND INT64_C(1000000000)
#define WEIR_MILLISECOND INT64_C(1000000)

#define WEIR_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* ---- status.c ---- */

/* Keeps the code for platform_system_code and says which status it is. */
platform_status weir_fail(DWORD code);
/* The same with GetLastError. */
platform_status weir_fail_last(void);
/* The status of the failure that was kept last, for those who called a function that failed. */
platform_status weir_failed(void);
/* The same with what a path has to do with it: some codes of Windows mean different things for a file, a directory and
 * a path that leads through a file. */
platform_status weir_fail_path(const wchar_t *path, DWORD code);

/* ---- text.c ---- */

/* WTF-8 and UTF-16, to be freed; NULL after weir_fail when there is no memory or the text is neither. */
wchar_t *weir_wide(const char *text);
char *weir_narrow(const wchar_t *text, size_t count);
size_t weir_wide_length(const wchar_t *text);

/* A path as the system's functions take it: absolute, with the prefix for any length. To be freed; NULL after
 * weir_fail. */
wchar_t *weir_path(const char *path);
/* Where such a path, or one of the system's, begins for people: behind the prefix. `*network` says that "\\" is to be
 * written before it. */
const wchar_t *weir_plain_path(const wchar_t *path, bool *network);

/* The answer of the text functions: converts and copies, or says how much room it takes. */
platform_status weir_text(const wchar_t *text, size_t count, char *buffer, size_t capacity, size_t *length);
/* The same for a path of the system's, without its prefix. */
platform_status weir_path_text(const wchar_t *path, char *buffer, size_t capacity, size_t *length);

/* Writes `digits` hexadecimal digits and returns what comes behind them. */
wchar_t *weir_hexadecimal(wchar_t *at, uint64_t value, int digits);

/* ---- files.c ---- */

static inline HANDLE weir_handle(platform_handle file) { return (HANDLE)(intptr_t)file; }
static inline platform_handle weir_number(HANDLE handle) { return (platform_handle)(intptr_t)handle; }

/* Is this the path of a directory? */
bool weir_is_directory(const wchar_t *path);

/* ---- names.c ---- */

/* How the name begins of a file that was removed and had to be left aside. */
#define WEIR_REMOVED_MARK L".weir-removed-"

/* ---- clock.c ---- */

/* Milliseconds until the deadline, rounded up, at most a day: what a wait takes. 0 when it has passed. */
DWORD weir_milliseconds_until(int64_t deadline);

/* Pauses that grow from 50 us to 5 ms, for the things that can only be asked again and again. */
typedef struct {
    int64_t pause;
} weir_backoff;

#define WEIR_BACKOFF_START 50000
#define WEIR_BACKOFF_MAXIMUM 5000000

/* Sleeps for the next pause, or until the deadline if that is nearer; false when the deadline has passed. */
bool weir_backoff_sleep(weir_backoff *backoff, int64_t deadline);

/* ---- security.c ---- */

/* Only this user and the system: for files, and for directories, which pass it on. NULL when it cannot be made. */
SECURITY_ATTRIBUTES *weir_private_file(void);
SECURITY_ATTRIBUTES *weir_private_directory(void);
/* Everybody may wait for it and set it. NULL, which is the user alone, when it cannot be made. */
SECURITY_ATTRIBUTES *weir_public_event(void);
/* Has anybody but the owner, this user and the system access to this file? */
bool weir_is_private(HANDLE file);
platform_status weir_make_private(HANDLE file, bool private_to_user);

/* ---- console.c ---- */

/* Is this a standard stream that is a console? Then text goes to it and comes from it as UTF-16. */
bool weir_is_console(HANDLE stream);
platform_status weir_console_write(HANDLE console, const void *buffer, size_t length);
platform_status weir_console_read(HANDLE console, void *buffer, size_t length, size_t *got);

/* ---- stop.c ---- */

/* A manual-reset event that is set once a stop request has arrived. NULL when there is none. */
HANDLE weir_stop_event(void);

/* The name of the event by which a process that listens can be asked to stop, whether or not it has a console. */
#define WEIR_STOP_NAME_CAPACITY 64
void weir_stop_name(wchar_t name[WEIR_STOP_NAME_CAPACITY], DWORD process, int32_t reason);

#endif
