// Tables of the methods that values have.
#pragma once

#include <span>

#include "base/text/jinja_format.h"
#include "base/text/jinja_interp.h"

namespace atelier::jinja {

struct MethodEntry {
  std::string_view name;
  Result<Value> (*fn)(Interp&, const Value& self, const Args&);
};

// Methods of strings that look for a part: find, replace, startswith, partition, ...
std::span<const MethodEntry> SearchMethods();

// A text that is safe if `self` is.
Value TextOf(const Value& self, std::string_view text);
Result<std::string> WantText(const Value& value);

}  // namespace atelier::jinja
