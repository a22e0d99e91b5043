// Texts become a stream of terms' numbers, and at the end the stream is sorted by term, in two passes over it.
#include <algorithm>
#include <memory>

#include "base/check.h"
#include "knowledge/index/text/segment_format.h"
#include "knowledge/index/text/segment_writer.h"
#include "knowledge/index/text/string_table.h"
#include "knowledge/index/text/text_segment.h"
#include "knowledge/index/text/word_map.h"

namespace atelier {

namespace {

// In the stream: number of the term * 2, + 1 where it stands at the place of the one before; or a place without a term.
constexpr uint32_t kGap = UINT32_MAX;

// What a word as written gives is its only token (nearly always), or, with this bit, the number of its Surface.
constexpr uint32_t kSeveral = 1u << 31;
struct Surface {  // part of `tokens`
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
  TermStrings terms;
  WordMap words;
  std::vector<Surface> surfaces;
  std::vector<uint32_t> tokens;
  std::vector<uint32_t> stream;
  std::vector<Run> runs;
  std::vector<std::vector<uint32_t>> lengths;  // [field][record]

  uint32_t ValueOf(std::string_view word) {
    const WordTerms found = analyzer.Terms(word);
    if (found.terms.size() == 1) return terms.Number(found.terms[0].text) * 2;
    surfaces.push_back({static_cast<uint32_t>(tokens.size()), static_cast<uint32_t>(found.terms.size())});
    for (size_t i = 0; i < found.terms.size(); ++i) {
      const bool same_place = i > 0 && found.terms[i].offset == found.terms[i - 1].offset;
      tokens.push_back(terms.Number(found.terms[i].text) * 2 + same_place);
    }
    return static_cast<uint32_t>(surfaces.size() - 1) | kSeveral;
  }

  // Returns how many places were added; at most `room`.
  uint32_t AddText(std::string_view text, uint32_t room) {
    constexpr size_t kAhead = 16;  // words whose slots are fetched together
    WordMap::Key keys[kAhead];
    uint32_t places = 0;
    for (size_t at = 0; at < text.size() && places + kAhead * Analyzer::kMaxTermsOfWord < room;) {
      size_t count = 0;
      while (count < kAhead) {
        const Analyzer::Word word = Analyzer::NextWord(text, at);
        at = word.next;
        if (word.begin >= text.size()) break;
        keys[count++] = words.KeyOf(text.substr(word.begin, word.end - word.begin));
      }
      for (size_t i = 0; i < count; ++i) {
        places += AddValue(words.ValueOf(keys[i], [&] { return ValueOf(keys[i].word); }));
      }
    }
    return places;
  }

  uint32_t AddValue(uint32_t value) {
    if ((value & kSeveral) == 0) {
      stream.push_back(value);
      return 1;
    }
    const Surface surface = surfaces[value ^ kSeveral];
    uint32_t places = 0;
    for (uint32_t i = surface.first; i < surface.first + surface.count; ++i) {
      stream.push_back(tokens[i]);
      places += 1 - (tokens[i] & 1);
    }
    return places;
  }

