/* wake_address.c: sleeping on a word that other processes share, with os_sync_wait_on_address (macOS 14.4). It is
 * looked up at run time: on an older system sleepers look at the word again and again. */
#include "../posix/internal.h"

#include <dlfcn.h>

/* From <os/os_sync_wait_on_address.h>, which older SDKs do not have. */
#define WAIT_SHARED 1u /* OS_SYNC_WAIT_ON_ADDRESS_SHARED */
#define WAKE_SHARED 1u /* OS_SYNC_WAKE_BY_ADDRESS_SHARED */
#define CLOCK_MACH_ABSOLUTE 32u /* OS_CLOCK_MACH_ABSOLUTE_TIME */

typedef int wait_function(void *address, uint64_t value, size_t size, uint32_t flags, uint32_t clock, uint64_t timeout);
typedef int wake_function(void *address, size_t size, uint32_t flags);

static pthread_once_t found_once = PTHREAD_ONCE_INIT;
static wait_function *wait_on_address;
static wake_function *wake_by_address;

static void find_functions(void) {
    /* A data pointer cannot be cast to a function's in C; POSIX says how to get around it. */
    *(void **)&wait_on_address = dlsym(RTLD_DEFAULT, "os_sync_wait_on_address_with_timeout");
    *(void **)&wake_by_address = dlsym(RTLD_DEFAULT, "os_sync_wake_by_address_all");
    if (wake_by_address == NULL) wait_on_address = NULL;
}

platform_status weir_wake_sleep(uint32_t *word, uint32_t ticket, int64_t deadline) {
    const int64_t longest = 3600 * WEIR_SECOND;
    pthread_once(&found_once, find_functions);
    if (wait_on_address == NULL) return weir_wake_poll(word, ticket, deadline);
    for (;;) {
        if (platform_load_acquire_u32(word) != ticket) return PLATFORM_OK;
        int64_t now = platform_monotonic();
        if (deadline <= now) return weir_fail(ETIMEDOUT);
        int64_t rest = deadline - longest > now ? longest : deadline - now;
        if (wait_on_address(word, ticket, sizeof *word, WAIT_SHARED, CLOCK_MACH_ABSOLUTE, (uint64_t)rest) >= 0) {
            return PLATFORM_OK;
        }
        /* EFAULT: the page was taken out meanwhile; it comes back with the next look. */
        if (errno != EINTR && errno != ETIMEDOUT && errno != EFAULT) return weir_fail(errno);
    }
}

void weir_wake_rouse(uint32_t *word) {
    pthread_once(&found_once, find_functions);
    if (wake_by_address != NULL) wake_by_address(word, sizeof *word, WAKE_SHARED);
}
