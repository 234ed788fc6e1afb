/* poller_epoll.c: the poller on epoll: one system call a wait, and no lock.
 *
 * Tokens live in the kernel, beside the registration, and go with it: removing a socket also takes it off the kernel's
 * list of ready ones, so a later wait knows nothing of it.
 *
 * Waking. An eventfd is registered edge-triggered: each write is an event once, and nobody has to read it. `woken` is
 * set from the first wake until a wait has seen its event, and those who find it set need not write. A waker that does
 * so came before the wait cleared it, and so before that wait returned: it is the one that was ended. */
#define _GNU_SOURCE

#include "../posix/poller.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From newer headers; the same number on every machine. */
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

/* Events taken from the kernel at once. */
#define BATCH 256

/* Sockets are asked for both names of readiness and always report both, the eventfd is asked for one. So a token may
 * have any value, also this one. */
#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM)
#define WAKE_TOKEN UINT64_MAX
#define WAKE_EVENTS EPOLLIN

typedef struct {
    platform_poller base;
    int epoll;
    int wake;
    uint32_t woken;
} epoll_poller;

static epoll_poller *of(platform_poller *poller) { return (epoll_poller *)(void *)poller; }

static void release(platform_poller *poller) {
    if (of(poller)->wake >= 0) close(of(poller)->wake);
    if (of(poller)->epoll >= 0) close(of(poller)->epoll);
    free(poller);
}

static platform_status control(platform_poller *poller, int operation, int socket, uint32_t interest, uint64_t token) {
    struct epoll_event wanted = {0, {0}};
    if (interest & PLATFORM_POLL_READ) wanted.events |= READABLE;
    if (interest & PLATFORM_POLL_WRITE) wanted.events |= WRITABLE;
    wanted.data.u64 = token;
    return epoll_ctl(of(poller)->epoll, operation, socket, &wanted) == 0 ? PLATFORM_OK : weir_fail(errno);
}

static platform_status add(platform_poller *poller, int socket, uint32_t interest, uint64_t token) {
    return control(poller, EPOLL_CTL_ADD, socket, interest, token);
}

static platform_status modify(platform_poller *poller, int socket, uint32_t interest, uint64_t token) {
    return control(poller, EPOLL_CTL_MOD, socket, interest, token);
}

static platform_status take_out(platform_poller *poller, int socket) {
    return control(poller, EPOLL_CTL_DEL, socket, 0, 0);
}

static void wake(platform_poller *poller) {
    if (platform_exchange_u32(&of(poller)->woken, 1) != 0) return;
    uint64_t one = 1;
    ssize_t written;
    do written = write(of(poller)->wake, &one, sizeof one);
    while (written < 0 && errno == EINTR);
}

static uint32_t ready_of(uint32_t events) {
    uint32_t ready = 0;
    if (events & READABLE) ready |= PLATFORM_POLL_READ;
    if (events & WRITABLE) ready |= PLATFORM_POLL_WRITE;
    if (events & EPOLLERR) ready |= PLATFORM_POLL_ERROR;
    /* What came before the end can still be read, also by those who did not ask for it. */
    if (events & EPOLLHUP) ready |= PLATFORM_POLL_HANGUP | PLATFORM_POLL_READ;
    return ready;
}

/* Milliseconds are too coarse for short timers, and the call that counts nanoseconds is missing from kernels before
 * 5.11. */
static int wait_once(int epoll, struct epoll_event *found, int capacity, int64_t pause) {
    static uint32_t lacks_nanoseconds;
    if (pause > 0 && !platform_load_relaxed_u32(&lacks_nanoseconds)) {
        struct {
            int64_t seconds, nanoseconds;
        } limit = {pause / WEIR_SECOND, pause % WEIR_SECOND};
        int count = (int)syscall(SYS_epoll_pwait2, epoll, found, capacity, &limit, NULL, (size_t)0);
        /* EPERM comes from filters of system calls that do not know this one. */
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        platform_store_relaxed_u32(&lacks_nanoseconds, 1);
    }
    return epoll_wait(epoll, found, capacity, weir_poller_milliseconds(pause));
}

static platform_status wait_for_events(platform_poller *poller, platform_poll_event *events, size_t capacity,
                                       size_t *count, int64_t deadline) {
    struct epoll_event found[BATCH];
    int limit = capacity < BATCH ? (int)capacity : BATCH;
    int got;
    *count = 0;
    for (;;) {
        int64_t pause = weir_poller_pause(deadline);
        got = wait_once(of(poller)->epoll, found, limit, pause);
        if (got > 0) break;
        if (got < 0 && errno != EINTR) return weir_fail(errno);
        if (got == 0 && weir_poller_pause(deadline) == 0) return weir_fail(ETIMEDOUT);
    }
    size_t written = 0;
    for (int index = 0; index < got; index++) {
        if (found[index].data.u64 == WAKE_TOKEN && found[index].events == WAKE_EVENTS) {
            platform_exchange_u32(&of(poller)->woken, 0);
            continue;
        }
        events[written++] = (platform_poll_event){found[index].data.u64, ready_of(found[index].events), 0};
    }
    *count = written;
    return PLATFORM_OK;
}

static const weir_poller_kind epoll_kind = {release, add, modify, take_out, wait_for_events, wake};

static bool set_up(epoll_poller *made) {
    struct epoll_event wanted = {WAKE_EVENTS | EPOLLET, {0}};
    wanted.data.u64 = WAKE_TOKEN;
    made->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (made->epoll < 0) return false;
    made->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return made->wake >= 0 && epoll_ctl(made->epoll, EPOLL_CTL_ADD, made->wake, &wanted) == 0;
}

platform_status weir_poller_make_best(platform_poller **poller) {
    epoll_poller *made = calloc(1, sizeof *made);
    if (made == NULL) return weir_fail(ENOMEM);
    made->base.kind = &epoll_kind;
    made->epoll = made->wake = -1;
    if (!set_up(made)) {
        int code = errno;
        release(&made->base);
        return weir_fail(code);
    }
    *poller = &made->base;
    return PLATFORM_OK;
}
