#include "internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>

BIO *copenssl_view(const uint8_t *bytes, size_t count, copenssl_failure *failure) {
    BIO *view = count > 0 && count <= INT_MAX ? BIO_new_mem_buf(bytes, (int)count) : BIO_new(BIO_s_mem());
    if (view == NULL) copenssl_fail(failure);
    return view;
}

X509 *copenssl_next_certificate(BIO *pem, bool *failed, copenssl_failure *failure) {
    X509 *certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    *failed = false;
    if (certificate != NULL) return certificate;
    unsigned long error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) {
        ERR_clear_error();
        return NULL;
    }
    *failed = true;
    copenssl_fail_with(COPENSSL_NO_CERTIFICATE_IN_TEXT, failure);
    return NULL;
}

/* There is nobody to ask: remembers that somebody would have had to be. */
static int no_passphrase(char *buffer, int count, int writing, void *asked) {
    (void)buffer;
    (void)count;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

EVP_PKEY *copenssl_read_key(const uint8_t *pem, size_t count, copenssl_failure *failure) {
    BIO *view = copenssl_view(pem, count, failure);
    if (view == NULL) return NULL;
    bool asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(view, NULL, no_passphrase, &asked);
    BIO_free(view);
    if (key == NULL) copenssl_fail_with(asked ? COPENSSL_KEY_IS_ENCRYPTED : COPENSSL_NO_KEY_IN_TEXT, failure);
    ERR_clear_error();
    return key;
}
