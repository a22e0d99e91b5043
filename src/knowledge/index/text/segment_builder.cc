// Texts become a stream of terms' numbers, and at the end the stream is sorted by term, in two passes over it.
#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "knowledge/index/text/segment_format.h"
#include "knowledge/index/text/segment_writer.h"
#include "knowledge/index/text/string_table.h"
#include "knowledge/index/text/text_segment.h"

namespace atelier {

namespace {

// In the stream: number of the term * 2, + 1 where it stands at the place of the one before; or a place without a term.
constexpr uint32_t kGap = UINT32_MAX;

// What a word as written gives: its part of `tokens`.
struct Surface {
  uint32_t first = 0;
  uint32_t count = 0;
};

// A field of a record in the stream.
struct Run {
  uint32_t record = 0;
  uint32_t field = 0;
  uint64_t end = 0;  // of its part of the stream
};

// Where a term stands.
struct Place {
  uint32_t record = 0;
  uint32_t at = 0;  // field << 28 | position
};

}  // namespace

struct TextSegmentBuilder::State {
  const Analyzer& analyzer;
  TextSchema schema;
  StringTable surfaces, terms;
  std::vector<Surface> surface_tokens;  // [surface]
  std::vector<uint32_t> tokens;
  std::vector<uint32_t> stream;
  std::vector<Run> runs;
  std::vector<std::vector<uint32_t>> lengths;  // [field][record]

  void AddSurface(std::string_view word) {
    const WordTerms found = analyzer.Terms(word);
    const Surface surface{static_cast<uint32_t>(tokens.size()), static_cast<uint32_t>(found.terms.size())};
    for (size_t i = 0; i < found.terms.size(); ++i) {
      const bool same_place = i > 0 && found.terms[i].offset == found.terms[i - 1].offset;
      tokens.push_back(terms.Number(found.terms[i].text) * 2 + same_place);
    }
    surface_tokens.push_back(surface);
  }

  // Returns how many places were added; at most `room`.
  uint32_t AddText(std::string_view text, uint32_t room) {
    uint32_t places = 0;
    for (Analyzer::Word word = Analyzer::NextWord(text, 0); word.begin < text.size();
         word = Analyzer::NextWord(text, word.next)) {
      const std::string_view bytes = text.substr(word.begin, word.end - word.begin);
      const uint32_t number = surfaces.Number(bytes);
      if (number == surface_tokens.size()) AddSurface(bytes);
      const Surface surface = surface_tokens[number];
      if (places + surface.count > room) break;
      for (uint32_t i = surface.first; i < surface.first + surface.count; ++i) {
        stream.push_back(tokens[i]);
        places += 1 - (tokens[i] & 1);
      }
    }
    return places;
  }

  // Calls visit(term, record, field << 28 | position) for all of the stream.
  template <class Visit>
  void ForEach(Visit visit) const {
    uint64_t at = 0;
    uint32_t next = 0, last_record = UINT32_MAX, last_field = 0;
    for (const Run& run : runs) {
      if (run.record != last_record || run.field != last_field) next = 0;
      last_record = run.record;
      last_field = run.field;
      for (; at < run.end; ++at) {
        const uint32_t token = stream[at];
        if (token == kGap) {
          ++next;
          continue;
        }
        next += 1 - (token & 1);
        visit(token >> 1, run.record, run.field << 28 | (next - 1));
      }
    }
  }

