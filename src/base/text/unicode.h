// What Python's str knows about characters: case, classes and white space (data of utf8proc).
#pragma once

#include <string>
#include <string_view>

namespace atelier {

// White space as str.isspace and str.strip have it.
bool IsUnicodeSpace(char32_t c);
bool IsUnicodeAlpha(char32_t c);    // a letter
bool IsUnicodeDecimal(char32_t c);  // Nd
bool IsUnicodeNumeric(char32_t c);  // Nd, Nl, No
bool IsUnicodeUpper(char32_t c);
bool IsUnicodeLower(char32_t c);
bool IsUnicodePrintable(char32_t c);  // what repr shows unescaped

// The whole text by simple case mapping, with the sharp s as "SS" and the final sigma.
std::string UpperCase(std::string_view text);
std::string LowerCase(std::string_view text);
// First letter of each word upper, the rest lower; as str.title.
std::string TitleCase(std::string_view text);
// First character upper, the rest lower; as str.capitalize.
std::string Capitalize(std::string_view text);

// Where the character as people see it (extended grapheme cluster [UAX #29]) that begins at `at` ends: a letter with
// its accents, a flag, a family of emoji, CR LF.   REQUIRES: at < text.size(), at a code point.
size_t GraphemeEnd(std::string_view text, size_t at);

// Without white space at the ends.
std::string_view TrimLeft(std::string_view text);
std::string_view TrimRight(std::string_view text);
std::string_view Trim(std::string_view text);

}  // namespace atelier
