// Joins the steps of a program so that a decoder layer takes five barriers instead of some twenty.
#pragma once

#include <cstddef>
#include <span>

#include "engine/plan/step.h"

namespace atelier {

// One way to join steps. `apply` looks at step `at` and, where the rule fits, changes the program and returns true.
// Every rule only changes when and by whom an op is run, never the operations on an element: the bits stay
// (plan_test.cc compares every prefix of the table with the unfused program).
struct FuseRule {
  const char* name;
  bool (*apply)(Program& program, size_t at);
};

// In the order in which they are applied.
std::span<const FuseRule> FuseRules();

// Applies the first num_rules rules, each until it fits nowhere.
void Fuse(Program& program, size_t num_rules);

}  // namespace atelier
