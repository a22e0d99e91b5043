// From a graph to a program of one step a node, weights taken in.
#pragma once

#include "engine/plan/plan_weights.h"
#include "engine/plan/step.h"

namespace atelier {

// A Linear over integer panels becomes two steps: one that quantises its input (once for all that share the input) and
// the product. Errors: as PlanWeights gives them, under the weight's name.
Result<Program> BuildSteps(const Graph& graph, PlanWeights& weights);

}  // namespace atelier