  // Calls visit(term, record, field << 28 | position) for all of the stream, and soon(term) some terms before.
  template <class Visit, class Soon>
  void ForEach(Visit visit, Soon soon) const {
    constexpr size_t kAhead = 16;
    uint64_t at = 0;
    uint32_t next = 0, last_record = UINT32_MAX, last_field = 0;
    for (const Run& run : runs) {
      if (run.record != last_record || run.field != last_field) next = 0;
      last_record = run.record;
      last_field = run.field;
      for (; at < run.end; ++at) {
        if (at + kAhead < stream.size() && stream[at + kAhead] != kGap) soon(stream[at + kAhead] >> 1);
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
  return s.words.memory_bytes() + s.terms.memory_bytes() + s.stream.size() * 16 + s.runs.size() * sizeof(Run);
}

namespace {

// Numbers of the terms in order of their bytes. The first eight bytes nearly always decide.
std::vector<uint32_t> SortedByText(const TermStrings& terms) {
  std::vector<std::pair<uint64_t, uint32_t>> keys(terms.size());
  for (uint32_t term = 0; term < terms.size(); ++term) keys[term] = {PrefixOf(terms[term]), term};
  std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : terms[a.second] < terms[b.second];
  });
  std::vector<uint32_t> order;
  for (const auto& [prefix, term] : keys) order.push_back(term);
  return order;
}

// All postings, term by term, out of the places sorted by term.
struct SortedPostings {
  explicit SortedPostings(size_t num_places)
      : records(std::make_unique_for_overwrite<uint32_t[]>(num_places)),
        shapes(std::make_unique_for_overwrite<uint32_t[]>(num_places)),
        positions(std::make_unique_for_overwrite<uint32_t[]>(num_places)) {}
  std::unique_ptr<uint32_t[]> records, shapes;  // [posting]; shapes: numbers in the table
  std::unique_ptr<uint32_t[]> positions;        // [place] without field
  std::vector<uint64_t> ends = {0};             // [term + 1] postings up to the term's last
  uint64_t num_positions = 0;

  // The places of the next term.
  void Add(std::span<const Place> places, ShapeTable& table, std::vector<uint32_t>& frequencies) {
    uint64_t count = ends.back();
    for (size_t i = 0; i < places.size();) {
      const uint32_t record = places[i].record;
      const size_t begin = i;
      for (; i < places.size() && places[i].record == record; ++i) {
        positions[num_positions++] = places[i].at & ((1u << 28) - 1);
      }
      const uint32_t field = places[begin].at >> 28;
      uint32_t number;
      if (field == places[i - 1].at >> 28) {
        number = table.NumberOf(field, static_cast<uint32_t>(i - begin));
      } else {
        std::fill(frequencies.begin(), frequencies.end(), 0u);
        for (size_t j = begin; j < i; ++j) ++frequencies[places[j].at >> 28];
        number = table.Number(frequencies);
      }
      table.Count(number);
      records[count] = record;
      shapes[count++] = number;
    }
    ends.push_back(count);
  }
};

}  // namespace

std::string TextSegmentBuilder::State::Finish() {
  std::vector<uint64_t> starts(terms.size() + 1);  // of each term's places
  for (const uint32_t token : stream) {
    if (token != kGap) ++starts[(token >> 1) + 1];
  }
  for (size_t t = 1; t < starts.size(); ++t) starts[t] += starts[t - 1];
  const size_t num_places = starts.back();
  auto places = std::make_unique_for_overwrite<Place[]>(num_places);
  std::vector<uint64_t> next(starts.begin(), starts.end() - 1);
  ForEach([&](uint32_t term, uint32_t record, uint32_t at) { places[next[term]++] = {record, at}; },
          [&](uint32_t term) { __builtin_prefetch(&places[next[term]], 1); });

  ShapeTable table(static_cast<uint32_t>(lengths.size()));
  std::vector<uint32_t> frequencies(lengths.size());
  SortedPostings sorted(num_places);
  for (uint32_t term = 0; term < terms.size(); ++term) {
    sorted.Add({&places[starts[term]], starts[term + 1] - starts[term]}, table, frequencies);
  }
  places.reset();
  table.Order();
  for (uint64_t i = 0; i < sorted.ends.back(); ++i) sorted.shapes[i] = table.Place(sorted.shapes[i]);

  std::vector<double> boosts;
  for (const TextSchema::Field& field : schema.fields) boosts.push_back(field.boost);
  SegmentWriter writer(std::move(boosts), lengths, table);
  for (const uint32_t term : SortedByText(terms)) {
    const uint64_t begin = sorted.ends[term], count = sorted.ends[term + 1] - begin;
    if (count == 0) continue;  // of a record that was too long
    writer.AddTerm(terms[term], {&sorted.records[begin], count}, {&sorted.shapes[begin], count},
                   {&sorted.positions[starts[term]], starts[term + 1] - starts[term]});
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
