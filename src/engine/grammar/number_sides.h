// Numbers by how they may be written. Drafts 3 and 4 of JSON Schema have that 1 is an integer and 1.0 is none; since
// draft 6 a number is its value alone.
#pragma once

#include <optional>
#include <string>

#include "engine/grammar/number_set.h"

namespace atelier {

struct NumberSides {
  NumberSet whole;                      // written as an integer
  std::optional<NumberSet> other = {};  // with a fraction or an exponent; none: the same

  const NumberSet& others() const { return other ? *other : whole; }
  bool over_budget() const { return whole.over_budget() || others().over_budget(); }
  bool IsNothing() const { return whole.IsNothing() && others().IsNothing(); }
  std::string Key() const { return other ? whole.Key() + "/" + other->Key() : whole.Key(); }

  NumberSides And(const NumberSides& with) const {
    return Both(with, [](const NumberSet& a, const NumberSet& b) { return a.And(b); });
  }
  NumberSides Or(const NumberSides& with) const {
    return Both(with, [](const NumberSet& a, const NumberSet& b) { return a.Or(b); });
  }
  NumberSides Not() const { return {whole.Not(), other ? std::optional(other->Not()) : std::nullopt}; }

  // Where the sides differ: integers on the one, on the other what may be written in any way. What satisfies with a
  // fraction alone (1.0, of what is no integer) is left out.
  NumberSides Apart() const { return other ? NumberSides{whole.And(NumberSet::Integers()), whole.And(*other)} : *this; }

 private:
  template <class Join>
  NumberSides Both(const NumberSides& with, Join join) const {
    const bool differ = other || with.other;
    return {join(whole, with.whole), differ ? std::optional(join(others(), with.others())) : std::nullopt};
  }
};

}  // namespace atelier
