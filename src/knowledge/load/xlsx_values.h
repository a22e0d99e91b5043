// What the cells of a workbook show: shared texts, and numbers that are dates.   [ECMA-376 part 1, 18]
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

class XlsxValues {
 public:
  XlsxValues(const pugi::xml_node& shared_strings, const pugi::xml_node& styles, const pugi::xml_node& workbook);

  // What a c element shows: text, number, date as "2026-11-28" or "2026-11-28 09:30:00", TRUE or FALSE; the formula,
  // with its "=", where no value was kept with it.
  std::string TextOf(const pugi::xml_node& cell) const;

 private:
  std::vector<std::string> shared_;
  std::vector<char> is_date_;  // by style
  bool from_1904_ = false;
};

// "2026-11-28" of day 46354. The text itself where it is no number of a day.
std::string DateOfSerial(std::string_view number, bool from_1904);
// Whether a number format shows a date or a time.
bool IsDateFormat(std::string_view code);
// The column of "BC12", from 1; 0 where there is none.
int ColumnOfReference(std::string_view reference);

}  // namespace atelier
