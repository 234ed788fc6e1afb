#include "internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509err.h>

#include <string.h>

/* OpenSSL numbers an alert that it received after these. */
enum { FIRST_ALERT = SSL_AD_REASON_OFFSET, ALERTS = 256 };

bool copenssl_prepare(copenssl_failure *failure) {
    /* Without its exit handler: that one takes OpenSSL away from threads that still run. */
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL) == 1) {
        ERR_clear_error();
        return true;
    }
    copenssl_fail(failure);
    return false;
}

static copenssl_reason reason_of_tls(int reason) {
    if (reason >= FIRST_ALERT && reason < FIRST_ALERT + ALERTS) return COPENSSL_ALERT;
    switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return COPENSSL_CERTIFICATE_MISSING;
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return COPENSSL_CERTIFICATE_REFUSED;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK: return COPENSSL_NO_SHARED_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: return COPENSSL_NO_SHARED_CIPHER;
    case SSL_R_NO_APPLICATION_PROTOCOL: return COPENSSL_NO_SHARED_PROTOCOL;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER: return COPENSSL_NOT_TLS;
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK: return COPENSSL_NOT_ACCEPTED_AS_SETTING;
    default: return COPENSSL_VIOLATION;
    }
}

static copenssl_reason reason_of(unsigned long error) {
    if (error == 0) return COPENSSL_OTHER;
    int reason = ERR_GET_REASON(error);
    if (reason == ERR_R_MALLOC_FAILURE) return COPENSSL_NO_MEMORY;
    if (reason == ERR_R_INTERNAL_ERROR) return COPENSSL_OTHER;
    switch (ERR_GET_LIB(error)) {
    case ERR_LIB_SSL: return reason_of_tls(reason);
    case ERR_LIB_X509:
        if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) return COPENSSL_KEY_DOES_NOT_MATCH;
        return COPENSSL_OTHER;
    default: return COPENSSL_OTHER;
    }
}

static void say(copenssl_failure *failure, const char *text) {
    size_t count = text == NULL ? 0 : strlen(text);
    if (count >= sizeof failure->text) count = sizeof failure->text - 1;
    if (count > 0) memcpy(failure->text, text, count);
    failure->text[count] = 0;
}

static const char *words_of(unsigned long error) {
    if (error == 0) return NULL;
    return ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);
}

void copenssl_fail_with(copenssl_reason reason, copenssl_failure *failure) {
    failure->reason = reason;
    failure->alert = 0;
    say(failure, words_of(ERR_peek_error()));
    ERR_clear_error();
}

void copenssl_fail(copenssl_failure *failure) {
    unsigned long error = ERR_peek_error();
    copenssl_reason reason = reason_of(error);
    copenssl_fail_with(reason, failure);
    if (reason != COPENSSL_ALERT) return;
    failure->alert = ERR_GET_REASON(error) - FIRST_ALERT;
    say(failure, SSL_alert_desc_string_long(failure->alert));
}

static copenssl_reason reason_of_verification(long result) {
    switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return COPENSSL_CERTIFICATE_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return COPENSSL_CERTIFICATE_NOT_YET_VALID;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return COPENSSL_CERTIFICATE_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return COPENSSL_CERTIFICATE_UNKNOWN_AUTHORITY;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return COPENSSL_CERTIFICATE_OTHER_HOST;
    default: return COPENSSL_CERTIFICATE_REFUSED;
    }
}

void copenssl_fail_session(const SSL *ssl, copenssl_failure *failure) {
    copenssl_fail(failure);
    long result = SSL_get_verify_result(ssl);
    if (failure->reason != COPENSSL_CERTIFICATE_REFUSED || result == X509_V_OK) return;
    failure->reason = reason_of_verification(result);
    say(failure, X509_verify_cert_error_string(result));
}
