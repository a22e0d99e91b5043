// Whatever the pattern, it compiles or is refused in bounded time; its language can be stepped and searched, and its
// complement is its complement. Bytes after the first NUL are a text for it.
#include "base/check.h"
#include "base/text/utf8.h"
#include "engine/grammar/language.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using atelier::LanguageId;
  if (size > 1 << 12) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), size);
  const std::string_view text = input.substr(std::min(end + 1, size));
  atelier::Languages all;
  const auto language = all.Pattern(input.substr(0, end), atelier::Languages::Anchoring::kSearched);
  if (!language.ok()) return 0;
  const LanguageId other = all.Not(*language);
  LanguageId at = *language, not_at = other;
  for (const char c : text) {
    at = all.Next(at, static_cast<uint8_t>(c));
    not_at = all.Next(not_at, static_cast<uint8_t>(c));
  }
  if (all.over_budget()) return 0;
  const bool is_text = atelier::IsValidUtf8(text);
  CHECK(is_text ? all.Accepts(at) != all.Accepts(not_at) : !all.Accepts(at) && !all.Accepts(not_at));
  if (text.size() > 64) return 0;
  const bool nothing = all.IsNothing(*language);
  if (all.over_budget()) return 0;
  CHECK(!nothing || !all.Accepts(at));
  if (const auto shortest = all.Shortest(*language)) {
    at = *language;
    for (const char c : *shortest) at = all.Next(at, static_cast<uint8_t>(c));
    CHECK(all.Accepts(at) && !nothing);
  }
  return 0;
}
