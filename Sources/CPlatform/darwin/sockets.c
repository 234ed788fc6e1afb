/* sockets.c: sockets that take a call for each thing they should be. A child that another thread starts meanwhile could
 * inherit one; weir_close_on_exec_from in the child prevents it. */
#include "../posix/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

const int weir_send_flags = 0;
const bool weir_has_abstract_names = false;

/* Gives the descriptor, or closes it and gives -1. */
static int prepared(int socket) {
    int on = 1;
    if (socket < 0) return -1;
    int flags = fcntl(socket, F_GETFL);
    if (flags >= 0 && fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(socket, F_SETFD, FD_CLOEXEC) == 0) {
        /* Refused with EINVAL when the peer has left already: then there is nothing to be signalled about but EPIPE,
         * and platform_stop_listen ignores that signal for the whole process. */
        setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
        return socket;
    }
    int code = errno;
    close(socket);
    errno = code;
    return -1;
}

int weir_socket_make(int domain) { return prepared(socket(domain, SOCK_STREAM, 0)); }

int weir_socket_accept(int listener, struct sockaddr *peer, socklen_t *length) {
    return prepared(accept(listener, peer, length));
}

int weir_socket_set_probes(int socket, int seconds) {
    if (setsockopt(socket, IPPROTO_TCP, TCP_KEEPALIVE, &seconds, sizeof seconds) != 0) return -1;
    return setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

/* Said when the peer has ended its own side already, and then room for ours is not spoken of any more. So reading, or
 * writing by those who wait to, has to find out. */
uint32_t weir_poll_hangup(uint32_t interest) { return PLATFORM_POLL_READ | (interest & PLATFORM_POLL_WRITE); }
