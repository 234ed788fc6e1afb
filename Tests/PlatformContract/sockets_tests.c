#include "network_support.h"

#include <stdlib.h>
#include <string.h>

#define MEGABYTE (1024 * 1024)

/* ---- connecting ---- */

static void real_port_is_told(void) {
    platform_socket listener;
    platform_address address = loopback(0);
    REQUIRE_OK(platform_listen(&address, 1, &listener));
    CHECK(port_of(listener) != 0);
    platform_listener_close(listener);
}

static void ends_know_each_other(void) {
    platform_socket listener, near, far;
    platform_address address, peer, there;
    REQUIRE(start_listening(OVER_TCP, &listener, &address));
    REQUIRE_OK(connect_to(&address, &near));
    REQUIRE_OK(accept_one(listener, &far, &peer));
    CHECK_TEXT("127.0.0.1", host_of(&peer));
    CHECK_EQUAL(port_of(near), platform_address_port(&peer));
    REQUIRE_OK(platform_socket_peer(near, &there));
    CHECK_EQUAL(platform_address_port(&address), platform_address_port(&there));
    REQUIRE_OK(platform_socket_peer(far, &there));
    CHECK_EQUAL(port_of(near), platform_address_port(&there));
    CHECK_OK(platform_connect_result(near));
    platform_socket_close(near, false);
    platform_socket_close(far, false);
    platform_listener_close(listener);
}

static void unnamed_ends_have_no_text(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_socket listener, near, far;
    platform_address address = unix_address("named"), peer = {0}, found = {0};
    REQUIRE_OK(platform_listen(&address, 4, &listener));
    REQUIRE_OK(connect_to(&address, &near));
    REQUIRE_OK(accept_one(listener, &far, &peer));
    CHECK_EQUAL(PLATFORM_ADDRESS_UNIX, peer.family);
    CHECK_TEXT("", host_of(&peer));
    CHECK_OK(platform_socket_local(listener, &found));
    CHECK_TEXT(in_folder("named"), host_of(&found));
    CHECK_OK(platform_socket_peer(near, &found));
    CHECK_TEXT(in_folder("named"), host_of(&found));
    platform_socket_close(near, false);
    platform_socket_close(far, false);
    platform_listener_close(listener);
}

static void nobody_listens(transport over) {
    platform_socket listener;
    platform_address address;
    REQUIRE(start_listening(over, &listener, &address));
    platform_listener_close(listener);
    CHECK_STATUS(over == OVER_TCP ? PLATFORM_REFUSED : PLATFORM_NOT_FOUND, connect_to(&address, NULL));
}
OVER_BOTH(nobody_listens)

static void file_does_not_listen(void) {
    if (!has_unix_sockets()) SKIP(NO_UNIX);
    platform_address address = unix_address("file");
    REQUIRE(make_file(in_folder("file"), "text"));
    CHECK_STATUS(PLATFORM_REFUSED, connect_to(&address, NULL));
    CHECK_TEXT("text", text_of(in_folder("file")));
}

static void accepting_does_not_wait(transport over) {
    platform_socket listener, socket = 77;
    platform_address address;
    connection made;
    REQUIRE(start_listening(over, &listener, &address));
    CHECK_STATUS(PLATFORM_WOULD_BLOCK, platform_accept(listener, &socket, NULL));
    CHECK_EQUAL(77, socket);
    /* One that is gone by then may be accepted or passed over, and the next is served all the same. */
    platform_socket gone;
    REQUIRE_OK(connect_to(&address, &gone));
    platform_socket_close(gone, true);
    platform_status status = platform_accept(listener, &socket, NULL);
    CHECK(status == PLATFORM_OK || status == PLATFORM_WOULD_BLOCK);
    if (status == PLATFORM_OK) platform_socket_close(socket, true);
    REQUIRE(make_connection_to(listener, &address, &made));
    REQUIRE_OK(send_all(made.near, "hello", 5));
    CHECK(hears(made.far, "hello"));
    close_connection(&made);
    platform_listener_close(listener);
}
OVER_BOTH(accepting_does_not_wait)

