#include "knowledge/index/text/text_segment.h"

#include <cmath>

#include "knowledge/index/text/segment_reader.h"

namespace atelier {

namespace {

using Reader = TextSegment::Reader;

Error Corrupt(const char* where, std::string what) { return Error::Corrupt(where, std::move(what)); }

std::string GotWant(uint64_t got, uint64_t want) {
  return "got " + std::to_string(got) + ", want " + std::to_string(want);
}

struct Parts {
  SegmentHeader header;
  std::string_view bytes;
  std::string_view Of(Section section) const {
    const SectionEntry& entry = header.sections[static_cast<size_t>(section)];
    return bytes.substr(entry.offset, entry.size);
  }
  template <class T>
  std::span<const T> SpanOf(Section section) const {
    const std::string_view part = Of(section);
    return {reinterpret_cast<const T*>(part.data()), part.size() / sizeof(T)};
  }
};

Result<void> CheckSections(const Parts& parts) {
  uint64_t at = sizeof(SegmentHeader);
  for (const SectionEntry& entry : parts.header.sections) {
    if (entry.offset % 8 != 0 || entry.offset < at || entry.offset > parts.bytes.size() - kTailBytes ||
        entry.size > parts.bytes.size() - kTailBytes - entry.offset) {
      return Corrupt("section", "got offset " + std::to_string(entry.offset) + " and size " +
                                    std::to_string(entry.size) + ", want them in order within " +
                                    std::to_string(parts.bytes.size()) + " bytes");
    }
    at = entry.offset + entry.size;
    if (Checksum64(parts.bytes.substr(entry.offset, entry.size)) != entry.checksum) {
      return Corrupt("section", "the checksum is another: bytes at " + std::to_string(entry.offset) + " have changed");
    }
  }
  return {};
}

Result<Parts> ReadParts(std::span<const std::byte> bytes) {
  Parts parts;
  parts.bytes = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (bytes.size() < sizeof(SegmentHeader) + kTailBytes) {
    return Corrupt("header", "got " + std::to_string(bytes.size()) + " bytes, want a text segment");
  }
  SegmentHeader& header = parts.header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic.data(), kSegmentMagic, 8) != 0)
    return Corrupt("header", "want a text segment, version 1");
  if (Checksum64(parts.bytes.substr(0, offsetof(SegmentHeader, checksum))) != header.checksum) {
    return Corrupt("header", "the checksum is another: bytes have changed");
  }
  if (header.size != bytes.size()) return Corrupt("size", GotWant(bytes.size(), header.size));
  if (header.num_fields == 0 || header.num_fields > kMaxFields) return Corrupt("fields", GotWant(header.num_fields, 1));
  if (header.num_shapes > kMaxShapes) return Corrupt("shapes", GotWant(header.num_shapes, kMaxShapes));
  TRY_VOID(CheckSections(parts));
  return parts;
}

Result<void> TakeLengths(const Parts& parts, Reader& reader) {
  const std::string_view lengths = parts.Of(Section::kLengths);
  uint64_t at = 0;
  for (uint32_t f = 0; f < reader.num_fields; ++f) {
    const uint8_t width = parts.header.length_bytes[f];
    if (width != 1 && width != 2 && width != 4) return Corrupt("lengths", "bytes of one: " + GotWant(width, 1));
    reader.length_bytes.push_back(width);
    reader.lengths.push_back(reinterpret_cast<const uint8_t*>(lengths.data()) + std::min<uint64_t>(at, lengths.size()));
    at += uint64_t{width} * reader.num_records;
    const double boost = parts.header.boosts[f];
    if (!(boost > 0) || !std::isfinite(boost)) return Corrupt("boosts", "got " + std::to_string(boost));
    reader.boosts.push_back(boost);
  }
  if (at != lengths.size()) return Corrupt("lengths", "bytes: " + GotWant(lengths.size(), at));
  return {};
}

