/* platform.h: everything Weir asks of an operating system.
 *
 * This header is the contract. Each back end (posix/ + linux/, posix/ + darwin/, windows/) implements every function
 * below, whole, and the suite in Tests/PlatformContract holds each of them to the same words. Nothing above this line
 * of the house knows which system it runs on.
 *
 * Conventions
 *  - Only fixed-width types cross this border, so that the layout is one on every system and for every compiler.
 *  - Text is UTF-8 and NUL-terminated, in and out. Windows converts to UTF-16 at the border; a name that has no UTF-8
 *    form is carried as WTF-8, so that what was listed can be opened again.
 *  - A fallible function returns a platform_status: PLATFORM_OK, or why it did not happen. The system's own code for
 *    the calling thread's last failure is kept for the message: platform_system_code.
 *  - On failure nothing was changed and out-parameters are untouched, unless the comment says otherwise.
 *  - Deadlines are absolute, in nanoseconds of platform_monotonic. PLATFORM_NO_WAIT asks once; PLATFORM_FOREVER never
 *    gives up.
 *  - Functions may be called from any thread. What one handle allows at once is said beside it.
 *  - Interrupted system calls are resumed inside; no caller sees EINTR.
 */
#ifndef WEIR_PLATFORM_H
#define WEIR_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PLATFORM_NORETURN [[noreturn]]
extern "C" {
#else
#define PLATFORM_NORETURN _Noreturn
#endif

/* ---- status ------------------------------------------------------------------------------------------------------ */

typedef int32_t platform_status;

#define PLATFORM_OK 0
#define PLATFORM_NOT_FOUND 1       /* no such file, directory or program */
#define PLATFORM_EXISTS 2          /* the name is taken */
#define PLATFORM_PERMISSION 3      /* the system refuses this user, or the file system is read-only */
#define PLATFORM_BUSY 4            /* held by somebody else and the caller did not want to wait */
#define PLATFORM_TIMED_OUT 5       /* the deadline passed */
#define PLATFORM_NO_SPACE 6        /* disk or quota is full */
#define PLATFORM_IS_DIRECTORY 7    /* a directory where a file should be */
#define PLATFORM_NOT_DIRECTORY 8   /* a file where a directory should be */
#define PLATFORM_NOT_EMPTY 9       /* the directory has entries */
#define PLATFORM_NAME_TOO_LONG 10
#define PLATFORM_INVALID 11        /* an argument the system, or this header, does not accept */
#define PLATFORM_CLOSED 12         /* the other end of a pipe is gone */
#define PLATFORM_NO_MEMORY 13
#define PLATFORM_LIMIT 14          /* too many open files, processes or threads */
#define PLATFORM_UNSUPPORTED 15    /* this system has no such thing */
#define PLATFORM_BUFFER_TOO_SMALL 16
#define PLATFORM_IO 17             /* anything else: see platform_system_code */
#define PLATFORM_WOULD_BLOCK 18    /* a socket has nothing to read, or no room to write, for now */
#define PLATFORM_REFUSED 19        /* nobody listens at that address */
#define PLATFORM_RESET 20          /* the peer, or the network, broke the connection */
#define PLATFORM_UNREACHABLE 21    /* no way to that host or network */
#define PLATFORM_ADDRESS_IN_USE 22
#define PLATFORM_ADDRESS_NOT_AVAILABLE 23 /* not an address of this machine, or no local port is free */

/* errno or GetLastError of the calling thread's last failure here; 0 if it never failed. */
int32_t platform_system_code(void);

/* The system's sentence for such a code, without a trailing full stop or newline. Writes at most capacity bytes
 * including the NUL, cutting between characters; returns the length written without the NUL. */
size_t platform_system_message(int32_t code, char *buffer, size_t capacity);

#define PLATFORM_NO_WAIT INT64_MIN
#define PLATFORM_FOREVER INT64_MAX

/* ---- time and chance --------------------------------------------------------------------------------------------- */

/* Nanoseconds of a clock that never goes back; its zero means nothing. Comparable between processes of one boot. */
int64_t platform_monotonic(void);

/* Nanoseconds since 1970-01-01T00:00:00Z, as the machine believes. May jump. */
int64_t platform_wall(void);

/* Fills the buffer from the system's cryptographic source. */
platform_status platform_random(void *buffer, size_t length);

/* Sleeps until the deadline. For back-off between attempts, never to wait for a thing that can be waited on. */
void platform_sleep_until(int64_t deadline);

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* A file descriptor or a HANDLE. Reading and writing at an offset is safe from many threads; the sequential calls share
 * one position. */
typedef int64_t platform_handle;

#define PLATFORM_NO_HANDLE ((platform_handle)-1)

/* platform_file_open flags; TRUNCATE and APPEND go with WRITE only. Handles are never inherited by children. On Windows
 * every open shares reading, writing and deleting with others, and paths of any length work. */
#define PLATFORM_READ 1u
#define PLATFORM_WRITE 2u
#define PLATFORM_CREATE 4u      /* make the file if it is missing; permissions 0666 less the umask */
#define PLATFORM_EXCLUSIVE 8u   /* with CREATE: fail with EXISTS if it is there */
#define PLATFORM_TRUNCATE 16u
#define PLATFORM_APPEND 32u     /* sequential writes go to the end; not for write_at */
#define PLATFORM_PRIVATE 64u    /* with CREATE: only this user may read or write it (0600; on Windows an ACL) */

platform_status platform_file_open(const char *path, uint32_t flags, platform_handle *file);
void platform_file_close(platform_handle file);

/* Sequential. A read of 0 bytes is the end. A write writes all of it or fails, and then may have written a part. */
platform_status platform_file_read(platform_handle file, void *buffer, size_t length, size_t *got);
platform_status platform_file_write(platform_handle file, const void *buffer, size_t length);

/* At an offset. A read may be short only at the end of the file. On Windows these move the position of the sequential
 * calls: use one kind on one handle. */
platform_status platform_file_read_at(platform_handle file, uint64_t offset, void *buffer, size_t length, size_t *got);
platform_status platform_file_write_at(platform_handle file, uint64_t offset, const void *buffer, size_t length);

/* Sets the length; new bytes read as zero and may take no disk space yet. */
platform_status platform_file_set_size(platform_handle file, uint64_t size);

/* Makes sure that every byte below size has disk space behind it, so that a store through a mapping cannot hit a full
 * disk. Makes the file longer if it is shorter, with zeros; never shortens and never changes bytes that are there.
 * Cheap when the space is there already. UNSUPPORTED where the file system cannot promise it; the file is then as it
 * was. */
platform_status platform_file_reserve(platform_handle file, uint64_t size);

/* Returns when data and length are on stable storage, as strongly as the system can promise (F_FULLFSYNC on macOS). */
platform_status platform_file_sync(platform_handle file);

#define PLATFORM_KIND_FILE 1u
#define PLATFORM_KIND_DIRECTORY 2u
#define PLATFORM_KIND_PIPE 3u
#define PLATFORM_KIND_OTHER 4u

typedef struct {
    uint64_t size;        /* bytes */
    int64_t modified;     /* wall nanoseconds */
    uint64_t volume;      /* with index: the identity of the file on this machine while it lives */
    uint64_t index;
    uint64_t links;       /* names that refer to it; 0 when it was deleted or replaced under this handle. Some file
                             systems of Windows do not say so: what a path leads to now is told by volume and index */
    uint32_t kind;        /* PLATFORM_KIND_ */
    uint32_t permissions; /* POSIX bits 0777; on Windows 0600 when only this user (and the system) has access, else
                             0666, less the write bits when the read-only attribute is set */
} platform_file_info;

platform_status platform_file_describe(platform_handle file, platform_file_info *info);

/* Follows symbolic links. */
platform_status platform_path_describe(const char *path, platform_file_info *info);

/* ---- names ------------------------------------------------------------------------------------------------------- */

/* Removes one file (not a directory). Works while others have it open or mapped: they keep what they have, and the name
 * is free at once. On Windows a file that is mapped cannot go yet: it is left in its directory under a name that begins
 * with ".weir-removed-", until a later removal there finds it free. BUSY where somebody opened it without sharing
 * deletion. */
platform_status platform_remove(const char *path);

/* Gives `from` the name `to`, replacing a file that has it, in one step that others see whole or not at all. BUSY on
 * Windows where a file that is open or mapped cannot be replaced; nothing has changed then. */
platform_status platform_replace(const char *from, const char *to);

/* Gives `from` the name `to` in one step, or fails with EXISTS; `from` is gone afterwards. */
platform_status platform_publish(const char *from, const char *to);

/* Makes the directory, and its missing parents. Succeeds if it is there. `private` makes those that it creates 0700. */
platform_status platform_make_directories(const char *path, bool private_to_user);
platform_status platform_remove_directory(const char *path);

/* Returns when names in the directory are on stable storage. */
platform_status platform_directory_sync(const char *path);

/* POSIX bits 0777; on Windows only "is the owner alone" (no bit for group and others) and "may be written" are kept. */
platform_status platform_set_permissions(const char *path, uint32_t permissions);

/* Listing. Entries come in no order, without "." and "..". */
typedef struct platform_directory platform_directory;
platform_status platform_directory_open(const char *path, platform_directory **directory);
/* Sets *name to the next entry's name, valid until the next call, or to NULL at the end. */
platform_status platform_directory_next(platform_directory *directory, const char **name);
void platform_directory_close(platform_directory *directory);

/* The functions below write a NUL-terminated text and set *length without the NUL. If capacity is too small they return
 * PLATFORM_BUFFER_TOO_SMALL and set *length to what is needed without the NUL. */

/* The absolute path with symbolic links resolved; NOT_FOUND if it does not exist. */
platform_status platform_canonical_path(const char *path, char *buffer, size_t capacity, size_t *length);
platform_status platform_current_directory(char *buffer, size_t capacity, size_t *length);
/* HOME, else the user's profile. */
platform_status platform_home_directory(char *buffer, size_t capacity, size_t *length);
platform_status platform_temporary_directory(char *buffer, size_t capacity, size_t *length);
platform_status platform_executable_path(char *buffer, size_t capacity, size_t *length);
platform_status platform_host_name(char *buffer, size_t capacity, size_t *length);
/* NOT_FOUND if it is not set. */
platform_status platform_environment(const char *name, char *buffer, size_t capacity, size_t *length);

/* True for '/', and on Windows also for '\\'. */
bool platform_is_separator(char character);
/* The separator that people of this system expect in output. */
char platform_separator(void);

/* The arguments of this process as UTF-8, the program name first. Valid for the life of the process. */
int32_t platform_argument_count(void);
const char *platform_argument(int32_t index); /* NULL outside 0 ..< count */

uint64_t platform_process_id(void);

/* Ends the process at once with this status, without running exit handlers. */
PLATFORM_NORETURN void platform_exit(int32_t status);

/* ---- terminal and standard streams ------------------------------------------------------------------------------- */

platform_handle platform_standard_input(void);
platform_handle platform_standard_output(void);
platform_handle platform_standard_error(void);

bool platform_is_terminal(platform_handle stream);
/* Makes escape sequences for colour work, or says that they cannot (false: write none). */
bool platform_terminal_enable_color(platform_handle stream);
platform_status platform_terminal_size(platform_handle stream, uint32_t *columns, uint32_t *rows);

/* ---- mapped memory ----------------------------------------------------------------------------------------------- */

typedef struct {
    uint8_t *base;
    size_t length;
} platform_mapping;

/* Maps `length` bytes of the file from offset 0. With `writable`, for which the handle must have been opened for
 * reading and writing, stores reach the file and every other mapping of it, in this process and others. The mapping
 * outlives the handle. length > 0 and not beyond the end of the file. */
platform_status platform_map(platform_handle file, size_t length, bool writable, platform_mapping *mapping);
void platform_unmap(platform_mapping mapping);

/* Returns when these bytes of the mapping are on stable storage. `file` is the handle that was mapped. The range is
 * widened to pages. */
platform_status platform_map_sync(platform_mapping mapping, platform_handle file, size_t offset, size_t length);

/* The granularity of mapping and syncing in bytes. */
size_t platform_page_size(void);

/* Atomic access to naturally aligned words of mapped memory, shared with other processes. */

static inline uint32_t platform_load_relaxed_u32(const uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static inline uint32_t platform_load_acquire_u32(const uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
static inline uint64_t platform_load_relaxed_u64(const uint64_t *word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static inline uint64_t platform_load_acquire_u64(const uint64_t *word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
static inline void platform_store_relaxed_u32(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
static inline void platform_store_release_u32(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline void platform_store_relaxed_u64(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
static inline void platform_store_release_u64(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline uint32_t platform_exchange_u32(uint32_t *word, uint32_t value) {
    return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t platform_add_u32(uint32_t *word, uint32_t value) {
    return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST);
}
static inline uint32_t platform_or_u32(uint32_t *word, uint32_t value) {
    return __atomic_fetch_or(word, value, __ATOMIC_SEQ_CST);
}
/* On failure *expected becomes what was found. */
static inline bool platform_compare_exchange_u32(uint32_t *word, uint32_t *expected, uint32_t value) {
    return __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline bool platform_compare_exchange_u64(uint64_t *word, uint64_t *expected, uint64_t value) {
    return __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline void platform_fence_acquire(void) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}
static inline void platform_fence_release(void) {
    __atomic_thread_fence(__ATOMIC_RELEASE);
}
static inline void platform_fence_full(void) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Tells the processor that this is a spin loop. */
static inline void platform_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* Brings four cache lines from `address` on closer. Never faults, whatever the address. */
static inline void platform_prefetch(const void *address) {
    __builtin_prefetch(address);
    __builtin_prefetch((const char *)address + 64);
    __builtin_prefetch((const char *)address + 128);
    __builtin_prefetch((const char *)address + 192);
}

/* CRC-32C (Castagnoli, reflected, initial and final inversion) continued from `seed`, which is 0 to begin with. Uses
 * the processor's instruction where it has one. crc32c("123456789") = E3069283. */
uint32_t platform_crc32c(uint32_t seed, const void *bytes, size_t length);

/* ---- locks ------------------------------------------------------------------------------------------------------- */

/* The whole-file lock of the pool format: flock on POSIX, LockFileEx over 0 ... 2^64-1 on Windows. It belongs to the
 * open file (two opens in one process exclude each other), advises only those who take it, does not keep anyone from
 * mapped memory, and ends with the process that holds it, however that ends. One open file holds at most one lock. */
#define PLATFORM_LOCK_SHARED 1u
#define PLATFORM_LOCK_EXCLUSIVE 2u

/* BUSY with PLATFORM_NO_WAIT, TIMED_OUT at a deadline. Waiting for a deadline may poll, at most every 5 ms. */
platform_status platform_lock(platform_handle file, uint32_t mode, int64_t deadline);
platform_status platform_unlock(platform_handle file);

/* A lock on a range of bytes, which need not exist: open file description locks on Linux and macOS, LockFileEx on
 * Windows. UNSUPPORTED elsewhere, where record locks belong to the process and are lost when any of its handles closes.
 * length > 0; unlock what was locked. Ranged and whole-file locks do not see each other on POSIX and do on Windows: use
 * one kind on one file. */
platform_status platform_lock_range(platform_handle file, uint64_t offset, uint64_t length, uint32_t mode,
                                    int64_t deadline);
platform_status platform_unlock_range(platform_handle file, uint64_t offset, uint64_t length);

/* ---- wake-ups between processes ---------------------------------------------------------------------------------- */

/* A wake word is a 32-bit word of a shared mapping that sleepers and wakers of all processes agree on. Bit 0: somebody
 * may be asleep. The other bits count wake-ups. A waker that finds bit 0 clear makes no system call; a sleeper that
 * died costs one needless call, once. A zeroed word is a valid one.
 *
 * The sleeper:  ticket = platform_wake_prepare(w);  look at the shared state again;  platform_wake_wait(w, ticket,
 * deadline). The waker:    change the shared state;  platform_wake_all(w). Between prepare and wait no wake-up is lost.
 * A wait may end early for no reason; nothing may depend on it. A waker that is killed inside platform_wake_all may
 * leave its sleepers asleep until their deadline: give them one.
 *
 * Linux: futex. macOS: os_sync_wait_on_address where the system has it, else a bounded poll. Other POSIX: a bounded
 * poll. Windows: a named event for each count of the word, named for the identity of the file, made by sleepers
 * only. */
typedef struct platform_wake platform_wake;

/* `file` gives the word its name between processes; `word` lies in a shared writable mapping of it that outlives the
 * wake. Threads may share one wake, sleeping and waking at once. */
platform_status platform_wake_open(platform_handle file, uint32_t *word, platform_wake **wake);
void platform_wake_close(platform_wake *wake);

uint32_t platform_wake_prepare(platform_wake *wake);
/* OK when woken, or without reason; TIMED_OUT at the deadline. Ends at once when a stop request has arrived. */
platform_status platform_wake_wait(platform_wake *wake, uint32_t ticket, int64_t deadline);

/* The part of platform_wake_all that may call the system. */
void platform_wake_sleepers(platform_wake *wake);

static inline void platform_wake_all(platform_wake *wake) {
    /* The first member of a platform_wake is its word, in every back end. */
    const uint32_t *word = *(uint32_t *const *)(const void *)wake;
    platform_fence_full();
    if (platform_load_relaxed_u32(word) & 1) platform_wake_sleepers(wake);
}

/* A named counting semaphore, for processes that know nothing else. POSIX: sem_open; made, if asked for, with mode
 * 0600 and count 0; UNSUPPORTED on Windows and where the name is too long for the system. */
typedef struct platform_semaphore platform_semaphore;
/* The name has no slash. Without `create`: NOT_FOUND unless somebody made it. */
platform_status platform_semaphore_open(const char *name, bool create, platform_semaphore **semaphore);
void platform_semaphore_close(platform_semaphore *semaphore);
/* Adds one if the count is 0; makes no system call unless a process sleeps on it. */
void platform_semaphore_post_if_zero(platform_semaphore *semaphore);
/* Takes one if the count is above 0. */
bool platform_semaphore_try_take(platform_semaphore *semaphore);
platform_status platform_semaphore_unlink(const char *name);

/* ---- stop requests ----------------------------------------------------------------------------------------------- */

/* What asked this process to stop. */
#define PLATFORM_STOP_NONE 0
#define PLATFORM_STOP_INTERRUPT 1  /* SIGINT, Ctrl-C */
#define PLATFORM_STOP_TERMINATE 2  /* SIGTERM, SIGHUP; Ctrl-Break, console closed, log-off, shutdown */

/* From now on stop requests are kept for platform_stop_requested instead of ending the process, end every
 * platform_wake_wait and platform_stop_wait of this process, and are delivered without running code in a signal
 * handler: a thread of our own takes them. The first request stays. Signals that were ignored when the process began
 * (nohup; jobs that a script puts into the background ignore SIGINT) stay ignored. Also makes writes to a closed pipe
 * fail with CLOSED instead of killing. Call once, before other threads start. */
platform_status platform_stop_listen(void);
int32_t platform_stop_requested(void);
/* Returns the request, or PLATFORM_STOP_NONE at the deadline. */
int32_t platform_stop_wait(int64_t deadline);
/* As if the request had come from outside; for tests and for programs that have their own ways. */
void platform_stop_request(int32_t reason);
/* On Windows a console that is being closed kills the process when its handlers return: they wait for this, 5 s at
 * most. */
void platform_stop_finished(void);

/* ---- threads ----------------------------------------------------------------------------------------------------- */

typedef struct platform_thread platform_thread;
platform_status platform_thread_start(void (*body)(void *), void *context, platform_thread **thread);
/* Waits for its end and frees it. Every thread is joined. */
void platform_thread_join(platform_thread *thread);
uint64_t platform_thread_id(void);
void platform_thread_yield(void);
uint32_t platform_processor_count(void);

/* Lets this process have as many files and sockets open as the system allows it to ask for, and says how many that are; a number
 * that is never reached where there is no such limit. Asking again changes nothing. Programs that it starts inherit it. */
uint64_t platform_raise_open_limit(void);

/* Not recursive. */
typedef struct platform_mutex platform_mutex;
platform_status platform_mutex_make(platform_mutex **mutex);
void platform_mutex_free(platform_mutex *mutex);
void platform_mutex_lock(platform_mutex *mutex);
bool platform_mutex_try_lock(platform_mutex *mutex);
void platform_mutex_unlock(platform_mutex *mutex);

typedef struct platform_condition platform_condition;
platform_status platform_condition_make(platform_condition **condition);
void platform_condition_free(platform_condition *condition);
/* Gives the mutex up while it sleeps. False when the deadline passed. May wake for no reason. */
bool platform_condition_wait(platform_condition *condition, platform_mutex *mutex, int64_t deadline);
void platform_condition_signal(platform_condition *condition);
void platform_condition_broadcast(platform_condition *condition);

/* ---- libraries that are loaded when they are needed --------------------------------------------------------------- */

typedef struct platform_library platform_library;

/* Loads a shared library with all that it needs, for the life of the process: there is no way to give it back. A name
 * without a separator is looked up where the system keeps libraries, never in the directory one happens to be in; a
 * path is used as it is. Loading it again gives the same library. NOT_FOUND when it, or a library that it needs, is not
 * there, or is none that this process can load. */
platform_status platform_library_open(const char *name, platform_library **library);

/* The address of an exported function or variable; NULL if the library has none of this name. */
void *platform_library_symbol(platform_library *library, const char *name);

/* ---- child processes --------------------------------------------------------------------------------------------- */

#define PLATFORM_STREAM_INHERIT 0u
#define PLATFORM_STREAM_PIPE 1u
#define PLATFORM_STREAM_NULL 2u

typedef struct platform_child platform_child;

typedef struct {
    const char *const *arguments; /* the program first, NULL-terminated; a name without a separator is looked up in our
                                     PATH, a relative path is meant from where we are, not from `directory` */
    const char *const *environment; /* NAME=value, NULL-terminated; NULL: this process's */
    const char *directory;        /* to start in; NULL: here */
    uint32_t input, output, error; /* PLATFORM_STREAM_ */
    bool own_group;               /* not reached by Ctrl-C of our terminal, and can be signalled apart */
} platform_child_options;

/* NOT_FOUND or PERMISSION when the program cannot be started; that is known before this returns. The child inherits
 * nothing but its three streams; its signals have their default dispositions, except that an ignored SIGHUP stays
 * ignored. On Windows arguments are quoted by the rules of the C runtime, and batch files, which have other rules, are
 * UNSUPPORTED. */
platform_status platform_child_start(const platform_child_options *options, platform_child **child);

/* Our ends of the pipes, PLATFORM_NO_HANDLE where none was asked for. They stay the child's: close them with
 * platform_child_close_input, or platform_child_free. */
platform_handle platform_child_input(const platform_child *child);
platform_handle platform_child_output(const platform_child *child);
platform_handle platform_child_error(const platform_child *child);
void platform_child_close_input(platform_child *child);

uint64_t platform_child_process_id(const platform_child *child);

/* To the child, and with own_group to its whole group. On Windows a child that listens (platform_stop_listen) is asked
 * by an event; another one is sent Ctrl-Break, which can only be sent to a group, through a console that both share:
 * UNSUPPORTED without. NOT_FOUND when it has ended. */
#define PLATFORM_SIGNAL_INTERRUPT 1u /* SIGINT; Ctrl-Break */
#define PLATFORM_SIGNAL_TERMINATE 2u /* SIGTERM; Ctrl-Break */
#define PLATFORM_SIGNAL_KILL 3u      /* SIGKILL; TerminateProcess, of the child alone */
platform_status platform_child_signal(platform_child *child, uint32_t signal);

typedef struct {
    bool signaled;   /* ended by a signal (never on Windows, where a killed child's status is 1) */
    int32_t code;    /* exit status, or the number of the signal; -1 when somebody else has reaped the child */
} platform_exit_status;

/* What this system calls the signal of this number: "SIGTERM". NULL for numbers without a name, and on Windows. */
const char *platform_signal_name(int32_t number);

/* TIMED_OUT if it still runs at the deadline. May be called again after the end. */
platform_status platform_child_wait(platform_child *child, int64_t deadline, platform_exit_status *status);
/* Closes the pipes. A child that still runs goes on, and is reaped when it ends. */
void platform_child_free(platform_child *child);

#ifdef __cplusplus
}
#endif

#include "network.h"

#endif