static void closing_listener_ends_waiting_ones(transport over) {
    platform_socket listener, near;
    platform_address address;
    REQUIRE(start_listening(over, &listener, &address));
    REQUIRE_OK(connect_to(&address, &near));
    platform_listener_close(listener);
    platform_status status = end_of(near);
    CHECK(status == PLATFORM_RESET || status == PLATFORM_OK);
    platform_socket_close(near, false);
}
OVER_BOTH(closing_listener_ends_waiting_ones)

/* ---- bytes ---- */

static void both_directions_wait_for_room(transport over) {
    connection made;
    char byte;
    size_t got = 99, total = 0;
    REQUIRE(make_connection(over, &made));
    platform_buffer buffer = {&byte, 1};
    CHECK_STATUS(PLATFORM_WOULD_BLOCK, platform_receive(made.near, &buffer, 1, &got));
    CHECK_STATUS(PLATFORM_WOULD_BLOCK, platform_receive(made.far, &buffer, 1, &got));
    CHECK_EQUAL(99, got);

    uint8_t *zeros = contract_memory(MEGABYTE);
    platform_slice slice = {zeros, MEGABYTE};
    platform_status status;
    for (;;) {
        size_t sent = 0;
        status = platform_send(made.near, &slice, 1, &sent);
        if (status != PLATFORM_OK) break;
        total += sent;
    }
    CHECK_STATUS(PLATFORM_WOULD_BLOCK, status);
    CHECK(total > 0);
    /* Every byte that was taken arrives, and then there is room again. */
    while (total > 0) {
        REQUIRE_OK(receive_all(made.far, zeros, total < MEGABYTE ? total : MEGABYTE, &got));
        REQUIRE(got > 0);
        total -= got;
    }
    CHECK(await_ready(made.near, PLATFORM_POLL_WRITE));
    CHECK_OK(send_all(made.near, "more", 4));
    CHECK(hears(made.far, "more"));
    close_connection(&made);
}
OVER_BOTH(both_directions_wait_for_room)

static void fill(uint8_t *bytes, size_t length) {
    uint32_t state = 12345;
    for (size_t index = 0; index < length; index++) {
        state = state * 1664525 + 1013904223;
        bytes[index] = (uint8_t)(state >> 24);
    }
}

/* At most `count` slices from `done` on, of sizes that differ: 0, 1, some, many bytes. */
static size_t slices_from(const uint8_t *bytes, size_t done, size_t length, platform_slice *slices, size_t count) {
    static const size_t sizes[] = {1, 0, 700, 33, 5000, 2, 16384, 999};
    size_t made = 0;
    while (made < count && done < length) {
        size_t size = sizes[made % 8] < length - done ? sizes[made % 8] : length - done;
        slices[made++] = (platform_slice){bytes + done, size};
        done += size;
    }
    return made;
}

static size_t buffers_from(uint8_t *bytes, size_t done, size_t length, platform_buffer *buffers, size_t count) {
    static const size_t sizes[] = {3, 1, 4096, 77, 0, 12000};
    size_t made = 0;
    while (made < count && done < length) {
        size_t size = sizes[made % 6] < length - done ? sizes[made % 6] : length - done;
        buffers[made++] = (platform_buffer){bytes + done, size};
        done += size;
    }
    return made;
}

