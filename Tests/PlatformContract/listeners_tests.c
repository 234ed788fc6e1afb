#include "network_support.h"

#include <stdlib.h>
#include <string.h>

/* ---- ports ---- */

static void port_has_one_listener(void) {
    platform_socket listener, second = 77;
    platform_address address;
    REQUIRE(start_listening(OVER_TCP, &listener, &address));
    CHECK_STATUS(PLATFORM_ADDRESS_IN_USE, platform_listen(&address, 4, &second));
    CHECK_EQUAL(77, second);
    platform_listener_close(listener);
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    platform_listener_close(listener);
}

static void port_has_one_listener_on_every_interface(void) {
    platform_socket listener, second;
    platform_address address;
    REQUIRE_OK(platform_address_any(0, &address));
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    REQUIRE_OK(platform_address_any(port_of(listener), &address));
    CHECK_STATUS(PLATFORM_ADDRESS_IN_USE, platform_listen(&address, 4, &second));
    platform_listener_close(listener);
}

static void foreign_address_is_not_available(void) {
    platform_socket listener;
    platform_address address;
    REQUIRE_OK(platform_address_literal("192.0.2.1", 0, &address));
    CHECK_STATUS(PLATFORM_ADDRESS_NOT_AVAILABLE, platform_listen(&address, 4, &listener));
}

static void any_takes_both_kinds(void) {
    platform_socket listener, near, far;
    platform_address address, peer = {0};
    REQUIRE_OK(platform_address_any(0, &address));
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    uint16_t port = port_of(listener);
    address = loopback(port);
    REQUIRE_OK(connect_to(&address, &near));
    REQUIRE_OK(accept_one(listener, &far, &peer));
    CHECK_TEXT("127.0.0.1", host_of(&peer));
    CHECK_EQUAL(port_of(near), platform_address_port(&peer));
    platform_socket_close(near, true);
    platform_socket_close(far, true);

    REQUIRE_OK(platform_address_literal("::1", port, &address));
    platform_status status = connect_to(&address, &near);
    if (status == PLATFORM_OK) {
        REQUIRE_OK(accept_one(listener, &far, &peer));
        CHECK_TEXT("::1", host_of(&peer));
        platform_socket_close(near, true);
        platform_socket_close(far, true);
    }
    platform_listener_close(listener);
    if (status != PLATFORM_OK) SKIP("IPv6 is not available");
}

/* Who closes first keeps the port lingering; a listener does not mind. */
static void lingering_port_is_taken_again(bool abort) {
    platform_socket listener;
    platform_address address;
    connection made;
    REQUIRE(start_listening(OVER_TCP, &listener, &address));
    REQUIRE(make_connection_to(listener, &address, &made));
    platform_socket_close(made.far, abort);
    CHECK_STATUS(abort ? PLATFORM_RESET : PLATFORM_OK, end_of(made.near));
    platform_socket_close(made.near, abort);
    platform_listener_close(listener);
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    REQUIRE(make_connection_to(listener, &address, &made));
    close_connection(&made);
    platform_listener_close(listener);
}

static void port_is_taken_again_after_close(void) { lingering_port_is_taken_again(false); }
static void port_is_taken_again_after_abort(void) { lingering_port_is_taken_again(true); }

/* ---- paths ---- */

static bool is_there(const char *path) {
    platform_file_info info;
    return platform_path_describe(path, &info) == PLATFORM_OK;
}

static void path_is_removed_at_the_end(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket listener;
    platform_address address = unix_address("s");
    for (int round = 0; round < 3; round++) {
        REQUIRE_OK(platform_listen(&address, 4, &listener));
        CHECK_OK(connect_to(&address, NULL));
        platform_listener_close(listener);
        CHECK_STATUS(PLATFORM_NOT_FOUND, connect_to(&address, NULL));
        CHECK(!is_there(in_folder("s")));
    }
}

static int role_listen(int count, const char *const *arguments) {
    platform_address address;
    platform_socket listener;
    if (count != 1) return 97;
    must(platform_address_unix(arguments[0], strlen(arguments[0]), &address), "address");
    must(platform_listen(&address, 4, &listener), "listen");
    say("listening");
    hear_anything();
    platform_listener_close(listener);
    return 0;
}

