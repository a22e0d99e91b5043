// Where sentences end, in plain prose of any language: by punctuation, what follows it, and lists of abbreviations.
//
//   - A full stop, question or exclamation mark, with the quotes and brackets that close after it, ends a sentence
//   where
//     white space and anything but a small letter follow; those of Chinese and Japanese need no white space, and a
//     quotation that the sentence goes on after (と, って) does not end it.
//   - A full stop is no end after a title or a word that wants something after it (Dr., vs., Fig.), after an initial,
//   or
//     after the number of a list; after an abbreviation that may end a sentence (etc., Inc., U.S.) it is one where the
//     next word is one that begins sentences.
//   - A blank line ends whatever stands before it, and so does a line that begins an item of a list.
#pragma once

#include <string_view>
#include <vector>

namespace atelier {

// The sentences of `text`, without the white space between them, in order: views into it. Nothing else is left out.
//   COST: linear.
std::vector<std::string_view> SplitSentences(std::string_view text);

}  // namespace atelier
