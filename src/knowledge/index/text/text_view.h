// Searches over a list of segments, with statistics over exactly the records that count.
//
// score = sum over the query's terms of  idf * (k1 + 1) * tf / (tf + k1 * (1 - b + b * length / average))      [BM25F]
//   idf      ln(1 + (N - df + 0.5) / (df + 0.5)); N, df, average over the records that count and have text
//   tf       sum over fields of boost * frequency; length likewise (so two fields with boost 1 are as one)
//   prefix   all words that it stands for are one term: their frequencies are added, df counts records with any
//   fuzzy    the same, a word at distance d weighing 1 / (1 + d)
//   phrase   idf is the sum of its terms' idf, tf counts the phrase
// Sums are of floats, in the order of the query, on every machine and for every cut into segments alike: a record's
// score tells nothing of records that do not count.
//
// A record matches where all +clauses, no -clause, and, if there are no +clauses, any other clause match.
// Hits are in order of score; of equal ones the earlier segment's, then the earlier record's, comes first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "knowledge/index/text/text_query.h"
#include "knowledge/index/text/text_segment.h"

namespace atelier {

struct TextRanking {
  double k1 = 1.2;
  double b = 0.75;
};

struct TextPart {
  const TextSegment* segment = nullptr;
  // What counts (live and visible), of num_records() records; null: all. Also bounds what is found.
  std::shared_ptr<const Bitmap> counted;
};

struct TextHit {
  uint32_t part = 0;    // index of the part
  uint32_t record = 0;  // in the part's segment
  float score = 0;
  bool operator==(const TextHit&) const = default;
};

struct TextHits {
  std::vector<TextHit> hits;  // best first
  int64_t num_matching = 0;   // exact
};

struct TextSuggestion {
  std::string text;         // as a record wrote it, in small letters
  int64_t num_records = 0;  // that count and have it
  uint32_t edits = 0;       // 0: a completion
  bool operator==(const TextSuggestion&) const = default;
};

// Immutable, thread-safe; keep one for each (commit, what the asker may see) and search it many times: what it learns
// about terms it keeps.   REQUIRES: the segments outlive it, all of one schema.
class TextView {
 public:
  TextView(std::vector<TextPart> parts, TextRanking ranking = {});
  TextView(TextView&&) noexcept;
  ~TextView();

  struct Options {
    int32_t top_k = 10;
    // What may be found, a bitmap a part (null: all that counts); empty: all that counts.
    std::span<const Bitmap* const> allowed = {};
    // Gets, for each part, which records match: for facets. Null: not wanted.
    std::vector<Bitmap>* matching = nullptr;
  };
  TextHits Search(const TextQuery& query, const Options& options) const;
  TextHits Search(const TextQuery& query) const;  // top 10 of all that counts

  // Records that count and have text.
  int64_t num_counted() const;
  // How many of these have the term.
  int64_t DocumentFrequency(std::string_view term) const;

  // The texts of a record, one after the other: what Suggest reads words as people wrote them from.
  using TextsOf = std::function<std::string(uint32_t part, uint32_t record)>;
  // Words that begin with the last word of `typed` and, where there are too few, words spelt nearly so; most frequent
  // first. All from records that count.
  std::vector<TextSuggestion> Suggest(std::string_view typed, int32_t limit, const Analyzer& analyzer,
                                      const TextsOf& texts_of) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace atelier
