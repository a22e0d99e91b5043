// Turns tokens into a tree, by the grammar of jinja2 3.1 with the loop controls and transformers' {% generation %}.
// Nesting is bounded, so that neither reading nor rendering runs out of stack.
#pragma once

#include <string_view>

#include "base/text/jinja_ast.h"

namespace atelier::jinja {

inline constexpr int kMaxNesting = 100;  // expressions and blocks within each other; templates seen use under 20
inline constexpr int kMaxLinks = 2000;   // operators in one statement

// Errors have "line N" as their place.
Result<Body> ParseTemplate(std::string_view source);

}  // namespace atelier::jinja
