/* contract.h: a small frame for tests of platform.h.
 *
 * A test is a function in the table of its group. It runs in a folder of its own, which is removed afterwards, and may
 * start peers: this same program, told to play a role. Parent and peer talk in lines over the peer's standard streams,
 * so that a test waits for what it needs and never for time to pass. A watchdog ends the run when one test takes
 * minutes. */
#ifndef WEIR_CONTRACT_H
#define WEIR_CONTRACT_H

#include "../../Sources/CPlatform/include/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    void (*body)(void);
} contract_test;

/* What a peer does. Returns its exit status. */
typedef struct {
    const char *name;
    int (*body)(int count, const char *const *arguments);
} contract_role;

typedef struct {
    const char *name;
    const contract_test *tests; /* ends with a NULL name */
    const contract_role *roles; /* ends with a NULL name; may be NULL */
} contract_group;

extern const contract_group status_group, clock_group, files_group, names_group, listing_group, environment_group,
    terminal_group, mapping_group, checksum_group, locks_group, wake_group, semaphore_group, stop_group, threads_group,
    child_group, library_group, addresses_group, sockets_group, listeners_group, poller_group,
    poller_threads_group, poller_churn_group;

/* ---- saying what must hold ---- */

bool contract_check(bool held, const char *file, int line, const char *text);
bool contract_check_status(platform_status expected, platform_status got, const char *file, int line, const char *text);
bool contract_check_equal(uint64_t expected, uint64_t got, const char *file, int line, const char *text);
bool contract_check_text(const char *expected, const char *got, const char *file, int line, const char *text);
void contract_skip(const char *reason);

/* CHECK goes on after a failure, REQUIRE leaves the test. */
#define CHECK(condition) contract_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_STATUS(expected, call) contract_check_status((expected), (call), __FILE__, __LINE__, #call)
#define CHECK_OK(call) CHECK_STATUS(PLATFORM_OK, call)
#define CHECK_EQUAL(expected, value) \
    contract_check_equal((uint64_t)(expected), (uint64_t)(value), __FILE__, __LINE__, #value)
#define CHECK_TEXT(expected, value) contract_check_text((expected), (value), __FILE__, __LINE__, #value)

#define REQUIRE(condition) \
    do { \
        if (!CHECK(condition)) return; \
    } while (0)
#define REQUIRE_OK(call) \
    do { \
        if (!CHECK_OK(call)) return; \
    } while (0)
#define SKIP(reason) \
    do { \
        contract_skip(reason); \
        return; \
    } while (0)

/* ---- surroundings ---- */

/* The folder of this test, and a path in it. Valid until the test ends. */
const char *contract_folder(void);
const char *in_folder(const char *name);

/* Later than anything that works takes, on a slow and busy machine. */
int64_t generous(void);

/* Where names keep their file until the last handle closes, and case and mode bits are the system's own affair. */
bool on_windows(void);

/* Makes a file with this text. */
bool make_file(const char *path, const char *text);
/* Opens a new file of `size` zeros for reading and writing. */
platform_handle make_zeros(const char *path, uint64_t size);
/* The file's text, at most 4 KiB; "<status>" when it cannot be read. Valid until the test ends. */
const char *text_of(const char *path);

/* Memory that is freed when the test ends. */
void *contract_memory(size_t size);

/* ---- peers ---- */

typedef struct peer peer;

/* Starts this program in a role. The arguments end with NULL. NULL, with the failure recorded, if it cannot start. */
peer *peer_start(const char *role, ...);
/* The same with options of one's own; what concerns program and streams is filled in. */
peer *peer_start_with(platform_child_options options, const char *role, const char *const *arguments);
platform_child *peer_child(peer *peer);
void peer_say(peer *peer, const char *line);
/* Reads the peer's next line; false at the end of its output. */
bool peer_line(peer *peer, char *line, size_t capacity);
/* Reads the peer's next line and checks that it is this. */
bool peer_hear(peer *peer, const char *expected);
/* Closes the peer's input, and checks that it ends with status 0. */
void peer_finish(peer *peer);
void peer_kill(peer *peer);

/* In a role: lines to and from the parent. */
void say(const char *line);
void say_number(int64_t number);
bool hear(char *line, size_t capacity);
/* Waits for any line, or the end. */
void hear_anything(void);
/* Ends the role with a message on standard error when a call did not succeed. */
void must(platform_status status, const char *what);

#endif
