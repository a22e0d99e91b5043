#include "knowledge/corpus/chunk_extras.h"

#include <utility>

namespace atelier {
namespace {

// A list of lists of `num` texts each.
Result<std::vector<std::vector<std::string>>> ReadTexts(const std::string& at, const Json& extras, const char* key,
                                                        size_t num) {
  std::vector<std::vector<std::string>> lists;
  const Json* rows = extras.Find(key);
  if (rows == nullptr) return lists;
  if (!rows->is_array())
    return Error::Corrupt(at + "." + key, "got " + std::string(rows->TypeName()) + ", want an array");
  for (const Json& row : rows->items()) {
    std::vector<std::string>& texts = lists.emplace_back();
    if (row.is_array()) {
      for (const Json& text : row.items()) texts.push_back(text.is_string() ? text.AsString() : "");
    }
    if (texts.size() != num) {
      return Error::Corrupt(at + "." + key, "got " + row.Dump() + ", want " + std::to_string(num) + " texts");
    }
  }
  return lists;
}

}  // namespace

Json ExtrasOf(const Chunk& chunk) {
  Json extras = Json::Object();
  if (chunk.sums_up) extras.Set("sums_up", true);
  Json entities = Json::Array(), relations = Json::Array();
  for (const auto& entity : chunk.facts.entities) entities.Push(Json::Array({entity.name, entity.kind}));
  for (const auto& relation : chunk.facts.relations) {
    relations.Push(Json::Array({relation.source, relation.relation, relation.target}));
  }
  if (entities.size() > 0) extras.Set("entities", std::move(entities));
  if (relations.size() > 0) extras.Set("relations", std::move(relations));
  return extras;
}

Result<void> ReadExtras(std::string_view where, const Json& extras, Chunk& chunk) {
  if (extras.is_null()) return {};
  const std::string at = std::string(where) + ": extras";
  if (!extras.is_object()) return Error::Corrupt(at, "got " + std::string(extras.TypeName()) + ", want an object");
  const Json* sums_up = extras.Find("sums_up");
  chunk.sums_up = sums_up != nullptr && *sums_up == Json(true);
  TRY(auto entities, ReadTexts(at, extras, "entities", 2));
  TRY(auto relations, ReadTexts(at, extras, "relations", 3));
  for (auto& texts : entities) chunk.facts.entities.push_back({std::move(texts[0]), std::move(texts[1])});
  for (auto& texts : relations) {
    chunk.facts.relations.push_back({std::move(texts[0]), std::move(texts[1]), std::move(texts[2])});
  }
  return {};
}

}  // namespace atelier
