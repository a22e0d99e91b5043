// Which turns of a conversation answer a question: both ways of searching find candidates, and each is judged by
// figures that need no model but the embedder's. What is said in a conversation leans on what stands around it, so a
// turn is also judged by the window it stands in, by its neighbours and by its session; and a question tells by its
// wording who said the answer and what it is like (question_cues.h).
//
// Every figure is in [0, 1] and means the same in another conversation: scores go from the least found (of words, 0) to
// the greatest. A turn's score is the sum of its figures by weight (docs/memory.md tells how they were chosen).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/memory/memory_store.h"
#include "agent/memory/question_cues.h"

namespace atelier {

enum class RecallFigure : uint8_t {
  kWords,           // BM25
  kLikeness,        // the cosine of its vector and the question's
  kWindowWords,     // the best BM25 of the windows that it stands in
  kWindowLikeness,  // and their best cosine
  kNeighbours,      // words and likeness of the better of the turns beside it
  kSession,         // of the best turns of its session
  kSpeaker,         // the question names who said it; half where it names nobody
  kWhen,            // the question asks when, and the turn says when
  kNumber,          // it asks for a number, and the turn has one
  kAsks,            // the turn asks
  kDate,            // it was said when the question says
  kRecency,         // how new it is among what was found
  kShort,           // it has few words
  kAfterQuestion,   // the turn before it asks, and is found itself
};
inline constexpr size_t kNumRecallFigures = 14;
using RecallFigures = std::array<double, kNumRecallFigures>;

// "words", "likeness", ...: what files and options call them, in order.
std::span<const std::string_view> RecallFigureNames();
std::optional<RecallFigure> RecallFigureOf(std::string_view name);

struct RecallWeights {
  RecallFigures weights;
  double& operator[](RecallFigure figure) { return weights[static_cast<size_t>(figure)]; }
  // Those that the product recalls with.
  static RecallWeights Default();
};

// A turn that was found, with what it is judged by.
struct RecalledTurn {
  MemoryTurn turn;
  RecallFigures figures{};
  double score = 0;
};

// All candidates, best first; of equal ones the newer. `turns` are those of the hits and their neighbours, in any
// order; hits of turns that are not among them count nothing.
std::vector<RecalledTurn> RankTurns(const QuestionCues& cues, const MemoryHits& hits, std::vector<MemoryTurn> turns,
                                    const RecallWeights& weights);

// In another order, by other weights.
void SortRecalled(const RecallWeights& weights, std::vector<RecalledTurn>& recalled);

// A fact that was found.
struct RecalledFact {
  MemoryFact fact;
  double score = 0;
  std::optional<double> likeness;  // the cosine, where likeness found it
};

// Those that hold at `at_ms`, best first: by words and likeness, then by importance and by how new they are.
std::vector<RecalledFact> RankFacts(const std::vector<MemoryHit>& hits, std::vector<MemoryFact> facts, int64_t at_ms);

// The ids of turns that RankTurns wants to know of what was found.
std::vector<std::string> CandidatesOf(const MemoryHits& hits);

}  // namespace atelier
