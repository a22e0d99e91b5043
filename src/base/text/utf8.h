// UTF-8 [RFC 3629]: no surrogates, no overlong forms, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace atelier {

struct DecodedCodePoint {
  char32_t value = 0;
  int num_bytes = 0;  // 0: the bytes at this place are not UTF-8
};

// The code point that starts at text[at].   REQUIRES: at < text.size().
DecodedCodePoint DecodeUtf8(std::string_view text, size_t at);

// Appends a code point; a surrogate or a value above U+10FFFF is appended as U+FFFD.
void AppendUtf8(std::string& out, char32_t value);
std::string EncodeUtf8(char32_t value);

// Offset of the first byte that is not UTF-8; text.size() if all of it is.   COST: 8 bytes a step over ASCII.
size_t ValidUtf8Prefix(std::string_view text);
inline bool IsValidUtf8(std::string_view text) { return ValidUtf8Prefix(text) == text.size(); }

// The text with every maximal wrong part replaced by one U+FFFD (Unicode 15, "Substitution of Maximal Subparts"),
// as browsers and Python's errors="replace" do.
std::string ReplaceInvalidUtf8(std::string_view text);

// Number of bytes at the end of `text` that begin a character but do not finish it (0 to 3): what a stream
// must hold back until more bytes come.
size_t IncompleteUtf8Tail(std::string_view text);

// Number of code points; a wrong byte counts as one.
size_t CountCodePoints(std::string_view text);

// Byte offset of code point `index`; text.size() if there are fewer.
size_t CodePointOffset(std::string_view text, size_t index);

}  // namespace atelier
