// What tests of the index share: records from a seed, a filter by its definition, and a model of what an index holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "knowledge/index/hybrid_index.h"

namespace atelier {

// A filter over the attributes that RandomAttributes makes, with parts down to `depth`.
Filter RandomFilter(Random& random, int depth);
Json RandomAttributes(Random& random);
// Words of a small vocabulary, so that queries find some of them.
std::string RandomText(Random& random, int num_words);

// Fields body and title, vectors of 4 numbers.
IndexSchema TestSchema();
// `version` stands in the payload and in the body as the word "v" + version.
IndexRecord RandomRecord(Random& random, std::string id, uint64_t version);

// What was acknowledged: the index must hold exactly this.
class IndexModel {
 public:
  void Apply(const IndexBatch& batch);
  const std::map<std::string, IndexRecord>& records() const { return records_; }
  // Empty, or the first difference.
  std::string Difference(const HybridIndex& index) const;

 private:
  std::map<std::string, IndexRecord> records_;
};

}  // namespace atelier
