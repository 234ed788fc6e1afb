/* sockets.c: connections over Winsock 2. */
#include "sockets.h"

#include <mstcpip.h>

#include <string.h>

/* ---- making ---- */

static int start_code;

static BOOL CALLBACK start(PINIT_ONCE once, PVOID parameter, PVOID *context) {
    (void)once, (void)parameter, (void)context;
    WSADATA data;
    start_code = WSAStartup(MAKEWORD(2, 2), &data);
    return TRUE;
}

platform_status weir_network_start(void) {
    static INIT_ONCE started = INIT_ONCE_STATIC_INIT;
    InitOnceExecuteOnce(&started, start, NULL, NULL);
    return start_code == 0 ? PLATFORM_OK : weir_fail((DWORD)start_code);
}

platform_status weir_fail_socket(void) { return weir_fail((DWORD)WSAGetLastError()); }

static bool set_option(SOCKET socket, int level, int name, DWORD value) {
    return setsockopt(socket, level, name, (const char *)&value, sizeof value) == 0;
}

void weir_socket_no_delay(SOCKET socket) { set_option(socket, IPPROTO_TCP, TCP_NODELAY, TRUE); }

static bool set_non_blocking(SOCKET socket) {
    u_long yes = 1;
    return ioctlsocket(socket, FIONBIO, &yes) == 0;
}

SOCKET weir_socket_open(int family) {
    const DWORD flags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
    SOCKET socket = WSASocketW(family, SOCK_STREAM, 0, NULL, 0, flags);
    if (socket == INVALID_SOCKET) {
        weir_fail_socket();
        return INVALID_SOCKET;
    }
    /* IPv4 as well, where there is both. */
    bool ready = family != AF_INET6 || set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, FALSE);
    if (ready && set_non_blocking(socket)) return socket;
    weir_fail_socket();
    closesocket(socket);
    return INVALID_SOCKET;
}

platform_status weir_socket_adopt(SOCKET socket) {
    if (!set_non_blocking(socket)) return weir_fail_socket();
    /* Refused only by layered providers, whose sockets are no handles and are not inherited. */
    SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0);
    weir_socket_no_delay(socket);
    return PLATFORM_OK;
}

/* ---- connecting ---- */

static bool is_loopback(const platform_address *address) {
    if (address->family == PLATFORM_ADDRESS_IPV4) return ntohl(weir_ipv4_of(address).sin_addr.s_addr) >> 24 == 127;
    struct sockaddr_in6 native = weir_ipv6_of(address);
    return IN6_IS_ADDR_LOOPBACK(&native.sin6_addr);
}

/* Windows asks a port that refuses again and again, for two seconds. On this machine once is enough. */
static void refuse_at_once(SOCKET socket) {
    TCP_INITIAL_RTO_PARAMETERS once = {TCP_INITIAL_RTO_UNSPECIFIED_RTT, TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS};
    DWORD got;
    WSAIoctl(socket, SIO_TCP_INITIAL_RTO, &once, sizeof once, NULL, 0, &got, NULL, NULL);
}

/* The error that the system keeps for the socket; 0 if there is none. */
static DWORD kept_error(SOCKET socket) {
    DWORD code = 0;
    int length = sizeof code;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, (char *)&code, &length) != 0) return (DWORD)WSAGetLastError();
    return code;
}

/* WSAENOTCONN while it is not. Where a port is asked for that nobody listens at, and the system happens to take the
 * same one for us, TCP connects the socket to itself: that is no connection. */
static DWORD connection_error(SOCKET socket) {
    struct sockaddr_storage peer = {0}, local = {0};
    int length = sizeof peer, local_length = sizeof local;
    if (getpeername(socket, (struct sockaddr *)&peer, &length) != 0) return (DWORD)WSAGetLastError();
    if (peer.ss_family == AF_UNIX) return 0;
    if (getsockname(socket, (struct sockaddr *)&local, &local_length) != 0) return (DWORD)WSAGetLastError();
    bool to_itself = length == local_length && memcmp(&peer, &local, (size_t)length) == 0;
    return to_itself ? WSAECONNREFUSED : 0;
}

