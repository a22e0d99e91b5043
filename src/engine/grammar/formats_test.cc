#include "engine/grammar/formats.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/text/json.h"

namespace atelier {
namespace {

bool Matches(Languages& all, LanguageId state, std::string_view text) {
  for (const char c : text) state = all.Next(state, static_cast<uint8_t>(c));
  return all.Accepts(state);
}

bool HasFormat(std::string_view format, std::string_view text) {
  Languages all;
  const auto language = FormatLanguage(all, format);
  EXPECT_TRUE(language.ok()) << format;
  return language.ok() && Matches(all, *language, text);
}

// tools/golden_formats.py read it from JSON-Schema-Test-Suite.
TEST(Formats, AgreeWithTheTestSuiteOrAreRefused) {
  std::ifstream file(ATELIER_SOURCE_DIR "/tests/golden/engine_grammar/formats.jsonl");
  ASSERT_TRUE(file.good());
  Languages all;
  std::map<std::string, int> refused;
  int num_agreeing = 0;
  for (std::string line; std::getline(file, line);) {
    const auto row = Json::Parse(line);
    ASSERT_TRUE(row.ok());
    const std::string format = row->Find("f")->AsString(), text = row->Find("s")->AsString();
    const auto language = FormatLanguage(all, format);
    if (!language.ok()) {
      ++refused[format];
      continue;
    }
    EXPECT_EQ(Matches(all, *language, text), row->Find("valid")->AsBool()) << format << " of " << text;
    ++num_agreeing;
  }
  RecordProperty("agreeing", num_agreeing);
  for (const auto& [format, count] : refused) {
    EXPECT_TRUE(format == "regex" || format == "idn-hostname" || format == "idn-email" || format == "unknown")
        << format;
  }
  EXPECT_FALSE(all.over_budget());
}

TEST(Formats, EveryYearHasItsLeapDay) {
  Languages all;
  const LanguageId date = *FormatLanguage(all, "date");
  for (int year = 0; year <= 9999; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    std::string text = std::to_string(year);
    text = std::string(4 - text.size(), '0') + text + "-02-29";
    EXPECT_EQ(Matches(all, date, text), leap) << text;
  }
}

TEST(Formats, LeapSecondsAreTheLastOfTheDayInUtc) {
  Languages all;
  const LanguageId time = *FormatLanguage(all, "time");
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
  EXPECT_TRUE(HasFormat("hostname", longest));
  EXPECT_FALSE(HasFormat("hostname", longest + "a"));
  EXPECT_FALSE(HasFormat("hostname", label + "a"));
  EXPECT_FALSE(HasFormat("hostname", "a..b"));
  EXPECT_TRUE(HasFormat("email", std::string(64, 'a') + "@b"));
  EXPECT_FALSE(HasFormat("email", std::string(65, 'a') + "@b"));
}

TEST(Formats, AreNamedWhereTheyAreNotKept) {
  Languages all;
  EXPECT_EQ(FormatLanguage(all, "regex").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(FormatLanguage(all, "idn-hostname").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(FormatLanguage(all, "int32").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace atelier