static void living_listener_keeps_its_path(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket listener, second = 77;
    platform_address address = unix_address("s");
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    CHECK_STATUS(PLATFORM_ADDRESS_IN_USE, platform_listen(&address, 4, &second));
    CHECK_EQUAL(77, second);
    CHECK_OK(connect_to(&address, NULL));
    platform_listener_close(listener);

    peer *other = peer_start("listen", in_folder("s"), NULL);
    REQUIRE(other != NULL && peer_hear(other, "listening"));
    CHECK_STATUS(PLATFORM_ADDRESS_IN_USE, platform_listen(&address, 4, &second));
    CHECK_OK(connect_to(&address, NULL));
    peer_finish(other);
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    platform_listener_close(listener);
}

static void busy_listener_keeps_its_path(void) {
    enum { MOST = 200 };
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket listener, second, waiting[MOST];
    platform_address address = unix_address("s");
    platform_status status = PLATFORM_OK;
    int count = 0;
    REQUIRE_OK(platform_listen(&address, 1, &listener));
    while (count < MOST && status == PLATFORM_OK) {
        bool pending;
        status = platform_connect(&address, &waiting[count], &pending);
        if (status == PLATFORM_OK) count++;
    }
    /* Where a full queue is told by a refusal, the busy cannot be told from the dead. */
    if (status == PLATFORM_WOULD_BLOCK) {
        CHECK_STATUS(PLATFORM_ADDRESS_IN_USE, platform_listen(&address, 1, &second));
        CHECK_OK(platform_accept(listener, &second, NULL));
        platform_socket_close(second, false);
        CHECK_OK(connect_to(&address, NULL));
    }
    while (count > 0) platform_socket_close(waiting[--count], false);
    platform_listener_close(listener);
    if (status != PLATFORM_WOULD_BLOCK) SKIP("a full queue does not make its callers wait");
}

static void dead_listener_is_replaced(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket listener;
    platform_address address = unix_address("s");
    peer *other = peer_start("listen", in_folder("s"), NULL);
    REQUIRE(other != NULL && peer_hear(other, "listening"));
    peer_kill(other);
    CHECK_STATUS(PLATFORM_REFUSED, connect_to(&address, NULL));
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    connection made;
    REQUIRE(make_connection_to(listener, &address, &made));
    close_connection(&made);
    platform_listener_close(listener);
    CHECK_STATUS(PLATFORM_NOT_FOUND, connect_to(&address, NULL));
}

/* Of several that find a dead listener's path one gets it, and no other takes it away again. */
static int role_try_to_listen(int count, const char *const *arguments) {
    platform_address address;
    platform_socket listener;
    if (count != 1) return 97;
    must(platform_address_unix(arguments[0], strlen(arguments[0]), &address), "address");
    say("ready");
    hear_anything();
    platform_status status = platform_listen(&address, 4, &listener);
    say(status == PLATFORM_OK ? "listening" : status == PLATFORM_ADDRESS_IN_USE ? "in use" : "other");
    hear_anything();
    if (status == PLATFORM_OK) platform_listener_close(listener);
    return 0;
}

static void one_of_many_replaces(void) {
    enum { PEERS = 4, ROUNDS = 10 };
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_address address = unix_address("s");
    for (int round = 0; round < ROUNDS; round++) {
        peer *dead = peer_start("listen", in_folder("s"), NULL), *peers[PEERS];
        REQUIRE(dead != NULL && peer_hear(dead, "listening"));
        peer_kill(dead);
        for (int index = 0; index < PEERS; index++) {
            peers[index] = peer_start("try-to-listen", in_folder("s"), NULL);
            REQUIRE(peers[index] != NULL && peer_hear(peers[index], "ready"));
        }
        int listening = 0;
        for (int index = 0; index < PEERS; index++) peer_say(peers[index], "go");
        for (int index = 0; index < PEERS; index++) {
            char line[64];
            REQUIRE(peer_line(peers[index], line, sizeof line));
            if (strcmp(line, "listening") == 0) listening++;
            else CHECK_TEXT("in use", line);
        }
        CHECK_EQUAL(1, listening);
        CHECK_OK(connect_to(&address, NULL));
        for (int index = 0; index < PEERS; index++) peer_finish(peers[index]);
        CHECK(!is_there(in_folder("s")));
    }
}

