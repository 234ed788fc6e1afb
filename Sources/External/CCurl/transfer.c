/* transfer.c: clients and their transfers.
 *
 * A transfer has an easy handle of its own: what libcurl says of a connection, its certificate above all, can then never be
 * left from an earlier one. The connections are the client's, which is a multi handle. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_CONNECTIONS = 4, OLDEST_CONNECTION_SECONDS = 30 };

struct ccurl_client {
    CURLM *multi;
};

struct ccurl_transfer {
    ccurl_client *client;
    CURL *easy;
    struct curl_slist *headers;
    ccurl_receiver receiver;
    bool shows_certificate;
    bool is_repeatable;
    bool is_running;
    unsigned attempts; /* how often a connection was ready for the request */
    char text[CURL_ERROR_SIZE];
};

/* ---- clients ---- */

ccurl_client *ccurl_client_new(void) {
    ccurl_client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->multi = ccurl_curl.multi_init();
    if (client->multi == NULL) {
        free(client);
        return NULL;
    }
    ccurl_curl.multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    return client;
}

void ccurl_client_free(ccurl_client *client) {
    if (client == NULL) return;
    ccurl_curl.multi_cleanup(client->multi);
    free(client);
}

void ccurl_client_wake(ccurl_client *client) { ccurl_curl.multi_wakeup(client->multi); }

/* ---- callbacks ---- */

static size_t on_header(char *line, size_t size, size_t count, void *context) {
    ccurl_transfer *transfer = context;
    return transfer->receiver.header(transfer->receiver.context, line, size * count) ? size * count : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    ccurl_transfer *transfer = context;
    return transfer->receiver.body(transfer->receiver.context, bytes, size * count) ? size * count : 0;
}

/* The server's own certificate, the first of its chain, in PEM; NULL if there is none. */
static const char *certificate_of(CURL *easy) {
    static const char label[] = "Cert:";
    struct curl_certinfo *chain = NULL;
    if (ccurl_curl.easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK) return NULL;
    if (chain == NULL || chain->num_of_certs < 1) return NULL;
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next) {
        if (strncmp(line->data, label, sizeof label - 1) == 0) return line->data + sizeof label - 1;
    }
    return NULL;
}

static int on_connected(void *context, char *peer, char *local, int peer_port, int local_port) {
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    ccurl_transfer *transfer = context;
    /* A kept connection that turned out to be broken is replaced, and the request sent again: the server may have done what
     * the first one asked. */
    if (transfer->attempts++ > 0 && !transfer->is_repeatable) return CURL_PREREQFUNC_ABORT;
    long connects = 1;
    ccurl_curl.easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    const char *certificate = transfer->shows_certificate ? certificate_of(transfer->easy) : NULL;
    bool goes_on = transfer->receiver.connected(transfer->receiver.context, connects > 0, certificate,
                                                certificate == NULL ? 0 : strlen(certificate));
    return goes_on ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- making one ---- */

#define SET(option, value) (ccurl_curl.easy_setopt(transfer->easy, (option), (value)) == CURLE_OK)

static bool allow_http_only(ccurl_transfer *transfer) {
    return SET(CURLOPT_PROTOCOLS_STR, "http,https") ||
           SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)); /* before 7.85 */
}

static bool set_callbacks(ccurl_transfer *transfer) {
    return SET(CURLOPT_ERRORBUFFER, transfer->text) && SET(CURLOPT_HEADERFUNCTION, on_header) &&
           SET(CURLOPT_HEADERDATA, transfer) && SET(CURLOPT_WRITEFUNCTION, on_body) &&
           SET(CURLOPT_WRITEDATA, transfer) && SET(CURLOPT_PREREQFUNCTION, on_connected) &&
           SET(CURLOPT_PREREQDATA, transfer);
}

static bool set_rules(ccurl_transfer *transfer) {
    return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_NOPROGRESS, 1L) && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
           SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) && SET(CURLOPT_PATH_AS_IS, 1L) &&
           SET(CURLOPT_MAXAGE_CONN, (long)OLDEST_CONNECTION_SECONDS) && allow_http_only(transfer);
}

ccurl_transfer *ccurl_transfer_new(ccurl_client *client, const ccurl_receiver *receiver) {
    ccurl_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) return NULL;
    transfer->client = client;
    transfer->receiver = *receiver;
    transfer->is_repeatable = true;
    transfer->easy = ccurl_curl.easy_init();
    if (transfer->easy == NULL || !set_callbacks(transfer) || !set_rules(transfer)) {
        ccurl_transfer_free(transfer);
        return NULL;
    }
    /* A libcurl without HTTP/2 does without. */
    (void)SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    return transfer;
}

static void stop(ccurl_transfer *transfer) {
    if (!transfer->is_running) return;
    ccurl_curl.multi_remove_handle(transfer->client->multi, transfer->easy);
    transfer->is_running = false;
}

void ccurl_transfer_free(ccurl_transfer *transfer) {
    if (transfer == NULL) return;
    stop(transfer);
    if (transfer->easy != NULL) ccurl_curl.easy_cleanup(transfer->easy);
    ccurl_curl.slist_free_all(transfer->headers);
    free(transfer);
}

/* ---- settings ---- */

static bool set(ccurl_transfer *transfer, CURLcode code, ccurl_failure *failure) {
    (void)transfer;
    return code == CURLE_OK || ccurl_fail_code(failure, code, "");
}

