// Texts that a model or a file made, for a terminal that would obey what they may hold.
#pragma once

#include <string>
#include <string_view>

namespace atelier {

// Control characters other than tab and line feed show as "^[" and the like. Bytes of UTF-8 stay, so a text may be
// given in pieces.
std::string SafeForTerminal(std::string_view text);

}  // namespace atelier
