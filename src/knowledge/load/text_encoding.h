// Text of any encoding as UTF-8.
//
// In this order: a byte-order mark (UTF-8, UTF-16, UTF-32); what the source itself declares, where that fits; valid
// UTF-8; UTF-16 without a mark, known by its zero bytes; what libuchardet takes it for; Windows-1252. Line ends "\r\n"
// and "\r" become "\n", the byte-order mark is dropped; bytes that mean nothing in the encoding become U+FFFD.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

struct DecodedText {
  std::string text;      // UTF-8, valid
  std::string encoding;  // what it was: "UTF-8", "WINDOWS-1252", "SHIFT_JIS"
};

// `declared`: by a header or the source, or empty. Errors: kInvalid, where the bytes are no text (NUL in no UTF-16 or
// UTF-32, or mostly control characters).
Result<DecodedText> DecodeText(std::string_view bytes, std::string_view declared = {});

// Whether the bytes may be text at all, by their first 64 KiB.
bool LooksLikeText(std::string_view bytes);

// `bytes` in a named encoding as UTF-8, wrong bytes as U+FFFD; nothing where the encoding is not known.
std::optional<std::string> ConvertToUtf8(std::string_view bytes, std::string_view encoding);

}  // namespace atelier
