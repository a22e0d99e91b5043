// Searches against a plain index written from the definition of the score, and against string search.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "knowledge/index/text/text_testing.h"

namespace atelier {
namespace {

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

// Hits as (record, score) of records numbered over the parts by `base`.
std::vector<std::pair<uint32_t, float>> Numbered(const TextHits& hits,
                                                 const std::vector<std::vector<uint32_t>>& numbers) {
  std::vector<std::pair<uint32_t, float>> out;
  for (const TextHit& hit : hits.hits) out.push_back({numbers[hit.part][hit.record], hit.score});
  return out;
}

constexpr const char* kQueries[] = {"w1 w2 w7", "w0 +w3",      "\"w0 w1\"",       "w2* -w0",
                                    "w12~ w1",  "title:w0 w5", "+\"w0 w0\"~4 w3", "w1*"};

TEST(TextView, HiddenRecordsCannotBeToldFromAnIndexThatNeverHadThem) {
  std::mt19937 random(11);
  const Analyzer analyzer = Make("none");
  const TextSchema schema = TwoFields();
  const std::vector<Texts> records = RandomRecords(random, 1500);
  std::vector<bool> visible(records.size());
  for (size_t r = 0; r < records.size(); ++r) visible[r] = random() % 2 == 0;
  std::vector<std::unique_ptr<Stored>> stored;
  std::vector<TextPart> parts;
  std::vector<std::vector<uint32_t>> numbers, alone_numbers(1);
  std::vector<Texts> kept;
  for (size_t begin = 0; begin < records.size(); begin += 500) {
    stored.push_back(std::make_unique<Stored>(Build(analyzer, schema, std::span(records).subspan(begin, 500))));
    auto counted = std::make_shared<Bitmap>(500);
    numbers.emplace_back();
    for (uint32_t r = 0; r < 500; ++r) {
      numbers.back().push_back(static_cast<uint32_t>(kept.size()));
      if (!visible[begin + r]) continue;
      counted->Add(r);
      alone_numbers[0].push_back(static_cast<uint32_t>(kept.size()));
      kept.push_back(records[begin + r]);
    }
    parts.push_back({stored.back()->segment.get(), counted});
  }
  const Stored alone_stored(Build(analyzer, schema, kept));
  const TextView all(parts), alone({{alone_stored.segment.get(), nullptr}});
  EXPECT_EQ(all.num_counted(), alone.num_counted());
  for (const char* text : kQueries) {
    const TextQuery query = ParseTextQuery(text, analyzer, schema);
    const TextHits got = all.Search(query), want = alone.Search(query);
    EXPECT_EQ(got.num_matching, want.num_matching) << text;
    EXPECT_GT(want.num_matching, 0) << text;
    EXPECT_EQ(Numbered(got, numbers), Numbered(want, alone_numbers)) << text;
  }
  const auto texts_of = [&](size_t base) {
    return [&records, base](uint32_t part, uint32_t record) {
      const Texts& texts = records[base + part * 500 + record];
      return (texts.empty() ? "" : texts[0]) + " " + (texts.size() > 1 ? texts[1] : "");
    };
  };
  const auto kept_texts = [&](uint32_t, uint32_t record) {
    return (kept[record].empty() ? "" : kept[record][0]) + " " + (kept[record].size() > 1 ? kept[record][1] : "");
  };
  for (const char* typed : {"w12", "w3", "x1", "w2999"}) {
    EXPECT_EQ(all.Suggest(typed, 5, analyzer, texts_of(0)), alone.Suggest(typed, 5, analyzer, kept_texts)) << typed;
  }
}

TEST(TextView, FilterBoundsWhatIsFoundAndNotTheScores) {
  std::mt19937 random(5);
  const Analyzer analyzer = Make("none");
  const TextSchema schema = TwoFields();
  const std::vector<Texts> records = RandomRecords(random, 700);
  const Stored stored(Build(analyzer, schema, records));
  const TextView view({{stored.segment.get(), nullptr}});
  Bitmap allowed(700);
  for (uint32_t r = 0; r < 700; ++r) {
    if (random() % 3 == 0) allowed.Add(r);
  }
  const Bitmap* const allowed_of[] = {&allowed};
  for (const char* text : kQueries) {
    const TextQuery query = ParseTextQuery(text, analyzer, schema);
    std::vector<Bitmap> matching, all_matching;
    const TextHits all = view.Search(query, {.top_k = 700, .allowed = {}, .matching = &all_matching});
    const TextHits some = view.Search(query, {.top_k = 700, .allowed = allowed_of, .matching = &matching});
    const TextHits plain = view.Search(query, {.top_k = 700, .allowed = allowed_of});
    EXPECT_EQ(some.hits, plain.hits);
    EXPECT_EQ(static_cast<int64_t>(matching[0].Count()), some.num_matching);
    EXPECT_EQ(all.num_matching, static_cast<int64_t>(all.hits.size()));
    std::vector<TextHit> want;
    for (const TextHit& hit : all.hits) {
      EXPECT_TRUE(all_matching[0].Has(hit.record));
      if (allowed.Has(hit.record)) want.push_back(hit);
    }
    EXPECT_EQ(some.hits, want) << text;
  }
}

TEST(TextView, PhrasesAreWhereTheStringStands) {
  std::mt19937 random(3);
  const Analyzer analyzer = Make("none");
  const TextSchema schema;
  std::vector<Texts> records;
  for (int i = 0; i < 400; ++i) {
    std::string text = " ";
    for (int w = 0; w < 60; ++w) text += "v" + std::to_string(random() % 12) + " ";
    records.push_back({text});
  }
  const Stored stored(Build(analyzer, schema, records));
  const TextView view({{stored.segment.get(), nullptr}});
  for (int round = 0; round < 60; ++round) {
    std::string phrase = " ";
    for (int w = 0; w < 2 + round % 3; ++w) phrase += "v" + std::to_string(random() % 12) + " ";
    const TextHits hits = view.Search(ParseTextQuery("\"" + phrase + "\"", analyzer, schema), {.top_k = 400});
    std::vector<uint32_t> got, want;
    for (const TextHit& hit : hits.hits) got.push_back(hit.record);
    std::sort(got.begin(), got.end());
    for (uint32_t r = 0; r < records.size(); ++r) {
      if (records[r][0].find(phrase) != std::string::npos) want.push_back(r);
    }
    EXPECT_EQ(got, want) << phrase;
    EXPECT_EQ(hits.num_matching, static_cast<int64_t>(want.size()));
  }
}

TEST(TextView, PhrasesOfAHundredWordsAreFound) {
  const Analyzer analyzer = Make("none");
  std::string text;
  for (int i = 0; i < 100; ++i) text += "n" + std::to_string(i) + " ";
  const std::vector<Texts> records = {{"n0 n1"}, {"x " + text}, {"n5"}};
  const Stored stored(Build(analyzer, {}, records));
  const TextView view({{stored.segment.get(), nullptr}});
  for (const char* slop : {"", "~1"}) {
    const TextHits hits = view.Search(ParseTextQuery('"' + text + '"' + slop, analyzer, {}));
    ASSERT_EQ(hits.hits.size(), 1u) << slop;
    EXPECT_EQ(hits.hits[0].record, 1u);
  }
}

TEST(TextView, SloppyPhrasesCountMoves) {
  const Analyzer analyzer = Make("none");
  const std::vector<Texts> records = {
      {"red green blue"}, {"red x green"}, {"green red"}, {"red x x x green"}, {"red. red"}};
  const Stored stored(Build(analyzer, {}, records));
  const TextView view({{stored.segment.get(), nullptr}});
  const auto found = [&](const char* text) {
    std::vector<uint32_t> out;
    for (const TextHit& hit : view.Search(ParseTextQuery(text, analyzer, {})).hits) out.push_back(hit.record);
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(found("\"red green\""), (std::vector<uint32_t>{0}));
  EXPECT_EQ(found("\"red green\"~1"), (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(found("\"red green\"~2"), (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(found("\"red green\"~3"), (std::vector<uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(found("\"red red\"~5"), (std::vector<uint32_t>{4}));  // one word is not two
}

TEST(TextView, PrefixFuzzyMustAndFieldsFindWhatTheySay) {
  const Analyzer analyzer = Make("en");
  const TextSchema schema = TwoFields();
  const std::vector<Texts> records = {
      {"The scheduler preempts sequences", "Scheduling"},
      {"Nobody schedules anything", ""},
      {"hybrid_index and HTTPServer2 at version 3.14", "Index"},
      {"\u4e2d\u56fd\u4eba in Beijing", ""},
      {"Caf\u00e9s serve coffee", ""},
  };
  const Stored stored(Build(analyzer, schema, records));
  const TextView view({{stored.segment.get(), nullptr}});
  const auto found = [&](const char* text) {
    std::vector<uint32_t> out;
    for (const TextHit& hit : view.Search(ParseTextQuery(text, analyzer, schema)).hits) out.push_back(hit.record);
    std::sort(out.begin(), out.end());
    return out;
  };
  using Ids = std::vector<uint32_t>;
  EXPECT_EQ(found("scheduled"), (Ids{0, 1}));
  EXPECT_EQ(found("title:scheduled"), (Ids{0}));
  EXPECT_EQ(found("sched*"), (Ids{0, 1}));
  EXPECT_EQ(found("scheduling*"), (Ids{0, 1}));  // by its stem
  EXPECT_EQ(found("sheduler~1"), (Ids{0, 1}));
  EXPECT_EQ(found("+schedule -nobody"), (Ids{0}));
  EXPECT_EQ(found("+schedule +nobody the"), (Ids{1}));
  EXPECT_EQ(found("HybridIndex"), (Ids{2}));
  EXPECT_EQ(found("hybrid"), (Ids{2}));
  EXPECT_EQ(found("\"http server2 at\""), (Ids{2}));
  EXPECT_EQ(found("3.14"), (Ids{2}));
  EXPECT_EQ(found("\u56fd"), (Ids{3}));
  EXPECT_EQ(found("\u4eba"), (Ids{3}));
  EXPECT_EQ(found("\u4e2d\u56fd\u4eba"), (Ids{3}));
  EXPECT_EQ(found("\u4eba\u4e2d"), Ids{});
  EXPECT_EQ(found("cafe"), (Ids{4}));
  EXPECT_EQ(found("-nobody"), Ids{});
  EXPECT_EQ(found("the"), (Ids{0}));  // stop words alone are words
}

}  // namespace
}  // namespace atelier
