#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef union {
    struct sockaddr any;
    struct sockaddr_in tcp;
    struct sockaddr_un local;
} address;

static socklen_t address_from(const char *place, address *address) {
    memset(address, 0, sizeof *address);
    if (place[0] == '/') {
        if (strlen(place) >= sizeof address->local.sun_path) die_because(place, "too long for a socket");
        address->local.sun_family = AF_UNIX;
        strcpy(address->local.sun_path, place);
        return sizeof address->local;
    }
    address->tcp.sin_family = AF_INET;
    address->tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->tcp.sin_port = htons((uint16_t)atoi(place));
    return sizeof address->tcp;
}

/* Refused on Unix-domain sockets, where nothing waits anyway. */
static void no_delay(int socket) { setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); }

int listen_at(const char *place) {
    address address;
    socklen_t length = address_from(place, &address);
    int listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, &address.any, length) != 0 || listen(listener, 4096) != 0) die("listen");
    if (place[0] == '/') {
        say("at", place);
        return listener;
    }
    char port[8];
    if (getsockname(listener, &address.any, &length) != 0) die("getsockname");
    snprintf(port, sizeof port, "%u", ntohs(address.tcp.sin_port));
    say("at", port);
    return listener;
}

int connect_to(const char *place) {
    address address;
    socklen_t length = address_from(place, &address);
    int connection = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 || connect(connection, &address.any, length) != 0) die("connect");
    no_delay(connection);
    set_blocking(connection, 0);
    return connection;
}

void set_blocking(int socket, int blocking) {
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0 || fcntl(socket, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0) die("fcntl");
}

int accept_one(int listener) {
    int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) die("accept");
    if (connection >= 0) no_delay(connection);
    return connection;
}

int poller_make(void) {
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) die("epoll_create1");
    return poller;
}

void poller_add(int poller, int socket, void *token) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = token};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl");
}
