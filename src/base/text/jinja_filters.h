// The builtin filters, a table for texts and numbers and one for sequences.
#pragma once

#include <span>

#include "base/text/jinja_format.h"
#include "base/text/jinja_interp.h"

namespace atelier::jinja {

struct FilterEntry {
  std::string_view name;
  Result<Value> (*fn)(Interp&, const Value& operand, const Args&);
};

std::span<const FilterEntry> TextFilters();
std::span<const FilterEntry> SequenceFilters();

// A Python string method on `text`, as the filter of the same meaning uses it.
Result<Value> CallMethod(Interp& interp, const Value& text, const std::string& name, const Args& args);

}  // namespace atelier::jinja
