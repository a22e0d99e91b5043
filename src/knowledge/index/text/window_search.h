// Scores the records of one window of one part, and offers what matches to the best.
#pragma once

#include <cstdint>
#include <vector>

#include "knowledge/index/text/query_plan.h"
#include "knowledge/index/text/text_view.h"

namespace atelier {

// The best hits so far. Offered in order of part and record, so that of equal ones the first stays.
class BestHits {
 public:
  explicit BestHits(int32_t top_k) : top_k_(top_k > 0 ? static_cast<size_t>(top_k) : 0) {}
  // What does not score more than this is not taken.
  float above() const { return hits_.size() < top_k_ ? 0 : top_k_ == 0 ? kNever : hits_.front().score; }
  void Offer(TextHit hit);
  std::vector<TextHit> Take();

 private:
  static constexpr float kNever = 3.4e38f;
  size_t top_k_;
  std::vector<TextHit> hits_;  // a heap, the worst first
};

// Bits that bound what is found in a window; null: all.
struct WindowBounds {
  const uint64_t* allowed = nullptr;
  const uint64_t* counted = nullptr;
};

class WindowSearch {
 public:
  // `wants_bits`: whether Matching is asked for.
  WindowSearch(std::vector<PlannedClause>& clauses, const ViewStatistics& statistics, bool wants_bits);

  // Windows are asked for in order. Returns how many records match.
  uint32_t Search(uint32_t part, uint32_t window, const WindowBounds& bounds, BestHits& best);
  // After Search: a bit for each record of the window that matches.   REQUIRES: wants_bits.
  const std::vector<uint64_t>& Matching() const { return matching_; }

 private:
  void ScoreWords();
  void ScoreClause(PlannedClause& clause, std::vector<uint64_t>& bits);
  void ScoreTerm(PlannedClause& clause, QueryLeaf& leaf, ListCursor& list);
  void ScoreAnyOf(PlannedClause& clause, QueryLeaf& leaf, std::vector<uint64_t>& bits);
  void ScorePhrase(PlannedClause& clause, QueryLeaf& leaf, std::vector<uint64_t>& bits);
  bool AllAt(std::vector<ListCursor>& lists) const;
  void FindMatching();
  uint32_t OfferPhrase(const WindowBounds& bounds, BestHits& best);
  uint32_t OfferMatching(BestHits& best);
  uint32_t Offer(const WindowBounds& bounds, BestHits& best);
  float Part(float weight, float tf, uint32_t record) const;

  std::vector<PlannedClause>& clauses_;
  const ViewStatistics& statistics_;
  bool words_alone_ = true;    // no bits are needed: what scores matches
  bool phrase_alone_ = false;  // nor scores

  const TextSegment::Reader* reader_ = nullptr;
  uint32_t part_ = 0, window_ = 0, num_records_ = 0;
  const float* lengths_ = nullptr;
  std::vector<float>& scores_;  // of this thread; all 0 between searches
  std::vector<float> frequencies_;
  std::vector<uint64_t> matching_, bits_, excluded_;
  std::vector<uint64_t> scored_;  // a bit for each score that is not 0
};

}  // namespace atelier
