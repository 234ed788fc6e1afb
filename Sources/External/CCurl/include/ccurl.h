/* A thin C face of libcurl, which is not linked: loading it with the 33 libraries that it brings costs more than most runs of
 * a program take, so the caller loads it when it is first needed and says where its functions are.
 *
 * A client keeps connections; a transfer is one request and its answer, stepped by whoever made it. One thread at a time may
 * use a client and its transfers, but for ccurl_client_wake.
 *
 * What holds for every transfer: http and https only, TLS 1.2 or later, no redirects followed, no cookies, no decompression,
 * no credentials from files, headers of ours for the server and never for a proxy before it, no signals.
 */
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a transfer failed, as far as callers tell reasons apart. */
typedef enum ccurl_fault {
    CCURL_FINE,
    CCURL_OTHER,
    CCURL_NO_MEMORY,
    CCURL_UNSUPPORTED, /* this libcurl was built without it */
    CCURL_BAD_URL,
    CCURL_NOT_RESOLVED,
    CCURL_NOT_CONNECTED,
    CCURL_CONNECT_TIMEOUT,
    CCURL_LOST, /* the connection broke before the answer was whole */
    CCURL_HANDSHAKE,
    CCURL_CERTIFICATE_REFUSED, /* nobody who is trusted vouches for it, or it is another host's */
    CCURL_KEY_NOT_PINNED,
    CCURL_CLIENT_REFUSED, /* the server does not take our certificate, or wants one */
    CCURL_BAD_FILE,       /* a certificate, key or authority of ours */
    CCURL_NOT_HTTP,
    CCURL_STOPPED, /* a callback said so */
} ccurl_fault;

typedef struct ccurl_failure {
    ccurl_fault fault;
    /* libcurl's own words, ended by NUL; empty if it had none. */
    char text[256];
} ccurl_failure;

/* ---- the library ---- */

/* Where a function of libcurl is; NULL if there is none of this name. */
typedef void *ccurl_finder(void *context, const char *name);

/* Takes libcurl into use. False, with `failure`, if something is missing or it is older than 7.80. Once, before anything else,
 * and not at the same time as another user of libcurl in this process begins. */
bool ccurl_load(ccurl_finder *find, void *context, ccurl_failure *failure);

/* ---- a client ---- */

typedef struct ccurl_client ccurl_client;

/* NULL without memory. */
ccurl_client *ccurl_client_new(void);
/* Its transfers are freed by then. */
void ccurl_client_free(ccurl_client *client);
/* Ends the current or the next wait of ccurl_transfer_step. From any thread while the client lives. */
void ccurl_client_wake(ccurl_client *client);

/* ---- a transfer ---- */

typedef struct ccurl_transfer ccurl_transfer;

/* What is told while a transfer is stepped; each may end the transfer by returning false. */
typedef struct ccurl_receiver {
    void *context;
    /* A connection is there and nothing of the request was sent. `certificate` is the server's, in PEM, if it was asked for
     * and this connection was made for this transfer; NULL and 0 otherwise. */
    bool (*connected)(void *context, bool is_new, const char *certificate, size_t count);
    /* One line of a head or trailer, with its line end. */
    bool (*header)(void *context, const char *line, size_t count);
    bool (*body)(void *context, const void *bytes, size_t count);
} ccurl_receiver;

typedef enum ccurl_text {
    CCURL_URL,
    CCURL_METHOD,
    CCURL_HEADER, /* "Name: value"; may be given again */
    CCURL_AUTHORITIES, /* a file in PEM, instead of the system's */
    CCURL_CERTIFICATE, /* ours, a file in PEM */
    CCURL_PRIVATE_KEY,
    CCURL_PINNED_KEY, /* sha256//BASE64 of the server's public key; checked in the handshake */
    CCURL_NO_PROXY, /* hosts that are reached directly, instead of what the environment says */
} ccurl_text;

typedef enum ccurl_number {
    CCURL_CONNECT_MILLISECONDS,
    CCURL_VERIFY, /* 0: take any certificate */
    CCURL_SHOW_CERTIFICATE, /* 1: `connected` is given it; every connection then has a whole handshake */
    CCURL_HTTP2_AT_ONCE, /* 1: HTTP/2 without asking whether the server speaks it */
    CCURL_REPEATABLE, /* 0: never sent a second time after a kept connection turned out to be broken */
    CCURL_WITHOUT_BODY, /* 1: the answer has none, whatever its head says */
} ccurl_number;

/* NULL without memory. The receiver is copied. */
ccurl_transfer *ccurl_transfer_new(ccurl_client *client, const ccurl_receiver *receiver);
void ccurl_transfer_free(ccurl_transfer *transfer);

bool ccurl_transfer_set_text(ccurl_transfer *transfer, ccurl_text what, const char *text, ccurl_failure *failure);
bool ccurl_transfer_set_number(ccurl_transfer *transfer, ccurl_number what, long number, ccurl_failure *failure);
/* The bytes stay where they are until the transfer is freed. */
bool ccurl_transfer_set_body(ccurl_transfer *transfer, const void *bytes, size_t count, ccurl_failure *failure);

typedef enum ccurl_progress { CCURL_GOES_ON, CCURL_DONE, CCURL_FAILED } ccurl_progress;

/* Does what can be done, and waits up to so many milliseconds for more to be done, or for ccurl_client_wake. The first step
 * begins. Once it said CCURL_DONE or CCURL_FAILED it is not called again. */
ccurl_progress ccurl_transfer_step(ccurl_transfer *transfer, int milliseconds, ccurl_failure *failure);

/* How many bytes of the body have gone out. */
int64_t ccurl_transfer_sent(const ccurl_transfer *transfer);

#endif
