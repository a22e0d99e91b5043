// Patterns of paths, as .gitignore and shells have them: '*' and '?' match within a part of a path, "**" over parts,
// [a-z] and [!a-z] one byte of a class, '\' the next character itself. "**/" also matches nothing: "**/*.md" matches
// "a.md".
#pragma once

#include <string_view>

namespace atelier {

// Whether the whole of `path` matches.   COST: at most pattern × path; no recursion.
bool GlobMatches(std::string_view pattern, std::string_view path);

}  // namespace atelier
