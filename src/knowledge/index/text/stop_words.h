// Words that tell nothing of what a text is about: articles, pronouns, prepositions, auxiliaries.
#pragma once

#include <string_view>

namespace atelier {

// `folded`: in small letters. Of languages without a list no word is one.
bool IsStopWord(std::string_view language, std::string_view folded);

}  // namespace atelier
