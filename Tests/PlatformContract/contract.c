/* contract.c: runs the tests of the contract, or plays a role for one of them. */
#include "contract.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const contract_group *const groups[] = {
    &status_group,   &clock_group,   &files_group,    &names_group, &listing_group, &environment_group, &terminal_group,
    &mapping_group,  &checksum_group, &locks_group,   &wake_group,  &semaphore_group, &stop_group, &threads_group,
    &child_group,    &library_group, &addresses_group, &sockets_group, &listeners_group, &poller_group,
    &poller_threads_group, &poller_churn_group,
};
#define GROUP_COUNT (sizeof groups / sizeof groups[0])

#define SECOND INT64_C(1000000000)
#define TEST_LIMIT (300 * SECOND)

/* ---- the test that runs ---- */

typedef struct block {
    struct block *next;
} block;

static struct {
    char title[128];
    char folder[1024];
    const char *skipped;
    uint32_t failures;
    block *blocks;
} current;

static platform_mutex *output_mutex;

static void print(const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    if ((size_t)length >= sizeof text) length = (int)sizeof text - 1;
    platform_file_write(platform_standard_output(), text, (size_t)length);
}

static bool report(bool held, const char *format, ...) {
    if (held) return true;
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    platform_mutex_lock(output_mutex);
    current.failures++;
    print("     %s\n", text);
    platform_mutex_unlock(output_mutex);
    return false;
}

static const char *base_name(const char *path) {
    const char *base = path;
    for (; *path != 0; path++) {
        if (*path == '/' || *path == '\\') base = path + 1;
    }
    return base;
}

bool contract_check(bool held, const char *file, int line, const char *text) {
    return report(held, "%s:%d: %s", base_name(file), line, text);
}

static const char *status_name(platform_status status) {
    static const char *const names[] = {
        "OK",          "NOT_FOUND",     "EXISTS",    "PERMISSION",    "BUSY",    "TIMED_OUT", "NO_SPACE",
        "IS_DIRECTORY", "NOT_DIRECTORY", "NOT_EMPTY", "NAME_TOO_LONG", "INVALID", "CLOSED",    "NO_MEMORY",
        "LIMIT",       "UNSUPPORTED",   "BUFFER_TOO_SMALL", "IO", "WOULD_BLOCK", "REFUSED", "RESET",
        "UNREACHABLE", "ADDRESS_IN_USE", "ADDRESS_NOT_AVAILABLE",
    };
    return status >= 0 && status <= PLATFORM_ADDRESS_NOT_AVAILABLE ? names[status] : "no status";
}

bool contract_check_status(platform_status expected, platform_status got, const char *file, int line,
                           const char *text) {
    if (got == expected) return true;
    char why[256] = "";
    int32_t code = platform_system_code();
    if (got != PLATFORM_OK) platform_system_message(code, why, sizeof why);
    return report(false, "%s:%d: %s: %s instead of %s (%d: %s)", base_name(file), line, text, status_name(got),
                  status_name(expected), (int)code, why);
}

bool contract_check_equal(uint64_t expected, uint64_t got, const char *file, int line, const char *text) {
    return report(got == expected, "%s:%d: %s: %llu instead of %llu", base_name(file), line, text,
                  (unsigned long long)got, (unsigned long long)expected);
}

bool contract_check_text(const char *expected, const char *got, const char *file, int line, const char *text) {
    return report(strcmp(expected, got) == 0, "%s:%d: %s: \"%s\" instead of \"%s\"", base_name(file), line, text, got,
                  expected);
}

void contract_skip(const char *reason) { current.skipped = reason; }

void *contract_memory(size_t size) {
    block *made = calloc(1, sizeof *made + 16 + size);
    if (made == NULL) abort();
    platform_mutex_lock(output_mutex);
    made->next = current.blocks;
    current.blocks = made;
    platform_mutex_unlock(output_mutex);
    return (uint8_t *)made + 16;
}

static void free_blocks(void) {
    while (current.blocks != NULL) {
        block *next = current.blocks->next;
        free(current.blocks);
        current.blocks = next;
    }
}

/* ---- surroundings ---- */

const char *contract_folder(void) { return current.folder; }

const char *in_folder(const char *name) {
    size_t size = strlen(current.folder) + 1 + strlen(name) + 1;
    char *path = contract_memory(size);
    snprintf(path, size, "%s/%s", current.folder, name);
    return path;
}

int64_t generous(void) { return platform_monotonic() + 120 * SECOND; }

bool on_windows(void) { return platform_separator() == '\\'; }

bool make_file(const char *path, const char *text) {
    platform_handle file;
    if (!CHECK_OK(platform_file_open(path, PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_TRUNCATE, &file))) return false;
    bool written = CHECK_OK(platform_file_write(file, text, strlen(text)));
    platform_file_close(file);
    return written;
}

platform_handle make_zeros(const char *path, uint64_t size) {
    platform_handle file = PLATFORM_NO_HANDLE;
    uint32_t flags = PLATFORM_READ | PLATFORM_WRITE | PLATFORM_CREATE | PLATFORM_EXCLUSIVE;
    if (!CHECK_OK(platform_file_open(path, flags, &file))) return PLATFORM_NO_HANDLE;
    CHECK_OK(platform_file_set_size(file, size));
    return file;
}

const char *text_of(const char *path) {
    char *text = contract_memory(4097);
    platform_handle file;
    size_t got = 0;
    platform_status status = platform_file_open(path, PLATFORM_READ, &file);
    if (status == PLATFORM_OK) {
        status = platform_file_read_at(file, 0, text, 4096, &got);
        platform_file_close(file);
    }
    text[got] = 0;
    if (status != PLATFORM_OK) snprintf(text, 64, "<%s>", status_name(status));
    return text;
}

