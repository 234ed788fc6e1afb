#include "internal.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <string.h>

struct copenssl_draft {
    X509 *certificate;
    EVP_PKEY *key;
    GENERAL_NAMES *names;
    bool authority;
};

/* RFC 5280, section 4.1.2.2: positive and at most 20 bytes. 16 random ones do not meet again. */
static bool number(X509 *certificate) {
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *value = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool done = value != NULL && BN_to_ASN1_INTEGER(value, X509_get_serialNumber(certificate)) != NULL;
    BN_free(value);
    return done;
}

static bool add_extension(X509 *certificate, int kind, void *value, bool critical) {
    return value != NULL && X509_add1_ext_i2d(certificate, kind, value, critical, X509V3_ADD_REPLACE) == 1;
}

static bool say_purpose(copenssl_draft *draft) {
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    EXTENDED_KEY_USAGE *purposes = EXTENDED_KEY_USAGE_new();
    bool done = constraints != NULL && usage != NULL && purposes != NULL;
    if (done && draft->authority) {
        constraints->ca = 1;
        /* Bits of KeyUsage: keyCertSign and cRLSign. */
        done = ASN1_BIT_STRING_set_bit(usage, 5, 1) == 1 && ASN1_BIT_STRING_set_bit(usage, 6, 1) == 1;
    } else if (done) {
        /* digitalSignature */
        done = ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1 &&
               sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(NID_server_auth)) > 0 &&
               sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(NID_client_auth)) > 0 &&
               add_extension(draft->certificate, NID_ext_key_usage, purposes, false);
    }
    done = done && add_extension(draft->certificate, NID_basic_constraints, constraints, true) &&
           add_extension(draft->certificate, NID_key_usage, usage, true);
    BASIC_CONSTRAINTS_free(constraints);
    ASN1_BIT_STRING_free(usage);
    EXTENDED_KEY_USAGE_free(purposes);
    return done;
}

/* The identifier of a key: OpenSSL hashes it as RFC 5280, section 4.2.1.2 (1) does. */
static ASN1_OCTET_STRING *key_identifier(const X509 *certificate) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int count = 0;
    if (X509_pubkey_digest(certificate, EVP_sha1(), digest, &count) != 1) return NULL;
    ASN1_OCTET_STRING *identifier = ASN1_OCTET_STRING_new();
    if (identifier != NULL && ASN1_OCTET_STRING_set(identifier, digest, (int)count) == 1) return identifier;
    ASN1_OCTET_STRING_free(identifier);
    return NULL;
}

static bool identify_key(X509 *certificate) {
    ASN1_OCTET_STRING *identifier = key_identifier(certificate);
    bool done = add_extension(certificate, NID_subject_key_identifier, identifier, false);
    ASN1_OCTET_STRING_free(identifier);
    return done;
}

static bool identify_issuer(X509 *certificate, X509 *issuer) {
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    if (authority == NULL) return false;
    const ASN1_OCTET_STRING *stated = X509_get0_subject_key_id(issuer);
    authority->keyid = stated != NULL ? ASN1_OCTET_STRING_dup(stated) : key_identifier(issuer);
    bool done = authority->keyid != NULL && add_extension(certificate, NID_authority_key_identifier, authority, false);
    AUTHORITY_KEYID_free(authority);
    return done;
}

static bool begin(copenssl_draft *draft, const char *name, int64_t from, int64_t to) {
    draft->certificate = X509_new();
    draft->key = EVP_EC_gen("P-256");
    draft->names = GENERAL_NAMES_new();
    X509 *certificate = draft->certificate;
    if (certificate == NULL || draft->key == NULL || draft->names == NULL) return false;
    if (name != NULL && X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                                                   (const unsigned char *)name, -1, -1, 0) != 1) {
        return false;
    }
    return X509_set_version(certificate, X509_VERSION_3) == 1 && number(certificate) &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)to) != NULL &&
           X509_set_pubkey(certificate, draft->key) == 1 && say_purpose(draft) && identify_key(certificate);
}

copenssl_draft *copenssl_draft_new(const char *name, int64_t from, int64_t to, bool authority, copenssl_failure *failure) {
    if (!copenssl_prepare(failure)) return NULL;
    copenssl_draft *draft = OPENSSL_zalloc(sizeof *draft);
    if (draft != NULL) draft->authority = authority;
    if (draft != NULL && begin(draft, name, from, to)) return draft;
    copenssl_fail_with(COPENSSL_NOT_ACCEPTED_AS_SETTING, failure);
    copenssl_draft_free(draft);
    return NULL;
}

