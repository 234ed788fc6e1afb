/* TLS over OpenSSL 3 without input and output, and a small maker of certificates.
 *
 * Every call leaves the thread's error queue of OpenSSL empty. What a call takes as bytes is copied. Calls that can fail fill
 * a copenssl_failure when they do; otherwise they leave it alone.
 */
#ifndef COPENSSL_H
#define COPENSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a call failed, as far as callers tell reasons apart. */
typedef enum copenssl_reason {
    COPENSSL_OTHER,
    COPENSSL_NO_MEMORY,
    /* What was configured. */
    COPENSSL_NO_CERTIFICATE_IN_TEXT,
    COPENSSL_NO_KEY_IN_TEXT,
    COPENSSL_KEY_IS_ENCRYPTED,
    COPENSSL_KEY_DOES_NOT_MATCH,
    COPENSSL_NOT_ACCEPTED_AS_SETTING,
    /* The peer's certificate. */
    COPENSSL_CERTIFICATE_EXPIRED,
    COPENSSL_CERTIFICATE_NOT_YET_VALID,
    COPENSSL_CERTIFICATE_SELF_SIGNED,
    COPENSSL_CERTIFICATE_UNKNOWN_AUTHORITY,
    COPENSSL_CERTIFICATE_OTHER_HOST,
    COPENSSL_CERTIFICATE_REFUSED, /* for another reason of verification */
    COPENSSL_CERTIFICATE_MISSING,
    /* What the peer offered or sent. */
    COPENSSL_NO_SHARED_VERSION,
    COPENSSL_NO_SHARED_CIPHER,
    COPENSSL_NO_SHARED_PROTOCOL,
    COPENSSL_ALERT, /* the peer ended it; `alert` says with which */
    COPENSSL_ENDED, /* the peer said goodbye before the handshake was over */
    COPENSSL_NOT_TLS,
    COPENSSL_VIOLATION,
} copenssl_reason;

typedef struct copenssl_failure {
    copenssl_reason reason;
    int32_t alert;
    /* OpenSSL's own words, ended by NUL; empty if it had none. */
    char text[192];
} copenssl_failure;

/* ---- a context: what the sessions of one side have in common ---- */

/* Set up by one thread; afterwards sessions may be made of it from any. It must outlive them. */
typedef struct copenssl_context copenssl_context;

/* TLS 1.2 or later, no compression, no renegotiation; verifies nobody yet. NULL on failure. */
copenssl_context *copenssl_context_new(bool server, copenssl_failure *failure);
void copenssl_context_free(copenssl_context *context);
/* Speaks nothing newer than TLS 1.2. */
void copenssl_context_limit_to_tls12(copenssl_context *context);
/* Our certificate, followed by those between it and an authority. PEM. */
bool copenssl_context_use_certificates(copenssl_context *context, const uint8_t *pem, size_t count,
                                       copenssl_failure *failure);
/* The private key of our certificate, which must have been given before. PEM, not encrypted. */
bool copenssl_context_use_key(copenssl_context *context, const uint8_t *pem, size_t count, copenssl_failure *failure);
/* Demands and verifies the peer's certificate, against these authorities only. PEM. */
bool copenssl_context_verify_by(copenssl_context *context, const uint8_t *pem, size_t count, copenssl_failure *failure);
/* Demands and verifies the peer's certificate, against the authorities that this system trusts. */
bool copenssl_context_verify_by_system(copenssl_context *context, copenssl_failure *failure);
/* Protocols for ALPN, each behind a byte with its length, in the order of preference. */
bool copenssl_context_set_protocols(copenssl_context *context, const uint8_t *list, size_t count,
                                    copenssl_failure *failure);

/* ---- a session: one connection ---- */

/* For one thread at a time. */
typedef struct copenssl_session copenssl_session;

/* `host` is the name or address that a client wants to reach, NULL on a server. NULL on failure. */
copenssl_session *copenssl_session_new(copenssl_context *context, const char *host, copenssl_failure *failure);
void copenssl_session_free(copenssl_session *session);
/* Takes bytes from the peer, without looking at them. */
bool copenssl_session_receive(copenssl_session *session, const uint8_t *bytes, size_t count, copenssl_failure *failure);
/* Goes on with the handshake: 1 it is over, 0 it needs more bytes from the peer, -1 it failed. */
int32_t copenssl_session_handshake(copenssl_session *session, copenssl_failure *failure);
/* Plain bytes; 0 when more from the peer is needed, or when it has finished; -1 on failure. */
int64_t copenssl_session_read(copenssl_session *session, uint8_t *buffer, size_t count, copenssl_failure *failure);
/* How many of the bytes were taken; fewer than all only while the peer owes the rest of a message; -1 on failure. */
int64_t copenssl_session_write(copenssl_session *session, const uint8_t *bytes, size_t count, copenssl_failure *failure);
/* Says goodbye to the peer. */
void copenssl_session_finish(copenssl_session *session);
/* Moves bytes for the peer into `buffer`; 0 when there are none. */
size_t copenssl_session_take(copenssl_session *session, uint8_t *buffer, size_t count);
/* Whether the peer said goodbye. */
bool copenssl_session_peer_finished(const copenssl_session *session);
/* What was agreed on by ALPN: its length, 0 for nothing, and where it is until the session is freed. */
size_t copenssl_session_protocol(const copenssl_session *session, const uint8_t **name);
/* The subject of the peer's verified certificate (RFC 2253, UTF-8): its length, of which at most `count` bytes were copied
 * to `buffer`; -1 if there is no such certificate. */
int64_t copenssl_session_peer_subject(const copenssl_session *session, uint8_t *buffer, size_t count);

/* ---- making certificates ---- */

/* A certificate in the making, with a new key on the curve P-256. */
typedef struct copenssl_draft copenssl_draft;

/* Valid from `from` to `to`, seconds since 1970-01-01 UTC. `name` becomes the common name; NULL for none. */
copenssl_draft *copenssl_draft_new(const char *name, int64_t from, int64_t to, bool authority, copenssl_failure *failure);
void copenssl_draft_free(copenssl_draft *draft);
/* One more name, or address in text, that it is for. */
bool copenssl_draft_add_name(copenssl_draft *draft, const char *name, copenssl_failure *failure);
bool copenssl_draft_add_address(copenssl_draft *draft, const char *address, copenssl_failure *failure);
/* Signs it with an authority's certificate and key, or with its own key where `issuer` is NULL. Once. */
bool copenssl_draft_sign(copenssl_draft *draft, const uint8_t *issuer, size_t issuer_count, const uint8_t *key,
                         size_t key_count, copenssl_failure *failure);
/* The certificate, once signed, and its key, as PEM. The caller frees each with copenssl_free. 0 on failure. */
size_t copenssl_draft_certificate(const copenssl_draft *draft, uint8_t **pem, copenssl_failure *failure);
size_t copenssl_draft_key(const copenssl_draft *draft, uint8_t **pem, copenssl_failure *failure);
void copenssl_free(uint8_t *bytes, size_t count);

/* ---- looking at certificates ---- */

/* The SHA-256 of the first certificate's DER form, 32 bytes, and the seconds since 1970-01-01 UTC at which it ends. PEM. */
bool copenssl_certificate_describe(const uint8_t *pem, size_t count, uint8_t *digest, int64_t *end,
                                   copenssl_failure *failure);

#endif
