// Segments and searches against a plain index written from the definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include "knowledge/index/text/highlight.h"
#include "knowledge/index/text/posting_kernels.h"
#include "knowledge/index/text/text_view.h"

namespace atelier {
namespace {

using Texts = std::vector<std::string>;  // [field]; empty: none

TextSchema TwoFields() { return {{{"body", 1}, {"title", 2.5}}}; }

// Bytes of a segment at an address that Open takes.
struct Stored {
  explicit Stored(const std::string& bytes) : words((bytes.size() + 7) / 8), size(bytes.size()) {
    std::memcpy(words.data(), bytes.data(), size);
    Result<TextSegment> opened = TextSegment::Open({reinterpret_cast<const std::byte*>(words.data()), size});
    CHECK_MSG(opened.ok(), opened.ok() ? "" : opened.error().Message());
    segment = std::make_unique<TextSegment>(std::move(*opened));
  }
  std::vector<uint64_t> words;
  size_t size;
  std::unique_ptr<TextSegment> segment;
};

void AddRecord(TextSegmentBuilder& builder, const Texts& texts) {
  std::vector<TextSegmentBuilder::Text> parts;
  for (uint32_t f = 0; f < texts.size(); ++f) {
    if (!texts[f].empty()) parts.push_back({f, texts[f]});
  }
  builder.Add(parts);
}

std::string Build(const Analyzer& analyzer, const TextSchema& schema, std::span<const Texts> records) {
  TextSegmentBuilder builder(analyzer, schema);
  for (const Texts& record : records) AddRecord(builder, record);
  return builder.Finish();
}

// The index as its definition says it, in doubles.
class PlainIndex {
 public:
  PlainIndex(const Analyzer& analyzer, TextSchema schema, TextRanking ranking)
      : analyzer_(analyzer), schema_(std::move(schema)), ranking_(ranking) {}

  void Add(const Texts& texts) {
    Record record;
    for (uint32_t f = 0; f < schema_.fields.size(); ++f) {
      uint32_t length = 0;
      if (f < texts.size()) {
        analyzer_.Analyze(texts[f], [&](const TextToken& token) {
          record.places[std::string(token.term)].push_back({f, token.position});
          length = std::max(length, token.position + 1);
        });
      }
      record.length += schema_.fields[f].boost * length;
    }
    records_.push_back(std::move(record));
  }

  // [record] score, 0 where it does not match, of query clauses all kShould words.
  std::vector<double> Scores(const TextQuery& query) const {
    std::vector<double> scores(records_.size());
    double n = 0, total = 0;
    for (const Record& record : records_) {
      n += record.length > 0;
      total += record.length;
    }
    for (const TextClause& clause : query.clauses) {
      for (const TextClause::Term& term : clause.terms) {
        double df = 0;
        for (const Record& record : records_) df += Tf(record, term.text, clause.field) > 0;
        const double idf = std::log(1 + (n - df + 0.5) / (df + 0.5));
        for (size_t r = 0; r < records_.size(); ++r) {
          const double tf = Tf(records_[r], term.text, clause.field);
          const double norm = ranking_.k1 * (1 - ranking_.b + ranking_.b * records_[r].length / (total / n));
          if (tf > 0) scores[r] += idf * (ranking_.k1 + 1) * tf / (tf + norm);
        }
      }
    }
    return scores;
  }

 private:
  struct Record {
    std::map<std::string, std::vector<std::pair<uint32_t, uint32_t>>> places;
    double length = 0;
  };
  double Tf(const Record& record, const std::string& term, int32_t field) const {
    const auto at = record.places.find(term);
    if (at == record.places.end()) return 0;
    double tf = 0;
    for (const auto& [f, position] : at->second) {
      if (field < 0 || f == static_cast<uint32_t>(field)) tf += schema_.fields[f].boost;
    }
    return tf;
  }
  const Analyzer& analyzer_;
  TextSchema schema_;
  TextRanking ranking_;
  std::vector<Record> records_;
};

// Words with frequencies as in texts: few frequent, many rare.
std::string RandomText(std::mt19937& random, int num_words) {
  std::string text;
  for (int i = 0; i < num_words; ++i) {
    const double u = std::uniform_real_distribution<>(0, 1)(random);
    text += "w" + std::to_string(static_cast<int>(3000 * u * u * u * u)) + (random() % 7 == 0 ? ". " : " ");
  }
  return text;
}

std::vector<Texts> RandomRecords(std::mt19937& random, size_t count) {
  std::vector<Texts> records(count);
  for (Texts& record : records) {
    if (random() % 20 == 0) continue;
    record.push_back(random() % 15 == 0 ? "" : RandomText(random, static_cast<int>(random() % 120)));
    if (random() % 2 == 0) record.push_back(RandomText(random, static_cast<int>(random() % 10)));
  }
  return records;
}

Analyzer Make(const std::string& language) {
  Result<Analyzer> analyzer = Analyzer::Create(language);
  CHECK(analyzer.ok());
  return std::move(*analyzer);
}

void ExpectSameAsPlain(const TextHits& got, const std::vector<double>& want, const std::vector<uint32_t>& base) {
  int64_t num_matching = 0;
  std::vector<std::pair<double, uint32_t>> order;
  for (uint32_t r = 0; r < want.size(); ++r) {
    num_matching += want[r] > 0;
    if (want[r] > 0) order.push_back({-want[r], r});
  }
  std::sort(order.begin(), order.end());
  EXPECT_EQ(got.num_matching, num_matching);
  ASSERT_EQ(got.hits.size(), std::min<size_t>(order.size(), 10));
  for (size_t i = 0; i < got.hits.size(); ++i) {
    const uint32_t record = base[got.hits[i].part] + got.hits[i].record;
    EXPECT_NEAR(got.hits[i].score, want[record], 1e-6 * want[record]);
    // In the plain order, but for what floats cannot tell apart.
    EXPECT_NEAR(want[record], -order[i].first, 1e-6 * want[record]);
  }
}

TEST(TextView, ScoresAsDefinedOverSegmentsAndWhatCounts) {
  std::mt19937 random(7);
  const Analyzer analyzer = Make("none");
  const TextSchema schema = TwoFields();
  for (int round = 0; round < 6; ++round) {
    PlainIndex plain(analyzer, schema, {});
    std::vector<std::unique_ptr<Stored>> stored;
    std::vector<TextPart> parts;
    std::vector<uint32_t> base;
    uint32_t num_records = 0;
    std::vector<bool> counts;
    for (int s = 0; s < 1 + round % 3; ++s) {
      const std::vector<Texts> records = RandomRecords(random, 1 + random() % 900);
      stored.push_back(std::make_unique<Stored>(Build(analyzer, schema, records)));
      auto counted = std::make_shared<Bitmap>(static_cast<uint32_t>(records.size()));
      for (uint32_t r = 0; r < records.size(); ++r) {
        const bool in = round % 2 == 0 || random() % 3 != 0;
        if (in) counted->Add(r);
        plain.Add(in ? records[r] : Texts{});
      }
      parts.push_back({stored.back()->segment.get(), round == 0 ? nullptr : counted});
      base.push_back(num_records);
      num_records += static_cast<uint32_t>(records.size());
    }
    const TextView view(parts);
    for (int q = 0; q < 30; ++q) {
      TextQuery query = ParseTextQuery((q % 5 == 0 ? "title:" : "") + RandomText(random, 1 + q % 6), analyzer, schema);
      ExpectSameAsPlain(view.Search(query), plain.Scores(query), base);
    }
  }
}

}  // namespace
}  // namespace atelier
