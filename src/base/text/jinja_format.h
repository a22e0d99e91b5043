// Texts from values: Python's "%" and str.format, json.dumps, HTML escapes.
#pragma once

#include <string>
#include <string_view>

#include "base/text/jinja_value.h"

namespace atelier::jinja {

std::string HtmlEscape(std::string_view text);

// json.dumps(value, ensure_ascii, indent, separators, sort_keys).
struct DumpStyle {
  bool ascii_only = false;
  bool breaks = false;  // lines with `indent` before each, a level each
  std::string indent;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};
Result<std::string> DumpJson(Interp& interp, const Value& value, const DumpStyle& style);

// format % args, args a tuple, dict or single value.
Result<std::string> PercentFormat(Interp& interp, std::string_view format, const Value& args);
// format.format(*args, **kwargs)
Result<std::string> BraceFormat(Interp& interp, std::string_view format, const Args& args);

// The arguments of a call by the names of its parameters.
class Params {
 public:
  // REQUIRES: at most 8 names. Arguments beyond, unknown or given twice are errors; so is a missing one of the
  // first `num_required`.
  static Result<Params> Bind(const Args& args, std::initializer_list<std::string_view> names, size_t num_required = 0);

  bool Has(size_t index) const { return values_[index] != nullptr; }
  // REQUIRES: Has(index).
  const Value& operator[](size_t index) const { return *values_[index]; }
  const Value& Or(size_t index, const Value& otherwise) const { return Has(index) ? *values_[index] : otherwise; }
  bool Flag(size_t index, bool otherwise) const { return Has(index) ? Truth(*values_[index]) : otherwise; }
  Result<int64_t> Int(size_t index, int64_t otherwise) const;

 private:
  const Value* values_[8] = {};
};

}  // namespace atelier::jinja
