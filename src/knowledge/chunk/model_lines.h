// What methods make of what a model wrote.
#pragma once

#include <string>
#include <string_view>

namespace atelier {

// On one line: white space of any length is one blank.
std::string WhitespaceTidied(std::string_view said);
// Its beginning, at most so many bytes, whole characters.
std::string CutToBytes(std::string_view text, size_t most);

}  // namespace atelier
