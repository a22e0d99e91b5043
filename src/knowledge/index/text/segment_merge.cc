#include <algorithm>

#include "knowledge/index/text/segment_reader.h"
#include "knowledge/index/text/segment_writer.h"

namespace atelier {

namespace {

using Reader = TextSegment::Reader;

constexpr uint32_t kGone = UINT32_MAX;

// An input with where its records go.
struct Source {
  const Reader* reader = nullptr;
  std::vector<uint32_t> new_records;  // [record]; kGone
  std::vector<uint32_t> shapes;       // [shape]: number in the table, then place
  TermCursor cursor;
  bool more = false;
};

// Calls visit(record, shape, block, index of the posting's first position) for each posting of a list.
template <class Visit>
void ForEachPosting(const Reader& reader, PostingList list, Visit visit) {
  const PostingKernels& kernels = BestPostingKernels();
  uint32_t records[kBlockPostings], shapes[kBlockPostings];
  PostingWindow window;
  while (list.Next(window)) {
    const uint32_t base = window.index() * kWindowRecords;
    PostingBlock block;
    for (uint32_t b = 0; b < window.num_blocks() && window.Block(b, block); ++b) {
      kernels.unpack_records(block, std::min(reader.num_records - base, kWindowRecords), records);
      kernels.unpack_shapes(block, reader.num_shapes, shapes);
      uint64_t position = 0;
      for (uint32_t i = 0; i < block.count; ++i) {
        visit(base + records[i], shapes[i], block, position);
        position += reader.positions_of_shape[shapes[i]];
      }
    }
  }
}

void CountShapes(Source& source, ShapeTable& table) {
  const Reader& reader = *source.reader;
  for (uint32_t s = 0; s < reader.num_shapes; ++s) {
    source.shapes.push_back(table.Number(reader.shapes.subspan(size_t{s} * reader.num_fields, reader.num_fields)));
  }
  std::vector<uint64_t> counts(reader.num_shapes);
  TermCursor cursor(reader.dictionary);
  while (cursor.Next()) {
    ForEachPosting(reader, PostingList(cursor.postings(), reader.num_records),
                   [&](uint32_t record, uint32_t shape, const PostingBlock&, uint64_t) {
                     counts[shape] += source.new_records[record] != kGone;
                   });
  }
  for (uint32_t s = 0; s < reader.num_shapes; ++s) table.Count(source.shapes[s], counts[s]);
}

// The postings of one term, over all sources that have it.
class TermMerger {
 public:
  TermMerger(std::vector<Source>& sources, SegmentWriter& writer) : sources_(sources), writer_(writer) {}

  // Takes the smallest term from all that have it. False where none is left; an Error where an input is out of order.
  Result<bool> Step() {
    const std::string* least = nullptr;
    for (const Source& source : sources_) {
      if (source.more && (least == nullptr || source.cursor.term() < *least)) least = &source.cursor.term();
    }
    if (least == nullptr) return false;
    term_ = *least;
    records_.clear();
    shapes_.clear();
    positions_.clear();
    for (Source& source : sources_) {
      if (!source.more || source.cursor.term() != term_) continue;
      TRY_VOID(Take(source));
      source.more = source.cursor.Next();
      if (source.more && source.cursor.term() <= term_) return Damaged();
    }
    if (!records_.empty()) writer_.AddTerm(term_, records_, shapes_, positions_);
    return true;
  }

 private:
  static Error Damaged() { return Error::Corrupt("postings", "got records or terms out of order"); }

  Result<void> Take(const Source& source) {
    const Reader& reader = *source.reader;
    bool fine = true;
    ForEachPosting(reader, PostingList(source.cursor.postings(), reader.num_records),
                   [&](uint32_t record, uint32_t shape, const PostingBlock& block, uint64_t position) {
                     const uint32_t to = source.new_records[record];
                     if (to == kGone || !fine) return;
                     const uint32_t count = reader.positions_of_shape[shape];
                     fine = (records_.empty() || records_.back() < to) && position + count <= block.max_positions;
                     if (!fine) return;
                     records_.push_back(to);
                     shapes_.push_back(source.shapes[shape]);
                     for (uint32_t i = 0; i < count; ++i) {
                       positions_.push_back(UnpackOne(block.positions, position + i, block.position_bits));
                     }
                   });
    if (!fine) return Damaged();
    return {};
  }

  std::vector<Source>& sources_;
  SegmentWriter& writer_;
  std::string term_;
  std::vector<uint32_t> records_, shapes_, positions_;
};

Result<void> CheckSchemas(std::span<const TextMergeInput> inputs) {
  if (inputs.empty()) return Error::Invalid("merge", "got no segments");
  const std::span<const double> boosts = inputs[0].segment->boosts();
  for (const TextMergeInput& input : inputs) {
    const std::span<const double> other = input.segment->boosts();
    if (!std::equal(boosts.begin(), boosts.end(), other.begin(), other.end())) {
      return Error::Invalid("merge", "got segments with different fields or boosts");
    }
  }
  return {};
}

}  // namespace

Result<std::string> MergeTextSegments(std::span<const TextMergeInput> inputs) {
  TRY_VOID(CheckSchemas(inputs));
  const uint32_t num_fields = inputs[0].segment->num_fields();
  std::vector<std::vector<uint32_t>> lengths(num_fields);
  std::vector<Source> sources;
  for (const TextMergeInput& input : inputs) {
    const Reader& reader = input.segment->reader();
    Source source{&reader, {}, {}, TermCursor(reader.dictionary), false};
    for (uint32_t record = 0; record < reader.num_records; ++record) {
      const bool kept = input.keep == nullptr || input.keep->Has(record);
      source.new_records.push_back(kept ? static_cast<uint32_t>(lengths[0].size()) : kGone);
      if (!kept) continue;
      for (uint32_t f = 0; f < num_fields; ++f) lengths[f].push_back(reader.Length(f, record));
    }
    sources.push_back(std::move(source));
  }
  ShapeTable shapes(num_fields);
  for (Source& source : sources) CountShapes(source, shapes);
  shapes.Order();
  for (Source& source : sources) {
    for (uint32_t& shape : source.shapes) shape = shapes.Place(shape);
    source.more = source.cursor.Next();
  }
  const std::span<const double> boosts = inputs[0].segment->boosts();
  SegmentWriter writer({boosts.begin(), boosts.end()}, std::move(lengths), shapes);
  TermMerger merger(sources, writer);
  for (bool more = true; more;) {
    TRY(more, merger.Step());
  }
  return writer.Finish();
}

}  // namespace atelier
