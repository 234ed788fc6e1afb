#include "internal.h"

#include <openssl/err.h>

#include <string.h>

/* TLS 1.2 with forward secrecy and authenticated encryption only; all of TLS 1.3 has both. */
static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char tls13_ciphers[] = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

static bool set_up(SSL_CTX *ssl) {
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Sessions live in their tickets, so that nothing grows here. */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    /* Keys of 112 bits' strength or more, whatever the system's configuration says. */
    SSL_CTX_set_security_level(ssl, 2);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 && SSL_CTX_set_max_proto_version(ssl, 0) == 1 &&
           SSL_CTX_set_cipher_list(ssl, tls12_ciphers) == 1 && SSL_CTX_set_ciphersuites(ssl, tls13_ciphers) == 1;
}

copenssl_context *copenssl_context_new(bool server, copenssl_failure *failure) {
    if (!copenssl_prepare(failure)) return NULL;
    copenssl_context *context = OPENSSL_zalloc(sizeof *context);
    if (context != NULL) context->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (context == NULL || context->ssl == NULL || !set_up(context->ssl)) {
        copenssl_fail_with(COPENSSL_OTHER, failure);
        copenssl_context_free(context);
        return NULL;
    }
    context->server = server;
    return context;
}

void copenssl_context_free(copenssl_context *context) {
    if (context == NULL) return;
    SSL_CTX_free(context->ssl);
    OPENSSL_free(context->protocols);
    OPENSSL_free(context);
}

void copenssl_context_limit_to_tls12(copenssl_context *context) {
    SSL_CTX_set_max_proto_version(context->ssl, TLS1_2_VERSION);
}

bool copenssl_context_use_certificates(copenssl_context *context, const uint8_t *pem, size_t count,
                                       copenssl_failure *failure) {
    BIO *view = copenssl_view(pem, count, failure);
    if (view == NULL) return false;
    bool failed;
    bool done = false;
    X509 *certificate = copenssl_next_certificate(view, &failed, failure);
    if (certificate == NULL && !failed) copenssl_fail_with(COPENSSL_NO_CERTIFICATE_IN_TEXT, failure);
    if (certificate != NULL) {
        done = SSL_CTX_use_certificate(context->ssl, certificate) == 1;
        if (!done) copenssl_fail(failure);
        X509_free(certificate);
    }
    while (done && (certificate = copenssl_next_certificate(view, &failed, failure)) != NULL) {
        done = SSL_CTX_add0_chain_cert(context->ssl, certificate) == 1;
        if (done) continue;
        copenssl_fail(failure);
        X509_free(certificate);
    }
    BIO_free(view);
    return done && !failed;
}

bool copenssl_context_use_key(copenssl_context *context, const uint8_t *pem, size_t count, copenssl_failure *failure) {
    EVP_PKEY *key = copenssl_read_key(pem, count, failure);
    if (key == NULL) return false;
    bool done = SSL_CTX_use_PrivateKey(context->ssl, key) == 1 && SSL_CTX_check_private_key(context->ssl) == 1;
    if (!done) copenssl_fail(failure);
    EVP_PKEY_free(key);
    return done;
}

static void demand_certificate(copenssl_context *context) {
    SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (!context->server) return;
    /* A ticket would stand for a certificate that may have expired since: every client shows its own anew. */
    SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context->ssl, 0);
}

static bool trust(copenssl_context *context, X509 *certificate) {
    /* The names of a server's authorities help a client that has several certificates to choose. */
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl), certificate) == 1 &&
           (!context->server || SSL_CTX_add_client_CA(context->ssl, certificate) == 1);
}

bool copenssl_context_verify_by(copenssl_context *context, const uint8_t *pem, size_t count, copenssl_failure *failure) {
    BIO *view = copenssl_view(pem, count, failure);
    if (view == NULL) return false;
    bool failed;
    bool done = true;
    size_t found = 0;
    X509 *certificate;
    while (done && (certificate = copenssl_next_certificate(view, &failed, failure)) != NULL) {
        done = trust(context, certificate);
        if (!done) copenssl_fail(failure);
        X509_free(certificate);
        found += 1;
    }
    BIO_free(view);
    if (!done || failed) return false;
    if (found == 0) {
        copenssl_fail_with(COPENSSL_NO_CERTIFICATE_IN_TEXT, failure);
        return false;
    }
    /* Each of them is trusted for itself, also one that another authority signed. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context->ssl), X509_V_FLAG_PARTIAL_CHAIN);
    demand_certificate(context);
    return true;
}

bool copenssl_context_verify_by_system(copenssl_context *context, copenssl_failure *failure) {
    if (SSL_CTX_set_default_verify_paths(context->ssl) != 1) {
        copenssl_fail(failure);
        return false;
    }
    ERR_clear_error();
    demand_certificate(context);
    return true;
}

/* The first of our protocols that the client also offers. A client without any is served without. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_count,
                           const unsigned char *offered, unsigned int offered_count, void *of_context) {
    (void)ssl;
    const copenssl_context *context = of_context;
    for (size_t ours = 0; ours < context->protocols_count; ours += (size_t)context->protocols[ours] + 1) {
        for (size_t theirs = 0; theirs < offered_count; theirs += (size_t)offered[theirs] + 1) {
            size_t count = offered[theirs];
            /* OpenSSL has checked the list's form; this keeps a read inside it in any case. */
            if (count >= offered_count - theirs) break;
            if (count != context->protocols[ours]) continue;
            if (memcmp(&context->protocols[ours + 1], &offered[theirs + 1], count) != 0) continue;
            *chosen = &offered[theirs + 1];
            *chosen_count = (unsigned char)count;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool copenssl_context_set_protocols(copenssl_context *context, const uint8_t *list, size_t count,
                                    copenssl_failure *failure) {
    uint8_t *copy = OPENSSL_memdup(list, count);
    /* This one call of OpenSSL's says 0 for success. */
    if (copy == NULL || SSL_CTX_set_alpn_protos(context->ssl, list, (unsigned)count) != 0) {
        OPENSSL_free(copy);
        copenssl_fail(failure);
        return false;
    }
    OPENSSL_free(context->protocols);
    context->protocols = copy;
    context->protocols_count = count;
    if (context->server) SSL_CTX_set_alpn_select_cb(context->ssl, choose_protocol, context);
    return true;
}
