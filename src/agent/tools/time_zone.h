// Time zones of the system's database (/usr/share/zoneinfo), as g++ 12's library has none: transitions of TZif files
// [RFC 8536], and after the last of them the rule of its footer, a POSIX TZ string ("CET-1CEST,M3.5.0,M10.5.0/3").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

// A day of each year at a time of day: when summer begins or ends.
struct ZoneRuleDay {
  enum class Kind : uint8_t { kWeekday, kJulian, kZeroBased };
  Kind kind = Kind::kWeekday;
  int month = 0, week = 0, day = 0;  // Mm.w.d; else `day` alone
  int64_t seconds = 7200;            // of the day, by the clock before the change; may be negative
};

struct ZoneOffset {
  int64_t seconds = 0;  // east of UTC
  bool summer = false;
  std::string abbreviation = "UTC";
};

// What follows the last transition.
struct ZoneRule {
  ZoneOffset standard;
  std::optional<ZoneOffset> summer;
  ZoneRuleDay begins, ends;
};

class TimeZone {
 public:
  // "Europe/Berlin", "UTC". Errors: kInvalid for a name that is none, kUnavailable where there is no database.
  static Result<TimeZone> Load(const std::string& name);
  // The content of a TZif file. Errors: kCorrupt.
  static Result<TimeZone> Parse(std::string name, std::string_view bytes);

  const std::string& name() const { return name_; }
  // At a moment, in seconds since 1970-01-01 UTC.
  ZoneOffset At(int64_t unix_seconds) const;

  // The moment when clocks there show this (seconds since 1970-01-01 by the clock on the wall).
  struct Moment {
    int64_t unix_seconds = 0;
    bool twice = false;  // they show it a second time an offset later: this is the first
    bool never = false;  // they jump over it: this is as if they had not
  };
  Moment OfWall(int64_t wall_seconds) const;

 private:
  std::string name_;
  std::vector<int64_t> times_;       // of transitions, ascending
  std::vector<uint8_t> after_;       // index of offsets_ from times_[i] on
  std::vector<ZoneOffset> offsets_;  // [0] holds before the first
  std::optional<ZoneRule> rule_;
};

// Errors: kCorrupt.
Result<ZoneRule> ParseZoneRule(std::string_view text);

}  // namespace atelier
