#ifndef CTOML_INTERNAL_H
#define CTOML_INTERNAL_H

#include "ctoml.h"

#include <string_view>

namespace ctoml {

/* Looks for the first key of more than CTOML_KEY_PARTS parts, dots in strings and comments left out. False if there is one,
 * with its place. It sees a text as the parser does up to the parser's first error, and what stands behind that does not
 * matter. */
bool keys_are_short(std::string_view text, ctoml_place &place);

}  // namespace ctoml

#endif
