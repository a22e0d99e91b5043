// Which shapes make others needless: of a list of which a value must satisfy one, one that implies another adds
// nothing.
#pragma once

#include "engine/grammar/json_goal.h"

namespace atelier {

// Whether every value of shape `a` is one of shape `b`, as far as is seen without a look at the schemas of values
// within: what `b` says, `a` says too.
bool Implies(const ObjectShape& a, const ObjectShape& b);
bool Implies(const ArrayShape& a, const ArrayShape& b);

}  // namespace atelier
