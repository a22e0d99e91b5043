// What a text says exactly: its numbers and names. A place that lacks one of them is about something else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace atelier {

// Without what only groups digits: "4,096" and "4096" are one.
std::vector<std::string> NumbersOf(std::string_view text);

// Identifiers, and words with a capital that do not begin a sentence; as written.
std::vector<std::string> NamesOf(std::string_view text);

}  // namespace atelier
