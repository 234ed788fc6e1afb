/* internal.h: libcurl's functions, and what the files here share. */
#ifndef CCURL_INTERNAL_H
#define CCURL_INTERNAL_H

#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>

#include "include/ccurl.h"

/* The functions, as <curl/curl.h> declares them. */
#define CCURL_FUNCTIONS(each) \
    each(global_init) each(version_info) each(easy_init) each(easy_cleanup) each(easy_setopt) each(easy_getinfo) \
    each(easy_strerror) each(slist_append) each(slist_free_all) each(multi_init) each(multi_cleanup) each(multi_setopt) \
    each(multi_add_handle) each(multi_remove_handle) each(multi_perform) each(multi_poll) each(multi_wakeup) \
    each(multi_info_read) each(multi_strerror)

#define CCURL_MEMBER(name) __typeof__(curl_##name) *name;
typedef struct ccurl_library {
    CCURL_FUNCTIONS(CCURL_MEMBER)
} ccurl_library;

/* Filled by ccurl_load and not changed afterwards. */
extern ccurl_library ccurl_curl;

/* Says why, in libcurl's words or these. Returns false, for those who say so to their callers. */
bool ccurl_fail(ccurl_failure *failure, ccurl_fault fault, const char *text);
/* The same for a code of libcurl's; `text` is what it left in its buffer, empty if nothing. */
bool ccurl_fail_code(ccurl_failure *failure, CURLcode code, const char *text);

#endif
