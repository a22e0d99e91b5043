#include "engine/grammar/ecma_pattern.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/text/json.h"
#include "engine/grammar/language.h"

namespace atelier {
namespace {

bool Matches(Languages& all, LanguageId state, std::string_view text) {
  for (const char c : text) state = all.Next(state, static_cast<uint8_t>(c));
  return all.Accepts(state);
}

// tools/golden_patterns.js asked Node's RegExp.
TEST(EcmaPattern, MatchesWhatNodeMatches) {
  const char* other = std::getenv("ATELIER_PATTERNS");
  std::ifstream file(other ? other : ATELIER_SOURCE_DIR "/tests/golden/engine_grammar/patterns.jsonl");
  ASSERT_TRUE(file.good());
  int num_patterns = 0, num_refused = 0;
  for (std::string line; std::getline(file, line);) {
    const auto row = Json::Parse(line);
    ASSERT_TRUE(row.ok()) << row.error().Message() << line;
    const std::string pattern = row->Find("p")->AsString(), mode = row->Find("m")->AsString();
    Languages all;
    const auto language = all.Pattern(pattern, Languages::Anchoring::kSearched);
    ++num_patterns;
    if (!language.ok()) {
      num_refused += mode != "bad";
      const auto kind = language.error().kind;
      EXPECT_TRUE(mode == "bad" || kind == ErrorKind::kUnsupported) << pattern << ": " << language.error().Message();
      continue;
    }
    EXPECT_NE(mode, "bad") << pattern;
    for (const auto& [key, want] : {std::pair("y", true), std::pair("n", false)}) {
      for (const Json& text : row->Find(key)->items()) {
        EXPECT_EQ(Matches(all, *language, text.AsString()), want) << pattern << " on " << text.Dump();
      }
    }
    EXPECT_EQ(all.IsNothing(*language), !all.Shortest(*language).has_value()) << pattern;
  }
  RecordProperty("patterns", num_patterns);
  RecordProperty("refused", num_refused);
  EXPECT_LT(num_refused, num_patterns / 30);
}

}  // namespace
}  // namespace atelier
