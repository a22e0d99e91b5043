// Unicode normalisation forms and lower case [UAX 15], on utf8proc's tables.
#pragma once

#include <string>
#include <string_view>

namespace atelier {

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

// Appends `text` in that form. Bytes that are not UTF-8 pass unchanged and part what stands around them.
// COST: n log n at worst (a run of combining marks is sorted).
void AppendUnicodeForm(UnicodeForm form, std::string_view text, std::string& out);
// Appends the lower case of one character, as Rust's char::to_lowercase: U+0130 becomes two.
void AppendLowercase(char32_t code, std::string& out);
// The end of the grapheme cluster [UAX 29] that begins at p.   REQUIRES: p < end.
const char* NextGrapheme(const char* p, const char* end);

}  // namespace atelier
