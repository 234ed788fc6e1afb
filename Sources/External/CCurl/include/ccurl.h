/* A thin C face of libcurl. */
#ifndef CCURL_H
#define CCURL_H

#endif
