#include "webpage.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t page[] = {
#embed "page.html"
};

const uint8_t *webpage_bytes(void) { return page; }

size_t webpage_size(void) { return sizeof page; }

static const uint8_t openapi[] = {
#embed "../../Documentation/openapi.json"
};

const uint8_t *webpage_openapi_bytes(void) { return openapi; }

size_t webpage_openapi_size(void) { return sizeof openapi; }