static void remove_tree(const char *path) {
    platform_directory *directory;
    if (platform_directory_open(path, &directory) != PLATFORM_OK) return;
    const char *name;
    while (platform_directory_next(directory, &name) == PLATFORM_OK && name != NULL) {
        size_t size = strlen(path) + 1 + strlen(name) + 1;
        char *inner = malloc(size);
        if (inner == NULL) break;
        snprintf(inner, size, "%s/%s", path, name);
        if (platform_remove(inner) == PLATFORM_IS_DIRECTORY) remove_tree(inner);
        free(inner);
    }
    platform_directory_close(directory);
    platform_remove_directory(path);
}

static bool make_folder(int number) {
    char temporary[900];
    size_t length;
    if (platform_temporary_directory(temporary, sizeof temporary, &length) != PLATFORM_OK) return false;
    snprintf(current.folder, sizeof current.folder, "%s/weir-contract-%llu-%d", temporary,
             (unsigned long long)platform_process_id(), number);
    return platform_make_directories(current.folder, false) == PLATFORM_OK;
}

/* ---- the watchdog ---- */

static struct {
    platform_mutex *mutex;
    platform_condition *changed;
    int64_t deadline;
    bool done;
} watch;

static void watchdog(void *context) {
    (void)context;
    platform_mutex_lock(watch.mutex);
    while (!watch.done) {
        if (platform_monotonic() >= watch.deadline) {
            print("FAIL %s: not finished after %d s; giving up\n", current.title, (int)(TEST_LIMIT / SECOND));
            platform_exit(3);
        }
        platform_condition_wait(watch.changed, watch.mutex, watch.deadline);
    }
    platform_mutex_unlock(watch.mutex);
}

static void watch_for(int64_t nanoseconds, bool done) {
    platform_mutex_lock(watch.mutex);
    watch.deadline = platform_monotonic() + nanoseconds;
    watch.done = done;
    platform_condition_broadcast(watch.changed);
    platform_mutex_unlock(watch.mutex);
}

/* ---- running ---- */

void contract_forget_peers(void); /* peers.c */

typedef struct {
    int passed, failed, skipped;
} tally;

static void run_test(const char *group, const contract_test *test, tally *count) {
    static int number;
    memset(&current, 0, sizeof current);
    snprintf(current.title, sizeof current.title, "%s: %s", group, test->name);
    watch_for(TEST_LIMIT, false);
    if (!make_folder(number++)) {
        report(false, "cannot make %s", current.folder);
    } else {
        test->body();
        contract_forget_peers();
        remove_tree(current.folder);
    }
    free_blocks();
    if (current.failures > 0) {
        count->failed++;
        print("FAIL %s\n", current.title);
    } else if (current.skipped != NULL) {
        count->skipped++;
        print("skip %s (%s)\n", current.title, current.skipped);
    } else {
        count->passed++;
        print("ok   %s\n", current.title);
    }
}

static bool wanted(const char *group, const char *name, int filters, const char *const *filter) {
    char title[128];
    snprintf(title, sizeof title, "%s: %s", group, name);
    for (int index = 0; index < filters; index++) {
        if (strstr(title, filter[index]) != NULL) return true;
    }
    return filters == 0;
}

static int run(bool only_list, int filters, const char *const *filter) {
    tally count = {0, 0, 0};
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        for (const contract_test *test = groups[group]->tests; test->name != NULL; test++) {
            if (!wanted(groups[group]->name, test->name, filters, filter)) continue;
            if (only_list) print("%s: %s\n", groups[group]->name, test->name);
            else run_test(groups[group]->name, test, &count);
        }
    }
    if (only_list) return 0;
    print("%d passed, %d failed, %d skipped\n", count.passed, count.failed, count.skipped);
    return count.failed > 0 || count.passed == 0;
}

static int play(const char *role, int count, const char *const *arguments) {
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        for (const contract_role *known = groups[group]->roles; known != NULL && known->name != NULL; known++) {
            if (strcmp(known->name, role) == 0) return known->body(count, arguments);
        }
    }
    return 99;
}

/* A peer that ended early is to be a failed test, and not the end of the run. */
static void survive_closed_pipes(void) {
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN);
#endif
}

static int start_and_run(int count, const char *const *arguments) {
    bool only_list = count > 0 && strcmp(arguments[0], "--list") == 0;
    platform_thread *dog;
    survive_closed_pipes();
    watch.deadline = platform_monotonic() + TEST_LIMIT;
    if (platform_mutex_make(&output_mutex) != PLATFORM_OK || platform_mutex_make(&watch.mutex) != PLATFORM_OK ||
        platform_condition_make(&watch.changed) != PLATFORM_OK ||
        platform_thread_start(watchdog, NULL, &dog) != PLATFORM_OK) {
        print("cannot start: threads, mutexes or conditions do not work\n");
        return 2;
    }
    int result = run(only_list, only_list ? count - 1 : count, only_list ? arguments + 1 : arguments);
    watch_for(0, true);
    platform_thread_join(dog);
    return result;
}

int main(void) {
    int count = platform_argument_count();
    const char *arguments[64];
    if (count > 64) count = 64;
    for (int index = 0; index < count; index++) arguments[index] = platform_argument(index);
    if (count >= 3 && strcmp(arguments[1], "--role") == 0) return play(arguments[2], count - 3, arguments + 3);
    return start_and_run(count > 0 ? count - 1 : 0, arguments + 1);
}
