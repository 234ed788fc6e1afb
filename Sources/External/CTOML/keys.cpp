#include "internal.h"

namespace {

/* Where a walk through a text stands. */
class scanner {
  public:
    explicit scanner(std::string_view text) : text_(text) {}

    bool run(ctoml_place &place) {
        while (at_ < text_.size()) {
            switch (text_[at_]) {
                case '#': skip_comment(); break;
                case '"':
                case '\'': skip_string(); break;
                case '\n': begin_line(); break;
                case '.':
                    if (++dots_ >= CTOML_KEY_PARTS) {
                        place = {line_, uint32_t(at_ - line_start_ + 1)};
                        return false;
                    }
                    at_++;
                    break;
                /* Whatever stands between keys. */
                case '=': case ',': case '[': case ']': case '{': case '}':
                    dots_ = 0;
                    at_++;
                    break;
                default: at_++;
            }
        }
        return true;
    }

  private:
    void begin_line() {
        at_++;
        line_++;
        line_start_ = at_;
        dots_ = 0;
    }

    void skip_comment() {
        while (at_ < text_.size() && text_[at_] != '\n') at_++;
    }

    bool three(char quote) const {
        return text_.size() - at_ >= 3 && text_[at_] == quote && text_[at_ + 1] == quote && text_[at_ + 2] == quote;
    }

    void skip_string() {
        const char quote = text_[at_];
        if (three(quote)) {
            skip_long_string(quote);
            return;
        }
        at_++;
        /* One that does not end on its line is the parser's first error. */
        while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') skip_character(quote);
        if (at_ < text_.size() && text_[at_] == quote) at_++;
    }

    void skip_long_string(char quote) {
        at_ += 3;
        while (at_ < text_.size() && !three(quote)) {
            if (text_[at_] == '\n') begin_line();
            else skip_character(quote);
        }
        if (at_ >= text_.size()) return;
        at_ += 3;
        /* Up to two quotes may stand at its end. */
        for (int more = 0; more < 2 && at_ < text_.size() && text_[at_] == quote; more++) at_++;
    }

    /* One character, or a backslash with what it escapes, unless that is a line's end, which is to be counted. */
    void skip_character(char quote) {
        const bool escapes = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n';
        at_ += escapes ? 2 : 1;
    }

    std::string_view text_;
    size_t at_ = 0;
    uint32_t line_ = 1;
    size_t line_start_ = 0;
    int dots_ = 0;
};

}  // namespace

bool ctoml::keys_are_short(std::string_view text, ctoml_place &place) { return scanner(text).run(place); }
