#include "csimdjson.h"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <new>

namespace {

/* Capacities up to this stay allocated for good; a larger one is given back when small texts follow. */
constexpr size_t kept_capacity = size_t(4) << 20;
constexpr size_t least_capacity = 4096;
constexpr size_t greatest_capacity = size_t(1) << 30;

int32_t code_of(simdjson::error_code error) {
    switch (error) {
        case simdjson::SUCCESS: return CSIMDJSON_OK;
        case simdjson::CAPACITY: return CSIMDJSON_TOO_LARGE;
        case simdjson::MEMALLOC: return CSIMDJSON_MEMORY;
        case simdjson::DEPTH_ERROR: return CSIMDJSON_DEPTH;
        case simdjson::STRING_ERROR:
        case simdjson::UNESCAPED_CHARS: return CSIMDJSON_STRING;
        case simdjson::NUMBER_ERROR:
        case simdjson::NUMBER_OUT_OF_RANGE: return CSIMDJSON_NUMBER;
        case simdjson::UTF8_ERROR: return CSIMDJSON_UTF8;
        case simdjson::EMPTY: return CSIMDJSON_EMPTY;
        case simdjson::UNCLOSED_STRING:
        case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return CSIMDJSON_UNFINISHED;
        default: return CSIMDJSON_SYNTAX;
    }
}

/* Room to grow for texts of the usual sizes; a huge text, whose tape takes eight times its length, gets what it needs. */
size_t rounded_capacity(size_t length) {
    if (length > kept_capacity) {
        return length;
    }
    size_t capacity = least_capacity;
    while (capacity < length) {
        capacity <<= 1;
    }
    return capacity;
}

}  // namespace

struct csimdjson_parser {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> implementation;
    simdjson::dom::document document;
    std::unique_ptr<uint8_t[]> padded;
    size_t padded_capacity = 0;
    size_t capacity = 0;
    uint32_t maximum_depth = 0;

    int32_t reserve(size_t length) {
        const bool oversized = capacity > kept_capacity && length <= kept_capacity;
        if (length <= capacity && !oversized) {
            return CSIMDJSON_OK;
        }
        if (length > greatest_capacity) {
            return CSIMDJSON_TOO_LARGE;
        }
        const size_t wanted = rounded_capacity(length);
        capacity = 0;
        implementation.reset();
        simdjson::error_code error = document.allocate(wanted);
        if (!error) {
            error = simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, maximum_depth,
                                                                                           implementation);
        }
        if (error) {
            return code_of(error);
        }
        capacity = wanted;
        return CSIMDJSON_OK;
    }

    int32_t pad(const uint8_t *bytes, size_t length) {
        if (padded_capacity != capacity) {
            padded_capacity = 0;
            padded.reset(new (std::nothrow) uint8_t[capacity + CSIMDJSON_PADDING]());
            if (!padded) {
                return CSIMDJSON_MEMORY;
            }
            padded_capacity = capacity;
        }
        std::memcpy(padded.get(), bytes, length);
        return CSIMDJSON_OK;
    }
};

static_assert(CSIMDJSON_PADDING >= simdjson::SIMDJSON_PADDING, "the header promises too little padding");

extern "C" csimdjson_parser *csimdjson_create(uint32_t maximum_depth) {
    csimdjson_parser *parser = new (std::nothrow) csimdjson_parser();
    if (parser) {
        parser->maximum_depth = maximum_depth;
    }
    return parser;
}

extern "C" void csimdjson_free(csimdjson_parser *parser) {
    delete parser;
}

extern "C" int32_t csimdjson_parse(csimdjson_parser *parser, const uint8_t *bytes, size_t length, size_t capacity,
                                   csimdjson_tape *tape) {
    if (length == 0) {
        return CSIMDJSON_EMPTY;
    }
    int32_t code = parser->reserve(length);
    if (code) {
        return code;
    }
    if (capacity < length + CSIMDJSON_PADDING) {
        code = parser->pad(bytes, length);
        if (code) {
            return code;
        }
        bytes = parser->padded.get();
    }
    const simdjson::error_code error = parser->implementation->parse(bytes, length, parser->document);
    if (error) {
        return code_of(error);
    }
    tape->words = parser->document.tape.get();
    tape->word_count = size_t(tape->words[0] & 0x00ffffffffffffffULL);
    tape->strings = parser->document.string_buf.get();
    return CSIMDJSON_OK;
}

extern "C" bool csimdjson_is_utf8(const uint8_t *bytes, size_t length) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), length);
}

extern "C" size_t csimdjson_find_minus_zero(const uint8_t *bytes, size_t length, size_t from) {
    while (from + 1 < length) {
        const void *dash = std::memchr(bytes + from, '-', length - 1 - from);
        if (dash == nullptr) {
            break;
        }
        from = size_t(static_cast<const uint8_t *>(dash) - bytes);
        if (bytes[from + 1] == '0') {
            return from;
        }
        from++;
    }
    return length;
}

extern "C" int32_t csimdjson_shortest_digits(double value, uint8_t *digits, int32_t *exponent) {
    /* d.dddddddddddddddde-ddd: at most 24 characters. */
    char text[32];
    const std::to_chars_result result = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    int32_t count = 0;
    const char *at = text;
    for (; at != result.ptr && *at != 'e'; at++) {
        if (*at != '.') {
            digits[count++] = uint8_t(*at);
        }
    }
    int32_t magnitude = 0;
    bool negative = false;
    for (; at != result.ptr; at++) {
        if (*at == '-') {
            negative = true;
        } else if (*at >= '0' && *at <= '9') {
            magnitude = magnitude * 10 + (*at - '0');
        }
    }
    *exponent = negative ? -magnitude : magnitude;
    return count;
}

extern "C" const char *csimdjson_implementation(void) {
    /* The string behind name() lives as long as the implementation, which is static. */
    static const std::string name = simdjson::get_active_implementation()->name();
    return name.c_str();
}
