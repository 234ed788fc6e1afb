/* sockets.h: what the socket files share with each other and with the folder of one system. */
#ifndef WEIR_POSIX_SOCKETS_H
#define WEIR_POSIX_SOCKETS_H

#include "internal.h"

#include <sys/socket.h>
#include <sys/un.h>

static inline int weir_socket(platform_socket socket) { return (int)socket; }

/* Keeps the code, and answers with a status that the code alone would not give. */
static inline platform_status weir_fail_as(platform_status status, int code) {
    weir_fail(code);
    return status;
}

static inline bool weir_would_block(int code) { return code == EAGAIN || code == EWOULDBLOCK; }

/* ---- posix/addresses.c ---- */

static inline struct sockaddr *weir_native(platform_address *address) {
    return (struct sockaddr *)(void *)address->native;
}
static inline const struct sockaddr *weir_native_of(const platform_address *address) {
    return (const struct sockaddr *)(const void *)address->native;
}

/* Fills in what goes before the native address that the system wrote; UNSUPPORTED for other families. */
platform_status weir_address_finish(platform_address *address, socklen_t length);

void weir_address_set_port(platform_address *address, uint16_t port);

/* 0.0.0.0 and 127.0.0.1; ::1. */
void weir_address_ipv4(uint32_t host, uint16_t port, platform_address *address);
void weir_address_ipv6_loopback(uint16_t port, platform_address *address);

/* [::], with any port. */
bool weir_address_is_any_ipv6(const platform_address *address);

/* AF_INET or AF_INET6. */
static inline bool weir_is_internet(const platform_address *address) {
    return address->family != PLATFORM_ADDRESS_UNIX;
}

/* ---- posix/sockets.c ---- */

/* A non-blocking stream socket for this address, with NODELAY if it is one of TCP; -1 with errno. */
int weir_socket_for(const platform_address *address);

/* ---- one definition in each system's folder: sockets.c ---- */

/* Non-blocking, closed on exec, and writing to it raises no signal, if sends have weir_send_flags. -1 with errno. */
int weir_socket_make(int domain);
int weir_socket_accept(int listener, struct sockaddr *peer, socklen_t *length);
extern const int weir_send_flags;

/* Whether Unix-domain addresses that begin with a 0 are names. */
extern const bool weir_has_abstract_names;

/* What POLLHUP tells about a socket, as PLATFORM_POLL_ bits. */
uint32_t weir_poll_hangup(uint32_t interest);

/* Seconds without a byte from the peer before the first probe, and between probes; -1 with errno. */
int weir_socket_set_probes(int socket, int seconds);

#endif
