// For tests: random schemas of all keywords that generation keeps, small enough that most have members, and random
// values near them.
#pragma once

#include <string>

#include "base/random.h"
#include "base/text/json.h"

namespace atelier {

class RandomSchema {
 public:
  explicit RandomSchema(Random& random) : random_(&random) {}

  // A schema of at most so many levels.
  Json Schema(int depth);
  // A value of the kind that such schemas speak of.
  Json Value(int depth);

 private:
  bool Chance(double p) { return random_->Uniform() < p; }
  int64_t Below(int64_t bound) { return static_cast<int64_t>(random_->Below(static_cast<uint64_t>(bound))); }
  std::string Name();
  std::string Pattern();
  Json Number();
  Json String();
  Json Schemas(int depth, int64_t most);
  void AddNumberKeywords(Json& schema);
  void AddStringKeywords(Json& schema);
  void AddArrayKeywords(Json& schema, int depth);
  Json ClosedObject(int depth);
  void AddObjectKeywords(Json& schema, int depth);
  void AddInPlace(Json& schema, int depth);

  Random* random_;
};

}  // namespace atelier
