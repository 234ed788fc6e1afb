#include "internal.h"

/* toml++ 3.3 trips over its own assertions on some texts, `[%]` for one, and takes them for true where they are compiled out.
 * Here a broken one is an exception, which unwinds the parser as its errors do, and means that the text is no TOML. */
#undef NDEBUG
namespace ctoml {
struct broken_assertion {};
}  // namespace ctoml
#define TOML_ASSERT(expression) ((expression) ? void(0) : throw ::ctoml::broken_assertion{})

#define TOML_EXCEPTIONS 1
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

static_assert(TOML_MAX_NESTED_VALUES == CTOML_NESTED_VALUES, "the header promises another depth");

struct ctoml_document {
    toml::table root;
    std::vector<ctoml_node> nodes;
    /* What the text of a time points into. Their places in memory stay. */
    std::vector<std::unique_ptr<std::string>> times;
};

namespace {

ctoml_text text_of(std::string_view text) { return {text.data(), text.size()}; }

ctoml_place place_of(const toml::source_region &region) { return {region.begin.line, region.begin.column}; }

void refuse(ctoml_error &error, int32_t code, ctoml_place place, std::string_view message) {
    error.code = code;
    error.place = place;
    const size_t length = message.size() < sizeof error.message ? message.size() : sizeof error.message - 1;
    std::memcpy(error.message, message.data(), length);
    error.message[length] = 0;
}

std::string written(const toml::date &date) {
    char text[32];
    std::snprintf(text, sizeof text, "%04u-%02u-%02u", unsigned(date.year), unsigned(date.month), unsigned(date.day));
    return text;
}

std::string written(const toml::time &time) {
    char text[48];
    std::snprintf(text, sizeof text, "%02u:%02u:%02u", unsigned(time.hour), unsigned(time.minute), unsigned(time.second));
    if (time.nanosecond == 0) return text;
    const size_t length = std::strlen(text);
    std::snprintf(text + length, sizeof text - length, ".%09u", unsigned(time.nanosecond));
    return text;
}

std::string written(const toml::date_time &moment) {
    std::string text = written(moment.date) + "T" + written(moment.time);
    if (!moment.offset) return text;
    const int minutes = moment.offset->minutes;
    if (minutes == 0) return text + "Z";
    const int size = minutes < 0 ? -minutes : minutes;
    char offset[32];
    std::snprintf(offset, sizeof offset, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
    return text + offset;
}

/* Lays the tree out as a list. How deep it recurses is bounded by the limits of the header. */
class flattener {
  public:
    explicit flattener(ctoml_document &document) : document_(document) {}

    void run() { add(document_.root, {}, {}); }

  private:
    void add(const toml::node &node, ctoml_text key, ctoml_place key_place) {
        const size_t index = document_.nodes.size();
        ctoml_node made = {};
        made.key = key;
        made.key_place = key_place;
        made.place = place_of(node.source());
        set_value(made, node);
        document_.nodes.push_back(made);
        if (const toml::table *table = node.as_table()) {
            for (auto &&[name, part] : *table) add(part, text_of(name.str()), place_of(name.source()));
        } else if (const toml::array *array = node.as_array()) {
            for (const toml::node &element : *array) add(element, {}, {});
        }
        document_.nodes[index].end = document_.nodes.size();
    }

    void set_value(ctoml_node &made, const toml::node &node) {
        switch (node.type()) {
            case toml::node_type::array: made.kind = CTOML_ARRAY; break;
            case toml::node_type::string:
                made.kind = CTOML_STRING;
                made.text = text_of(node.as_string()->get());
                break;
            case toml::node_type::integer:
                made.kind = CTOML_INTEGER;
                made.integer = node.as_integer()->get();
                break;
            case toml::node_type::floating_point:
                made.kind = CTOML_FLOAT;
                made.number = node.as_floating_point()->get();
                break;
            case toml::node_type::boolean:
                made.kind = CTOML_BOOLEAN;
                made.boolean = node.as_boolean()->get();
                break;
            case toml::node_type::date: set_time(made, written(node.as_date()->get())); break;
            case toml::node_type::time: set_time(made, written(node.as_time()->get())); break;
            case toml::node_type::date_time: set_time(made, written(node.as_date_time()->get())); break;
            default: made.kind = CTOML_TABLE;
        }
    }

    void set_time(ctoml_node &made, std::string text) {
        document_.times.push_back(std::make_unique<std::string>(std::move(text)));
        made.kind = CTOML_TIME;
        made.text = text_of(*document_.times.back());
    }

    ctoml_document &document_;
};

/* Whether the parser breaks an assertion on this text. */
bool breaks_parser(std::string_view text) {
    try {
        (void)toml::parse(text);
    } catch (const ctoml::broken_assertion &) {
        return true;
    } catch (const toml::parse_error &) {
    }
    return false;
}

/* The first line with which the text breaks the parser, found by halving: whatever stands behind that line does not matter. */
uint32_t breaking_line(std::string_view text) {
    std::vector<size_t> ends;
    for (size_t at = 0; at < text.size(); at++) {
        if (text[at] == '\n') ends.push_back(at);
    }
    const auto first = std::partition_point(ends.begin(), ends.end(),
                                            [text](size_t end) { return !breaks_parser(text.substr(0, end)); });
    return uint32_t(first - ends.begin() + 1);
}

ctoml_document *parse(std::string_view text, ctoml_error &error) {
    auto document = std::make_unique<ctoml_document>();
    try {
        document->root = toml::parse(text);
    } catch (const toml::parse_error &fault) {
        refuse(error, CTOML_SYNTAX, place_of(fault.source()), fault.description());
        return nullptr;
    } catch (const ctoml::broken_assertion &) {
        refuse(error, CTOML_SYNTAX, {breaking_line(text), 1}, "unexpected character");
        return nullptr;
    }
    flattener(*document).run();
    return document.release();
}

}  // namespace

extern "C" ctoml_document *ctoml_parse(const char *bytes, size_t length, ctoml_error *error) {
    *error = {};
    if (length > CTOML_TEXT_BYTES) {
        refuse(*error, CTOML_TOO_LARGE, {}, "");
        return nullptr;
    }
    const std::string_view text = length > 0 ? std::string_view(bytes, length) : std::string_view("");
    ctoml_place place = {};
    if (!ctoml::keys_are_short(text, place)) {
        refuse(*error, CTOML_TOO_DEEP, place, "");
        return nullptr;
    }
    /* What the library beneath throws when memory is short. */
    try {
        return parse(text, *error);
    } catch (const std::exception &) {
        refuse(*error, CTOML_MEMORY, {}, "");
        return nullptr;
    }
}

extern "C" void ctoml_free(ctoml_document *document) { delete document; }

extern "C" const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count) {
    *count = document->nodes.size();
    return document->nodes.data();
}
