/* What the peer programs share.
 *
 * A peer is one side of a conversation between two processes, started as
 *
 *     channel-peer LIBRARY ROLE [KEY=VALUE ...]
 *
 * A server says first where it listens, "at PLACE": a TCP port of 127.0.0.1, or the path of a Unix-domain socket. A client is
 * told so with place=PLACE. What a side measures it says as lines of a key and a number, and the side whose figures end the run
 * says "done" after them. Both go on until their input ends, so that nothing is cut off that is still on its way, and end
 * with it at any time: no peer outlives the one that started it. */
#ifndef CHANNEL_PEER_H
#define CHANNEL_PEER_H

#include <stddef.h>
#include <stdint.h>

/* A header before each body, as long as the one that Weir's frames have. */
#define HEADER_BYTES 16u

/* What it is asked to do. Libraries that are not the bare system put their own headers on the wire. */
typedef struct {
    const char *place; /* "0" takes a free port */
    size_t count;      /* messages or round trips that are counted */
    size_t warm_up;    /* before them */
    size_t size;       /* bytes of one body */
    size_t connections;
    size_t outstanding; /* requests on their way, for each connection */
    long high_water;    /* messages that a library queues; 0: no limit, -1: as the library likes it */
} job;

job job_from(char **arguments, int count);

_Noreturn void die(const char *doing);
_Noreturn void die_because(const char *doing, const char *why);
void *allocate(size_t bytes);
void say(const char *key, const char *value);
void say_number(const char *key, double value);
/* Says "done", and ends with the input. */
_Noreturn void done(void);
/* Ends with the input, without a word. */
_Noreturn void until_input_ends(void);

/* Nanoseconds. */
uint64_t now(void);
/* Says p50 and p99, and sorts the values. */
void say_percentiles(uint64_t *nanoseconds, size_t count);
/* Says how many a second. */
void say_rate(double count, uint64_t nanoseconds);

/* Listens without blocking, and says where. */
int listen_at(const char *place);
/* A connection that is made; it does not block from now on. */
int connect_to(const char *place);
/* Makes a blocking socket of it, or the other way round. */
void set_blocking(int socket, int blocking);
/* -1: none waits. It does not block. */
int accept_one(int listener);

int poller_make(void);
void poller_add(int poller, int socket, void *token);

/* ---- roles ---- */
void bare_echo_server(const job *job);
void bare_echo_client(const job *job);
void bare_crowd_client(const job *job);
void bare_hold_client(const job *job);
void bare_stream_receiver(const job *job);
void bare_stream_sender(const job *job);

void follow_pool(const job *job);
void fan_out(const job *job);

void zeromq_echo_server(const job *job);
void zeromq_echo_client(const job *job);
void zeromq_crowd_server(const job *job);
void zeromq_crowd_client(const job *job);
void zeromq_stream_receiver(const job *job);
void zeromq_stream_sender(const job *job);

void nng_echo_server(const job *job);
void nng_echo_client(const job *job);
void nng_stream_receiver(const job *job);
void nng_stream_sender(const job *job);

#endif
