// From a graph to a program of one step a node, weights taken in.
#pragma once

#include "engine/plan/plan_weights.h"
#include "engine/plan/step.h"

namespace atelier {

// A Linear over integer panels becomes two steps: one that quantises its input (once for all that share the input) and
// the product. Errors: as PlanWeights gives them, under the weight's name.
Result<Program> BuildSteps(const Graph& graph, PlanWeights& weights);

// Products that give the program's result or the values of attention read their activations in two terms of int8: on
// real text these few products, a thirtieth of a model's work, make 40% of the divergence from F32 (docs/accuracy.md).
void UseTwoTerms(Program& program);

}  // namespace atelier
