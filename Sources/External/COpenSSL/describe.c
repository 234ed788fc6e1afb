#include "internal.h"

#include <openssl/asn1.h>
#include <openssl/err.h>

/* Seconds since 1970-01-01 UTC. */
static bool seconds(const ASN1_TIME *time, int64_t *result) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int rest = 0;
    bool done = epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time) == 1;
    if (done) *result = (int64_t)days * 86400 + rest;
    ASN1_TIME_free(epoch);
    return done;
}

bool copenssl_certificate_describe(const uint8_t *pem, size_t count, uint8_t *digest, int64_t *end,
                                   copenssl_failure *failure) {
    if (!copenssl_prepare(failure)) return false;
    ERR_clear_error();
    BIO *view = copenssl_view(pem, count, failure);
    if (view == NULL) return false;
    bool failed = false;
    X509 *certificate = copenssl_next_certificate(view, &failed, failure);
    BIO_free(view);
    if (certificate == NULL) {
        if (!failed) copenssl_fail_with(COPENSSL_NO_CERTIFICATE_IN_TEXT, failure);
        return false;
    }
    unsigned int length = 0;
    bool done = X509_digest(certificate, EVP_sha256(), digest, &length) == 1 && length == 32 &&
                seconds(X509_get0_notAfter(certificate), end);
    if (!done) copenssl_fail(failure);
    X509_free(certificate);
    return done;
}
