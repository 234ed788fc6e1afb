/* sockets.c: sockets that are made as they should be in one call. */
#include "../posix/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

const int weir_send_flags = MSG_NOSIGNAL;
const bool weir_has_abstract_names = false;

int weir_socket_make(int domain) { return socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

int weir_socket_accept(int listener, struct sockaddr *peer, socklen_t *length) {
    return accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int weir_socket_set_probes(int socket, int seconds) {
    if (setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds) != 0) return -1;
    return setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

/* What came before the end can still be read, also by those who did not ask for it. */
uint32_t weir_poll_hangup(uint32_t interest) {
    (void)interest;
    return PLATFORM_POLL_HANGUP | PLATFORM_POLL_READ;
}