void SumLengths(Reader& reader) {
  reader.total_lengths.assign(reader.num_fields, 0);
  reader.weighted_lengths.assign(reader.num_records + 16, 0);
  for (uint32_t record = 0; record < reader.num_records; ++record) {
    double weighted = 0;
    for (uint32_t f = 0; f < reader.num_fields; ++f) {
      const uint32_t length = reader.Length(f, record);
      reader.total_lengths[f] += length;
      weighted += reader.boosts[f] * length;
    }
    reader.weighted_lengths[record] = static_cast<float>(weighted);
    reader.num_with_text += weighted > 0;
  }
}

// Frequencies are at most what a text may hold, so that nothing overflows.
Result<void> TakeShapes(const Parts& parts, Reader& reader) {
  reader.shapes = parts.SpanOf<uint32_t>(Section::kShapes);
  if (reader.shapes.size() != size_t{reader.num_shapes} * reader.num_fields) {
    return Corrupt("shapes", GotWant(reader.shapes.size(), size_t{reader.num_shapes} * reader.num_fields));
  }
  reader.shape_frequency.assign(reader.num_fields + 1, std::vector<float>(reader.num_shapes));
  for (uint32_t s = 0; s < reader.num_shapes; ++s) {
    uint64_t total = 0;
    double weighted = 0;
    for (uint32_t f = 0; f < reader.num_fields; ++f) {
      const uint32_t frequency = reader.ShapeTerm(s, f);
      total += frequency;
      weighted += reader.boosts[f] * frequency;
      reader.shape_frequency[f][s] = static_cast<float>(reader.boosts[f] * frequency);
    }
    if (total == 0 || total > kMaxPosition)
      return Corrupt("shapes", "frequencies: got a sum of " + std::to_string(total));
    reader.positions_of_shape.push_back(static_cast<uint32_t>(total));
    reader.shape_frequency[reader.num_fields][s] = static_cast<float>(weighted);
  }
  return {};
}

Result<void> TakeDictionary(const Parts& parts, Reader& reader) {
  TermDictionary& d = reader.dictionary;
  d.num_terms = parts.header.num_terms;
  d.prefixes = parts.SpanOf<uint64_t>(Section::kPrefixes);
  d.term_offsets = parts.SpanOf<uint64_t>(Section::kTermOffsets);
  d.postings_offsets = parts.SpanOf<uint64_t>(Section::kPostingsOffsets);
  d.terms = parts.SpanOf<uint8_t>(Section::kTerms);
  d.postings = parts.SpanOf<uint8_t>(Section::kPostings);
  if (d.num_terms > 0 && reader.num_shapes == 0) return Corrupt("shapes", "got none, want those of the terms");
  return d.Check();
}

}  // namespace

uint32_t TextSegment::Reader::Length(uint32_t field, uint32_t record) const {
  uint32_t length = 0;
  const uint8_t width = length_bytes[field];
  std::memcpy(&length, lengths[field] + size_t{record} * width, width);
  return length;
}

Result<TextSegment> TextSegment::Open(std::span<const std::byte> bytes) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0)
    return Corrupt("header", "want bytes that begin at a multiple of 8");
  TRY(const Parts parts, ReadParts(bytes));
  auto reader = std::make_unique<Reader>();
  reader->num_records = parts.header.num_records;
  reader->num_fields = parts.header.num_fields;
  reader->num_shapes = parts.header.num_shapes;
  TRY_VOID(TakeLengths(parts, *reader));
  SumLengths(*reader);
  TRY_VOID(TakeShapes(parts, *reader));
  TRY_VOID(TakeDictionary(parts, *reader));
  return TextSegment(std::move(reader));
}

TextSegment::TextSegment(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
TextSegment::TextSegment(TextSegment&&) noexcept = default;
TextSegment& TextSegment::operator=(TextSegment&&) noexcept = default;
TextSegment::~TextSegment() = default;

uint32_t TextSegment::num_records() const { return reader_->num_records; }
uint32_t TextSegment::num_terms() const { return reader_->dictionary.num_terms; }
uint32_t TextSegment::num_fields() const { return reader_->num_fields; }
std::span<const double> TextSegment::boosts() const { return reader_->boosts; }
uint32_t TextSegment::Length(uint32_t field, uint32_t record) const { return reader_->Length(field, record); }
bool TextSegment::HasText(uint32_t record) const { return reader_->weighted_lengths[record] > 0; }

}  // namespace atelier
