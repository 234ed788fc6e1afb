/* library.c: taking libcurl into use, and what its codes mean. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum { OLDEST_VERSION = 0x075000 }; /* 7.80: a callback between the handshake and the request */

ccurl_library ccurl_curl;

bool ccurl_fail(ccurl_failure *failure, ccurl_fault fault, const char *text) {
    failure->fault = fault;
    snprintf(failure->text, sizeof failure->text, "%s", text);
    return false;
}

/* What the peer says of our certificate comes after the handshake of TLS 1.3, as an error of reading. */
static bool is_about_our_certificate(const char *text) {
    static const char *const words[] = {"alert certificate required", "alert bad certificate", "alert unknown ca",
                                        "alert handshake failure",    "alert certificate unknown",
                                        "peer did not return a certificate"};
    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++) {
        if (strstr(text, words[index]) != NULL) return true;
    }
    return false;
}

static ccurl_fault fault_of(CURLcode code, const char *text) {
    switch (code) {
    case CURLE_OK: return CCURL_FINE;
    case CURLE_OUT_OF_MEMORY: return CCURL_NO_MEMORY;
    case CURLE_NOT_BUILT_IN:
    case CURLE_UNKNOWN_OPTION: return CCURL_UNSUPPORTED;
    case CURLE_URL_MALFORMAT: return CCURL_BAD_URL;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST: return CCURL_NOT_RESOLVED;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY: return CCURL_NOT_CONNECTED;
    case CURLE_OPERATION_TIMEDOUT: return CCURL_CONNECT_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR: return is_about_our_certificate(text) ? CCURL_CLIENT_REFUSED : CCURL_HANDSHAKE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return CCURL_CERTIFICATE_REFUSED;
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return CCURL_KEY_NOT_PINNED;
    case CURLE_SSL_CLIENTCERT: return CCURL_CLIENT_REFUSED;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CIPHER: return CCURL_BAD_FILE;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return is_about_our_certificate(text) ? CCURL_CLIENT_REFUSED : CCURL_LOST;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_HTTP2_STREAM: return CCURL_LOST;
    /* An answer that begins like nothing known counts as HTTP/0.9, which is not taken. */
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING: return CCURL_NOT_HTTP;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return CCURL_STOPPED;
    default: return CCURL_OTHER;
    }
}

bool ccurl_fail_code(ccurl_failure *failure, CURLcode code, const char *text) {
    return ccurl_fail(failure, fault_of(code, text), *text != 0 ? text : ccurl_curl.easy_strerror(code));
}

/* The address of a function as it is kept in the table. */
static bool find_one(ccurl_finder *find, void *context, const char *name, void *place, ccurl_failure *failure) {
    void *symbol = find(context, name);
    char text[128];
    snprintf(text, sizeof text, "it has no %s", name);
    if (symbol == NULL) return ccurl_fail(failure, CCURL_UNSUPPORTED, text);
    memcpy(place, &symbol, sizeof symbol);
    return true;
}

bool ccurl_load(ccurl_finder *find, void *context, ccurl_failure *failure) {
#define CCURL_FIND(name) \
    if (!find_one(find, context, "curl_" #name, &ccurl_curl.name, failure)) return false;
    CCURL_FUNCTIONS(CCURL_FIND)
    const curl_version_info_data *version = ccurl_curl.version_info(CURLVERSION_NOW);
    if (version->version_num < OLDEST_VERSION) {
        char text[128];
        snprintf(text, sizeof text, "it is version %s, and 7.80 or later is needed", version->version);
        return ccurl_fail(failure, CCURL_UNSUPPORTED, text);
    }
    CURLcode code = ccurl_curl.global_init(CURL_GLOBAL_DEFAULT);
    return code == CURLE_OK || ccurl_fail_code(failure, code, "");
}
