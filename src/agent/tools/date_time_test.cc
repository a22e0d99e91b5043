#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "agent/tools/time_zone.h"
#include "agent/tools/tools_testing.h"

namespace atelier {
namespace {

using testing::HasSubstr;

constexpr int64_t kSummer2026 = 1'782'864'000;  // 2026-07-01T00:00:00Z
constexpr int64_t kWinter2026 = 1'767'225'600;  // 2026-01-01T00:00:00Z

TEST(TimeZone, KnowsOffsetsPastAndByRule) {
  const TimeZone berlin = TimeZone::Load("Europe/Berlin").value();
  EXPECT_EQ(berlin.At(kSummer2026).seconds, 7200);
  EXPECT_EQ(berlin.At(kWinter2026).abbreviation, "CET");
  EXPECT_EQ(berlin.At(0).seconds, 3600);
  EXPECT_EQ(berlin.At(4'118'083'200).seconds, 7200);  // 2100-07-01, long after the last transition
  const TimeZone sydney = TimeZone::Load("Australia/Sydney").value();
  EXPECT_EQ(sydney.At(kSummer2026).seconds, 36'000);
  EXPECT_EQ(sydney.At(kWinter2026).seconds, 39'600);
  EXPECT_EQ(sydney.At(4'102'444'800).seconds, 39'600);  // 2100-01-01
  EXPECT_EQ(TimeZone::Load("Asia/Kathmandu")->At(kSummer2026).seconds, 20'700);
  EXPECT_EQ(TimeZone::Load("UTC")->At(kSummer2026).seconds, 0);
}

TEST(TimeZone, RulesOfPosix) {
  const ZoneRule rule = ParseZoneRule("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1").value();
  EXPECT_EQ(rule.standard.seconds, -10'800);
  EXPECT_EQ(rule.summer->abbreviation, "-02");
  EXPECT_EQ(rule.begins.seconds, -7200);
  EXPECT_TRUE(ParseZoneRule("EST5EDT,J60/2:30,300").ok());
  for (const char* wrong : {"", "E", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
                            "CET-999", "<CET", "CET-1CEST,J0,J1"}) {
    EXPECT_FALSE(ParseZoneRule(wrong).ok()) << wrong;
  }
}

TEST(TimeZone, DamagedFilesAreErrors) {
  const std::string good = ReadWholeFile(Files::Real(), "/usr/share/zoneinfo/Europe/Berlin", 1 << 20).value();
  ASSERT_TRUE(TimeZone::Parse("x", good).ok());
  for (size_t length = 0; length < good.size(); length += 7) {
    const auto zone = TimeZone::Parse("x", good.substr(0, length));
    if (zone.ok()) static_cast<void>(zone->At(kSummer2026));
  }
  std::string bad = good;
  for (size_t i = 0; i < 3'000 && i < bad.size(); ++i) {
    bad[i] = static_cast<char>(~bad[i]);
    const auto zone = TimeZone::Parse("x", bad);
    if (zone.ok()) static_cast<void>(zone->OfWall(kSummer2026));
    bad[i] = good[i];
  }
  for (const char* name : {"", "No/Such", "../../etc/passwd", "/etc/localtime", "zone.tab", "Europe", "a b"}) {
    EXPECT_FALSE(TimeZone::Load(name).ok()) << name;
  }
}

class DateTime : public ::testing::Test {
 protected:
  std::string Ask(std::string_view json) {
    if (tools_.empty()) {
      bench_.clock = &clock_;
      tools_ = bench_.Make("date_time", Json::Object({{"zone", "Europe/Berlin"}})).value();
    }
    return bench_.Run(*tools_[0], Json::Parse(json).value()).value().text;
  }
  ManualClock clock_{kSummer2026 * 1'000'000'000};
  ToolBench bench_;
  AgentTools tools_;
};

TEST_F(DateTime, NowIsTheClocks) {
  EXPECT_EQ(Ask(R"({"operation": "now"})"), "2026-07-01T02:00:00+02:00 (Europe/Berlin, CEST), Wednesday");
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(Ask(R"({"operation": "now", "zone": "UTC"})"), "2026-07-01T01:00:00+00:00 (UTC, UTC), Wednesday");
}

TEST_F(DateTime, ConvertsBetweenZones) {
  EXPECT_EQ(Ask(R"({"operation": "convert", "time": "2026-11-28 18:30", "to_zone": "Asia/Tokyo"})"),
            "2026-11-29T02:30:00+09:00 (Asia/Tokyo, JST), Sunday");
  EXPECT_THAT(Ask(R"({"operation": "convert", "time": "2026-01-01T00:00:00Z", "to_zone": "America/New_York"})"),
              HasSubstr("2025-12-31T19:00:00-05:00"));
  EXPECT_THAT(Ask(R"({"operation": "convert", "time": "2026-10-25T02:30", "to_zone": "UTC"})"),
              AllOf(HasSubstr("2026-10-25T00:30:00+00:00"), HasSubstr("clocks show it twice")));
  EXPECT_THAT(Ask(R"({"operation": "convert", "time": "2026-03-29T02:30", "to_zone": "UTC"})"),
              AllOf(HasSubstr("2026-03-29T01:30:00+00:00"), HasSubstr("jump over it")));
}

TEST_F(DateTime, AddsByTheCalendarAndByTime) {
  EXPECT_THAT(Ask(R"({"operation": "add", "time": "2024-01-31", "months": 1})"),
              HasSubstr("2024-02-29T00:00:00+01:00"));
  EXPECT_THAT(Ask(R"({"operation": "add", "time": "2024-02-29", "years": 1})"), HasSubstr("2025-02-28"));
  EXPECT_THAT(Ask(R"({"operation": "add", "time": "2026-03-28T12:00", "days": 1})"),
              HasSubstr("2026-03-29T12:00:00+02:00"));
  EXPECT_THAT(Ask(R"({"operation": "add", "time": "2026-03-28T12:00", "hours": 24})"),
              HasSubstr("2026-03-29T13:00:00+02:00"));
  EXPECT_THAT(Ask(R"({"operation": "add", "time": "2026-01-01", "days": -1})"), HasSubstr("2025-12-31"));
  EXPECT_THAT(Ask(R"({"operation": "add", "time": "2026-01-01", "years": 9000})"), HasSubstr("outside of 1 to 9999"));
}

TEST_F(DateTime, CountsBetweenTwoTimes) {
  EXPECT_EQ(Ask(R"({"operation": "difference", "time": "2000-02-29", "other": "2026-02-28", "zone": "UTC"})"),
            "9496 days 00:00:00 (26 years, 0 months, 0 days by the calendar; 820454400 seconds)");
  EXPECT_THAT(Ask(R"({"operation": "difference", "time": "2026-03-29", "other": "2026-03-30"})"),
              HasSubstr("0 days 23:00:00"));
  EXPECT_THAT(Ask(R"({"operation": "difference", "time": "2026-07-02T02:00"})"), HasSubstr("-1 day 00:00:00"));
}

TEST_F(DateTime, TellsWeekdays) {
  EXPECT_EQ(Ask(R"({"operation": "weekday", "time": "2026-11-28"})"),
            "2026-11-28 is a Saturday, day 332 of the year, in week 2026-W48");
  EXPECT_THAT(Ask(R"({"operation": "weekday", "time": "2027-01-01"})"),
              HasSubstr("Friday, day 1 of the year, in week 2026-W53"));
}

TEST_F(DateTime, WhatIsWrongIsNamed) {
  EXPECT_THAT(Ask(R"({"operation": "sleep"})"), HasSubstr("operation"));
  EXPECT_THAT(Ask(R"({"operation": "now", "zone": "Mars/Olympus"})"), HasSubstr("zone: got 'Mars/Olympus'"));
  for (const char* time :
       {"28.11.2026", "2026-02-30", "2026-11-28T25:00", "2026-11-28T12:00+1", "2026-11-28x", "T12:00"}) {
    EXPECT_THAT(Ask(R"({"operation": "weekday", "time": ")" + std::string(time) + "\"}"), HasSubstr("want ISO 8601"))
        << time;
  }
  EXPECT_THAT(Ask(R"({"operation": "convert"})"), HasSubstr("to_zone"));
}

}  // namespace
}  // namespace atelier
