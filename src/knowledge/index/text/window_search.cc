#include "knowledge/index/text/window_search.h"

#include <algorithm>
#include <bit>

#include "knowledge/index/text/phrase_match.h"

namespace atelier {

namespace {

bool Better(const TextHit& a, const TextHit& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.part != b.part ? a.part < b.part : a.record < b.record;
}

std::vector<float>& ThreadScores() {
  static thread_local std::vector<float> scores;
  return scores;
}

constexpr uint32_t kScanRecords = 4096;
constexpr uint32_t kFirstScanRecords = 512;  // a bound for the rest is worth having early

}  // namespace

void BestHits::Offer(TextHit hit) {
  if (!(hit.score > above())) return;
  if (hits_.size() == top_k_) {
    std::pop_heap(hits_.begin(), hits_.end(), Better);
    hits_.pop_back();
  }
  hits_.push_back(hit);
  std::push_heap(hits_.begin(), hits_.end(), Better);
}

std::vector<TextHit> BestHits::Take() {
  std::sort(hits_.begin(), hits_.end(), Better);
  return std::move(hits_);
}

WindowSearch::WindowSearch(std::vector<PlannedClause>& clauses, const ViewStatistics& statistics, bool wants_bits)
    : clauses_(clauses), statistics_(statistics), words_alone_(!wants_bits), scores_(ThreadScores()) {
  for (const PlannedClause& clause : clauses_) {
    words_alone_ = words_alone_ && clause.occur == TextClause::Occur::kShould && clause.offsets.empty();
    for (const QueryLeaf& leaf : clause.leaves) words_alone_ = words_alone_ && leaf.kind == QueryLeaf::Kind::kTerm;
  }
  phrase_alone_ = !wants_bits && clauses_.size() == 1 && !clauses_[0].offsets.empty() &&
                  clauses_[0].occur != TextClause::Occur::kMustNot;
}

uint32_t WindowSearch::Search(uint32_t part, uint32_t window, const WindowBounds& bounds, BestHits& best) {
  reader_ = &statistics_.reader(part);
  part_ = part;
  window_ = window;
  num_records_ = WindowRecords(*reader_, window);
  lengths_ = reader_->weighted_lengths.data() + size_t{window} * kWindowRecords;
  const size_t room = (num_records_ + 63) / 64 * 64;
  if (scores_.size() < room) scores_.resize(room);
  if (words_alone_) {
    ScoreWords();
    return Offer(bounds, best);
  }
  if (phrase_alone_) return OfferPhrase(bounds, best);
  FindMatching();
  for (size_t i = 0; i < matching_.size(); ++i) {
    if (bounds.allowed != nullptr) matching_[i] &= bounds.allowed[i];
    if (bounds.counted != nullptr) matching_[i] &= bounds.counted[i];
  }
  return OfferMatching(best);
}

void WindowSearch::ScoreWords() {
  for (PlannedClause& clause : clauses_) {
    for (QueryLeaf& leaf : clause.leaves) ScoreTerm(clause, leaf, leaf.lists[part_][0]);
  }
}

void WindowSearch::ScoreTerm(PlannedClause& clause, QueryLeaf& leaf, ListCursor& list) {
  if (!list.At(window_)) return;
  const PostingKernels& kernels = BestPostingKernels();
  const TermScoring scoring{
      leaf.weight,         statistics_.base(), statistics_.slope(), reader_->Frequencies(clause.field).data(),
      reader_->num_shapes, lengths_,           num_records_};
  PostingBlock block;
  for (uint32_t b = 0; b < list.window.num_blocks() && list.window.Block(b, block); ++b) {
    kernels.add_scores(block, scoring, scores_.data());
  }
}

float WindowSearch::Part(float weight, float tf, uint32_t record) const {
  const float norm = statistics_.base() + statistics_.slope() * lengths_[record];
  return weight * tf / (tf + norm);
}

void WindowSearch::ScoreAnyOf(PlannedClause& clause, QueryLeaf& leaf, std::vector<uint64_t>& bits) {
  frequencies_.resize(scores_.size());  // all 0 between calls
  const std::span<const float> of_shape = reader_->Frequencies(clause.field);
  const PostingKernels& kernels = BestPostingKernels();
  uint32_t records[kBlockPostings], shapes[kBlockPostings];
  std::vector<uint64_t> mine(bits.size());
  for (ListCursor& list : leaf.lists[part_]) {
    if (!list.At(window_)) continue;
    PostingBlock block;
    for (uint32_t b = 0; b < list.window.num_blocks() && list.window.Block(b, block); ++b) {
      kernels.unpack_records(block, num_records_, records);
      kernels.unpack_shapes(block, reader_->num_shapes, shapes);
      for (uint32_t i = 0; i < block.count; ++i) {
        if (!(of_shape[shapes[i]] > 0)) continue;
        frequencies_[records[i]] += list.scale * of_shape[shapes[i]];
        mine[records[i] / 64] |= uint64_t{1} << (records[i] % 64);
      }
    }
  }
  for (size_t i = 0; i < mine.size(); ++i) {
    bits[i] |= mine[i];
    for (uint64_t word = mine[i]; word != 0; word &= word - 1) {
      const uint32_t record = static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word));
      scores_[record] += Part(leaf.weight, frequencies_[record], record);
      frequencies_[record] = 0;
    }
  }
}