  std::string Finish();
};

TextSegmentBuilder::TextSegmentBuilder(const Analyzer& analyzer, TextSchema schema)
    : state_(new State{analyzer, std::move(schema), {}, {}, {}, {}, {}, {}, {}}) {
  const size_t num_fields = state_->schema.fields.size();
  CHECK(num_fields >= 1 && num_fields <= kMaxFields);
  for (const TextSchema::Field& field : state_->schema.fields) CHECK(field.boost > 0);
  state_->lengths.resize(num_fields);
}
TextSegmentBuilder::~TextSegmentBuilder() = default;

void TextSegmentBuilder::Add(std::span<const Text> texts) {
  State& s = *state_;
  const uint32_t record = num_records();
  for (uint32_t field = 0; field < s.lengths.size(); ++field) {
    uint32_t length = 0;
    for (const Text& text : texts) {
      CHECK(text.field < s.lengths.size());
      if (text.field != field) continue;
      const size_t begin = s.stream.size();
      if (length > 0) s.stream.push_back(kGap);
      const uint32_t places = s.AddText(text.text, kMaxPosition - length - 1);
      if (places == 0) {
        s.stream.resize(begin);
        continue;
      }
      length += places + (length > 0);
      s.runs.push_back({record, field, s.stream.size()});
    }
    s.lengths[field].push_back(length);
  }
}

uint32_t TextSegmentBuilder::num_records() const { return static_cast<uint32_t>(state_->lengths[0].size()); }

size_t TextSegmentBuilder::memory_bytes() const {
  const State& s = *state_;
  return s.surfaces.memory_bytes() + s.terms.memory_bytes() + s.stream.size() * 16 + s.runs.size() * sizeof(Run);
}

namespace {

// One term's postings out of its places. Two passes need the same walk: to count shapes, and to write.
struct TermPostings {
  std::vector<uint32_t> records, shapes, positions;

  void Gather(std::span<const Place> places, ShapeTable& table, std::vector<uint32_t>& frequencies) {
    records.clear();
    shapes.clear();
    positions.clear();
    for (size_t i = 0; i < places.size();) {
      const uint32_t record = places[i].record;
      std::fill(frequencies.begin(), frequencies.end(), 0u);
      for (; i < places.size() && places[i].record == record; ++i) {
        ++frequencies[places[i].at >> 28];
        positions.push_back(places[i].at & ((1u << 28) - 1));
      }
      records.push_back(record);
      shapes.push_back(table.Number(frequencies));
    }
  }
};

}  // namespace

std::string TextSegmentBuilder::State::Finish() {
  std::vector<uint64_t> starts(terms.size() + 1);
  for (const uint32_t token : stream) {
    if (token != kGap) ++starts[(token >> 1) + 1];
  }
  for (size_t t = 1; t < starts.size(); ++t) starts[t] += starts[t - 1];
  std::vector<Place> places(starts.back());
  std::vector<uint64_t> next(starts.begin(), starts.end() - 1);
  ForEach([&](uint32_t term, uint32_t record, uint32_t at) { places[next[term]++] = {record, at}; });
  const auto places_of = [&](uint32_t term) {
    return std::span<const Place>(places).subspan(starts[term], starts[term + 1] - starts[term]);
  };

  ShapeTable shapes(static_cast<uint32_t>(lengths.size()));
  std::vector<uint32_t> frequencies(lengths.size());
  TermPostings postings;
  for (uint32_t term = 0; term < terms.size(); ++term) {
    postings.Gather(places_of(term), shapes, frequencies);
    for (const uint32_t shape : postings.shapes) shapes.Count(shape);
  }
  shapes.Order();

  std::vector<uint32_t> order(terms.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return terms[a] < terms[b]; });
  std::vector<double> boosts;
  for (const TextSchema::Field& field : schema.fields) boosts.push_back(field.boost);
  SegmentWriter writer(std::move(boosts), lengths, shapes);
  for (const uint32_t term : order) {
    if (starts[term] == starts[term + 1]) continue;  // of a record that was too long
    postings.Gather(places_of(term), shapes, frequencies);
    for (uint32_t& shape : postings.shapes) shape = shapes.Place(shape);
    writer.AddTerm(terms[term], postings.records, postings.shapes, postings.positions);
  }
  return writer.Finish();
}

std::string TextSegmentBuilder::Finish() {
  State& s = *state_;
  std::string segment = s.Finish();
  const size_t num_fields = s.lengths.size();
  state_.reset(new State{s.analyzer, s.schema, {}, {}, {}, {}, {}, {}, std::vector<std::vector<uint32_t>>(num_fields)});
  return segment;
}

}  // namespace atelier
