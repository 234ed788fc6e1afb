/* sockets.c: connections. */
#define _DEFAULT_SOURCE

#include "sockets.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int close_keeping_code(int socket) {
    int code = errno;
    close(socket);
    errno = code;
    return -1;
}

int weir_socket_for(const platform_address *address) {
    int on = 1;
    int socket = weir_socket_make(weir_native_of(address)->sa_family);
    if (socket < 0 || !weir_is_internet(address)) return socket;
    /* A listener hands NODELAY down to what it accepts. */
    if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return close_keeping_code(socket);
    return socket;
}

/* ---- connecting ---- */

/* Errors that belong to one connection, which died before it was accepted. */
static bool passes_over(int code) {
    switch (code) {
    case EINTR:
    case ECONNABORTED:
    case ECONNRESET:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT: return true;
    default: return false;
    }
}

platform_status platform_accept(platform_socket listener, platform_socket *socket, platform_address *peer) {
    platform_address from;
    for (;;) {
        socklen_t length = sizeof from.native;
        memset(&from, 0, sizeof from);
        int accepted = weir_socket_accept(weir_socket(listener), weir_native(&from), &length);
        if (accepted < 0) {
            if (passes_over(errno)) continue;
            if (weir_would_block(errno)) return weir_fail_as(PLATFORM_WOULD_BLOCK, errno);
            if (errno == ENOBUFS || errno == ENOMEM) return weir_fail_as(PLATFORM_LIMIT, errno);
            return weir_fail(errno);
        }
        if (peer != NULL && weir_address_finish(&from, length) == PLATFORM_OK) *peer = from;
        *socket = accepted;
        return PLATFORM_OK;
    }
}

/* Whether a connection's two ends are one socket. Connecting to a free port of one's own machine makes such a thing
 * when the system picks that very port for our end. */
static bool is_connected_to_itself(int socket, const struct sockaddr_storage *peer, socklen_t peer_length) {
    struct sockaddr_storage local;
    socklen_t length = sizeof local;
    if (peer->ss_family != AF_INET && peer->ss_family != AF_INET6) return false;
    memset(&local, 0, sizeof local);
    if (getsockname(socket, (struct sockaddr *)&local, &length) != 0) return false;
    return length == peer_length && memcmp(&local, peer, length) == 0;
}

/* 0, or how a connection that is no longer under way ended; ENOTCONN while it is, and after its error was taken. */
static int connected(int socket) {
    int code = 0;
    socklen_t length = sizeof code;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) != 0) return errno;
    if (code != 0) return code;
    struct sockaddr_storage peer;
    length = sizeof peer;
    memset(&peer, 0, sizeof peer);
    /* EINVAL is how macOS tells of a peer that has left already. */
    if (getpeername(socket, (struct sockaddr *)&peer, &length) != 0) return errno == EINVAL ? 0 : errno;
    return is_connected_to_itself(socket, &peer, length) ? ECONNREFUSED : 0;
}

platform_status platform_connect_result(platform_socket socket) {
    int code = connected(weir_socket(socket));
    if (code == ENOTCONN) {
        struct pollfd ended = {weir_socket(socket), POLLOUT, 0};
        if (poll(&ended, 1, 0) == 0) return weir_fail_as(PLATFORM_WOULD_BLOCK, EINPROGRESS);
        code = connected(weir_socket(socket));
    }
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}

static platform_status connect_failure(const platform_address *address, int code) {
    /* A Unix-domain listener whose queue is full. */
    if (weir_would_block(code)) return weir_fail_as(PLATFORM_WOULD_BLOCK, code);
    /* A path that leads to something else. */
    bool other = code == ENOTSOCK || code == EPROTOTYPE;
    if (other && !weir_is_internet(address)) return weir_fail_as(PLATFORM_REFUSED, code);
    return weir_fail(code);
}

platform_status platform_connect(const platform_address *address, platform_socket *socket, bool *pending) {
    int made = weir_socket_for(address);
    if (made < 0) return weir_fail(errno);
    int code = connect(made, weir_native_of(address), (socklen_t)address->length) == 0 ? 0 : errno;
    /* Interrupted, it goes on by itself. */
    bool goes_on = code == EINPROGRESS || code == EINTR;
    if (code == 0 && weir_is_internet(address)) code = connected(made);
    if (code != 0 && !goes_on) {
        close(made);
        return connect_failure(address, code);
    }
    *socket = made;
    *pending = goes_on;
    return PLATFORM_OK;
}

/* ---- bytes ---- */

/* The system takes the buffers of the contract as they are. */
_Static_assert(sizeof(platform_buffer) == sizeof(struct iovec) && sizeof(platform_slice) == sizeof(struct iovec) &&
                   offsetof(platform_buffer, length) == offsetof(struct iovec, iov_len) &&
                   offsetof(platform_slice, length) == offsetof(struct iovec, iov_len),
               "a buffer is an iovec");

/* Some systems refuse more than an int's worth of bytes. */
#define CALL_LIMIT ((size_t)1 << 30)

static size_t within_call(size_t length) { return length < CALL_LIMIT ? length : CALL_LIMIT; }

