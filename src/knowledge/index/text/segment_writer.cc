#include "knowledge/index/text/segment_writer.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "knowledge/index/text/postings.h"
#include "knowledge/index/text/segment_format.h"

namespace atelier {

uint32_t ShapeTable::Number(std::span<const uint32_t> frequencies) {
  uint32_t* small = nullptr;
  uint32_t num_present = 0;
  for (uint32_t f = 0; f < num_fields_; ++f) {
    if (frequencies[f] == 0) continue;
    ++num_present;
    small = frequencies[f] < kSmall ? &small_[f * kSmall + frequencies[f]] : nullptr;
  }
  if (num_present != 1) small = nullptr;
  if (small != nullptr && *small != kNone) return *small;
  std::vector<uint32_t> tuple(frequencies.begin(), frequencies.end());
  const auto [at, fresh] = numbers_.try_emplace(tuple, static_cast<uint32_t>(tuples_.size()));
  if (fresh) {
    tuples_.push_back(std::move(tuple));
    counts_.push_back(0);
  }
  if (small != nullptr) *small = at->second;
  return at->second;
}

void ShapeTable::Order() {
  std::vector<uint32_t> order(tuples_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::erase_if(order, [&](uint32_t number) { return counts_[number] == 0; });
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return counts_[a] != counts_[b] ? counts_[a] > counts_[b] : tuples_[a] < tuples_[b];
  });
  CHECK(order.size() <= kMaxShapes);
  places_.assign(tuples_.size(), 0);
  for (uint32_t place = 0; place < order.size(); ++place) {
    const std::vector<uint32_t>& tuple = tuples_[order[place]];
    places_[order[place]] = place;
    ordered_.insert(ordered_.end(), tuple.begin(), tuple.end());
    sums_.push_back(std::accumulate(tuple.begin(), tuple.end(), 0u));
  }
}

SegmentWriter::SegmentWriter(std::vector<double> boosts, std::vector<std::vector<uint32_t>> lengths,
                             const ShapeTable& shapes)
    : boosts_(std::move(boosts)),
      lengths_(std::move(lengths)),
      shapes_(shapes),
      num_records_(static_cast<uint32_t>(lengths_[0].size())) {}

void SegmentWriter::AddTerm(std::string_view term, std::span<const uint32_t> records, std::span<const uint32_t> shapes,
                            std::span<const uint32_t> positions) {
  const size_t begin = postings_.size();
  AppendPostings(postings_, {records, shapes, positions, shapes_.positions_of_place()}, num_records_);
  dictionary_.Add(term, begin, postings_.size() - begin);
}

namespace {

uint8_t LengthBytes(std::span<const uint32_t> lengths) {
  const uint32_t most = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  return most < 1u << 8 ? 1 : most < 1u << 16 ? 2 : 4;
}

}  // namespace

std::string SegmentWriter::Finish() {
  dictionary_.Finish(postings_.size());
  SegmentHeader header;
  std::memcpy(header.magic.data(), kSegmentMagic, 8);
  header.num_records = num_records_;
  header.num_fields = static_cast<uint32_t>(boosts_.size());
  header.num_shapes = shapes_.num_places();
  header.num_terms = dictionary_.num_terms;
  std::string lengths;
  for (size_t f = 0; f < boosts_.size(); ++f) {
    header.boosts[f] = boosts_[f];
    header.length_bytes[f] = LengthBytes(lengths_[f]);
    for (const uint32_t length : lengths_[f])
      lengths.append(reinterpret_cast<const char*>(&length), header.length_bytes[f]);
  }
  const std::string_view shapes(reinterpret_cast<const char*>(shapes_.tuples().data()), shapes_.tuples().size_bytes());
  const std::string_view sections[kNumSections] = {
      lengths,           shapes,   dictionary_.prefixes, dictionary_.term_offsets, dictionary_.postings_offsets,
      dictionary_.terms, postings_};
  std::string out(sizeof(header), '\0');
  for (size_t i = 0; i < kNumSections; ++i) {
    header.sections[i] = {out.size(), sections[i].size(), Checksum64(sections[i])};
    out += sections[i];
    out.resize((out.size() + 7) / 8 * 8);
  }
  out.resize(out.size() + kTailBytes);
  header.size = out.size();
  std::memcpy(out.data(), &header, sizeof(header));
  header.checksum = Checksum64(std::string_view(out).substr(0, offsetof(SegmentHeader, checksum)));
  std::memcpy(out.data(), &header, sizeof(header));
  return out;
}

}  // namespace atelier
