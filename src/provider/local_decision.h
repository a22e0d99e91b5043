// Decisions by a model on this machine.
//
//   reading   the conversation that puts one question, with its options in one order, about the input or about an input
//             without content
//   score     of an option: log P(its words | reading), averaged over orders, minus the same average over inputs
//             without content
//   answer    the softmax of the scores
//
// The input is read once: its place in the prefix cache serves all readings, and that of each reading all its options.
#pragma once

#include "base/clock.h"
#include "base/task/loop.h"
#include "base/task/pool.h"
#include "engine/model_host.h"
#include "provider/content_free.h"
#include "provider/decision.h"
#include "provider/prompt_scores.h"

namespace atelier {

struct DecisionSurroundings {
  Loop& loop;
  Pool& pool;
  const Clock& clock;
  ContentFreeScores& content_free;
};

// REQUIRES: CheckDecision was ok; the model generates text. Errors: those of its template, of prompts over the context
// (they name the question), of the engine.
Task<Result<Decision>> DecideLocally(DecisionSurroundings around, Call call, ModelLease lease, DecisionRequest request);

}  // namespace atelier
