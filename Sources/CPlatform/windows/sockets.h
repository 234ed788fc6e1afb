/* sockets.h: what the files about sockets share, over Winsock 2 (ws2_32). */
#ifndef WEIR_WINDOWS_SOCKETS_H
#define WEIR_WINDOWS_SOCKETS_H

#include "internal.h"

#include <winsock2.h>

#include <ws2tcpip.h>

#include <afunix.h>

/* ---- sockets.c ---- */

/* Starts Winsock, once for the life of the process. Whatever makes a socket or asks about a name begins with it. */
platform_status weir_network_start(void);

/* A non-blocking stream socket that no child inherits. INVALID_SOCKET after weir_fail. */
SOCKET weir_socket_open(int family);
/* What an accepted socket does not take from its listener. */
platform_status weir_socket_adopt(SOCKET socket);
void weir_socket_no_delay(SOCKET socket);

/* weir_fail with the code of the Winsock call that just failed. */
platform_status weir_fail_socket(void);

static inline SOCKET weir_socket(platform_socket socket) { return (SOCKET)socket; }
static inline platform_socket weir_socket_number(SOCKET socket) { return (platform_socket)socket; }

/* Ports of Windows may be short for a moment: how often, and how far apart, the calls that take one try again. */
#define WEIR_PORT_TRIES 5
#define WEIR_PORT_PAUSE (10 * WEIR_MILLISECOND)

/* ---- addresses.c ---- */

/* For the system's own functions. */
static inline const struct sockaddr *weir_sockaddr(const platform_address *address) {
    return (const struct sockaddr *)(const void *)address->native;
}

/* For us: copies, because C forbids to read the words of the value as what they are not. */
struct sockaddr_in weir_ipv4_of(const platform_address *address);
struct sockaddr_in6 weir_ipv6_of(const platform_address *address);
struct sockaddr_un weir_unix_of(const platform_address *address);
int weir_family_of(const platform_address *address);

/* An address as the system wrote it. */
void weir_address_from(const void *native, int length, platform_address *address);

/* ---- sockets_unix.c ---- */

/* platform_listen for a Unix-domain path. */
platform_status weir_listen_unix(const platform_address *address, int backlog, platform_socket *listener);
/* Removes the path that this listener bound, if it bound one and the name is still its own. */
void weir_forget_unix_path(SOCKET listener);
/* Is there nothing at all under this path? */
bool weir_unix_path_is_missing(const platform_address *address);

#endif
