/* network_support.h: connections for the tests of network.h, over TCP and over Unix-domain sockets. */
#ifndef WEIR_NETWORK_SUPPORT_H
#define WEIR_NETWORK_SUPPORT_H

#include "contract.h"

typedef enum { OVER_TCP, OVER_UNIX } transport;

#define NO_UNIX "AF_UNIX not available"

/* A test that takes a transport, as two tests. */
#define OVER_BOTH(test) \
    static void test##_tcp(void) { test(OVER_TCP); } \
    static void test##_unix(void) { \
        if (!has_unix_sockets()) SKIP(NO_UNIX); \
        test(OVER_UNIX); \
    }

/* Whether the system makes Unix-domain sockets. */
bool has_unix_sockets(void);

/* 127.0.0.1. */
platform_address loopback(uint16_t port);
/* A path in this test's folder. */
platform_address unix_address(const char *name);

/* The host, or the path. Valid until the test ends. */
const char *host_of(const platform_address *address);
uint16_t port_of(platform_socket socket);

/* Listens on a free port or a new path, and says where. */
bool start_listening(transport over, platform_socket *listener, platform_address *address);

typedef struct {
    platform_socket near, far;
} connection;

/* Two ends of one connection; the near one connected, the far one was accepted. */
bool make_connection(transport over, connection *made);
/* The same through a listener that is there, which stays. */
bool make_connection_to(platform_socket listener, const platform_address *address, connection *made);
void close_connection(connection *made);

/* Wait, each with a poller of its own, at most for as long as anything takes. */
bool await_ready(platform_socket socket, uint32_t interest);
platform_status await_connected(platform_socket socket, bool pending);
/* Connects and waits for the outcome; the socket is closed again unless `socket` asks for it. */
platform_status connect_to(const platform_address *address, platform_socket *socket);
platform_status accept_one(platform_socket listener, platform_socket *socket, platform_address *peer);

platform_status send_all(platform_socket socket, const void *bytes, size_t length);
/* Reads until `length` bytes came, or the end or an error did. */
platform_status receive_all(platform_socket socket, void *bytes, size_t length, size_t *got);
/* Checks that this text and nothing else comes, before the end. */
bool hears_and_ends(platform_socket socket, const char *expected);
/* Checks that this text comes. */
bool hears(platform_socket socket, const char *expected);

/* The status of the first receive that does not have to wait and brings no bytes: OK at the end. */
platform_status end_of(platform_socket socket);

/* ---- pollers ---- */

/* A test that takes a kind of poller, as a test of each. */
#define EACH_KIND(test) \
    static void test##_best(void) { test(PLATFORM_POLLER_BEST); } \
    static void test##_poll(void) { \
        if (!has_poll()) SKIP("poll(2) not available"); \
        test(PLATFORM_POLLER_POLL); \
    }

/* A test that takes a kind and a transport, as a test of each pair. */
#define EACH_KIND_OVER_BOTH(test) \
    static void test##_over_tcp(uint32_t kind) { test(kind, OVER_TCP); } \
    static void test##_over_unix(uint32_t kind) { \
        if (!has_unix_sockets()) SKIP(NO_UNIX); \
        test(kind, OVER_UNIX); \
    } \
    EACH_KIND(test##_over_tcp) \
    EACH_KIND(test##_over_unix)

/* Their lines in the table of tests. */
#define BOTH(title, test) {title " (best)", test##_best}, {title " (poll)", test##_poll}
#define OVER_EITHER(title, test) BOTH(title " (TCP)", test##_over_tcp), BOTH(title " (Unix)", test##_over_unix)

/* NULL, with the failure recorded, if it cannot be made. */
platform_poller *made_poller(uint32_t kind);
/* Whether the system has PLATFORM_POLLER_POLL. */
bool has_poll(void);

/* Waits for an event, and checks that it is of this registration. What is ready, or 0 after a failure. */
uint32_t next_of(platform_poller *poller, uint64_t token);
/* Checks that nothing is ready. A wait may return early for nothing, but not without end. */
bool is_quiet(platform_poller *poller);

#endif
