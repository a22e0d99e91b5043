#include "knowledge/index/index_record.h"

#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxFields = 16;  // of text/text_segment.h
constexpr std::array<std::string_view, 3> kSimilarities = {"inner_product", "cosine", "l2"};
constexpr std::array<std::string_view, 3> kStorages = {"f32", "f16", "int8"};

template <class E>
std::string_view NameOf(const std::array<std::string_view, 3>& names, E value) {
  return names[static_cast<size_t>(value)];
}

template <class E>
Result<E> ReadName(const std::array<std::string_view, 3>& names, const Json& json, std::string where) {
  for (size_t i = 0; json.is_string() && i < names.size(); ++i) {
    if (names[i] == json.AsString()) return static_cast<E>(i);
  }
  return Error::Invalid(std::move(where), "got " + json.Dump() + ", want " + std::string(names[0]) + ", " +
                                              std::string(names[1]) + " or " + std::string(names[2]));
}

Error Differs(std::string_view what, const std::string& stored, const std::string& asked) {
  return Error::Conflict(std::string(what), "the index was made with " + stored + ", got " + asked);
}

std::string FieldsText(const IndexSchema& schema) {
  Json fields = Json::Array();
  for (const FieldOptions& field : schema.fields) fields.Push(Json::Array({field.name, field.boost}));
  return fields.Dump();
}

std::string Quoted(const std::string& name) { return name.empty() ? "none" : "'" + name + "'"; }

}  // namespace

Result<void> CheckSchema(const IndexSchema& schema) {
  if (schema.fields.empty() || schema.fields.size() > kMaxFields) {
    return Error::Invalid("fields",
                          "got " + std::to_string(schema.fields.size()) + ", want 1 to " + std::to_string(kMaxFields));
  }
  std::set<std::string_view> names;
  for (const FieldOptions& field : schema.fields) {
    if (field.name.empty() || !names.insert(field.name).second) {
      return Error::Invalid("fields", "got '" + field.name + "' twice or empty, want names that differ");
    }
    if (!(field.boost > 0) || !std::isfinite(field.boost)) {
      return Error::Invalid("fields." + field.name,
                            "got a boost of " + Json(field.boost).Dump() + ", want one above 0");
    }
  }
  if (schema.dimensions < 0 || schema.dimensions > kMaxVectorDimensions) {
    return Error::Invalid("dimensions", "got " + std::to_string(schema.dimensions) + ", want 0 to " +
                                            std::to_string(kMaxVectorDimensions));
  }
  if (schema.embedder.empty() != (schema.dimensions == 0)) {
    return Error::Invalid("dimensions", "got " + std::to_string(schema.dimensions) + " for the embedder " +
                                            Quoted(schema.embedder) + ", want both or neither");
  }
  return {};
}

Result<void> CheckSameSchema(const IndexSchema& stored, const IndexSchema& asked) {
  if (stored.embedder != asked.embedder) return Differs("embedder", Quoted(stored.embedder), Quoted(asked.embedder));
  if (stored.dimensions != asked.dimensions) {
    return Differs("dimensions", std::to_string(stored.dimensions) + " of embedder " + Quoted(stored.embedder),
                   std::to_string(asked.dimensions));
  }
  if (stored.fields != asked.fields) return Differs("fields", FieldsText(stored), FieldsText(asked));
  if (stored.language != asked.language) return Differs("language", Quoted(stored.language), Quoted(asked.language));
  if (stored.similarity != asked.similarity) {
    return Differs("similarity", std::string(NameOf(kSimilarities, stored.similarity)),
                   std::string(NameOf(kSimilarities, asked.similarity)));
  }
  if (stored.storage != asked.storage) {
    return Differs("storage", std::string(NameOf(kStorages, stored.storage)),
                   std::string(NameOf(kStorages, asked.storage)));
  }
  return {};
}

Json WriteSchema(const IndexSchema& schema) {
  Json fields = Json::Array();
  for (const FieldOptions& field : schema.fields) {
    fields.Push(Json::Object({{"name", field.name}, {"boost", field.boost}}));
  }
  return Json::Object({{"fields", std::move(fields)},
                       {"language", schema.language},
                       {"embedder", schema.embedder},
                       {"dimensions", schema.dimensions},
                       {"similarity", NameOf(kSimilarities, schema.similarity)},
                       {"storage", NameOf(kStorages, schema.storage)}});
}

Result<IndexSchema> ReadSchema(const Json& json) {
  IndexSchema schema;
  schema.fields.clear();
  const Json& fields = json["fields"];
  if (!fields.is_array()) return Error::Invalid("fields", "got " + std::string(fields.TypeName()) + ", want an array");
  for (const Json& field : fields.items()) {
    if (!field["name"].is_string() || !field["boost"].is_number()) {
      return Error::Invalid("fields", "got " + field.Dump() + ", want a name and a boost");
    }
    schema.fields.push_back({field["name"].AsString(), field["boost"].AsDouble()});
  }
  const Json& dimensions = json["dimensions"];
  if (!json["language"].is_string() || !json["embedder"].is_string() || !dimensions.is_number()) {
    return Error::Invalid("schema", "got " + json.Dump() + ", want language, embedder and dimensions");
  }
  schema.language = json["language"].AsString();
  schema.embedder = json["embedder"].AsString();
  const int64_t size = dimensions.AsInt64().value_or(-1);
  if (size < 0 || size > kMaxVectorDimensions) {
    return Error::Invalid("dimensions",
                          "got " + dimensions.Dump() + ", want 0 to " + std::to_string(kMaxVectorDimensions));
  }
  schema.dimensions = static_cast<int32_t>(size);
  TRY(schema.similarity, ReadName<Similarity>(kSimilarities, json["similarity"], "similarity"));
  TRY(schema.storage, ReadName<VectorStorage>(kStorages, json["storage"], "storage"));
  TRY_VOID(CheckSchema(schema));
  return schema;
}

VectorSpace SpaceOf(const IndexSchema& schema) {
  return {.dimensions = schema.dimensions, .similarity = schema.similarity, .storage = schema.storage};
}

TextSchema TextSchemaOf(const IndexSchema& schema) {
  TextSchema text{.fields = {}};
  for (const FieldOptions& field : schema.fields) text.fields.push_back({field.name, field.boost});
  return text;
}

int32_t FieldIndex(const IndexSchema& schema, std::string_view name) {
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].name == name) return static_cast<int32_t>(i);
  }
  return -1;
}

}  // namespace atelier
