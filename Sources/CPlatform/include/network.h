/* network.h: sockets and the poller, as one more part of the contract that platform.h begins. Its conventions hold here.
 *
 * Every socket here is a non-blocking stream socket, TCP or Unix-domain, that no child process inherits. A call that
 * would have to wait says WOULD_BLOCK and changes nothing; the poller tells when it is worth trying again. Writing to a
 * peer that is gone is an error and never a signal.
 *
 * Windows has Unix-domain sockets from Windows 10 RS4 on. Where a system has none, the calls that would make one say
 * UNSUPPORTED. */
#ifndef WEIR_NETWORK_H
#define WEIR_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- addresses --------------------------------------------------------------------------------------------------- */

#define PLATFORM_ADDRESS_IPV4 1u
#define PLATFORM_ADDRESS_IPV6 2u
#define PLATFORM_ADDRESS_UNIX 3u

/* Where a socket listens or connects to. A value: copy it freely, and compare nothing but what the functions say. */
typedef struct {
    uint32_t family; /* PLATFORM_ADDRESS_ */
    uint32_t length; /* bytes of `native` that count */
    uint64_t native[16]; /* the system's own socket address */
} platform_address;

/* An IPv4 or IPv6 literal, with a scope if it has one (fe80::1%eth0); no brackets. INVALID for anything else, also for
 * names: those are for platform_resolve. */
platform_status platform_address_literal(const char *host, uint16_t port, platform_address *address);

/* Every interface of this machine: [::], which also takes IPv4 where `platform_listen` finds that possible. */
platform_status platform_address_any(uint16_t port, platform_address *address);

/* A Unix-domain socket's path. A first byte of 0 makes it an abstract name, on Linux; UNSUPPORTED elsewhere. INVALID
 * when it is empty, or a path with a 0 inside; NAME_TOO_LONG beyond platform_unix_path_limit. */
platform_status platform_address_unix(const char *path, size_t length, platform_address *address);

/* The most bytes a path may have: 107 on Linux and Windows, 103 on macOS and the BSDs. The 0 behind it is not counted. */
size_t platform_unix_path_limit(void);

/* Asks the system's resolver for a name's stream addresses, best first, and writes at most `capacity` of them. Blocks, for
 * as long as the resolver takes: never on a thread that others wait for. NOT_FOUND when the name has no address, TIMED_OUT
 * when the resolver has no answer for now. Literals work too. */
platform_status platform_resolve(const char *host, uint16_t port, platform_address *addresses, size_t capacity,
                                 size_t *count);

/* The host as a literal, or the path of a Unix-domain socket (an abstract name begins with '@', an unnamed one is ""); as
 * the text functions of platform.h. An IPv4 address that came mapped into IPv6 is written as IPv4. */
platform_status platform_address_text(const platform_address *address, char *buffer, size_t capacity, size_t *length);
/* 0 for Unix-domain addresses. */
uint16_t platform_address_port(const platform_address *address);

/* ---- sockets ----------------------------------------------------------------------------------------------------- */

/* A descriptor or a SOCKET. */
typedef int64_t platform_socket;

#define PLATFORM_NO_SOCKET ((platform_socket)-1)

/* Listens. ADDRESS_IN_USE when somebody else does; ADDRESS_NOT_AVAILABLE when the address is not of this machine. Port 0
 * takes a free one: platform_socket_local says which. [::] takes IPv4 as well, and where the machine has no IPv6 it becomes
 * 0.0.0.0. A listener may bind a port whose old connections linger, and no two may share one.
 *
 * A Unix-domain path that is taken: if a listener answers there, ADDRESS_IN_USE. If it is a socket on which nobody answers,
 * it was left by a process that died: it is removed and bound again. If it is anything but a socket, EXISTS, and it stays.
 * A path that platform_listen bound is removed by platform_listener_close.
 *
 * On Windows, where a port that was just closed may be refused for a moment, binding is tried up to 5 times, 10 ms
 * apart. */
platform_status platform_listen(const platform_address *address, uint32_t backlog, platform_socket *listener);

/* Closes a listener; connections that nobody accepted are reset. A Unix-domain path goes first, unless the name is by now
 * another's. */
void platform_listener_close(platform_socket listener);

/* The next connection that waits, and where it comes from (may be NULL). WOULD_BLOCK when there is none; LIMIT when this
 * process or machine can open no more, and the connection stays waiting. One that was gone before it was accepted is passed
 * over. TCP connections have NODELAY set. */
platform_status platform_accept(platform_socket listener, platform_socket *socket, platform_address *peer);

/* Begins to connect. OK with *pending false: connected. OK with *pending true: the poller reports PLATFORM_POLL_WRITE or
 * PLATFORM_POLL_ERROR when it has ended, and platform_connect_result says how. TCP connections have NODELAY set. NOT_FOUND
 * and REFUSED for a Unix-domain path that is missing, or on which nobody listens; a TCP refusal may come now or later.
 * WOULD_BLOCK when a Unix-domain listener's queue is full, on Linux, and REFUSED elsewhere: no poller tells when to try
 * again.
 *
 * On Windows, where a machine that opens and closes very many connections may run out for a moment, an immediate failure
 * with ADDRESS_IN_USE or LIMIT is tried up to 5 times, 10 ms apart. */
