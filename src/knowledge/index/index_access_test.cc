// Who may not see a record cannot tell that it is there: over random corpora, filters and questions, an index of which
// only a part is visible answers like one that holds that part alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/io/sim_files.h"
#include "knowledge/index/filter_match.h"
#include "knowledge/index/index_testing.h"

namespace atelier {
namespace {

std::string Described(const IndexHits& hits) {
  Json all = Json::Object({{"matching", hits.num_matching_text}});
  for (const auto* leg : {&hits.by_text, &hits.by_vector}) {
    Json list = Json::Array();
    for (const IndexHit& hit : *leg) list.Push(Json::Array({hit.id, hit.score}));
    all.Set(leg == &hits.by_text ? "text" : "vector", std::move(list));
  }
  for (const IndexFacet& facet : hits.facets) {
    Json values = Json::Array();
    for (const FacetCount& value : facet.values) values.Push(Json::Array({value.value, value.count}));
    all.Set("facet " + facet.key, std::move(values));
  }
  return all.Dump();
}

std::string RandomQueryText(Random& random) {
  const std::string words = RandomText(random, 1 + static_cast<int>(random.Below(3)));
  switch (random.Below(6)) {
    case 0: return "\"" + words + "\"";
    case 1: return words.substr(0, 2) + "*";
    case 2: return words + "~";
    case 3: return "+" + words + " -" + RandomText(random, 1);
    case 4: return "title:" + words;
    default: return words;
  }
}

// Two indexes, of all records and of those alone that an asker may see.
class TwoIndexes {
 public:
  explicit TwoIndexes(uint64_t seed) : random_(seed) {
    visible_ = RandomFilter(random_, 2);
    const IndexOptions options{.flush_bytes = 8000, .in_background = false};
    all_ = HybridIndex::Open(files_, "/all", TestSchema(), options).value();
    seen_ = HybridIndex::Open(files_, "/seen", TestSchema(), options).value();
  }

  void Write(int num_batches) {
    for (int i = 0; i < num_batches; ++i) {
      IndexBatch all, seen;
      for (uint64_t k = random_.Below(6); k > 0; --k) {
        IndexRecord record = RandomRecord(random_, RandomId(), ++version_);
        if (FilterPasses(visible_, record.id, record.attributes)) {
          seen.put.push_back(record);
        } else {
          // It takes the place of one that was seen.
          seen.removed.push_back(record.id);
          std::erase_if(seen.put, [&record](const IndexRecord& other) { return other.id == record.id; });
        }
        all.put.push_back(std::move(record));
      }
      for (uint64_t k = random_.Below(3); k > 0; --k) {
        all.removed.push_back(RandomId());
        seen.removed.push_back(all.removed.back());
      }
      ASSERT_TRUE(all_->Apply(all).ok());
      ASSERT_TRUE(seen_->Apply(seen).ok());
      if (random_.Below(30) == 0) {
        ASSERT_TRUE(all_->Compact().ok());
      }
    }
  }

  void Ask(int num_questions) {
    for (int i = 0; i < num_questions; ++i) {
      IndexQuery query;
      query.text = RandomQueryText(random_);
      for (int k = 0; k < 4; ++k) query.vector.push_back(static_cast<float>(random_.Normal()));
      query.filter = random_.Below(2) == 0 ? Filter() : RandomFilter(random_, 2);
      query.top_k = 1 + static_cast<int32_t>(random_.Below(30));
      query.facets = {"k0", "k1"};
      const std::string want = Described(seen_->Search(query).value());
      query.visible = visible_;
      ASSERT_EQ(Described(all_->Search(query).value()), want)
          << query.text << " filter " << WriteFilter(query.filter).Dump() << " visible "
          << WriteFilter(visible_).Dump();

      const std::string id = RandomId();
      ASSERT_EQ(all_->Get(id, visible_).value().has_value(), seen_->Get(id, {}).value().has_value());
      ASSERT_EQ(all_->List(query.filter, visible_, id, 20).value(), seen_->List(query.filter, {}, id, 20).value());
      ASSERT_EQ(all_->Count(query.filter, visible_).value(), seen_->Count(query.filter, {}).value());
      const std::string typed = RandomText(random_, 1).substr(0, 1 + random_.Below(4));
      const auto described = [](const std::vector<IndexSuggestion>& suggestions) {
        std::string text;
        for (const IndexSuggestion& one : suggestions) text += one.text + " " + std::to_string(one.num_records) + "\n";
        return text;
      };
      ASSERT_EQ(described(all_->Suggest(typed, visible_, 5).value()), described(seen_->Suggest(typed, {}, 5).value()));
    }
  }

 private:
  std::string RandomId() { return "r" + std::to_string(random_.Below(120)); }

  Random random_;
  SimFiles files_;
  Filter visible_;
  std::unique_ptr<HybridIndex> all_, seen_;
  uint64_t version_ = 0;
};

TEST(IndexAccess, WhatIsHiddenChangesNoAnswer) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TwoIndexes indexes(seed);
    for (int round = 0; round < 3; ++round) {
      indexes.Write(25);
      indexes.Ask(15);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace atelier
