/* nghttp2, HTTP/2 without input and output. */
#include <nghttp2/nghttp2.h>