static platform_status connect_once(const platform_address *address, platform_socket *socket, bool *pending) {
    bool is_unix = address->family == PLATFORM_ADDRESS_UNIX;
    SOCKET made = weir_socket_open(weir_family_of(address));
    if (made == INVALID_SOCKET) return weir_failed();
    if (!is_unix) weir_socket_no_delay(made);
    if (!is_unix && is_loopback(address)) refuse_at_once(made);
    int code = connect(made, weir_sockaddr(address), (int)address->length) == 0 ? 0 : WSAGetLastError();
    bool goes_on = code == WSAEWOULDBLOCK || code == WSAEINPROGRESS;
    if (code == 0) code = (int)connection_error(made);
    if (code != 0 && !goes_on) {
        closesocket(made);
        if (is_unix && weir_unix_path_is_missing(address)) code = ERROR_FILE_NOT_FOUND;
        return weir_fail((DWORD)code);
    }
    *pending = goes_on;
    *socket = weir_socket_number(made);
    return PLATFORM_OK;
}

platform_status platform_connect(const platform_address *address, platform_socket *socket, bool *pending) {
    platform_status status = weir_network_start();
    if (status != PLATFORM_OK) return status;
    for (int tries = 0; tries < WEIR_PORT_TRIES; tries++) {
        if (tries > 0) platform_sleep_until(platform_monotonic() + WEIR_PORT_PAUSE);
        status = connect_once(address, socket, pending);
        if (status != PLATFORM_ADDRESS_IN_USE && status != PLATFORM_LIMIT) break;
    }
    return status;
}

platform_status platform_connect_result(platform_socket socket) {
    SOCKET native = weir_socket(socket);
    DWORD code = kept_error(native);
    if (code == 0) code = connection_error(native);
    if (code != WSAENOTCONN) return code == 0 ? PLATFORM_OK : weir_fail(code);
    /* Neither failed nor connected; but the driver may know more by now than Winsock, which select makes look. */
    fd_set writable, failed;
    struct timeval now = {0, 0};
    FD_ZERO(&writable);
    FD_ZERO(&failed);
    FD_SET(native, &writable);
    FD_SET(native, &failed);
    int count = select(0, NULL, &writable, &failed, &now);
    if (count == SOCKET_ERROR) return weir_fail_socket();
    if (count == 0) return weir_fail(WSAEWOULDBLOCK);
    code = kept_error(native);
    if (code == 0 && FD_ISSET(native, &failed)) code = WSAECONNABORTED;
    if (code == 0) code = connection_error(native);
    return code == 0 ? PLATFORM_OK : weir_fail(code);
}

/* ---- reading and writing ---- */

/* What one call hands to Winsock. It takes a send of any size whole and keeps it in the kernel, as long as its buffer
 * is not full before: so a send is kept small, and the peer's pace reaches the sender. */
#define RECEIVE_MAXIMUM ((size_t)1 << 30)
#define SEND_MAXIMUM ((size_t)256 << 10)

/* Describes one part of what is left to transfer; how long it is. */
static size_t describe(WSABUF *native, const void *base, size_t length, size_t left) {
    size_t taken = length < left ? length : left;
    native->buf = (char *)(uintptr_t)base;
    native->len = (ULONG)taken;
    return taken;
}

/* Wine reads a connection that failed or broke to an end, as if the peer had ended it, and says so only when it is
 * asked or written to. Writing nothing does nothing to a connection that is well. */
static DWORD error_at_end(SOCKET socket) {
    DWORD code = kept_error(socket);
    if (code != 0 || send(socket, "", 0, 0) == 0) return code;
    code = (DWORD)WSAGetLastError();
    return code == WSAECONNRESET || code == WSAECONNABORTED ? code : 0;
}

