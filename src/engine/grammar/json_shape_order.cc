#include "engine/grammar/json_shape_order.h"

#include <algorithm>
#include <vector>

namespace atelier {
namespace {

// All of `few` are among `many`.
template <class T>
bool Among(const std::vector<T>& few, const std::vector<T>& many) {
  return few.size() <= many.size() &&
         std::ranges::all_of(few, [&](const T& one) { return std::ranges::find(many, one) != many.end(); });
}

}  // namespace

bool Implies(const ObjectShape& a, const ObjectShape& b) {
  return b.min <= a.min && b.max >= a.max && (b.names == Languages::kAnyText || b.names == a.names) &&
         Among(b.required, a.required) && Among(b.demands, a.demands) &&
         Among(b.dependent_required, a.dependent_required) && Among(b.rules, a.rules);
}

bool Implies(const ArrayShape& a, const ArrayShape& b) {
  if (b.min > a.min || b.max < a.max || (b.unique != nullptr && a.unique == nullptr)) return false;
  if (!Among(b.counts, a.counts) || !Among(b.rest, a.rest)) return false;
  const auto at = [](const ArrayShape& shape, size_t i) -> const std::vector<SchemaLiteral>& {
    return i < shape.prefix.size() ? shape.prefix[i] : shape.rest;
  };
  for (size_t i = 0; i < std::max(a.prefix.size(), b.prefix.size()); ++i) {
    if (!Among(at(b, i), at(a, i))) return false;
  }
  return true;
}

}  // namespace atelier
