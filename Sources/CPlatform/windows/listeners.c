/* listeners.c: listening and accepting. */
#include "sockets.h"

/* Beyond this many waiting connections listen(2) has to be asked with a negative number. */
#define PLAIN_BACKLOG 200
#define BACKLOG_MAXIMUM 65535

static int native_backlog(uint32_t backlog) {
    if (backlog <= PLAIN_BACKLOG) return (int)backlog;
    return -(int)(backlog < BACKLOG_MAXIMUM ? backlog : BACKLOG_MAXIMUM);
}

static bool is_any_ipv6(const platform_address *address) {
    if (address->family != PLATFORM_ADDRESS_IPV6) return false;
    struct sockaddr_in6 native = weir_ipv6_of(address);
    return IN6_IS_ADDR_UNSPECIFIED(&native.sin6_addr);
}

/* Is refused where somebody has the port for himself, and where the system keeps it: no port asks for a privilege. */
static platform_status bind_once(SOCKET socket, const platform_address *address) {
    if (bind(socket, weir_sockaddr(address), (int)address->length) == 0) return PLATFORM_OK;
    platform_status status = weir_fail_socket();
    return status == PLATFORM_PERMISSION ? PLATFORM_ADDRESS_IN_USE : status;
}

/* A port that was just closed is refused for a moment: ask again. */
static platform_status bind_patiently(SOCKET socket, const platform_address *address) {
    platform_status status = PLATFORM_OK;
    for (int tries = 0; tries < WEIR_PORT_TRIES; tries++) {
        if (tries > 0) platform_sleep_until(platform_monotonic() + WEIR_PORT_PAUSE);
        status = bind_once(socket, address);
        if (status != PLATFORM_ADDRESS_IN_USE) break;
    }
    return status;
}

static platform_status listen_internet(const platform_address *address, int backlog, platform_socket *listener) {
    SOCKET socket = weir_socket_open(weir_family_of(address));
    if (socket == INVALID_SOCKET) return weir_failed();
    /* Without it anybody may bind the same port and take our connections. */
    const BOOL alone = TRUE;
    platform_status status = PLATFORM_OK;
    if (setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&alone, sizeof alone) != 0) {
        status = weir_fail_socket();
    }
    if (status == PLATFORM_OK) status = bind_patiently(socket, address);
    if (status == PLATFORM_OK && listen(socket, backlog) != 0) status = weir_fail_socket();
    if (status != PLATFORM_OK) {
        closesocket(socket);
        return status;
    }
    *listener = weir_socket_number(socket);
    return PLATFORM_OK;
}

platform_status platform_listen(const platform_address *address, uint32_t backlog, platform_socket *listener) {
    platform_status status = weir_network_start();
    if (status != PLATFORM_OK) return status;
    if (address->family == PLATFORM_ADDRESS_UNIX) return weir_listen_unix(address, native_backlog(backlog), listener);
    status = listen_internet(address, native_backlog(backlog), listener);
    bool no_ipv6 = status == PLATFORM_UNSUPPORTED || status == PLATFORM_ADDRESS_NOT_AVAILABLE;
    if (!no_ipv6 || !is_any_ipv6(address)) return status;
    platform_address any;
    platform_address_literal("0.0.0.0", platform_address_port(address), &any);
    return listen_internet(&any, native_backlog(backlog), listener);
}

void platform_listener_close(platform_socket listener) {
    weir_forget_unix_path(weir_socket(listener));
    closesocket(weir_socket(listener));
}

platform_status platform_accept(platform_socket listener, platform_socket *socket, platform_address *peer) {
    struct sockaddr_storage from = {0};
    int length = sizeof from;
    SOCKET accepted = accept(weir_socket(listener), (struct sockaddr *)&from, &length);
    while (accepted == INVALID_SOCKET) {
        platform_status status = weir_fail_socket();
        /* Gone before it was accepted, so the next one. Wine says of it that it is not connected. */
        if (status != PLATFORM_RESET && status != PLATFORM_CLOSED) return status;
        length = sizeof from;
        accepted = accept(weir_socket(listener), (struct sockaddr *)&from, &length);
    }
    platform_status status = weir_socket_adopt(accepted);
    if (status != PLATFORM_OK) {
        closesocket(accepted);
        return status;
    }
    if (peer != NULL) weir_address_from(&from, length, peer);
    *socket = weir_socket_number(accepted);
    return PLATFORM_OK;
}