void copenssl_draft_free(copenssl_draft *draft) {
    if (draft == NULL) return;
    X509_free(draft->certificate);
    EVP_PKEY_free(draft->key);
    GENERAL_NAMES_free(draft->names);
    OPENSSL_free(draft);
}

/* Takes `value` over. */
static bool add(copenssl_draft *draft, int kind, void *value, copenssl_failure *failure) {
    GENERAL_NAME *name = value == NULL ? NULL : GENERAL_NAME_new();
    if (name == NULL) {
        copenssl_fail_with(COPENSSL_NOT_ACCEPTED_AS_SETTING, failure);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, kind, value);
    if (sk_GENERAL_NAME_push(draft->names, name) > 0) return true;
    copenssl_fail(failure);
    GENERAL_NAME_free(name);
    return false;
}

bool copenssl_draft_add_name(copenssl_draft *draft, const char *name, copenssl_failure *failure) {
    ERR_clear_error();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    if (text != NULL && ASN1_STRING_set(text, name, -1) != 1) {
        ASN1_IA5STRING_free(text);
        text = NULL;
    }
    return add(draft, GEN_DNS, text, failure);
}

bool copenssl_draft_add_address(copenssl_draft *draft, const char *address, copenssl_failure *failure) {
    ERR_clear_error();
    return add(draft, GEN_IPADD, a2i_IPADDRESS(address), failure);
}

static bool sign(copenssl_draft *draft, X509 *issuer, EVP_PKEY *key) {
    X509 *certificate = draft->certificate;
    if (sk_GENERAL_NAME_num(draft->names) > 0) {
        bool only_name = X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0;
        if (!add_extension(certificate, NID_subject_alt_name, draft->names, only_name)) return false;
    }
    return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 && identify_issuer(certificate, issuer) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool copenssl_draft_sign(copenssl_draft *draft, const uint8_t *issuer, size_t issuer_count, const uint8_t *key,
                         size_t key_count, copenssl_failure *failure) {
    ERR_clear_error();
    if (issuer == NULL) {
        if (sign(draft, draft->certificate, draft->key)) return true;
        copenssl_fail(failure);
        return false;
    }
    EVP_PKEY *issuer_key = copenssl_read_key(key, key_count, failure);
    if (issuer_key == NULL) return false;
    BIO *view = copenssl_view(issuer, issuer_count, failure);
    bool failed = view == NULL;
    X509 *certificate = failed ? NULL : copenssl_next_certificate(view, &failed, failure);
    bool done = false;
    if (certificate == NULL) {
        if (!failed) copenssl_fail_with(COPENSSL_NO_CERTIFICATE_IN_TEXT, failure);
    } else if (X509_check_private_key(certificate, issuer_key) != 1) {
        copenssl_fail_with(COPENSSL_KEY_DOES_NOT_MATCH, failure);
    } else {
        done = sign(draft, certificate, issuer_key);
        if (!done) copenssl_fail(failure);
    }
    X509_free(certificate);
    BIO_free(view);
    EVP_PKEY_free(issuer_key);
    return done;
}

/* Takes `text` over and gives its bytes away. */
static size_t give(BIO *text, bool written, uint8_t **pem, copenssl_failure *failure) {
    char *bytes = NULL;
    long count = written ? BIO_get_mem_data(text, &bytes) : 0;
    *pem = count > 0 ? OPENSSL_memdup(bytes, (size_t)count) : NULL;
    if (*pem == NULL) copenssl_fail(failure);
    BIO_free(text);
    return *pem == NULL ? 0 : (size_t)count;
}

size_t copenssl_draft_certificate(const copenssl_draft *draft, uint8_t **pem, copenssl_failure *failure) {
    ERR_clear_error();
    BIO *text = BIO_new(BIO_s_mem());
    return give(text, text != NULL && PEM_write_bio_X509(text, draft->certificate) == 1, pem, failure);
}

size_t copenssl_draft_key(const copenssl_draft *draft, uint8_t **pem, copenssl_failure *failure) {
    ERR_clear_error();
    BIO *text = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    bool written = text != NULL && PEM_write_bio_PrivateKey(text, draft->key, NULL, NULL, 0, NULL, NULL) == 1;
    return give(text, written, pem, failure);
}

void copenssl_free(uint8_t *bytes, size_t count) { OPENSSL_clear_free(bytes, count); }
