#include "knowledge/index/text/phrase_match.h"

#include <algorithm>

namespace atelier {

namespace {

using Reader = TextSegment::Reader;

// A place in one term's postings of a window.
class PhraseCursor {
 public:
  PhraseCursor(const Reader& reader, const PostingWindow& window)
      : reader_(reader), window_(window), num_records_(WindowRecords(reader, window.index())) {
    Load(0);
  }

  uint32_t count() const { return window_.count(); }
  bool valid() const { return at_ < block_.count; }
  uint32_t record() const { return records_[at_]; }
  void Next() {
    if (++at_ >= block_.count) Load(number_ + 1);
  }
  // To the first posting at or after the record.
  void Seek(uint32_t record) {
    if (!valid()) return;
    if (records_[block_.count - 1] < record) Load(window_.BlockFor(record, number_ + 1));
    if (!valid()) return;
    at_ = kernels_.first_at_least(records_, at_, block_.count, record);
    if (at_ == block_.count) Load(number_ + 1);
  }

  // Positions in each field; false where the bytes do not hold them.
  bool Positions(std::span<PositionRun> runs) {
    if (shapes_of_ != number_) {
      kernels_.unpack_shapes(block_, reader_.num_shapes, shapes_);
      shapes_of_ = number_;
      summed_ = 0;
      sum_ = 0;
    }
    for (; summed_ < at_; ++summed_) sum_ += reader_.positions_of_shape[shapes_[summed_]];
    uint64_t position = sum_;
    if (position + reader_.positions_of_shape[shapes_[at_]] > block_.max_positions) return false;
    for (uint32_t f = 0; f < reader_.num_fields; ++f) {
      const uint32_t count = reader_.ShapeTerm(shapes_[at_], f);
      runs[f] = {block_.positions, position, count, block_.position_bits};
      position += count;
    }
    return true;
  }

 private:
  void Load(uint32_t number) {
    at_ = 0;
    number_ = number;
    if (!window_.Block(number, block_)) {
      block_.count = 0;
      return;
    }
    kernels_.unpack_records(block_, num_records_, records_);
  }

  const Reader& reader_;
  PostingWindow window_;
  const PostingKernels& kernels_ = BestPostingKernels();
  uint32_t num_records_, number_ = 0, shapes_of_ = UINT32_MAX, at_ = 0;
  uint32_t summed_ = 0;  // postings of the block whose positions are in sum_
  uint64_t sum_ = 0;
  PostingBlock block_;
  uint32_t records_[kBlockPostings], shapes_[kBlockPostings];
};

// Of two words, nearly every phrase.
float CountPair(const PositionRun& first, const PositionRun& second, uint32_t distance) {
  uint32_t found = 0, next = 0;
  for (uint32_t i = 0; i < first.count; ++i) {
    const uint32_t wanted = first[i] + distance;
    while (next < second.count && second[next] < wanted) ++next;
    if (next == second.count) break;
    found += second[next] == wanted;
  }
  return static_cast<float>(found);
}

float CountExact(std::span<const PositionRun> runs, std::span<const uint32_t> offsets) {
  if (runs.size() == 2) return CountPair(runs[0], runs[1], offsets[1] - offsets[0]);
  std::vector<uint32_t> at(runs.size());
  uint32_t found = 0;
  for (uint32_t i = 0; i < runs[0].count; ++i) {
    const uint32_t start = runs[0][i] - offsets[0];
    bool all = true;
    for (size_t t = 1; t < runs.size() && all; ++t) {
      const uint32_t wanted = start + offsets[t];
      uint32_t& next = at[t];
      while (next < runs[t].count && runs[t][next] < wanted) ++next;
      if (next == runs[t].count) return static_cast<float>(found);
      all = runs[t][next] == wanted;
    }
    found += all;
  }
  return static_cast<float>(found);
}

// Moves from the phrase's order with term `anchor` first at `start`; above slop if there is no such place.
uint32_t MovesFrom(std::span<const PositionRun> runs, const PlannedClause& clause, size_t anchor, int64_t start,
                   uint32_t anchor_position) {
  std::vector<uint32_t> taken(runs.size(), UINT32_MAX);
  taken[anchor] = anchor_position;
  int64_t last = start;
  for (size_t t = 0; t < runs.size(); ++t) {
    if (t == anchor) continue;
    uint32_t i = 0;
    for (; i < runs[t].count; ++i) {
      const int64_t place = static_cast<int64_t>(runs[t][i]) - clause.offsets[t];
      if (place < start || (place == start && t < anchor)) continue;
      bool free = true;
      for (size_t other = 0; other < runs.size(); ++other) {
        free = free && !(clause.same_as[other] == clause.same_as[t] && taken[other] == runs[t][i]);
      }
      if (free) break;
    }
    if (i == runs[t].count) return UINT32_MAX;
    taken[t] = runs[t][i];
    last = std::max(last, static_cast<int64_t>(taken[t]) - clause.offsets[t]);
  }
  return static_cast<uint32_t>(std::min<int64_t>(last - start, UINT32_MAX));
}

float CountSloppy(std::span<const PositionRun> runs, const PlannedClause& clause) {
  float tf = 0;
  for (size_t anchor = 0; anchor < runs.size(); ++anchor) {
    for (uint32_t i = 0; i < runs[anchor].count; ++i) {
      const uint32_t position = runs[anchor][i];
      const uint32_t moves =
          MovesFrom(runs, clause, anchor, static_cast<int64_t>(position) - clause.offsets[anchor], position);
      if (moves <= clause.slop) tf += 1.0f / static_cast<float>(1 + moves);
    }
  }
  return tf;
}

}  // namespace

float CountPhrase(std::span<const PositionRun> runs, const PlannedClause& clause) {
  for (const PositionRun& run : runs) {
    if (run.count == 0) return 0;
  }
  return clause.slop == 0 ? CountExact(runs, clause.offsets) : CountSloppy(runs, clause);
}

namespace {

// Below this many postings of the second rarest word for one of the rarest, marking the one and testing all of the
// other is faster than seeking each.
constexpr uint32_t kSeekRatio = 16;

// The records of the window that both lists have.
void Intersect(const Reader& reader, const PostingWindow& rare, const PostingWindow& other,
               std::vector<uint32_t>& out) {
  static thread_local std::vector<uint64_t> bits(kWindowRecords / 64);  // all 0 between calls
  const PostingKernels& kernels = BestPostingKernels();
  const uint32_t num_records = WindowRecords(reader, rare.index());
  MarkRecords(reader, rare, -1, bits.data());
  uint32_t records[kBlockPostings];
  PostingBlock block;
  for (uint32_t b = 0; b < other.num_blocks() && other.Block(b, block); ++b) {
    kernels.unpack_records(block, num_records, records);
    const size_t size = out.size();
    out.resize(size + kBlockPostings);
    out.resize(size + kernels.select(records, block.count, bits.data(), out.data() + size));
  }
  std::fill_n(bits.begin(), (num_records + 63) / 64, uint64_t{0});
}

// The words of a phrase in one window, each at a record.
class PhraseWalk {
 public:
  PhraseWalk(const Reader& reader, std::span<const ListCursor> lists, const PlannedClause& clause)
      : reader_(reader), clause_(clause), by_term_(lists.size() * reader.num_fields), runs_(lists.size()) {
    cursors_.reserve(lists.size());
    for (const ListCursor& list : lists) cursors_.emplace_back(reader, list.window);
  }

