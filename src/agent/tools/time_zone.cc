#include "agent/tools/time_zone.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "base/io/files.h"

namespace atelier {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kMaxZoneBytes = 1 << 20;

Error Corrupt(const std::string& what) { return Error::Corrupt("time zone", what); }

// Big-endian numbers, within bounds.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  bool Has(int64_t count) const { return count >= 0 && static_cast<int64_t>(bytes_.size() - at_) >= count; }
  int64_t Number(int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes_[at_++]);
    return size == 4 ? static_cast<int32_t>(value) : static_cast<int64_t>(value);
  }
  uint8_t Byte() { return static_cast<uint8_t>(bytes_[at_++]); }
  std::string_view Text(int64_t count) {
    at_ += static_cast<size_t>(count);
    return bytes_.substr(at_ - static_cast<size_t>(count), static_cast<size_t>(count));
  }
  std::string_view Rest() const { return bytes_.substr(at_); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

struct Header {
  char version = 0;
  int64_t num_utc = 0, num_standard = 0, num_leaps = 0, num_times = 0, num_types = 0, num_chars = 0;
  int64_t Bytes(int time_size) const {
    return num_times * (time_size + 1) + num_types * 6 + num_chars + num_leaps * (time_size + 4) + num_standard +
           num_utc;
  }
};

Result<Header> ReadHeader(ByteReader& reader) {
  Header header;
  if (!reader.Has(44) || reader.Text(4) != "TZif") return Corrupt("got no TZif file");
  header.version = static_cast<char>(reader.Byte());
  reader.Text(15);
  for (int64_t* count : {&header.num_utc, &header.num_standard, &header.num_leaps, &header.num_times, &header.num_types,
                         &header.num_chars}) {
    *count = reader.Number(4);
    if (*count < 0 || *count > 100'000) return Corrupt("got absurd counts");
  }
  return header;
}

// The parts of a POSIX TZ string.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (Peek() != c || AtEnd()) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> Name() {
    const size_t begin = at_;
    if (Take('<')) {
      while (!AtEnd() && Peek() != '>') ++at_;
      if (!Take('>')) return std::nullopt;
      return std::string(text_.substr(begin + 1, at_ - begin - 2));
    }
    while ((Peek() >= 'A' && Peek() <= 'Z') || (Peek() >= 'a' && Peek() <= 'z')) ++at_;
    if (at_ - begin < 3) return std::nullopt;
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::optional<int64_t> Number(int64_t most) {
    if (Peek() < '0' || Peek() > '9') return std::nullopt;
    int64_t value = 0;
    while (Peek() >= '0' && Peek() <= '9') {
      value = value * 10 + (text_[at_++] - '0');
      if (value > most) return std::nullopt;
    }
    return value;
  }
  // [+-]hh[:mm[:ss]]
  std::optional<int64_t> Time() {
    const bool minus = Take('-');
    if (!minus) Take('+');
    const auto hours = Number(167);
    if (!hours) return std::nullopt;
    int64_t seconds = *hours * 3600;
    for (const int64_t unit : {60, 1}) {
      if (!Take(':')) break;
      const auto part = Number(59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return minus ? -seconds : seconds;
  }
  std::optional<ZoneRuleDay> Day() {
    ZoneRuleDay day;
    if (Take('M')) {
      const auto month = Number(12);
      if (!month || *month < 1 || !Take('.')) return std::nullopt;
      const auto week = Number(5);
      if (!week || *week < 1 || !Take('.')) return std::nullopt;
      const auto weekday = Number(6);
      if (!weekday) return std::nullopt;
      day.month = static_cast<int>(*month), day.week = static_cast<int>(*week), day.day = static_cast<int>(*weekday);
    } else {
      day.kind = Take('J') ? ZoneRuleDay::Kind::kJulian : ZoneRuleDay::Kind::kZeroBased;
      const auto number = Number(365);
      if (!number || (day.kind == ZoneRuleDay::Kind::kJulian && *number < 1)) return std::nullopt;
      day.day = static_cast<int>(*number);
    }
    if (!Take('/')) return day;
    const auto time = Time();
    if (!time) return std::nullopt;
    day.seconds = *time;
    return day;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// Days since 1970 of a rule's day in a year.
int64_t DayIn(const ZoneRuleDay& rule, int year) {
  using namespace std::chrono;
  const auto first = sys_days(std::chrono::year(year) / January / 1);
  if (rule.kind == ZoneRuleDay::Kind::kZeroBased) return first.time_since_epoch().count() + rule.day;
  if (rule.kind == ZoneRuleDay::Kind::kJulian) {  // February 29 has no number
    const bool later = std::chrono::year(year).is_leap() && rule.day >= 60;
    return first.time_since_epoch().count() + rule.day - 1 + (later ? 1 : 0);
  }
  const auto month = std::chrono::month(static_cast<unsigned>(rule.month));
  const auto weekday = std::chrono::weekday(static_cast<unsigned>(rule.day));
  const sys_days day = rule.week == 5
                           ? sys_days(std::chrono::year(year) / month / weekday[last])
                           : sys_days(std::chrono::year(year) / month / weekday[static_cast<unsigned>(rule.week)]);
  return day.time_since_epoch().count();
}

ZoneOffset ByRule(const ZoneRule& rule, int64_t unix_seconds) {
  if (!rule.summer) return rule.standard;
  using namespace std::chrono;
  const int64_t wall = unix_seconds + rule.standard.seconds;
  const int64_t day = wall >= 0 ? wall / kDay : -((-wall + kDay - 1) / kDay);
  const int year = static_cast<int>(year_month_day(sys_days(days(day))).year());
  const int64_t begins = DayIn(rule.begins, year) * kDay + rule.begins.seconds - rule.standard.seconds;
  const int64_t ends = DayIn(rule.ends, year) * kDay + rule.ends.seconds - rule.summer->seconds;
  const bool north = begins < ends;
  const bool summer =
      north ? unix_seconds >= begins && unix_seconds < ends : unix_seconds >= begins || unix_seconds < ends;
  return summer ? *rule.summer : rule.standard;
}

}  // namespace

Result<ZoneRule> ParseZoneRule(std::string_view text) {
  RuleReader reader(text);
  const Error wrong = Corrupt("got the rule '" + std::string(text.substr(0, 80)) + "', want one of POSIX");
  ZoneRule rule;
  const auto name = reader.Name();
  const auto offset = name ? reader.Time() : std::nullopt;
  if (!offset) return wrong;
  rule.standard = {-*offset, false, *name};  // POSIX counts to the west
  if (reader.AtEnd()) return rule;
  const auto summer_name = reader.Name();
  if (!summer_name) return wrong;
  rule.summer = ZoneOffset{rule.standard.seconds + 3600, true, *summer_name};
  if (reader.Peek() != ',') {
    const auto summer = reader.Time();
    if (!summer) return wrong;
    rule.summer->seconds = -*summer;
  }
  const auto begins = reader.Take(',') ? reader.Day() : std::nullopt;
  const auto ends = begins && reader.Take(',') ? reader.Day() : std::nullopt;
  if (!ends || !reader.AtEnd()) return wrong;
  rule.begins = *begins, rule.ends = *ends;
  return rule;
}

Result<TimeZone> TimeZone::Parse(std::string name, std::string_view bytes) {
  ByteReader reader(bytes);
  TRY(Header header, ReadHeader(reader));
  int time_size = 4;
  if (header.version >= '2') {  // the same again with times of 8 bytes
    if (!reader.Has(header.Bytes(4))) return Corrupt("got a file that is cut");
    reader.Text(header.Bytes(4));
    TRY(header, ReadHeader(reader));
    time_size = 8;
  }
  if (!reader.Has(header.Bytes(time_size)) || header.num_types == 0) return Corrupt("got a file that is cut");
  TimeZone zone;
  zone.name_ = std::move(name);
  for (int64_t i = 0; i < header.num_times; ++i) zone.times_.push_back(reader.Number(time_size));
  for (int64_t i = 0; i < header.num_times; ++i) zone.after_.push_back(reader.Byte());
  std::vector<uint8_t> names;
  for (int64_t i = 0; i < header.num_types; ++i) {
    ZoneOffset offset{reader.Number(4), reader.Byte() != 0, {}};
    names.push_back(reader.Byte());
    if (offset.seconds < -kDay || offset.seconds > kDay) return Corrupt("got an absurd offset");
    zone.offsets_.push_back(std::move(offset));
  }
  const std::string_view abbreviations = reader.Text(header.num_chars);
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] >= abbreviations.size()) return Corrupt("got a name beyond the names");
    const std::string_view from = abbreviations.substr(names[i]);
    zone.offsets_[i].abbreviation = from.substr(0, from.find('\0'));
  }
  if (std::ranges::any_of(zone.after_, [&](uint8_t index) { return index >= zone.offsets_.size(); }) ||
      !std::ranges::is_sorted(zone.times_)) {
    return Corrupt("got transitions that lead nowhere or are not in order");
  }
  if (time_size == 4) return zone;
  reader.Text(header.num_leaps * 12 + header.num_standard + header.num_utc);
  std::string_view footer = reader.Rest();
  if (footer.size() < 2 || !footer.starts_with('\n') || !footer.ends_with('\n')) return Corrupt("got no footer");
  footer = footer.substr(1, footer.size() - 2);
  if (footer.empty()) return zone;
  TRY(zone.rule_, ParseZoneRule(footer));
  return zone;
}

Result<TimeZone> TimeZone::Load(const std::string& name) {
  const std::string root = "/usr/share/zoneinfo";
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  const Error wrong =
      Error::Invalid("zone", "got '" + name.substr(0, 80) + "', want a name such as Europe/Berlin or UTC");
  if (name.empty() || name.size() > 80 || !std::ranges::all_of(name, allowed) || name[0] == '/') return wrong;
  std::error_code none;
  if (!std::filesystem::is_directory(root, none)) {
    if (name == "UTC") {
      TimeZone utc;
      utc.name_ = name;
      utc.offsets_.emplace_back();
      return utc;
    }
    return Error::Unavailable(root, "there is no database of time zones: install the package tzdata");
  }
  const std::string path = JoinPath(root, name);
  if (!std::filesystem::is_regular_file(path, none)) return wrong;
  auto bytes = ReadWholeFile(Files::Real(), path, kMaxZoneBytes);
  // The folder has lists and tables too.
  if (!bytes.ok() || !bytes->starts_with("TZif")) return wrong;
  return Parse(name, *bytes);
}

ZoneOffset TimeZone::At(int64_t unix_seconds) const {
  const auto next = std::ranges::upper_bound(times_, unix_seconds);
  if (next == times_.begin() && (!times_.empty() || !rule_)) return offsets_[0];
  if (next == times_.end() && rule_) return ByRule(*rule_, unix_seconds);
  return offsets_[after_[static_cast<size_t>(next - times_.begin()) - 1]];
}

TimeZone::Moment TimeZone::OfWall(int64_t wall_seconds) const {
  // Offsets in force a day before and after: at most one change lies between.
  const int64_t before = At(wall_seconds - kDay).seconds, after = At(wall_seconds + kDay).seconds;
  const bool by_before = At(wall_seconds - before).seconds == before;
  const bool by_after = At(wall_seconds - after).seconds == after;
  if (by_before) return {wall_seconds - before, by_after && before != after, false};
  if (by_after) return {wall_seconds - after, false, false};
  return {wall_seconds - before, false, true};
}

}  // namespace atelier