/* How many of the buffers go into one call; 1 if the first is larger than a call by itself. */
static size_t gathered(const struct iovec *buffers, size_t count) {
    size_t total = 0;
    if (count > PLATFORM_GATHER_LIMIT) count = PLATFORM_GATHER_LIMIT;
    for (size_t index = 0; index < count; index++) {
        if (buffers[index].iov_len > CALL_LIMIT - total) return index > 0 ? index : 1;
        total += buffers[index].iov_len;
    }
    return count;
}

static struct msghdr message_of(const struct iovec *buffers, size_t count) {
    struct msghdr message = {0};
    message.msg_iov = (struct iovec *)(uintptr_t)buffers;
    message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
    return message;
}

platform_status platform_receive(platform_socket socket, const platform_buffer *buffers, size_t count, size_t *got) {
    const struct iovec *vectors = (const struct iovec *)(const void *)buffers;
    ssize_t result;
    if (count > 1) count = gathered(vectors, count);
    do {
        if (count == 1) {
            result = recv(weir_socket(socket), buffers->base, within_call(buffers->length), 0);
        } else {
            struct msghdr message = message_of(vectors, count);
            result = recvmsg(weir_socket(socket), &message, 0);
        }
    } while (result < 0 && errno == EINTR);
    if (result >= 0) {
        *got = (size_t)result;
        return PLATFORM_OK;
    }
    return weir_would_block(errno) ? weir_fail_as(PLATFORM_WOULD_BLOCK, errno) : weir_fail(errno);
}

platform_status platform_send(platform_socket socket, const platform_slice *slices, size_t count, size_t *sent) {
    const struct iovec *vectors = (const struct iovec *)(const void *)slices;
    ssize_t result;
    if (count > 1) count = gathered(vectors, count);
    do {
        if (count == 1) {
            result = send(weir_socket(socket), slices->base, within_call(slices->length), weir_send_flags);
        } else {
            struct msghdr message = message_of(vectors, count);
            result = sendmsg(weir_socket(socket), &message, weir_send_flags);
        }
    } while (result < 0 && errno == EINTR);
    if (result >= 0) {
        *sent = (size_t)result;
        return PLATFORM_OK;
    }
    return weir_would_block(errno) ? weir_fail_as(PLATFORM_WOULD_BLOCK, errno) : weir_fail(errno);
}

platform_status platform_finish_sending(platform_socket socket) {
    return shutdown(weir_socket(socket), SHUT_WR) == 0 ? PLATFORM_OK : weir_fail(errno);
}

void platform_socket_close(platform_socket socket, bool abort) {
    struct linger at_once = {1, 0};
    if (abort) setsockopt(weir_socket(socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(weir_socket(socket));
}

/* ---- what a socket is ---- */

platform_status platform_socket_local(platform_socket socket, platform_address *address) {
    platform_address found;
    socklen_t length = sizeof found.native;
    memset(&found, 0, sizeof found);
    if (getsockname(weir_socket(socket), weir_native(&found), &length) != 0) return weir_fail(errno);
    platform_status status = weir_address_finish(&found, length);
    if (status == PLATFORM_OK) *address = found;
    return status;
}

platform_status platform_socket_peer(platform_socket socket, platform_address *address) {
    platform_address found;
    socklen_t length = sizeof found.native;
    memset(&found, 0, sizeof found);
    if (getpeername(weir_socket(socket), weir_native(&found), &length) != 0) return weir_fail(errno);
    platform_status status = weir_address_finish(&found, length);
    if (status == PLATFORM_OK) *address = found;
    return status;
}

platform_status platform_socket_keep_alive(platform_socket socket, uint32_t seconds) {
    platform_address local;
    platform_status status = platform_socket_local(socket, &local);
    if (status != PLATFORM_OK || !weir_is_internet(&local)) return status;
    int on = seconds > 0;
    if (setsockopt(weir_socket(socket), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return weir_fail(errno);
    if (!on) return PLATFORM_OK;
    /* The most that every system takes. */
    int limited = seconds < INT16_MAX ? (int)seconds : INT16_MAX;
    return weir_socket_set_probes(weir_socket(socket), limited) == 0 ? PLATFORM_OK : weir_fail(errno);
}

static platform_status set_buffer(int socket, int option, uint32_t bytes) {
    int size = bytes < INT_MAX ? (int)bytes : INT_MAX;
    if (size == 0) return PLATFORM_OK;
    while (setsockopt(socket, SOL_SOCKET, option, &size, sizeof size) != 0) {
        /* Some systems refuse what is above their limit, and some give the limit. */
        if (errno != ENOBUFS || size <= 4096) return weir_fail(errno);
        size /= 2;
    }
    return PLATFORM_OK;
}

platform_status platform_socket_buffers(platform_socket socket, uint32_t send, uint32_t receive) {
    platform_status status = set_buffer(weir_socket(socket), SO_SNDBUF, send);
    return status == PLATFORM_OK ? set_buffer(weir_socket(socket), SO_RCVBUF, receive) : status;
}