static void gathered_bytes_keep_their_order(transport over) {
    connection made;
    REQUIRE(make_connection(over, &made));
    uint8_t *sent_bytes = contract_memory(MEGABYTE), *got_bytes = contract_memory(MEGABYTE);
    fill(sent_bytes, MEGABYTE);
    size_t sent = 0, got = 0;
    while (got < MEGABYTE) {
        platform_slice slices[PLATFORM_GATHER_LIMIT];
        platform_buffer buffers[PLATFORM_GATHER_LIMIT];
        size_t part = 0;
        size_t count = slices_from(sent_bytes, sent, MEGABYTE, slices, PLATFORM_GATHER_LIMIT);
        if (count > 0) {
            platform_status status = platform_send(made.near, slices, count, &part);
            CHECK(status == PLATFORM_OK || status == PLATFORM_WOULD_BLOCK);
            sent += part;
        }
        part = 0;
        count = buffers_from(got_bytes, got, MEGABYTE, buffers, 1 + got % PLATFORM_GATHER_LIMIT);
        platform_status status = platform_receive(made.far, buffers, count, &part);
        if (status == PLATFORM_WOULD_BLOCK) {
            REQUIRE(await_ready(made.far, PLATFORM_POLL_READ));
            continue;
        }
        REQUIRE_OK(status);
        REQUIRE(part > 0);
        got += part;
    }
    CHECK_EQUAL(MEGABYTE, sent);
    CHECK(memcmp(sent_bytes, got_bytes, MEGABYTE) == 0);
    close_connection(&made);
}
OVER_BOTH(gathered_bytes_keep_their_order)

static void more_slices_than_the_limit_are_left(void) {
    enum { COUNT = PLATFORM_GATHER_LIMIT * 2 };
    connection made;
    platform_slice slices[COUNT];
    platform_buffer buffers[COUNT];
    char bytes[COUNT];
    size_t sent = 0, got = 0;
    REQUIRE(make_connection(OVER_TCP, &made));
    for (int index = 0; index < COUNT; index++) {
        slices[index] = (platform_slice){"x", 1};
        buffers[index] = (platform_buffer){&bytes[index], 1};
    }
    REQUIRE_OK(platform_send(made.near, slices, COUNT, &sent));
    CHECK(sent > 0 && sent <= PLATFORM_GATHER_LIMIT);
    REQUIRE(await_ready(made.far, PLATFORM_POLL_READ));
    REQUIRE_OK(platform_receive(made.far, buffers, COUNT, &got));
    CHECK(got > 0 && got <= sent);
    close_connection(&made);
}

/* ---- endings ---- */

static void half_closed_still_hears(transport over) {
    connection made;
    REQUIRE(make_connection(over, &made));
    REQUIRE_OK(send_all(made.near, "question", 8));
    CHECK_OK(platform_finish_sending(made.near));
    CHECK(hears_and_ends(made.far, "question"));
    CHECK_OK(end_of(made.far)); /* the end stays */
    REQUIRE_OK(send_all(made.far, "answer", 6));
    CHECK(hears(made.near, "answer"));
    CHECK_OK(platform_finish_sending(made.far));
    CHECK_OK(end_of(made.near));
    platform_socket_close(made.near, false);
    platform_socket_close(made.far, false);
}
OVER_BOTH(half_closed_still_hears)

static void last_words_are_heard(transport over) {
    enum { LENGTH = 30000 };
    connection made;
    size_t got = 0;
    REQUIRE(make_connection(over, &made));
    uint8_t *words = contract_memory(LENGTH), *heard = contract_memory(LENGTH + 1);
    fill(words, LENGTH);
    REQUIRE_OK(send_all(made.near, words, LENGTH));
    platform_socket_close(made.near, false);
    CHECK_OK(receive_all(made.far, heard, LENGTH + 1, &got));
    CHECK_EQUAL(LENGTH, got);
    CHECK(memcmp(words, heard, LENGTH) == 0);
    platform_socket_close(made.far, false);
}
OVER_BOTH(last_words_are_heard)

static void abort_is_seen(transport over) {
    connection made;
    REQUIRE(make_connection(over, &made));
    platform_socket_close(made.near, true);
    platform_status status = end_of(made.far);
    if (over == OVER_TCP) CHECK_STATUS(PLATFORM_RESET, status);
    else CHECK(status == PLATFORM_RESET || status == PLATFORM_OK);
    platform_socket_close(made.far, false);
}
OVER_BOTH(abort_is_seen)

