#include "knowledge/index/filter_match.h"

#include <algorithm>
#include <optional>

#include "base/text/glob.h"

namespace atelier {
namespace {

using Op = Filter::Op;

bool Same(const Json& a, const Json& b) { return a.type() == b.type() && a == b; }

// -1, 0, 1; nothing where there is no order.
std::optional<int> Compared(const Json& a, const Json& b) {
  if (a.is_string() && b.is_string()) return a.AsString().compare(b.AsString()) < 0 ? -1 : a.AsString() != b.AsString();
  if (!a.is_number() || !b.is_number()) return std::nullopt;
  return a.AsDouble() < b.AsDouble() ? -1 : a.AsDouble() > b.AsDouble();
}

bool ElementPasses(Op op, const std::vector<Json>& values, const Json& element) {
  const auto any = [&](auto passes) { return std::any_of(values.begin(), values.end(), passes); };
  switch (op) {
    case Op::kEq:
    case Op::kIn: return any([&](const Json& value) { return Same(element, value); });
    case Op::kGlob: return element.is_string() && GlobMatches(values[0].AsString(), element.AsString());
    default: break;
  }
  const auto order = Compared(element, values[0]);
  if (!order) return false;
  if (op == Op::kLt) return *order < 0;
  if (op == Op::kLte) return *order <= 0;
  if (op == Op::kGt) return *order > 0;
  return *order >= 0;
}

}  // namespace

bool FilterPasses(const Filter& filter, std::string_view id, const Json& attributes) {
  const auto part_passes = [&](const Filter& part) { return FilterPasses(part, id, attributes); };
  switch (filter.op) {
    case Op::kAll: return true;
    case Op::kAnd: return std::all_of(filter.parts.begin(), filter.parts.end(), part_passes);
    case Op::kOr: return std::any_of(filter.parts.begin(), filter.parts.end(), part_passes);
    case Op::kNot: return !part_passes(filter.parts[0]);
    case Op::kNe:
    case Op::kNin: {
      Filter opposite = filter;
      opposite.op = filter.op == Op::kNe ? Op::kEq : Op::kIn;
      return !part_passes(opposite);
    }
    default: break;
  }
  const Json own_id(id);
  const Json* value = filter.key == "$id" ? &own_id : attributes.Find(filter.key);
  if (value == nullptr) return false;
  if (!value->is_array()) return ElementPasses(filter.op, filter.values, *value);
  return std::any_of(value->items().begin(), value->items().end(),
                     [&](const Json& element) { return ElementPasses(filter.op, filter.values, element); });
}

}  // namespace atelier
