#include "network_support.h"

#include <stdio.h>
#include <string.h>

platform_address loopback(uint16_t port) {
    platform_address address = {0};
    CHECK_OK(platform_address_literal("127.0.0.1", port, &address));
    return address;
}

platform_address unix_address(const char *name) {
    platform_address address = {0};
    const char *path = in_folder(name);
    CHECK_OK(platform_address_unix(path, strlen(path), &address));
    return address;
}

bool has_unix_sockets(void) {
    const char *path = in_folder("probe");
    platform_address address;
    platform_socket listener;
    platform_status status = platform_address_unix(path, strlen(path), &address);
    if (status == PLATFORM_OK) status = platform_listen(&address, 1, &listener);
    if (status == PLATFORM_UNSUPPORTED) return false;
    if (CHECK_OK(status)) platform_listener_close(listener);
    return true;
}

const char *host_of(const platform_address *address) {
    size_t length = 0;
    char *text = contract_memory(256);
    CHECK_OK(platform_address_text(address, text, 256, &length));
    CHECK_EQUAL(length, strlen(text));
    return text;
}

uint16_t port_of(platform_socket socket) {
    platform_address address = {0};
    return CHECK_OK(platform_socket_local(socket, &address)) ? platform_address_port(&address) : 0;
}

bool start_listening(transport over, platform_socket *listener, platform_address *address) {
    static int number;
    char name[32];
    snprintf(name, sizeof name, "s%d", number++);
    *address = over == OVER_TCP ? loopback(0) : unix_address(name);
    if (!CHECK_OK(platform_listen(address, 64, listener))) return false;
    return over == OVER_UNIX || CHECK_OK(platform_socket_local(*listener, address));
}

bool await_ready(platform_socket socket, uint32_t interest) {
    platform_poller *poller;
    platform_poll_event event;
    size_t count = 0;
    if (!CHECK_OK(platform_poller_make(PLATFORM_POLLER_BEST, &poller))) return false;
    bool good = CHECK_OK(platform_poller_add(poller, socket, interest, 1));
    int64_t deadline = generous();
    while (good && count == 0) good = CHECK_OK(platform_poller_wait(poller, &event, 1, &count, deadline));
    platform_poller_remove(poller, socket);
    platform_poller_free(poller);
    return good;
}

platform_status await_connected(platform_socket socket, bool pending) {
    if (!pending) return platform_connect_result(socket);
    int64_t deadline = generous();
    for (;;) {
        if (!await_ready(socket, PLATFORM_POLL_WRITE)) return PLATFORM_TIMED_OUT;
        platform_status status = platform_connect_result(socket);
        if (status != PLATFORM_WOULD_BLOCK || platform_monotonic() > deadline) return status;
    }
}

platform_status connect_to(const platform_address *address, platform_socket *socket) {
    platform_socket made;
    bool pending;
    platform_status status = platform_connect(address, &made, &pending);
    if (status != PLATFORM_OK) return status;
    status = await_connected(made, pending);
    if (status == PLATFORM_OK && socket != NULL) *socket = made;
    else platform_socket_close(made, false);
    return status;
}

platform_status accept_one(platform_socket listener, platform_socket *socket, platform_address *peer) {
    for (;;) {
        platform_status status = platform_accept(listener, socket, peer);
        if (status != PLATFORM_WOULD_BLOCK || !await_ready(listener, PLATFORM_POLL_READ)) return status;
    }
}

bool make_connection_to(platform_socket listener, const platform_address *address, connection *made) {
    bool pending;
    if (!CHECK_OK(platform_connect(address, &made->near, &pending))) return false;
    if (CHECK_OK(accept_one(listener, &made->far, NULL))) {
        if (CHECK_OK(await_connected(made->near, pending))) return true;
        platform_socket_close(made->far, true);
    }
    platform_socket_close(made->near, true);
    return false;
}

bool make_connection(transport over, connection *made) {
    platform_socket listener;
    platform_address address;
    if (!start_listening(over, &listener, &address)) return false;
    bool good = make_connection_to(listener, &address, made);
    platform_listener_close(listener);
    return good;
}

void close_connection(connection *made) {
    platform_socket_close(made->near, true);
    platform_socket_close(made->far, true);
}

platform_status send_all(platform_socket socket, const void *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        platform_slice slice = {(const uint8_t *)bytes + done, length - done};
        size_t sent = 0;
        platform_status status = platform_send(socket, &slice, 1, &sent);
        if (status == PLATFORM_WOULD_BLOCK && await_ready(socket, PLATFORM_POLL_WRITE)) continue;
        if (status != PLATFORM_OK) return status;
        done += sent;
    }
    return PLATFORM_OK;
}

platform_status receive_all(platform_socket socket, void *bytes, size_t length, size_t *got) {
    *got = 0;
    while (*got < length) {
        platform_buffer buffer = {(uint8_t *)bytes + *got, length - *got};
        size_t part = 0;
        platform_status status = platform_receive(socket, &buffer, 1, &part);
        if (status == PLATFORM_WOULD_BLOCK && await_ready(socket, PLATFORM_POLL_READ)) continue;
        if (status != PLATFORM_OK || part == 0) return status;
        *got += part;
    }
    return PLATFORM_OK;
}

platform_status end_of(platform_socket socket) {
    char byte;
    size_t got = 0;
    platform_status status;
    do status = receive_all(socket, &byte, 1, &got);
    while (status == PLATFORM_OK && got > 0);
    return status;
}

bool hears(platform_socket socket, const char *expected) {
    char text[256];
    size_t got = 0, length = strlen(expected);
    if (length >= sizeof text || !CHECK_OK(receive_all(socket, text, length, &got))) return false;
    text[got] = 0;
    return CHECK_TEXT(expected, text);
}

bool hears_and_ends(platform_socket socket, const char *expected) {
    char text[256];
    size_t got = 0;
    if (!CHECK_OK(receive_all(socket, text, sizeof text - 1, &got))) return false;
    text[got] = 0;
    return CHECK_TEXT(expected, text);
}

/* ---- pollers ---- */

platform_poller *made_poller(uint32_t kind) {
    platform_poller *poller = NULL;
    CHECK_OK(platform_poller_make(kind, &poller));
    return poller;
}

bool has_poll(void) {
    platform_poller *poller;
    platform_status status = platform_poller_make(PLATFORM_POLLER_POLL, &poller);
    if (status == PLATFORM_UNSUPPORTED) return false;
    if (CHECK_OK(status)) platform_poller_free(poller);
    return true;
}

uint32_t next_of(platform_poller *poller, uint64_t token) {
    platform_poll_event event = {0, 0, 0};
    size_t count = 0;
    int64_t deadline = generous();
    while (count == 0) {
        if (!CHECK_OK(platform_poller_wait(poller, &event, 1, &count, deadline))) return 0;
    }
    return CHECK_EQUAL(token, event.token) ? event.ready : 0;
}

bool is_quiet(platform_poller *poller) {
    platform_poll_event events[8];
    platform_status status = PLATFORM_OK;
    for (int attempt = 0; attempt < 10 && status == PLATFORM_OK; attempt++) {
        size_t count = 99;
        status = platform_poller_wait(poller, events, 8, &count, PLATFORM_NO_WAIT);
        if (!CHECK_EQUAL(0, count)) return false;
    }
    return CHECK_STATUS(PLATFORM_TIMED_OUT, status);
}
