#include "knowledge/index/index_testing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text/glob.h"

namespace atelier {
namespace {

using Op = Filter::Op;

bool Same(const Json& a, const Json& b) { return a.type() == b.type() && a == b; }

// -1, 0, 1; nothing where there is no order.
std::optional<int> Compared(const Json& a, const Json& b) {
  if (a.is_string() && b.is_string()) return a.AsString().compare(b.AsString()) < 0 ? -1 : a.AsString() != b.AsString();
  if (!a.is_number() || !b.is_number()) return std::nullopt;
  return a.AsDouble() < b.AsDouble() ? -1 : a.AsDouble() > b.AsDouble();
}

bool ElementPasses(Op op, const std::vector<Json>& values, const Json& element) {
  const auto any = [&](auto passes) { return std::any_of(values.begin(), values.end(), passes); };
  switch (op) {
    case Op::kEq:
    case Op::kIn: return any([&](const Json& value) { return Same(element, value); });
    case Op::kGlob: return element.is_string() && GlobMatches(values[0].AsString(), element.AsString());
    default: break;
  }
  const auto order = Compared(element, values[0]);
  if (!order) return false;
  if (op == Op::kLt) return *order < 0;
  if (op == Op::kLte) return *order <= 0;
  if (op == Op::kGt) return *order > 0;
  return *order >= 0;
}

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

bool PassesByDefinition(const Filter& filter, std::string_view id, const Json& attributes) {
  const auto part_passes = [&](const Filter& part) { return PassesByDefinition(part, id, attributes); };
  switch (filter.op) {
    case Op::kAll: return true;
    case Op::kAnd: return std::all_of(filter.parts.begin(), filter.parts.end(), part_passes);
    case Op::kOr: return std::any_of(filter.parts.begin(), filter.parts.end(), part_passes);
    case Op::kNot: return !part_passes(filter.parts[0]);
    case Op::kNe:
    case Op::kNin: {
      Filter opposite = filter;
      opposite.op = filter.op == Op::kNe ? Op::kEq : Op::kIn;
      return !part_passes(opposite);
    }
    default: break;
  }
  const Json own_id(id);
  const Json* value = filter.key == "$id" ? &own_id : attributes.Find(filter.key);
  if (value == nullptr) return false;
  if (!value->is_array()) return ElementPasses(filter.op, filter.values, *value);
  return std::any_of(value->items().begin(), value->items().end(),
                     [&](const Json& element) { return ElementPasses(filter.op, filter.values, element); });
}

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