  PhraseCursor& cursor(size_t term) { return cursors_[term]; }

  // How often the phrase is in the record; below 0 if no record from this one on has all words.
  float Count(uint32_t record) {
    const size_t num_terms = cursors_.size(), num_fields = reader_.num_fields;
    for (PhraseCursor& cursor : cursors_) {
      cursor.Seek(record);
      if (!cursor.valid()) return -1;
      if (cursor.record() != record) return 0;
    }
    for (size_t t = 0; t < num_terms; ++t) {
      if (!cursors_[t].Positions(std::span(by_term_).subspan(t * num_fields, num_fields))) return 0;
    }
    float tf = 0;
    for (uint32_t f = 0; f < num_fields; ++f) {
      if (clause_.field >= 0 && static_cast<uint32_t>(clause_.field) != f) continue;
      for (size_t t = 0; t < num_terms; ++t) runs_[t] = by_term_[t * num_fields + f];
      tf += static_cast<float>(reader_.boosts[f]) * CountPhrase(runs_, clause_);
    }
    return tf;
  }

 private:
  const Reader& reader_;
  const PlannedClause& clause_;
  std::vector<PhraseCursor> cursors_;
  std::vector<PositionRun> by_term_;  // [term][field]
  std::vector<PositionRun> runs_;     // [term] in one field
};

}  // namespace

void ForEachPhrase(const Reader& reader, std::span<const ListCursor> lists, const PlannedClause& clause,
                   void (*visit)(void* context, uint32_t record, float tf), void* context) {
  size_t rarest = 0, second = lists.size() > 1 ? 1 : 0;
  for (size_t t = 1; t < lists.size(); ++t) {
    if (lists[t].window.count() < lists[rarest].window.count()) {
      second = rarest;
      rarest = t;
    } else if (second == rarest || lists[t].window.count() < lists[second].window.count()) {
      second = t;
    }
  }
  PhraseWalk walk(reader, lists, clause);
  float tf = 0;
  if (second != rarest && lists[rarest].window.count() >= lists[second].window.count() / kSeekRatio) {
    static thread_local std::vector<uint32_t> records;
    records.clear();
    Intersect(reader, lists[rarest].window, lists[second].window, records);
    for (size_t i = 0; i < records.size() && tf >= 0; ++i) {
      tf = walk.Count(records[i]);
      if (tf > 0) visit(context, records[i], tf);
    }
    return;
  }
  for (PhraseCursor& lead = walk.cursor(rarest); lead.valid() && tf >= 0; lead.Next()) {
    const uint32_t record = lead.record();
    tf = walk.Count(record);
    if (tf > 0) visit(context, record, tf);
  }
}

}  // namespace atelier
