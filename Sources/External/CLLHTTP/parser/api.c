/* One source of llhttp, as the distribution ships it. A system that has llhttp as a library links that instead. */
#include "llhttp.h"

#if __has_include("/usr/share/llhttp/api.c")
#include "/usr/share/llhttp/api.c"
#endif
