#include "engine/grammar/formats.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "base/random.h"
#include "base/text/formats.h"
#include "base/text/idna.h"
#include "base/text/json.h"
#include "base/text/utf8.h"
#include "base/tree_testing.h"

namespace atelier {
namespace {

bool Matches(Languages& all, LanguageId state, std::string_view text) {
  for (const char c : text) state = all.Next(state, static_cast<uint8_t>(c));
  return all.Accepts(state);
}

bool IsWithin(std::string_view format, std::string_view text) {
  Languages all;
  const auto language = FormatLanguages(all, format, true);
  EXPECT_TRUE(language.ok()) << format;
  return language.ok() && Matches(all, language->within, text);
}

// tools/golden_formats.py read it from JSON-Schema-Test-Suite.
TEST(Formats, AgreeWithTheTestSuite) {
  std::ifstream file(SourcePath("/tests/golden/engine_grammar/formats.jsonl"));
  ASSERT_TRUE(file.good());
  Languages all;
  int num_agreeing = 0;
  for (std::string line; std::getline(file, line);) {
    const auto row = Json::Parse(line);
    ASSERT_TRUE(row.ok());
    const std::string format = row->Find("f")->AsString(), text = row->Find("s")->AsString();
    const auto language = FormatLanguages(all, format, true);
    if (!language.ok()) {
      EXPECT_EQ(format, "unknown");
      continue;
    }
    const bool valid = row->Find("valid")->AsBool();
    EXPECT_EQ(Matches(all, language->within, text), valid) << format << " of " << text;
    EXPECT_TRUE(!valid || Matches(all, language->around, text)) << format << " of " << text;
    ++num_agreeing;
  }
  RecordProperty("agreeing", num_agreeing);
  EXPECT_FALSE(all.over_budget());
}

TEST(Formats, EveryYearHasItsLeapDay) {
  Languages all;
  const LanguageId date = FormatLanguages(all, "date", false)->within;
  for (int year = 0; year <= 9999; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    std::string text = std::to_string(year);
    text = std::string(4 - text.size(), '0') + text + "-02-29";
    EXPECT_EQ(Matches(all, date, text), leap) << text;
  }
}

TEST(Formats, LeapSecondsAreTheLastOfTheDayInUtc) {
  Languages all;
  const LanguageId time = FormatLanguages(all, "time", false)->within;
  const auto two = [](int value) { return std::to_string(value / 10) + std::to_string(value % 10); };
  for (int minute_of_day = 0; minute_of_day < 1440; minute_of_day += 7) {
    for (int offset = -1439; offset < 1440; offset += 11) {
      const int size = std::abs(offset);
      const std::string text = two(minute_of_day / 60) + ":" + two(minute_of_day % 60) + ":60.5" +
                               (offset < 0 ? "-" : "+") + two(size / 60) + ":" + two(size % 60);
      const bool last = (minute_of_day - offset + 2880) % 1440 == 1439;
      EXPECT_EQ(Matches(all, time, text), last) << text;
    }
  }
  EXPECT_TRUE(Matches(all, time, "23:59:60z"));
  EXPECT_TRUE(Matches(all, time, "23:59:60-00:00"));
}

TEST(Formats, KnowTheirLengths) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  EXPECT_TRUE(IsWithin("hostname", longest));
  EXPECT_FALSE(IsWithin("hostname", longest + "a"));
  EXPECT_FALSE(IsWithin("hostname", label + "a"));
  EXPECT_FALSE(IsWithin("hostname", "a..b"));
  EXPECT_TRUE(IsWithin("email", std::string(64, 'a') + "@b"));
  EXPECT_FALSE(IsWithin("email", std::string(65, 'a') + "@b"));
}

TEST(Formats, OthersThanTheDraftsAreNotFound) {
  Languages all;
  EXPECT_EQ(FormatLanguages(all, "int32", false).error().kind, ErrorKind::kNotFound);
}

// Members of a language: random ways through it that end after so many bytes where they can.
std::string RandomMember(Languages& all, LanguageId state, Random& random, int most) {
  std::string text;
  while (true) {
    const bool may_end = all.Accepts(state);
    if (may_end && (random.Below(12) == 0 || static_cast<int>(text.size()) >= most)) return text;
    if (static_cast<int>(text.size()) >= most) {
      const auto rest = all.Shortest(state);
      EXPECT_TRUE(rest.has_value()) << text;
      return text + rest.value_or("");
    }
    std::vector<uint8_t> bytes;
    const ByteSet next = all.NextBytes(state);
    for (int byte = 0; byte < 256; ++byte) {
      if (next[static_cast<size_t>(byte)]) bytes.push_back(static_cast<uint8_t>(byte));
    }
    EXPECT_TRUE(may_end || !bytes.empty()) << text;
    if (bytes.empty()) return text;
    const uint8_t byte = bytes[random.Below(bytes.size())];
    state = all.Next(state, byte);
    text.push_back(static_cast<char>(byte));
  }
}

// What is only kept from within is still kept: whatever is written has the format by the validator's own reading.
TEST(Formats, WhatIsWithinHasTheFormat) {
  Random random(7);
  Languages all;
  for (const std::string_view format : {"regex", "idn-hostname", "idn-email", "hostname", "email"}) {
    const LanguageId within = FormatLanguages(all, format, false)->within;
    for (int i = 0; i < 3000; ++i) {
      const std::string text = RandomMember(all, within, random, 2 + static_cast<int>(random.Below(40)));
      ASSERT_TRUE(HasFormat(text, format)) << format << ": " << text;
    }
  }
  EXPECT_FALSE(all.over_budget());
}

TEST(Formats, ACharacterIsALabelWhereTheValidatorSaysSo) {
  Languages all;
  const LanguageId within = FormatLanguages(all, "idn-hostname", false)->within;
  int num_less = 0;
  for (char32_t c = 0x80; c <= 0x32400; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    const bool is_label = IsULabel(std::u32string(1, c)), is_within = Matches(all, within, EncodeUtf8(c));
    EXPECT_TRUE(is_label || !is_within) << std::hex << static_cast<uint32_t>(c);
    num_less += is_label && !is_within;
  }
  EXPECT_EQ(num_less, 0);
}

TEST(Formats, IdnHostnamesOfUse) {
  for (const std::string_view text :
       {"bücher.example", "пример.испытание", "παράδειγμα.δοκιμή", "例え.テスト", "실례.테스트", "مثال.إختبار",
        "उदाहरण.परीक्षा", "xn--bcher-kva.example", "www.münchen.de"}) {
    EXPECT_TRUE(IsWithin("idn-hostname", text)) << text;
  }
}

TEST(Formats, PatternsOfUse) {
  for (const std::string_view text :
       {R"(^\d{3}-\d{4}$)", R"(^(?:[a-z0-9]+(?:-[a-z0-9]+)*|\*)$)", R"([^\x00-\x1F\u0400-\u04ff]{2,10}?)",
        R"((?<!a)(?=b)\bfoo\B|\.)", R"(^[\w.+\-]+@[\w\-]+\.[\w.\-]+$)", R"(^\p{Lu}\P{L}*$)",
        R"([A-Fa-f0-9]{1,12}[!-~])", "", "a||b", R"(^(0|[1-9]\d*)$)"}) {
    EXPECT_TRUE(IsWithin("regex", text)) << text;
  }
  for (const std::string_view text : {"(", "a**", "[z-a]", R"([\x20-\x00])", "{2}", "a{3,2}", R"(\)", R"(\a)", "[",
                                      "(?<=a)*", R"([\u0400-\u03ff])", R"(\u12)", "(?i)a", ")"}) {
    EXPECT_FALSE(IsWithin("regex", text)) << text;
  }
}

// Labels of the greatest lengths that are written, with characters as far from each other as can be.
TEST(Formats, LabelsFitHoweverTheyAreWrittenInPunycode) {
  Random random(11);
  Languages all;
  const LanguageId within = FormatLanguages(all, "idn-hostname", false)->within;
  constexpr std::array<char32_t, 12> kFar = {U'ß',  U'ÿ',  U'ſ' + 1, U'ά',  U'ж',    U'ӿ',
                                             U'一', U'龠', U'가',    U'힣', 0x10400, 0x2A6D6};
  for (int i = 0; i < 30000; ++i) {
    std::string text;
    const int length = 1 + static_cast<int>(random.Below(50));
    const auto span = static_cast<int64_t>(1 + random.Below(kFar.size()));
    const double ascii = random.Uniform();
    for (int n = 0; n < length; ++n) {
      if (random.Uniform() < ascii) {
        text += static_cast<char>('a' + random.Below(26));
      } else {
        AppendUtf8(text, kFar[random.Below(static_cast<uint64_t>(span))] + static_cast<char32_t>(random.Below(2)));
      }
    }
    ASSERT_TRUE(!Matches(all, within, text) || IsIdnHostname(text)) << text;
  }
}

}  // namespace
}  // namespace atelier
