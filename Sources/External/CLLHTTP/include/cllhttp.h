/* llhttp, the HTTP/1 parser that Node runs: its C source as the distribution ships it, compiled into this target. */

#ifndef CLLHTTP_H
#define CLLHTTP_H

#if __has_include("/usr/share/include/llhttp/llhttp.h")
#include "/usr/share/include/llhttp/llhttp.h"
#elif __has_include(<llhttp.h>)
#include <llhttp.h>
#else
#error "llhttp is missing: install Debian's package node-llhttp, or another that has llhttp.h"
#endif

#endif