/* Where SIGPIPE has its default effect, it would end this peer. */
static int role_send_to_nobody(int count, const char *const *arguments) {
    connection made;
    if (count != 1) return 97;
    transport over = strcmp(arguments[0], "unix") == 0 ? OVER_UNIX : OVER_TCP;
    platform_socket listener;
    /* The parent gave it a folder: a role has none of its own. */
    platform_address address = loopback(0);
    if (over == OVER_UNIX) {
        char path[512];
        if (!hear(path, sizeof path)) return 96;
        must(platform_address_unix(path, strlen(path), &address), "address");
    }
    must(platform_listen(&address, 4, &listener), "listen");
    must(platform_socket_local(listener, &address), "local");
    must(connect_to(&address, &made.near), "connect");
    must(accept_one(listener, &made.far, NULL), "accept");
    platform_listener_close(listener);
    platform_socket_close(made.far, true);
    platform_status status;
    do status = send_all(made.near, "anybody?", 8);
    while (status == PLATFORM_OK);
    say(status == PLATFORM_CLOSED || status == PLATFORM_RESET ? "gone" : "other");
    status = send_all(made.near, "anybody?", 8);
    say(status == PLATFORM_CLOSED || status == PLATFORM_RESET ? "gone" : "other");
    platform_socket_close(made.near, false);
    return 0;
}

static void sending_to_nobody_is_an_error(transport over) {
    peer *sender = peer_start("send-to-nobody", over == OVER_UNIX ? "unix" : "tcp", NULL);
    REQUIRE(sender != NULL);
    if (over == OVER_UNIX) peer_say(sender, in_folder("nobody"));
    peer_hear(sender, "gone");
    peer_hear(sender, "gone");
    peer_finish(sender);
}
OVER_BOTH(sending_to_nobody_is_an_error)

/* ---- options, children ---- */

static void options_are_taken(transport over) {
    connection made;
    REQUIRE(make_connection(over, &made));
    static const uint32_t seconds[] = {30, 1, 0, 100000, UINT32_MAX, 7};
    for (size_t index = 0; index < sizeof seconds / sizeof seconds[0]; index++) {
        CHECK_OK(platform_socket_keep_alive(made.near, seconds[index]));
    }
    CHECK_OK(platform_socket_buffers(made.near, 65536, 0));
    CHECK_OK(platform_socket_buffers(made.near, 0, 65536));
    CHECK_OK(platform_socket_buffers(made.far, 0, 0));
    CHECK_OK(platform_socket_buffers(made.far, 1, 1));
    CHECK_OK(platform_socket_buffers(made.far, 16 * MEGABYTE, 16 * MEGABYTE));
    REQUIRE_OK(send_all(made.near, "still", 5));
    CHECK(hears(made.far, "still"));
    close_connection(&made);
}
OVER_BOTH(options_are_taken)

static int role_stay(int count, const char *const *arguments) {
    (void)count, (void)arguments;
    say("here");
    hear_anything();
    return 0;
}

static void children_inherit_no_socket(transport over) {
    connection made;
    REQUIRE(make_connection(over, &made));
    peer *child = peer_start("stay", NULL);
    REQUIRE(child != NULL && peer_hear(child, "here"));
    platform_socket_close(made.near, false);
    CHECK_OK(end_of(made.far));
    platform_socket_close(made.far, false);
    peer_finish(child);
}
OVER_BOTH(children_inherit_no_socket)

