#include "engine/grammar/lark_substring.h"

#include <array>
#include <optional>
#include <string_view>

#include "base/text/utf8.h"
#include "engine/grammar/ecma_pattern.h"

namespace atelier {
namespace {

constexpr size_t kMaxChunks = 20'000;

enum class CharClass { kBlank, kWord, kOther };

// As Rust's char::is_whitespace and is_alphanumeric say.
CharClass ClassOfChar(char32_t c) {
  static const auto property = [](std::string_view name) { return *UnicodeProperty(name); };
  static const CodePointSet& blanks = *new CodePointSet(property("White_Space"));
  static const CodePointSet& letters = *new CodePointSet(property("Alphabetic").Or(property("N")));
  if (blanks.Contains(c)) return CharClass::kBlank;
  return c == U'_' || letters.Contains(c) ? CharClass::kWord : CharClass::kOther;
}

// Each character, or those of one class that stand together.
std::vector<std::string> Cut(std::string_view text, bool in_words) {
  std::vector<std::string> chunks;
  std::optional<CharClass> before;
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint c = DecodeUtf8(text, at);
    const auto size = static_cast<size_t>(c.num_bytes);
    const CharClass now = in_words ? ClassOfChar(c.value) : CharClass::kOther;
    if (!in_words || before != now) chunks.emplace_back();
    chunks.back() += text.substr(at, size);
    before = now;
    at += size;
  }
  return chunks;
}

}  // namespace

Result<std::vector<std::string>> ReadSubstringChunks(const Json& regex) {
  constexpr std::string_view kWant =
      "want {\"substring_chunks\": [texts]}, {\"substring_words\": text} or "
      "{\"substring_chars\": text}";
  if (!regex.is_object() || regex.size() != 1) return Error::Invalid("", "got another object, " + std::string(kWant));
  const auto& [name, value] = regex.members()[0];
  std::vector<std::string> chunks;
  if ((name == "substring_words" || name == "substring_chars") && value.is_string()) {
    chunks = Cut(value.AsString(), name == "substring_words");
  } else if (name == "substring_chunks" && value.is_array()) {
    for (const Json& chunk : value.items()) {
      if (!chunk.is_string()) return Error::Invalid("", "got a chunk that is no text, " + std::string(kWant));
      chunks.push_back(chunk.AsString());
    }
  } else {
    return Error::Invalid("", "got \"" + name + "\", " + std::string(kWant));
  }
  if (chunks.size() > kMaxChunks) {
    return Error::TooLarge("", "got " + std::to_string(chunks.size()) + " chunks, want at most 20000");
  }
  return chunks;
}

LanguageId SubstringsOf(const std::vector<std::string>& chunks, Languages& languages) {
  LanguageId from = Languages::kEmpty;  // what may come from chunk i on
  std::vector<LanguageId> starts = {from};
  for (size_t i = chunks.size(); i-- > 0;) {
    const LanguageId with = languages.Concat(languages.Literal(chunks[i]), from);
    from = languages.Or(std::array{Languages::kEmpty, with});
    starts.push_back(from);
  }
  return languages.Or(starts);
}

}  // namespace atelier