platform_status platform_receive(platform_socket socket, const platform_buffer *buffers, size_t count, size_t *got) {
    WSABUF native[PLATFORM_GATHER_LIMIT];
    size_t used = 0, left = RECEIVE_MAXIMUM;
    for (; used < count && used < PLATFORM_GATHER_LIMIT && left > 0; used++) {
        left -= describe(&native[used], buffers[used].base, buffers[used].length, left);
    }
    DWORD received = 0, flags = 0;
    if (WSARecv(weir_socket(socket), native, (DWORD)used, &received, &flags, NULL, NULL) != 0) {
        int code = WSAGetLastError();
        if (code != WSAEDISCON) return weir_fail((DWORD)code);
        received = 0;
    }
    DWORD broken = received == 0 ? error_at_end(weir_socket(socket)) : 0;
    if (broken != 0) return weir_fail(broken);
    *got = received;
    return PLATFORM_OK;
}

platform_status platform_send(platform_socket socket, const platform_slice *slices, size_t count, size_t *sent) {
    WSABUF native[PLATFORM_GATHER_LIMIT];
    size_t used = 0, left = SEND_MAXIMUM;
    for (; used < count && used < PLATFORM_GATHER_LIMIT && left > 0; used++) {
        left -= describe(&native[used], slices[used].base, slices[used].length, left);
    }
    DWORD written = 0;
    if (WSASend(weir_socket(socket), native, (DWORD)used, &written, 0, NULL, NULL) != 0) return weir_fail_socket();
    *sent = written;
    return PLATFORM_OK;
}

/* ---- ending ---- */

platform_status platform_finish_sending(platform_socket socket) {
    return shutdown(weir_socket(socket), SD_SEND) == 0 ? PLATFORM_OK : weir_fail_socket();
}

void platform_socket_close(platform_socket socket, bool abort) {
    if (abort) {
        const struct linger none = {1, 0};
        setsockopt(weir_socket(socket), SOL_SOCKET, SO_LINGER, (const char *)&none, sizeof none);
    }
    closesocket(weir_socket(socket));
}

/* ---- asking and setting ---- */

typedef int WSAAPI name_call(SOCKET, struct sockaddr *, int *);

static platform_status ask_name(name_call *ask, platform_socket socket, platform_address *address) {
    struct sockaddr_storage native = {0};
    int length = sizeof native;
    if (ask(weir_socket(socket), (struct sockaddr *)&native, &length) != 0) return weir_fail_socket();
    weir_address_from(&native, length, address);
    return PLATFORM_OK;
}

platform_status platform_socket_local(platform_socket socket, platform_address *address) {
    return ask_name(getsockname, socket, address);
}

platform_status platform_socket_peer(platform_socket socket, platform_address *address) {
    return ask_name(getpeername, socket, address);
}

/* Between two probes of which the first was not answered. */
#define PROBE_INTERVAL_MILLISECONDS 1000u

platform_status platform_socket_keep_alive(platform_socket socket, uint32_t seconds) {
    platform_address local;
    platform_status status = platform_socket_local(socket, &local);
    if (status != PLATFORM_OK || local.family == PLATFORM_ADDRESS_UNIX) return status;
    const uint32_t longest = INT16_MAX; /* the most that every system takes */
    struct tcp_keepalive values = {0};
    values.onoff = seconds > 0;
    values.keepalivetime = (seconds < longest ? seconds : longest) * 1000;
    values.keepaliveinterval = PROBE_INTERVAL_MILLISECONDS;
    DWORD got;
    int failed = WSAIoctl(weir_socket(socket), SIO_KEEPALIVE_VALS, &values, sizeof values, NULL, 0, &got, NULL, NULL);
    return failed ? weir_fail_socket() : PLATFORM_OK;
}

static bool set_buffer(platform_socket socket, int name, uint32_t size) {
    return size == 0 || set_option(weir_socket(socket), SOL_SOCKET, name, size < INT32_MAX ? size : INT32_MAX);
}

platform_status platform_socket_buffers(platform_socket socket, uint32_t send, uint32_t receive) {
    bool set = set_buffer(socket, SO_SNDBUF, send) && set_buffer(socket, SO_RCVBUF, receive);
    return set ? PLATFORM_OK : weir_fail_socket();
}