/* Opens files until no more can be opened; then there is no room for a connection either. */
static int role_accept_at_the_limit(int count, const char *const *arguments) {
    enum { MOST = 20000 };
    static platform_handle files[MOST];
    platform_socket listener, near, far;
    platform_address address = loopback(0);
    int opened = 0;
    if (count != 1) return 97;
    must(platform_listen(&address, 4, &listener), "listen");
    must(platform_socket_local(listener, &address), "local");
    must(connect_to(&address, &near), "connect");
    if (!await_ready(listener, PLATFORM_POLL_READ)) return 96;
    while (opened < MOST && platform_file_open(arguments[0], PLATFORM_READ, &files[opened]) == PLATFORM_OK) opened++;
    if (opened == MOST) {
        say("no limit");
        return 0;
    }
    say(platform_accept(listener, &far, NULL) == PLATFORM_LIMIT ? "limit" : "other");
    while (opened > 0) platform_file_close(files[--opened]);
    must(platform_accept(listener, &far, NULL), "accept");
    return 0;
}

static void connection_waits_at_the_limit(void) {
    char line[64];
    /* Millions. Wine has a limit of its own, in a process of its own, and no good name for it. */
    if (on_windows()) SKIP("as many handles may be open as there is memory for");
    REQUIRE(make_file(in_folder("file"), "text"));
    peer *other = peer_start("accept-at-the-limit", in_folder("file"), NULL);
    REQUIRE(other != NULL && peer_line(other, line, sizeof line));
    peer_finish(other);
    if (strcmp(line, "no limit") == 0) SKIP("many files may be open");
    CHECK_TEXT("limit", line);
}

static const contract_test tests[] = {
    {"the port that was taken is told", real_port_is_told},
    {"both ends know each other", ends_know_each_other},
    {"an unnamed end has an empty text", unnamed_ends_have_no_text},
    {"connecting to nobody fails (TCP)", nobody_listens_tcp},
    {"connecting to nobody fails (Unix)", nobody_listens_unix},
    {"a file does not listen", file_does_not_listen},
    {"accepting does not wait (TCP)", accepting_does_not_wait_tcp},
    {"accepting does not wait (Unix)", accepting_does_not_wait_unix},
    {"closing a listener ends who waits there (TCP)", closing_listener_ends_waiting_ones_tcp},
    {"closing a listener ends who waits there (Unix)", closing_listener_ends_waiting_ones_unix},
    {"neither reading nor writing waits (TCP)", both_directions_wait_for_room_tcp},
    {"neither reading nor writing waits (Unix)", both_directions_wait_for_room_unix},
    {"gathered bytes keep their order (TCP)", gathered_bytes_keep_their_order_tcp},
    {"gathered bytes keep their order (Unix)", gathered_bytes_keep_their_order_unix},
    {"slices beyond the limit are left", more_slices_than_the_limit_are_left},
    {"who finished sending still hears (TCP)", half_closed_still_hears_tcp},
    {"who finished sending still hears (Unix)", half_closed_still_hears_unix},
    {"last words are heard (TCP)", last_words_are_heard_tcp},
    {"last words are heard (Unix)", last_words_are_heard_unix},
    {"an abort is seen (TCP)", abort_is_seen_tcp},
    {"an abort is seen (Unix)", abort_is_seen_unix},
    {"sending to nobody is an error and no signal (TCP)", sending_to_nobody_is_an_error_tcp},
    {"sending to nobody is an error and no signal (Unix)", sending_to_nobody_is_an_error_unix},
    {"options are taken (TCP)", options_are_taken_tcp},
    {"options are taken (Unix)", options_are_taken_unix},
    {"children inherit no socket (TCP)", children_inherit_no_socket_tcp},
    {"children inherit no socket (Unix)", children_inherit_no_socket_unix},
    {"a connection waits where no more may be open", connection_waits_at_the_limit},
    {NULL, NULL},
};

static const contract_role roles[] = {
    {"send-to-nobody", role_send_to_nobody},
    {"stay", role_stay},
    {"accept-at-the-limit", role_accept_at_the_limit},
    {NULL, NULL},
};

const contract_group sockets_group = {"sockets", tests, roles};
