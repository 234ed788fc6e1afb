/* csimdjson: the parts of simdjson and of the C++ library that the JSON target needs, behind plain C.
 *
 * A parser owns every buffer it needs and keeps them between calls: once it has seen a text of a given size, parsing
 * another of that size allocates nothing. A parser belongs to one thread at a time. No exception leaves these functions.
 *
 * The tape is simdjson's: one 64-bit word per event, type in the top byte, payload in the other 56 bits.
 *
 *   'r' root (payload: index of the other root word)
 *   '{' '[' start (low 32 bits: index after the matching end; next 24: element count, saturated)
 *   '}' ']' end (low 32 bits: index of the start)
 *   '"' string or key (payload: offset in `strings` of a native 32-bit length, the bytes, a zero byte)
 *   'l' 'u' 'd' signed, unsigned, double: the next word is the value
 *   't' 'f' 'n' true, false, null
 */
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csimdjson_parser csimdjson_parser;

/* Bytes after the end of a text that the parser may read. */
enum { CSIMDJSON_PADDING = 64 };

/* Stable: the numbers do not follow simdjson's. */
enum {
    CSIMDJSON_OK = 0,
    CSIMDJSON_SYNTAX = 1,
    CSIMDJSON_DEPTH = 2,
    CSIMDJSON_STRING = 3,
    CSIMDJSON_NUMBER = 4,
    CSIMDJSON_UTF8 = 5,
    CSIMDJSON_EMPTY = 6,
    CSIMDJSON_UNFINISHED = 7,
    CSIMDJSON_TOO_LARGE = 8,
    CSIMDJSON_MEMORY = 9,
};

typedef struct {
    const uint64_t *words;
    size_t word_count;
    /* At least CSIMDJSON_PADDING bytes after the last string are readable. */
    const uint8_t *strings;
} csimdjson_tape;

/* A parser that refuses containers nested deeper than `maximum_depth`; NULL when memory is short. */
csimdjson_parser *csimdjson_create(uint32_t maximum_depth);

/* Frees a parser and every tape it gave out; NULL is allowed. */
void csimdjson_free(csimdjson_parser *parser);

/* Parses one JSON text of `length` bytes, of which `capacity` may be read; copies it first when the capacity is less
 * than the length plus the padding. The tape is valid until the next call with this parser. Returns a code of above. */
int32_t csimdjson_parse(csimdjson_parser *parser, const uint8_t *bytes, size_t length, size_t capacity,
                        csimdjson_tape *tape);

/* Whether the bytes are valid UTF-8. */
bool csimdjson_is_utf8(const uint8_t *bytes, size_t length);

/* The first place at or after `from` where `-0` stands, or `length`. */
size_t csimdjson_find_minus_zero(const uint8_t *bytes, size_t length, size_t from);

/* Writes the shortest decimal digits that read back as the finite, positive `value`: 1 to 17 characters into `digits`,
 * without point. Returns their number and sets `exponent` so that the value is d.ddd times ten to the exponent. */
int32_t csimdjson_shortest_digits(double value, uint8_t *digits, int32_t *exponent);

/* The name of the implementation in use, chosen for this processor. */
const char *csimdjson_implementation(void);

#ifdef __cplusplus
}
#endif

#endif
