#include "base/text/formats.h"

#include <algorithm>

#include "base/text/ecma_regex.h"

namespace atelier {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Reads a text from front to back.
class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}

  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeEither(char a, char b) { return Take(a) || Take(b); }
  // Exactly so many digits; -1 where there are fewer.
  int Digits(size_t count) {
    if (rest_.size() < count || !std::ranges::all_of(rest_.substr(0, count), IsDigit)) return -1;
    int value = 0;
    for (const char c : rest_.substr(0, count)) value = value * 10 + (c - '0');
    rest_.remove_prefix(count);
    return value;
  }
  // As many digits as there are; false for none.
  bool SomeDigits() {
    const size_t count = static_cast<size_t>(std::ranges::find_if_not(rest_, IsDigit) - rest_.begin());
    rest_.remove_prefix(count);
    return count > 0;
  }
  bool AtEnd() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

bool TakeDate(Scan& scan) {
  const int year = scan.Digits(4);
  if (year < 0 || !scan.Take('-')) return false;
  const int month = scan.Digits(2);
  if (month < 1 || month > 12 || !scan.Take('-')) return false;
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap_year = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int days = kDays[month - 1] + (month == 2 && is_leap_year ? 1 : 0);
  const int day = scan.Digits(2);
  return day >= 1 && day <= days;
}

bool TakeTime(Scan& scan) {
  const int hour = scan.Digits(2);
  if (hour < 0 || hour > 23 || !scan.Take(':')) return false;
  const int minute = scan.Digits(2);
  if (minute < 0 || minute > 59 || !scan.Take(':')) return false;
  const int second = scan.Digits(2);
  if (second < 0 || second > 60) return false;
  if (scan.Take('.') && !scan.SomeDigits()) return false;
  int offset = 0;  // minutes east of UTC
  if (!scan.TakeEither('Z', 'z')) {
    const bool is_west = scan.Take('-');
    if (!is_west && !scan.Take('+')) return false;
    const int hours = scan.Digits(2);
    if (hours < 0 || hours > 23 || !scan.Take(':')) return false;
    const int minutes = scan.Digits(2);
    if (minutes < 0 || minutes > 59) return false;
    offset = (hours * 60 + minutes) * (is_west ? -1 : 1);
  }
  constexpr int kDay = 24 * 60;
  return second < 60 || (hour * 60 + minute - offset + kDay) % kDay == kDay - 1;
}

// Numbers, each with the next of `units`, none left out between the first and the last: "1H30M" of "HMS". 0 for none.
size_t TakeUnits(Scan& scan, std::string_view units) {
  size_t count = 0;
  for (size_t i = 0; i < units.size();) {
    const Scan before = scan;
    if (!scan.SomeDigits()) break;
    const size_t unit = scan.AtEnd() ? std::string_view::npos : units.find(scan.rest()[0], i);
    if (unit == std::string_view::npos || (count > 0 && unit != i)) {
      scan = before;
      break;
    }
    scan.Take(units[unit]);
    i = unit + 1;
    ++count;
  }
  return count;
}

bool TakePointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

}  // namespace

bool IsDate(std::string_view text) {
  Scan scan(text);
  return TakeDate(scan) && scan.AtEnd();
}

bool IsTime(std::string_view text) {
  Scan scan(text);
  return TakeTime(scan) && scan.AtEnd();
}

bool IsDateTime(std::string_view text) {
  Scan scan(text);
  return TakeDate(scan) && scan.TakeEither('T', 't') && TakeTime(scan) && scan.AtEnd();
}

bool IsDuration(std::string_view text) {
  Scan scan(text);
  if (!scan.Take('P')) return false;
  if (Scan weeks = scan; TakeUnits(weeks, "W") == 1) return weeks.AtEnd();
  const size_t days = TakeUnits(scan, "YMD");
  if (!scan.Take('T')) return days > 0 && scan.AtEnd();
  return TakeUnits(scan, "HMS") > 0 && scan.AtEnd();
}

bool IsIpv4(std::string_view text) {
  Scan scan(text);
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !scan.Take('.')) return false;
    const std::string_view before = scan.rest();
    if (!scan.SomeDigits()) return false;
    const size_t digits = before.size() - scan.rest().size();
    if (digits > 3 || (digits > 1 && before[0] == '0')) return false;
    if (Scan(before).Digits(digits) > 255) return false;
  }
  return scan.AtEnd();
}

bool IsIpv6(std::string_view text) {
  constexpr int kParts = 8;
  int parts = 0;
  bool has_gap = false;
  if (text.starts_with("::")) {
    has_gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const size_t end = std::min(text.find(':'), text.size());
    const std::string_view part = text.substr(0, end);
    if (part.find('.') != std::string_view::npos) {
      parts += 2;
      if (end != text.size() || !IsIpv4(part)) return false;
      break;
    }
    if (part.empty() || part.size() > 4 || !std::ranges::all_of(part, IsHex)) return false;
    ++parts;
    text.remove_prefix(end);
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (has_gap) return false;
      has_gap = true;
      text.remove_prefix(2);
      if (text.empty()) break;
    } else {
      text.remove_prefix(1);
    }
  }
  return has_gap ? parts < kParts : parts == kParts;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return true;
}

bool IsJsonPointer(std::string_view text) { return TakePointer(text); }

bool IsRelativeJsonPointer(std::string_view text) {
  Scan scan(text);
  if (!scan.SomeDigits()) return false;
  if (text[0] == '0' && text.size() - scan.rest().size() > 1) return false;
  return scan.rest() == "#" || TakePointer(scan.rest());
}

bool IsEcmaRegex(std::string_view text) {
  const auto regex = EcmaRegex::Compile(text);
  return regex.ok() || regex.error().kind != ErrorKind::kInvalid;  // what PCRE2 cannot do may be right all the same
}

bool HasFormat(std::string_view text, std::string_view format) {
  static constexpr std::pair<std::string_view, bool (*)(std::string_view)> kFormats[] = {
      {"date", IsDate},
      {"date-time", IsDateTime},
      {"duration", IsDuration},
      {"email", IsEmail},
      {"hostname", IsHostname},
      {"idn-email", IsIdnEmail},
      {"idn-hostname", IsIdnHostname},
      {"ipv4", IsIpv4},
      {"ipv6", IsIpv6},
      {"iri", IsIri},
      {"iri-reference", IsIriReference},
      {"json-pointer", IsJsonPointer},
      {"regex", IsEcmaRegex},
      {"relative-json-pointer", IsRelativeJsonPointer},
      {"time", IsTime},
      {"uri", IsUri},
      {"uri-reference", IsUriReference},
      {"uri-template", IsUriTemplate},
      {"uuid", IsUuid},
  };
  for (const auto& [name, check] : kFormats) {
    if (name == format) return check(text);
  }
  return true;
}

}  // namespace atelier
