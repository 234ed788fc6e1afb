/* ctoml: TOML 1.0 documents, parsed by toml++, behind plain C.
 *
 * A document is a list of nodes in which every table or array stands before what it holds: the parts of the node at index i
 * begin at i + 1, and whatever follows it, parts left out, begins at its `end`. Node 0 is the document itself, a table.
 * Everything a node points at lives as long as its document. No exception leaves these functions, and none of them changes a
 * document, so that any number of threads may read one.
 */
#ifndef CTOML_H
#define CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a text may have at most: bytes, tables and arrays inside each other as values, and parts of one dotted key. Together the
 * last two bound how deep a document nests. */
enum { CTOML_TEXT_BYTES = 1 << 20, CTOML_NESTED_VALUES = 32, CTOML_KEY_PARTS = 32 };

/* Stable: the numbers do not follow toml++. */
enum {
    CTOML_OK = 0,
    CTOML_SYNTAX = 1,
    CTOML_TOO_LARGE = 2,
    CTOML_TOO_DEEP = 3,
    CTOML_MEMORY = 4,
};

enum {
    CTOML_TABLE = 1,
    CTOML_ARRAY = 2,
    CTOML_STRING = 3,
    CTOML_INTEGER = 4,
    CTOML_FLOAT = 5,
    CTOML_BOOLEAN = 6,
    /* A date, a time, or both: `text` has it as RFC 3339 writes it. */
    CTOML_TIME = 7,
};

/* Lines and columns count from 1, columns in characters; 0 is unknown. */
typedef struct {
    uint32_t line;
    uint32_t column;
} ctoml_place;

/* Not terminated by a zero byte, and may hold some. */
typedef struct {
    const char *bytes;
    size_t length;
} ctoml_text;

typedef struct {
    int32_t kind;
    bool boolean;
    size_t end;
    ctoml_place place;
    /* Of a part of a table; empty for elements of arrays and for the document. */
    ctoml_text key;
    ctoml_place key_place;
    /* Of a string or time. */
    ctoml_text text;
    int64_t integer;
    double number;
} ctoml_node;

typedef struct {
    int32_t code;
    ctoml_place place;
    /* What toml++ says of it, terminated by a zero byte, and cut if it is long; may be empty. */
    char message[256];
} ctoml_error;

typedef struct ctoml_document ctoml_document;

/* Parses a text of UTF-8; NULL when it cannot be, and then `error` says why. */
ctoml_document *ctoml_parse(const char *bytes, size_t length, ctoml_error *error);

/* Frees a document; NULL is allowed. */
void ctoml_free(ctoml_document *document);

/* The nodes of a document, and how many they are; at least one. */
const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