static bool add_header(ccurl_transfer *transfer, const char *line, ccurl_failure *failure) {
    struct curl_slist *longer = ccurl_curl.slist_append(transfer->headers, line);
    if (longer == NULL) return ccurl_fail_code(failure, CURLE_OUT_OF_MEMORY, "");
    transfer->headers = longer;
    return set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, longer), failure);
}

bool ccurl_transfer_set_text(ccurl_transfer *transfer, ccurl_text what, const char *text, ccurl_failure *failure) {
    CURLoption option;
    switch (what) {
    case CCURL_HEADER: return add_header(transfer, text, failure);
    case CCURL_URL: option = CURLOPT_URL; break;
    case CCURL_METHOD: option = CURLOPT_CUSTOMREQUEST; break;
    case CCURL_AUTHORITIES: option = CURLOPT_CAINFO; break;
    case CCURL_CERTIFICATE: option = CURLOPT_SSLCERT; break;
    case CCURL_PRIVATE_KEY: option = CURLOPT_SSLKEY; break;
    case CCURL_PINNED_KEY: option = CURLOPT_PINNEDPUBLICKEY; break;
    case CCURL_NO_PROXY: option = CURLOPT_NOPROXY; break;
    default: return ccurl_fail_code(failure, CURLE_UNKNOWN_OPTION, "");
    }
    return set(transfer, ccurl_curl.easy_setopt(transfer->easy, option, text), failure);
}

static bool set_verification(ccurl_transfer *transfer, bool on, ccurl_failure *failure) {
    return set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, on ? 1L : 0L), failure) &&
           set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, on ? 2L : 0L), failure);
}

/* A resumed session need not bring the certificate again. */
static bool show_certificate(ccurl_transfer *transfer, bool on, ccurl_failure *failure) {
    transfer->shows_certificate = on;
    return set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_CERTINFO, on ? 1L : 0L), failure) &&
           set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_SSL_SESSIONID_CACHE, on ? 0L : 1L), failure);
}

bool ccurl_transfer_set_number(ccurl_transfer *transfer, ccurl_number what, long number, ccurl_failure *failure) {
    CURLoption option;
    switch (what) {
    case CCURL_VERIFY: return set_verification(transfer, number != 0, failure);
    case CCURL_SHOW_CERTIFICATE: return show_certificate(transfer, number != 0, failure);
    case CCURL_REPEATABLE:
        transfer->is_repeatable = number != 0;
        return true;
    case CCURL_CONNECT_MILLISECONDS: option = CURLOPT_CONNECTTIMEOUT_MS; break;
    case CCURL_WITHOUT_BODY: option = CURLOPT_NOBODY; break;
    case CCURL_HTTP2_AT_ONCE:
        option = CURLOPT_HTTP_VERSION;
        number = number != 0 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_2TLS;
        break;
    default: return ccurl_fail_code(failure, CURLE_UNKNOWN_OPTION, "");
    }
    return set(transfer, ccurl_curl.easy_setopt(transfer->easy, option, number), failure);
}

bool ccurl_transfer_set_body(ccurl_transfer *transfer, const void *bytes, size_t count, ccurl_failure *failure) {
    curl_off_t size = (curl_off_t)count;
    return set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, size), failure) &&
           set(transfer, ccurl_curl.easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, count == 0 ? "" : bytes), failure);
}

/* ---- running one ---- */

static ccurl_progress failed(ccurl_transfer *transfer, CURLMcode code, ccurl_failure *failure) {
    stop(transfer);
    ccurl_fail(failure, code == CURLM_OUT_OF_MEMORY ? CCURL_NO_MEMORY : CCURL_OTHER, ccurl_curl.multi_strerror(code));
    return CCURL_FAILED;
}

static ccurl_progress ended(ccurl_transfer *transfer, CURLcode code, ccurl_failure *failure) {
    stop(transfer);
    if (code == CURLE_OK) return CCURL_DONE;
    if (code == CURLE_ABORTED_BY_CALLBACK && transfer->attempts > 1 && !transfer->is_repeatable) {
        ccurl_fail(failure, CCURL_LOST, "a kept connection was closed when the request had been sent");
    } else {
        ccurl_fail_code(failure, code, transfer->text);
    }
    return CCURL_FAILED;
}

ccurl_progress ccurl_transfer_step(ccurl_transfer *transfer, int milliseconds, ccurl_failure *failure) {
    CURLM *multi = transfer->client->multi;
    CURLMcode code = CURLM_OK;
    int running = 0, left = 0;
    if (!transfer->is_running) {
        code = ccurl_curl.multi_add_handle(multi, transfer->easy);
        if (code != CURLM_OK) return failed(transfer, code, failure);
        transfer->is_running = true;
    }
    code = ccurl_curl.multi_perform(multi, &running);
    if (code != CURLM_OK) return failed(transfer, code, failure);
    for (CURLMsg *message; (message = ccurl_curl.multi_info_read(multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE && message->easy_handle == transfer->easy) {
            return ended(transfer, message->data.result, failure);
        }
    }
    code = ccurl_curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
    return code == CURLM_OK ? CCURL_GOES_ON : failed(transfer, code, failure);
}

int64_t ccurl_transfer_sent(const ccurl_transfer *transfer) {
    curl_off_t sent = 0;
    ccurl_curl.easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent;
}
