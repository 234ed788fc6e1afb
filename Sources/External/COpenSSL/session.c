#include "internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <string.h>

/* OpenSSL counts what goes through a BIO in an int. */
enum { LARGEST_STEP = 1 << 30 };

struct copenssl_session {
    SSL *ssl;
    /* They belong to `ssl`: what came from the peer, and what is to go to it. */
    BIO *incoming;
    BIO *outgoing;
};

/* An address is verified as such and has no place in SNI. */
static bool expect_host(SSL *ssl, const char *host) {
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    ERR_clear_error();
    X509_VERIFY_PARAM *expected = SSL_get0_param(ssl);
    if (address != NULL) {
        bool done = X509_VERIFY_PARAM_set1_ip(expected, ASN1_STRING_get0_data(address),
                                              (size_t)ASN1_STRING_length(address)) == 1;
        ASN1_OCTET_STRING_free(address);
        return done;
    }
    /* Only subjectAltName counts (RFC 9525, section 6.3), and a wildcard stands for a whole label. */
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(expected, host, strlen(host)) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

copenssl_session *copenssl_session_new(copenssl_context *context, const char *host, copenssl_failure *failure) {
    ERR_clear_error();
    copenssl_session *session = OPENSSL_zalloc(sizeof *session);
    if (session == NULL) {
        copenssl_fail(failure);
        return NULL;
    }
    session->ssl = SSL_new(context->ssl);
    session->incoming = BIO_new(BIO_s_mem());
    session->outgoing = BIO_new(BIO_s_mem());
    if (session->ssl == NULL || session->incoming == NULL || session->outgoing == NULL) {
        copenssl_fail(failure);
        BIO_free(session->incoming);
        BIO_free(session->outgoing);
        copenssl_session_free(session);
        return NULL;
    }
    SSL_set_bio(session->ssl, session->incoming, session->outgoing);
    if (host != NULL && !expect_host(session->ssl, host)) {
        copenssl_fail_with(COPENSSL_NOT_ACCEPTED_AS_SETTING, failure);
        copenssl_session_free(session);
        return NULL;
    }
    if (context->server) {
        SSL_set_accept_state(session->ssl);
    } else {
        SSL_set_connect_state(session->ssl);
    }
    return session;
}

void copenssl_session_free(copenssl_session *session) {
    if (session == NULL) return;
    SSL_free(session->ssl);
    OPENSSL_free(session);
    ERR_clear_error();
}

bool copenssl_session_receive(copenssl_session *session, const uint8_t *bytes, size_t count, copenssl_failure *failure) {
    ERR_clear_error();
    while (count > 0) {
        int taken = BIO_write(session->incoming, bytes, (int)(count < LARGEST_STEP ? count : LARGEST_STEP));
        if (taken <= 0) {
            copenssl_fail_with(COPENSSL_NO_MEMORY, failure);
            return false;
        }
        bytes += taken;
        count -= (size_t)taken;
    }
    return true;
}

int32_t copenssl_session_handshake(copenssl_session *session, copenssl_failure *failure) {
    ERR_clear_error();
    int result = SSL_do_handshake(session->ssl);
    if (result == 1) {
        ERR_clear_error();
        return 1;
    }
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_ZERO_RETURN: copenssl_fail_with(COPENSSL_ENDED, failure); return -1;
    default: copenssl_fail_session(session->ssl, failure); return -1;
    }
}

int64_t copenssl_session_read(copenssl_session *session, uint8_t *buffer, size_t count, copenssl_failure *failure) {
    ERR_clear_error();
    size_t got = 0;
    int result = SSL_read_ex(session->ssl, buffer, count, &got);
    if (result == 1) return (int64_t)got;
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_ZERO_RETURN: ERR_clear_error(); return 0;
    default: copenssl_fail_session(session->ssl, failure); return -1;
    }
}

int64_t copenssl_session_write(copenssl_session *session, const uint8_t *bytes, size_t count, copenssl_failure *failure) {
    ERR_clear_error();
    size_t all = 0;
    while (all < count) {
        size_t taken = 0;
        int result = SSL_write_ex(session->ssl, bytes + all, count - all, &taken);
        if (result == 1) {
            all += taken;
            continue;
        }
        if (SSL_get_error(session->ssl, result) == SSL_ERROR_WANT_READ) break;
        copenssl_fail_session(session->ssl, failure);
        return -1;
    }
    ERR_clear_error();
    return (int64_t)all;
}

void copenssl_session_finish(copenssl_session *session) {
    ERR_clear_error();
    SSL_shutdown(session->ssl);
    ERR_clear_error();
}

size_t copenssl_session_take(copenssl_session *session, uint8_t *buffer, size_t count) {
    int got = BIO_read(session->outgoing, buffer, (int)(count < LARGEST_STEP ? count : LARGEST_STEP));
    return got > 0 ? (size_t)got : 0;
}

bool copenssl_session_peer_finished(const copenssl_session *session) {
    return (SSL_get_shutdown(session->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

size_t copenssl_session_protocol(const copenssl_session *session, const uint8_t **name) {
    unsigned int count = 0;
    *name = NULL;
    SSL_get0_alpn_selected(session->ssl, name, &count);
    return *name == NULL ? 0 : count;
}

int64_t copenssl_session_peer_subject(const copenssl_session *session, uint8_t *buffer, size_t count) {
    X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    bool verified = (SSL_get_verify_mode(session->ssl) & SSL_VERIFY_PEER) != 0 &&
                    SSL_get_verify_result(session->ssl) == X509_V_OK;
    if (certificate == NULL || !verified) return -1;
    BIO *text = BIO_new(BIO_s_mem());
    if (text == NULL) {
        ERR_clear_error();
        return -1;
    }
    X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    char *bytes = NULL;
    long length = BIO_get_mem_data(text, &bytes);
    if (length > 0) memcpy(buffer, bytes, (size_t)length < count ? (size_t)length : count);
    BIO_free(text);
    ERR_clear_error();
    return length;
}
