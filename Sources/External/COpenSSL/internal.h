/* What the files of this folder share. */
#ifndef COPENSSL_INTERNAL_H
#define COPENSSL_INTERNAL_H

#include "include/copenssl.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* Makes OpenSSL ready; no call here may come before it. False if it will not. */
bool copenssl_prepare(copenssl_failure *failure);

/* Fills `failure` with a reason of ours and the oldest error of the queue in words, and empties the queue. */
void copenssl_fail_with(copenssl_reason reason, copenssl_failure *failure);
/* The same with the reason that the oldest error amounts to. */
void copenssl_fail(copenssl_failure *failure);
/* For a call on a session. */
void copenssl_fail_session(const SSL *ssl, copenssl_failure *failure);

/* A view of `count` bytes to read PEM from; NULL on failure. */
BIO *copenssl_view(const uint8_t *bytes, size_t count, copenssl_failure *failure);
/* The first private key in PEM; never asks anybody for a passphrase. */
EVP_PKEY *copenssl_read_key(const uint8_t *pem, size_t count, copenssl_failure *failure);
/* The next certificate; NULL with `failure` untouched at the end. `failed` is set if the text is damaged. */
X509 *copenssl_next_certificate(BIO *pem, bool *failed, copenssl_failure *failure);

struct copenssl_context {
    SSL_CTX *ssl;
    bool server;
    uint8_t *protocols;
    size_t protocols_count;
};

#endif
