#include "knowledge/index/index_testing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "knowledge/index/filter_match.h"

namespace atelier {
namespace {

using Op = Filter::Op;

constexpr std::array<std::string_view, 12> kWords = {"river",  "engine",  "window", "signal", "garden", "matrix",
                                                     "copper", "lantern", "ocean",  "paper",  "violet", "zebra"};

Json RandomValue(Random& random) {
  switch (random.Below(4)) {
    case 0: return random.Below(2) == 0;
    case 1: return static_cast<int64_t>(random.Below(20)) - 10;
    case 2: return static_cast<double>(random.Below(40)) / 8;
    default: return "docs/" + std::string(kWords[random.Below(4)]) + (random.Below(2) == 0 ? "/a.md" : ".txt");
  }
}

std::string RandomKey(Random& random) { return "k" + std::to_string(random.Below(4)); }

}  // namespace

Filter RandomFilter(Random& random, int depth) {
  const uint64_t kind = random.Below(depth > 0 ? 14 : 10);
  if (kind >= 11) {
    std::vector<Filter> parts;
    for (uint64_t i = random.Below(4); i > 0; --i) parts.push_back(RandomFilter(random, depth - 1));
    if (kind == 11) return Filter::And(std::move(parts));
    if (kind == 12) return Filter::Or(std::move(parts));
    return Filter::Not(RandomFilter(random, depth - 1));
  }
  if (kind == 10) return {};
  constexpr std::array<Op, 10> kOps = {Op::kEq,  Op::kNe, Op::kLt,  Op::kLte,  Op::kGt,
                                       Op::kGte, Op::kIn, Op::kNin, Op::kGlob, Op::kEq};
  const Op op = kOps[kind];
  if (kind == 9) return Filter::Compare(Op::kGlob, "$id", "r" + std::to_string(random.Below(4)) + "*");
  if (op == Op::kGlob) {
    constexpr std::array<std::string_view, 4> kGlobs = {"docs/*", "docs/**", "**/*.md", "docs/r*.txt"};
    return Filter::Compare(op, RandomKey(random), kGlobs[random.Below(kGlobs.size())]);
  }
  if (op != Op::kIn && op != Op::kNin) return Filter::Compare(op, RandomKey(random), RandomValue(random));
  Filter filter{.op = op, .key = RandomKey(random), .values = {}, .parts = {}};
  for (uint64_t i = random.Below(4); i > 0; --i) filter.values.push_back(RandomValue(random));
  return filter;
}

Json RandomAttributes(Random& random) {
  Json attributes = Json::Object();
  for (int i = 0; i < 3; ++i) {
    Json value = RandomValue(random);
    if (random.Below(4) == 0) {
      value = Json::Array({std::move(value)});
      for (uint64_t k = random.Below(3); k > 0; --k) value.Push(RandomValue(random));
    }
    attributes.Set(RandomKey(random), std::move(value));
  }
  return attributes;
}

std::string RandomText(Random& random, int num_words) {
  std::string text;
  for (int i = 0; i < num_words; ++i) {
    if (i > 0) text += ' ';
    text += kWords[random.Below(kWords.size())];
  }
  return text;
}

IndexSchema TestSchema() {
  return {.fields = {{"body", 1}, {"title", 2}}, .language = "en", .embedder = "test", .dimensions = 4};
}

IndexRecord RandomRecord(Random& random, std::string id, uint64_t version) {
  IndexRecord record;
  record.id = std::move(id);
  const std::string mark = "v" + std::to_string(version);
  if (random.Below(8) != 0) {
    record.texts.push_back({"body", RandomText(random, 3 + static_cast<int>(random.Below(20))) + " " + mark});
    if (random.Below(2) == 0) record.texts.push_back({"title", RandomText(random, 2)});
  }
  if (random.Below(8) != 0) {
    for (int i = 0; i < 4; ++i) record.vector.push_back(static_cast<float>(random.Normal()));
  }
  record.attributes = RandomAttributes(random);
  record.payload = mark + ":" + std::string(random.Below(600), 'p');
  return record;
}

void IndexModel::Apply(const IndexBatch& batch) {
  for (const std::string& id : batch.removed) records_.erase(id);
  for (const IndexRecord& record : batch.put) records_.insert_or_assign(record.id, record);
}

std::string IndexModel::Difference(const HybridIndex& index) const {
  const auto ids = index.List({}, {}, "", 1 << 30);
  if (!ids.ok()) return "List: " + ids.error().Message();
  std::vector<std::string> want;
  for (const auto& [id, record] : records_) want.push_back(id);
  if (*ids != want) {
    return "got " + std::to_string(ids->size()) + " records, want " + std::to_string(want.size());
  }
  for (const auto& [id, record] : records_) {
    const auto got = index.Get(id, {});
    if (!got.ok()) return id + ": " + got.error().Message();
    if (!*got) return id + ": not found";
    if ((*got)->payload != record.payload) {
      return id + ": got payload " + (*got)->payload.substr(0, 20) + ", want " + record.payload.substr(0, 20);
    }
    if ((*got)->texts != record.texts) return id + ": other texts";
    if ((*got)->attributes != record.attributes) return id + ": other attributes";
    const auto vector = index.GetVector(id);
    if (!vector.ok() || vector->has_value() != !record.vector.empty()) return id + ": vector there or not";
    if (record.texts.empty()) continue;
    IndexQuery query;
    query.text = record.payload.substr(0, record.payload.find(':'));
    query.top_k = 1000;
    const auto hits = index.Search(query);
    if (!hits.ok()) return id + ": " + hits.error().Message();
    const auto& found = hits->by_text;
    if (std::none_of(found.begin(), found.end(), [&id](const IndexHit& hit) { return hit.id == id; })) {
      return id + ": not found by its words '" + query.text + "'";
    }
  }
  return {};
}

}  // namespace atelier