void WindowSearch::ScorePhrase(PlannedClause& clause, QueryLeaf& leaf, std::vector<uint64_t>& bits) {
  if (!AllAt(leaf.lists[part_])) return;
  struct Context {
    WindowSearch* search;
    float weight;
    std::vector<uint64_t>* bits;
  } context{this, leaf.weight, &bits};
  const auto visit = [](void* opaque, uint32_t record, float tf) {
    const Context& c = *static_cast<Context*>(opaque);
    c.search->scores_[record] += c.search->Part(c.weight, tf, record);
    (*c.bits)[record / 64] |= uint64_t{1} << (record % 64);
  };
  ForEachPhrase(*reader_, leaf.lists[part_], clause, visit, &context);
}

// A phrase that is the whole query needs neither scores to add to nor bits.
uint32_t WindowSearch::OfferPhrase(const WindowBounds& bounds, BestHits& best) {
  QueryLeaf& leaf = clauses_[0].leaves[0];
  if (!AllAt(leaf.lists[part_])) return 0;
  struct Context {
    WindowSearch* search;
    float weight;
    const WindowBounds* bounds;
    BestHits* best;
    uint32_t num_matching;
  } context{this, leaf.weight, &bounds, &best, 0};
  const auto visit = [](void* opaque, uint32_t record, float tf) {
    Context& c = *static_cast<Context*>(opaque);
    const auto in = [record](const uint64_t* bits) {
      return bits == nullptr || (bits[record / 64] >> (record % 64) & 1);
    };
    if (!in(c.bounds->allowed) || !in(c.bounds->counted)) return;
    ++c.num_matching;
    WindowSearch& s = *c.search;
    c.best->Offer({s.part_, s.window_ * kWindowRecords + record, s.Part(c.weight, tf, record)});
  };
  ForEachPhrase(*reader_, leaf.lists[part_], clauses_[0], visit, &context);
  return context.num_matching;
}

bool WindowSearch::AllAt(std::vector<ListCursor>& lists) const {
  bool all = !lists.empty();
  for (ListCursor& list : lists) all = list.At(window_) && all;
  return all;
}

void WindowSearch::ScoreClause(PlannedClause& clause, std::vector<uint64_t>& bits) {
  for (QueryLeaf& leaf : clause.leaves) {
    switch (leaf.kind) {
      case QueryLeaf::Kind::kTerm: {
        ListCursor& list = leaf.lists[part_][0];
        if (!list.At(window_)) break;
        ScoreTerm(clause, leaf, list);
        MarkRecords(*reader_, list.window, clause.field, bits.data());
        break;
      }
      case QueryLeaf::Kind::kAnyOf: ScoreAnyOf(clause, leaf, bits); break;
      case QueryLeaf::Kind::kPhrase: ScorePhrase(clause, leaf, bits); break;
    }
  }
}

// Offers what matching_ says, and sets all scores back.
uint32_t WindowSearch::OfferMatching(BestHits& best) {
  uint32_t num_scored = 0;
  for (const uint64_t word : scored_) num_scored += static_cast<uint32_t>(std::popcount(word));
  if (num_scored > num_records_ / 16) return Offer({matching_.data(), nullptr}, best);
  uint32_t num_matching = 0;
  const uint32_t base = window_ * kWindowRecords;
  for (size_t i = 0; i < scored_.size(); ++i) {
    num_matching += static_cast<uint32_t>(std::popcount(matching_[i]));
    for (uint64_t word = scored_[i]; word != 0; word &= word - 1) {
      const uint32_t record = static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word));
      if ((matching_[i] >> (record % 64) & 1) != 0) best.Offer({part_, base + record, scores_[record]});
      scores_[record] = 0;
    }
  }
  return num_matching;
}

// Scores all, and leaves in matching_ what all +clauses, or any other, and no -clause match.
void WindowSearch::FindMatching() {
  const size_t words = (num_records_ + 63) / 64;
  std::vector<uint64_t> any(words);
  matching_.assign(words, ~uint64_t{0});
  excluded_.assign(words, 0);
  scored_.assign(words, 0);
  bool has_must = false;
  for (PlannedClause& clause : clauses_) {
    bits_.assign(words, 0);
    ScoreClause(clause, bits_);
    for (size_t i = 0; i < words; ++i) {
      scored_[i] |= bits_[i];
      if (clause.occur == TextClause::Occur::kMust) matching_[i] &= bits_[i];
      if (clause.occur == TextClause::Occur::kShould) any[i] |= bits_[i];
      if (clause.occur == TextClause::Occur::kMustNot) excluded_[i] |= bits_[i];
    }
    has_must = has_must || clause.occur == TextClause::Occur::kMust;
  }
  for (size_t i = 0; i < words; ++i) matching_[i] = (has_must ? matching_[i] : any[i]) & ~excluded_[i];
}

uint32_t WindowSearch::Offer(const WindowBounds& bounds, BestHits& best) {
  uint32_t found[kScanRecords + 16];
  float found_scores[kScanRecords + 16];
  ScoreScan scan;
  scan.scores = scores_.data();
  scan.allowed = bounds.allowed;
  scan.counted = bounds.counted;
  scan.found = found;
  scan.found_scores = found_scores;
  uint32_t num_matching = 0;
  const uint32_t end = (num_records_ + 63) / 64 * 64;
  const uint32_t base = window_ * kWindowRecords;
  for (uint32_t begin = 0; begin < end; begin = scan.end) {
    scan.begin = begin;
    scan.end = std::min(end, begin + (begin == 0 ? kFirstScanRecords : kScanRecords));
    scan.above = best.above();
    BestPostingKernels().scan(scan);
    num_matching += scan.num_matching;
    for (uint32_t i = 0; i < scan.num_found; ++i) best.Offer({part_, base + found[i], found_scores[i]});
  }
  return num_matching;
}

}  // namespace atelier
