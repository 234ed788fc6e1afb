/* internal.h: what the POSIX files share with each other and with the folder of one system (linux/, darwin/, freebsd/).
 *
 * posix/ holds whole functions that read the same on every POSIX system. What differs is a function declared below,
 * defined once in each system's folder, in the file named beside it. */
#ifndef WEIR_POSIX_INTERNAL_H
#define WEIR_POSIX_INTERNAL_H

#include "../include/platform.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#define WEIR_SECOND INT64_C(1000000000)

/* ---- posix/status.c ---- */

/* Keeps the code for platform_system_code and says which status it is. */
platform_status weir_fail(int code);

/* The answer of the text functions: copies, or says how much room it takes. */
platform_status weir_text(const char *text, size_t text_length, char *buffer, size_t capacity, size_t *length);

/* ---- posix/files.c ---- */

static inline int weir_descriptor(platform_handle file) { return (int)file; }

/* Writes all of it from `offset` on. */
platform_status weir_write_all_at(int descriptor, uint64_t offset, const void *buffer, size_t length);

/* Appends zeros until the file is `size` long: for file systems that can only reserve space by filling it. */
platform_status weir_fill_to(int descriptor, uint64_t from, uint64_t size);

/* ---- posix/clock.c ---- */

/* Seconds and nanoseconds; a time before zero becomes zero. */
struct timespec weir_timespec(int64_t nanoseconds);

/* Pauses that grow from 50 us to 5 ms, for the things that can only be asked again and again. */
typedef struct {
    int64_t pause;
} weir_backoff;

#define WEIR_BACKOFF_START 50000
#define WEIR_BACKOFF_MAXIMUM 5000000

/* Sleeps for the next pause, or until the deadline if that is nearer; false when the deadline has passed. */
bool weir_backoff_sleep(weir_backoff *backoff, int64_t deadline);

/* ---- posix/names.c ---- */

platform_status weir_publish_by_link(const char *from, const char *to);

/* ---- posix/threads.c ---- */

struct platform_mutex {
    pthread_mutex_t native;
};

struct platform_condition {
    pthread_cond_t native;
};

/* A thread that nobody joins, that takes no signals, with a small stack. */
platform_status weir_start_detached(void *(*body)(void *), void *context);

/* ---- posix/wake.c ---- */

void weir_wake_everybody_here(void);

/* Looks at the word again and again: for systems on which nothing can be slept on between processes. */
platform_status weir_wake_poll(const uint32_t *word, uint32_t ticket, int64_t deadline);

/* ---- one definition in each system's folder ---- */

/* storage.c */
int64_t weir_modified(const struct stat *description);
platform_status weir_sync_descriptor(int descriptor);

/* threads.c. The first gives 0 or an errno. */
int weir_condition_make(pthread_cond_t *condition);
bool weir_condition_sleep(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline);

/* locks.c: sets or clears a lock on a range, waiting or not; -1 with errno. ENOTSUP where no lock belongs to the open
 * file. */
struct flock;
int weir_range_operation(int descriptor, bool wait, struct flock *range);

/* wake_*.c */
platform_status weir_wake_sleep(uint32_t *word, uint32_t ticket, int64_t deadline);
void weir_wake_rouse(uint32_t *word);

/* process.c: NAME=value, as execve takes it. */
char **weir_environment(void);

/* child.c. Both ends above the standard streams and closed on exec; 0, or -1 with errno. */
int weir_pipe(int ends[2]);
/* Async-signal-safe: the child calls it between fork and exec. */
void weir_close_on_exec_from(int first);

#endif
