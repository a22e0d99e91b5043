// Dates and times: now, another zone's clock, sums, differences, weekdays. Times are ISO 8601: "2026-11-28",
// "2026-11-28T18:30", "2026-11-28 18:30:05", each with "Z" or "+01:00" or by the clocks of `zone`.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "agent/tools/blocking_tool.h"
#include "agent/tools/time_zone.h"

namespace atelier {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int64_t kDay = 86'400;
constexpr std::string_view kWeekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct Options {
  std::string zone = "UTC";
  static Fields Describe() {
    static constexpr Field fields[] = {
        Key<&Options::zone>("zone", "of times and answers that name none, such as Europe/Berlin"),
    };
    return fields;
  }
};

struct Arguments {
  std::string operation, time, other, zone, to_zone;
  int64_t years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0;
  static Fields Describe() {
    using A = Arguments;
    static constexpr Field fields[] = {
        Key<&A::operation>("operation", "now; convert to to_zone; add to time; difference from time to other; weekday")
            .Required()
            .OneOf("now|convert|add|difference|weekday"),
        Key<&A::time>("time", "ISO 8601, such as 2026-11-28T18:30 or 2026-11-28; without, now").AtMostBytes(64),
        Key<&A::other>("other", "of difference: the later time").AtMostBytes(64),
        Key<&A::zone>("zone", "whose clocks a time without offset means, and the answer is told in").AtMostBytes(80),
        Key<&A::to_zone>("to_zone", "of convert").AtMostBytes(80),
        Key<&A::years>("years", "to add").Between(-10'000, 10'000),
        Key<&A::months>("months", "to add").Between(-100'000, 100'000),
        Key<&A::weeks>("weeks", "to add").Between(-1e6, 1e6),
        Key<&A::days>("days", "to add, by the calendar").Between(-1e7, 1e7),
        Key<&A::hours>("hours", "to add, as time passes").Between(-1e9, 1e9),
        Key<&A::minutes>("minutes", "to add").Between(-1e11, 1e11),
        Key<&A::seconds>("seconds", "to add").Between(-1e12, 1e12),
    };
    return fields;
  }
};

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
std::string Two(int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

struct Wall {
  year_month_day date;
  int64_t seconds = 0;  // of the day
  int64_t Count() const { return sys_days(date).time_since_epoch().count() * kDay + seconds; }
};
Wall WallOf(int64_t wall_seconds) {
  const int64_t day = FloorDiv(wall_seconds, kDay);
  return {year_month_day(sys_days(days(day))), wall_seconds - day * kDay};
}

// A time as it is written.
struct Written {
  Wall wall;
  std::optional<int64_t> offset;  // seconds east, where it says so
};

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  std::optional<Written> Read() {
    Written written;
    const auto year = Number(4);
    const auto month = year && Take('-') ? Number(2) : std::nullopt;
    const auto day = month && Take('-') ? Number(2) : std::nullopt;
    if (!day) return std::nullopt;
    written.wall.date =
        year_month_day(std::chrono::year(static_cast<int>(*year)), std::chrono::month(static_cast<unsigned>(*month)),
                       std::chrono::day(static_cast<unsigned>(*day)));
    if (!written.wall.date.ok()) return std::nullopt;
    if (Take('T') || Take('t') || Take(' ')) {
      const auto seconds = Clock();
      if (!seconds) return std::nullopt;
      written.wall.seconds = *seconds;
      if (!Offset(written.offset)) return std::nullopt;
    }
    if (at_ != text_.size()) return std::nullopt;
    return written;
  }

 private:
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::optional<int64_t> Number(size_t digits) {
    int64_t value = 0;
    for (size_t i = 0; i < digits; ++i, ++at_) {
      if (at_ >= text_.size() || text_[at_] < '0' || text_[at_] > '9') return std::nullopt;
      value = value * 10 + (text_[at_] - '0');
    }
    return value;
  }
  std::optional<int64_t> Clock() {
    const auto hours = Number(2);
    const auto minutes = hours && Take(':') ? Number(2) : std::nullopt;
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    int64_t seconds = *hours * 3600 + *minutes * 60;
    if (!Take(':')) return seconds;
    const auto part = Number(2);
    if (!part || *part > 59) return std::nullopt;
    if (Take('.')) {  // fractions are read and dropped
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    }
    return seconds + *part;
  }
  bool Offset(std::optional<int64_t>& offset) {
    if (at_ == text_.size()) return true;
    if (Take('Z') || Take('z')) {
      offset = 0;
      return true;
    }
    const bool minus = Take('-');
    if (!minus && !Take('+')) return false;
    const auto hours = Number(2);
    Take(':');
    const auto minutes = hours ? Number(2) : std::nullopt;
    if (!minutes || *hours > 23 || *minutes > 59) return false;
    offset = (minus ? -1 : 1) * (*hours * 3600 + *minutes * 60);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string OffsetText(int64_t offset) {
  const int64_t size = offset < 0 ? -offset : offset;
  return (offset < 0 ? "-" : "+") + Two(size / 3600) + ":" + Two(size / 60 % 60);
}
std::string DateText(const year_month_day& date) {
  const int year = static_cast<int>(date.year());
  std::string digits = std::to_string(year < 0 ? -year : year);
  digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
  return (year < 0 ? "-" : "") + digits + "-" + Two(static_cast<unsigned>(date.month())) + "-" +
         Two(static_cast<unsigned>(date.day()));
}
std::string_view WeekdayOf(const year_month_day& date) {
  return kWeekdays[std::chrono::weekday(sys_days(date)).c_encoding()];
}

// A moment as the clocks of a zone show it.
ToolOutput Tell(int64_t moment, const TimeZone& zone, const std::string& note = {}) {
  const ZoneOffset offset = zone.At(moment);
  const Wall wall = WallOf(moment + offset.seconds);
  const std::string time = DateText(wall.date) + "T" + Two(wall.seconds / 3600) + ":" + Two(wall.seconds / 60 % 60) +
                           ":" + Two(wall.seconds % 60) + OffsetText(offset.seconds);
  ToolOutput output;
  output.text =
      time + " (" + zone.name() + ", " + offset.abbreviation + "), " + std::string(WeekdayOf(wall.date)) + note;
  output.structured = Json::Object({{"time", time},
                                    {"zone", zone.name()},
                                    {"abbreviation", offset.abbreviation},
                                    {"weekday", WeekdayOf(wall.date)},
                                    {"unix_seconds", moment}});
  return output;
}

struct Placed {
  int64_t moment = 0;
  std::string note;
};

// What a wall clock's time means there, and what is odd about it.
Placed Place(const Wall& wall, const TimeZone& zone) {
  const auto moment = zone.OfWall(wall.Count());
  if (moment.twice) return {moment.unix_seconds, "; clocks show it twice that day, this is the first"};
  if (moment.never) return {moment.unix_seconds, "; clocks jump over it that day"};
  return {moment.unix_seconds, ""};
}

Result<Placed> ReadTime(const std::string& key, const std::string& text, const TimeZone& zone, int64_t now) {
  if (text.empty()) return Placed{now, ""};
  const auto written = TimeReader(text).Read();
  if (!written) {
    return Error::Invalid(
        key, "got '" + text + "', want ISO 8601, such as 2026-11-28, 2026-11-28T18:30 or …T18:30:00+01:00");
  }
  if (written->offset) return Placed{written->wall.Count() - *written->offset, ""};
  return Place(written->wall, zone);
}

// Months keep the day where the month has it, else they end with its last.
Result<year_month_day> AddMonths(year_month_day date, int64_t months) {
  const int64_t count =
      static_cast<int64_t>(static_cast<int>(date.year())) * 12 + static_cast<unsigned>(date.month()) - 1 + months;
  const int64_t year = FloorDiv(count, 12);
  if (year < 1 || year > 9999) return Error::Invalid("years", "got a year outside of 1 to 9999");
  const auto month =
      std::chrono::year(static_cast<int>(year)) / std::chrono::month(static_cast<unsigned>(count - year * 12 + 1));
  const auto last = (month / std::chrono::last).day();
  return month / std::min(date.day(), last);
}

Result<ToolOutput> Add(const Arguments& a, const TimeZone& zone, int64_t moment) {
  Wall wall = WallOf(moment + zone.At(moment).seconds);
  std::string note;
  if (a.years != 0 || a.months != 0 || a.weeks != 0 || a.days != 0) {
    TRY(const year_month_day date, AddMonths(wall.date, a.years * 12 + a.months));
    const int64_t day = sys_days(date).time_since_epoch().count() + a.weeks * 7 + a.days;
    if (day < -719'162 || day > 2'932'896) return Error::Invalid("days", "got a year outside of 1 to 9999");
    wall.date = year_month_day(sys_days(days(day)));
    const Placed placed = Place(wall, zone);
    moment = placed.moment;
    note = placed.note;
  }
  moment += a.hours * 3600 + a.minutes * 60 + a.seconds;
  if (moment < -62'135'596'800 || moment > 253'402'214'400)
    return Error::Invalid("time", "got a year outside of 1 to 9999");
  return Tell(moment, zone, note);
}

std::string Count(int64_t number, std::string_view unit) {
  return std::to_string(number) + " " + std::string(unit) + (number == 1 ? "" : "s");
}

Result<ToolOutput> Difference(const TimeZone& zone, int64_t from, int64_t to) {
  const int64_t seconds = to - from;
  const int64_t size = seconds < 0 ? -seconds : seconds;
  // By the calendar, as an age is counted: whole months, then days.
  const Wall first = WallOf(std::min(from, to) + zone.At(std::min(from, to)).seconds);
  const Wall second = WallOf(std::max(from, to) + zone.At(std::max(from, to)).seconds);
  int64_t months = (static_cast<int>(second.date.year()) - static_cast<int>(first.date.year())) * 12 +
                   static_cast<int>(static_cast<unsigned>(second.date.month())) -
                   static_cast<int>(static_cast<unsigned>(first.date.month()));
  const auto before = [&](int64_t count) -> Result<Wall> {
    TRY(const year_month_day date, AddMonths(first.date, count));
    return Wall{date, first.seconds};
  };
  TRY(Wall start, before(months));
  if (start.Count() > second.Count()) {
    TRY(start, before(--months));
  }
  const int64_t rest_days = (second.Count() - start.Count()) / kDay;
  const int64_t calendar_days = (sys_days(second.date) - sys_days(first.date)).count();
  ToolOutput output;
  output.text = std::string(seconds < 0 ? "-" : "") + Count(size / kDay, "day") + " " + Two(size / 3600 % 24) + ":" +
                Two(size / 60 % 60) + ":" + Two(size % 60) + " (" + Count(months / 12, "year") + ", " +
                Count(months % 12, "month") + ", " + Count(rest_days, "day") + " by the calendar; " +
                std::to_string(seconds) + " seconds)";
  output.structured = Json::Object({{"seconds", seconds},
                                    {"calendar_days", seconds < 0 ? -calendar_days : calendar_days},
                                    {"years", months / 12},
                                    {"months", months % 12},
                                    {"days", rest_days}});
  return output;
}

ToolOutput Weekday(const TimeZone& zone, int64_t moment) {
  const Wall wall = WallOf(moment + zone.At(moment).seconds);
  const sys_days day(wall.date);
  const int64_t day_of_year = (day - sys_days(wall.date.year() / std::chrono::January / 1)).count() + 1;
  // ISO 8601: the week is that of its Thursday.
  const sys_days thursday = day + days(4 - static_cast<int>(std::chrono::weekday(day).iso_encoding()));
  const year_month_day in(thursday);
  const int64_t week = (thursday - sys_days(in.year() / std::chrono::January / 1)).count() / 7 + 1;
  const std::string name(WeekdayOf(wall.date));
  const std::string iso = std::to_string(static_cast<int>(in.year())) + "-W" + Two(week);
  ToolOutput output;
  output.text =
      DateText(wall.date) + " is a " + name + ", day " + std::to_string(day_of_year) + " of the year, in week " + iso;
  output.structured =
      Json::Object({{"weekday", name}, {"day_of_year", day_of_year}, {"iso_week", iso}, {"date", DateText(wall.date)}});
  return output;
}

Result<ToolOutput> Answer(const Options& options, const Arguments& a, int64_t now) {
  TRY(const TimeZone zone, TimeZone::Load(a.zone.empty() ? options.zone : a.zone));
  TRY(const Placed time, ReadTime("time", a.time, zone, now));
  if (a.operation == "now") return Tell(now, zone);
  if (a.operation == "add") return Add(a, zone, time.moment);
  if (a.operation == "weekday") return Weekday(zone, time.moment);
  if (a.operation == "difference") {
    if (a.other.empty() && a.time.empty()) return Error::Invalid("other", "got none, want a time");
    TRY(const Placed other, ReadTime("other", a.other, zone, now));
    return Difference(zone, time.moment, other.moment);
  }
  if (a.to_zone.empty()) return Error::Invalid("to_zone", "got none, want a zone such as Asia/Tokyo");
  TRY(const TimeZone to, TimeZone::Load(a.to_zone));
  return Tell(time.moment, to, time.note);
}

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const Options options, ReadToolOptions<Options>(config));
  TRY(const TimeZone zone, TimeZone::Load(options.zone));
  ToolSpec spec{.name = "date_time", .title = "Date and time"};
  spec.description =
      "Tells the time now, converts between time zones, adds to a date, counts between two dates, tells the weekday. "
      "The zone is " +
      zone.name() + " where none is given.";
  spec.parameters = JsonSchema<Arguments>();
  spec.output_schema = Json::Object({{"type", "object"}});
  spec.read_only = true;
  spec.outside = false;
  spec.timeout = std::chrono::milliseconds(10'000);
  auto answer = [options, &clock = *environment.clock](const BlockingCall&, const Json& json) -> Result<ToolOutput> {
    const auto arguments = ReadJson<Arguments>(json);
    if (!arguments.ok()) return ToolFailure(arguments.error());
    auto output = Answer(options, *arguments, FloorDiv(clock.UnixNanos(), 1'000'000'000));
    if (!output.ok()) return ToolFailure(output.error());
    return output;
  };
  return AgentTools{MakeBlockingTool(environment, std::move(spec), std::move(answer))};
}

}  // namespace

extern const ToolEntry tool_date_time{"date_time", "now, time zones, sums and differences of dates", Make};

}  // namespace atelier
