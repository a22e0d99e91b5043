#include "knowledge/load/xlsx_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>

#include "knowledge/load/office_package.h"

namespace atelier {
namespace {

// Texts of a shared or inline string: runs, without the phonetic hints of East Asian ones.
void AppendRuns(const pugi::xml_node& parent, std::string& text) {
  for (const pugi::xml_node& node : parent) {
    if (LocalName(node) == "t") text += node.text().get();
    if (LocalName(node) == "r") AppendRuns(node, text);
  }
}

bool IsBuiltInDate(int format) { return (format >= 14 && format <= 22) || (format >= 45 && format <= 47); }

}  // namespace

bool IsDateFormat(std::string_view code) {
  bool quoted = false;
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\\' || c == '_' || c == '*') {
      ++i;  // the next character stands for itself
    } else if (c == '[') {
      // "[h]" is elapsed time; "[Red]" and "[$-409]" are none.
      const size_t close = std::min(code.find(']', i), code.size());
      const std::string_view inner = code.substr(i + 1, close - i - 1);
      if (!inner.empty() && inner.find_first_not_of("hmsHMS") == std::string_view::npos) return true;
      i = close;
    } else if (std::string_view("ymdhsYMDHS").find(c) != std::string_view::npos) {
      return true;
    } else if (code.substr(i).starts_with("General")) {
      i += 6;
    }
  }
  return false;
}

std::string DateOfSerial(std::string_view number, bool from_1904) {
  double serial = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), serial);
  constexpr double kMaxDay = 2958465;  // 9999-12-31
  if (fault != std::errc() || end != number.data() + number.size() || !(serial >= 0 && serial <= kMaxDay)) {
    return std::string(number);
  }
  const double day = std::floor(serial);
  auto seconds = static_cast<int64_t>(std::llround((serial - day) * 86'400));
  // Day 60 is 29 February 1900, which never was: before it, days count from one later.
  const int64_t base = from_1904 ? -24'107 : day < 60 ? -25'568 : -25'569;
  int64_t days = base + static_cast<int64_t>(day);
  if (seconds == 86'400) ++days, seconds = 0;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  std::array<char, 64> text;
  const auto hour = seconds / 3'600;
  const auto minute = seconds / 60 % 60;
  const int time_of = std::snprintf(text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(hour),
                                    static_cast<int>(minute), static_cast<int>(seconds % 60));
  const std::string time(text.data(), static_cast<size_t>(time_of));
  if (day == 0 && !from_1904) return time;
  const int date_of = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  std::string out(text.data(), static_cast<size_t>(date_of));
  return seconds == 0 ? out : out + " " + time;
}

int ColumnOfReference(std::string_view reference) {
  int column = 0;
  for (const char c : reference) {
    if (c < 'A' || c > 'Z' || column > 16'384) break;
    column = column * 26 + (c - 'A' + 1);
  }
  return column > 16'384 ? 0 : column;
}

XlsxValues::XlsxValues(const pugi::xml_node& shared_strings, const pugi::xml_node& styles,
                       const pugi::xml_node& workbook) {
  for (const pugi::xml_node& node : shared_strings) {
    if (LocalName(node) == "si") AppendRuns(node, shared_.emplace_back());
  }
  std::map<int, bool> custom;
  for (const pugi::xml_node& node : Child(styles, "numFmts")) {
    custom[node.attribute("numFmtId").as_int()] = IsDateFormat(Attribute(node, "formatCode"));
  }
  for (const pugi::xml_node& node : Child(styles, "cellXfs")) {
    if (LocalName(node) != "xf") continue;
    const int format = node.attribute("numFmtId").as_int();
    const auto found = custom.find(format);
    is_date_.push_back(found != custom.end() ? found->second : IsBuiltInDate(format));
  }
  const std::string_view date1904 = Attribute(Child(workbook, "workbookPr"), "date1904");
  from_1904_ = date1904 == "1" || date1904 == "true";
}

std::string XlsxValues::TextOf(const pugi::xml_node& cell) const {
  const std::string_view type = Attribute(cell, "t");
  const std::string value = Child(cell, "v").text().get();
  if (type == "inlineStr") {
    std::string text;
    AppendRuns(Child(cell, "is"), text);
    return text;
  }
  if (type == "s") {
    size_t index = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), index);
    return fault == std::errc() && index < shared_.size() ? shared_[index] : std::string();
  }
  if (type == "b") return value == "1" ? "TRUE" : value.empty() ? "" : "FALSE";
  if (value.empty()) {
    const std::string formula = Child(cell, "f").text().get();
    return formula.empty() ? formula : "=" + formula;
  }
  const auto style = static_cast<size_t>(std::max(0, cell.attribute("s").as_int()));
  const bool is_number = type.empty() || type == "n";
  return is_number && style < is_date_.size() && is_date_[style] ? DateOfSerial(value, from_1904_) : value;
}

}  // namespace atelier
