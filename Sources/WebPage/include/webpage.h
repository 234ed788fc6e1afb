/* The web page and the description of the API, as bytes inside the program. */
#ifndef WEBPAGE_H
#define WEBPAGE_H

#include <stddef.h>
#include <stdint.h>

/* page.html as it stands in the source tree. */
const uint8_t *webpage_bytes(void);
size_t webpage_size(void);

/* Documentation/openapi.json as it stands in the source tree. */
const uint8_t *webpage_openapi_bytes(void);
size_t webpage_openapi_size(void);

#endif
