#include "engine/grammar/json_spaces.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace atelier {
namespace {

constexpr const char* kWhere = "whitespace_pattern";
constexpr std::string_view kSpaces = " \n\t\r";

}  // namespace

Result<JsonSpaces> JsonSpaces::Create(std::string_view pattern, Languages& languages) {
  auto read = languages.Pattern(pattern, Languages::Anchoring::kWhole);
  if (!read.ok()) return std::move(read).error().Under(kWhere);
  ByteSet spaces;
  for (const char space : kSpaces) spaces.set(static_cast<uint8_t>(space));
  // Of what \s means beyond, JSON takes nothing.
  const LanguageId any = languages.Repeat(languages.Byte(spaces), 0, std::nullopt);
  std::vector<LanguageId> languages_of = {languages.And(std::array{*read, any})};
  JsonSpaces made;
  for (size_t i = 0; i < languages_of.size(); ++i) {
    const LanguageId language = languages_of[i];
    const auto shortest = languages.Shortest(language);
    if (!shortest) return Error::Invalid(kWhere, "got one that matches no white space of JSON, nor its absence");
    State& state = made.states_.emplace_back();
    state.shortest = *shortest;
    for (const char space : kSpaces) {
      const LanguageId next = languages.Next(language, static_cast<uint8_t>(space));
      if (languages.IsNothing(next)) continue;
      const auto at = std::ranges::find(languages_of, next) - languages_of.begin();
      if (at >= kDead) return Error::TooLarge(kWhere, "got one that counts over 250 bytes, want fewer");
      if (static_cast<size_t>(at) == languages_of.size()) languages_of.push_back(next);
      state.next[Column(static_cast<uint8_t>(space))] = static_cast<uint8_t>(at);
    }
  }
  return made;
}

}  // namespace atelier