static void other_things_stay(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket listener;
    platform_address address = unix_address("file");
    REQUIRE(make_file(in_folder("file"), "text"));
    CHECK_STATUS(PLATFORM_EXISTS, platform_listen(&address, 4, &listener));
    CHECK_TEXT("text", text_of(in_folder("file")));
    address = unix_address("folder");
    REQUIRE_OK(platform_make_directories(in_folder("folder"), false));
    CHECK_STATUS(PLATFORM_EXISTS, platform_listen(&address, 4, &listener));
    CHECK(is_there(in_folder("folder")));
    address = unix_address("missing/s");
    CHECK_STATUS(PLATFORM_NOT_FOUND, platform_listen(&address, 4, &listener));
}

static void path_of_another_stays(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket first, second;
    platform_address address = unix_address("s");
    REQUIRE_OK(platform_listen(&address, 4, &first));
    REQUIRE_OK(platform_remove(in_folder("s")));
    REQUIRE_OK(platform_listen(&address, 4, &second));
    platform_listener_close(first);
    CHECK_OK(connect_to(&address, NULL));
    REQUIRE_OK(platform_remove(in_folder("s")));
    REQUIRE(make_file(in_folder("s"), "text"));
    platform_listener_close(second);
    CHECK_TEXT("text", text_of(in_folder("s")));
}

static void longest_path_works(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    char path[128];
    size_t limit = platform_unix_path_limit(), length = strlen(in_folder(""));
    if (length >= limit) SKIP("the temporary folder's path is too long");
    memcpy(path, in_folder(""), length);
    memset(path + length, 'n', limit - length);
    path[limit] = 0;
    platform_address address = {0}, found = {0};
    platform_socket listener;
    REQUIRE_OK(platform_address_unix(path, limit, &address));
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    CHECK_OK(connect_to(&address, NULL));
    CHECK_OK(platform_socket_local(listener, &found));
    CHECK_TEXT(path, host_of(&found));
    platform_listener_close(listener);
    CHECK(!is_there(path));
}

/* ---- abstract names ---- */

static void abstract_name_leaves_nothing(void) {
    platform_address address = {0}, found = {0};
    platform_socket listener, second;
    char name[64];
    memset(name, 0, sizeof name);
    REQUIRE_OK(platform_random(name + 1, 16));
    for (int index = 1; index <= 16; index++) name[index] = (char)('a' + (name[index] & 15));
    platform_status status = platform_address_unix(name, 17, &address);
    if (status == PLATFORM_UNSUPPORTED) SKIP("no abstract names");
    REQUIRE_OK(status);
    for (int round = 0; round < 2; round++) {
        REQUIRE_OK(platform_listen(&address, 4, &listener));
        CHECK_STATUS(PLATFORM_ADDRESS_IN_USE, platform_listen(&address, 4, &second));
        CHECK_OK(connect_to(&address, NULL));
        CHECK_OK(platform_socket_local(listener, &found));
        CHECK_EQUAL('@', host_of(&found)[0]);
        CHECK_TEXT(name + 1, host_of(&found) + 1);
        platform_listener_close(listener);
        CHECK_STATUS(PLATFORM_REFUSED, connect_to(&address, NULL));
    }
}

static const contract_test tests[] = {
    {"a port has one listener", port_has_one_listener},
    {"a port has one listener on every interface", port_has_one_listener_on_every_interface},
    {"another machine's address is not available", foreign_address_is_not_available},
    {"[::] takes IPv4 and IPv6", any_takes_both_kinds},
    {"a port is taken again after a close", port_is_taken_again_after_close},
    {"a port is taken again after an abort", port_is_taken_again_after_abort},
    {"a path is removed at the end", path_is_removed_at_the_end},
    {"a living listener keeps its path", living_listener_keeps_its_path},
    {"a busy listener keeps its path", busy_listener_keeps_its_path},
    {"a dead listener is replaced", dead_listener_is_replaced},
    {"one of many replaces a dead listener", one_of_many_replaces},
    {"what is no socket stays", other_things_stay},
    {"the path of another stays", path_of_another_stays},
    {"the longest path works", longest_path_works},
    {"an abstract name leaves nothing behind", abstract_name_leaves_nothing},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"listen", role_listen},
    {"try-to-listen", role_try_to_listen},
    {NULL, NULL},
};

const contract_group listeners_group = {"listeners", tests, roles};