platform_status platform_connect(const platform_address *address, platform_socket *socket, bool *pending);

/* How it went: OK, WOULD_BLOCK while it still goes on, or why it failed (REFUSED, TIMED_OUT, UNREACHABLE, RESET …). */
platform_status platform_connect_result(platform_socket socket);

typedef struct {
    void *base;
    size_t length;
} platform_buffer;

typedef struct {
    const void *base;
    size_t length;
} platform_slice;

/* The most buffers or slices that one call looks at; the rest is left for the next. */
#define PLATFORM_GATHER_LIMIT 64

/* Reads what is there into the buffers, in order. OK with *got 0: the peer has ended its side and everything was read.
 * WOULD_BLOCK when nothing is there; RESET when the connection broke, which is said only when every byte that came was
 * read, where the system keeps them. At least one buffer has room. */
platform_status platform_receive(platform_socket socket, const platform_buffer *buffers, size_t count, size_t *got);

/* Writes as much as fits. WOULD_BLOCK when nothing does; CLOSED or RESET when nobody will read it. */
platform_status platform_send(platform_socket socket, const platform_slice *slices, size_t count, size_t *sent);

/* Ends our side, after everything sent before: the peer reads the end. */
platform_status platform_finish_sending(platform_socket socket);

/* Closes a connection. With `abort` what was not sent is dropped and a TCP peer sees a reset, so that no port lingers;
 * without it the system goes on sending what it took. Remove it from its poller first. */
void platform_socket_close(platform_socket socket, bool abort);

platform_status platform_socket_local(platform_socket socket, platform_address *address);
platform_status platform_socket_peer(platform_socket socket, platform_address *address);

/* Sends a probe when nothing came for `seconds`; 0 turns it off. Ignored by Unix-domain sockets. */
platform_status platform_socket_keep_alive(platform_socket socket, uint32_t seconds);
/* What the system should buffer, in bytes; 0 leaves a side as it is. The system may give more or less. */
platform_status platform_socket_buffers(platform_socket socket, uint32_t send, uint32_t receive);

/* ---- the poller -------------------------------------------------------------------------------------------------- */

/* A poller tells one thread which sockets are ready.
 *
 * A back end owes:
 *  - level-triggered readiness: a condition that still holds is reported by the next wait;
 *  - data before hang-up: while bytes are unread, READ is set even if the peer is gone; reading to the end is always safe;
 *  - READ when a listener has a connection, and when the peer has ended its side;
 *  - WRITE when a connect has succeeded, WRITE or ERROR when it has failed;
 *  - HANGUP and ERROR are reported whatever the interest, also when it is none;
 *  - no event for a registration that was removed, even when its handle number is used again at once, and even if the
 *    event had happened before (a wait that already returned cannot take its events back);
 *  - platform_poller_wake from any thread ends the current wait, or else the next, once, however often it is called
 *    between.
 * It may report more than was asked, and a wait that returns early reports no event and no wake. It may not block beyond
 * its deadline by more than a tick of the system's timer, and never returns TIMED_OUT before the deadline.
 *
 * One thread waits at a time. Adding, modifying, removing and waking may be done by any thread, also during a wait, which
 * then takes the change into account. */
typedef struct platform_poller platform_poller;

/* The best that the system has: epoll on Linux, kqueue on macOS and the BSDs, AFD polls on a completion port on Windows. */
#define PLATFORM_POLLER_BEST 0u
/* poll(2): for any POSIX system; UNSUPPORTED on Windows. */
#define PLATFORM_POLLER_POLL 1u

#define PLATFORM_POLL_READ 1u
#define PLATFORM_POLL_WRITE 2u
/* Reported only. The connection is over in both directions. */
#define PLATFORM_POLL_HANGUP 4u
/* Reported only. platform_connect_result, platform_receive or platform_send tells which. */
#define PLATFORM_POLL_ERROR 8u

typedef struct {
    uint64_t token; /* as it was registered */
    uint32_t ready; /* PLATFORM_POLL_ */
    uint32_t reserved;
} platform_poll_event;

platform_status platform_poller_make(uint32_t kind, platform_poller **poller);
/* No thread waits, and nothing is registered. */
void platform_poller_free(platform_poller *poller);

/* EXISTS if the socket is registered here. On Windows, UNSUPPORTED when a layered service provider hides the socket's base
 * handle: such a provider has to be removed or to let the handle through. */
platform_status platform_poller_add(platform_poller *poller, platform_socket socket, uint32_t interest, uint64_t token);
/* NOT_FOUND if it is not registered. */
platform_status platform_poller_modify(platform_poller *poller, platform_socket socket, uint32_t interest,
                                       uint64_t token);
/* Before the socket is closed. NOT_FOUND if it is not registered. */
platform_status platform_poller_remove(platform_poller *poller, platform_socket socket);

/* Waits for events, a wake or the deadline, and sets *count to how many events it wrote. OK with an event or after a wake or
 * early; TIMED_OUT at the deadline, with PLATFORM_NO_WAIT when nothing was there. capacity > 0. */
platform_status platform_poller_wait(platform_poller *poller, platform_poll_event *events, size_t capacity, size_t *count,
                                     int64_t deadline);
void platform_poller_wake(platform_poller *poller);

#ifdef __cplusplus
}
#endif

#endif
