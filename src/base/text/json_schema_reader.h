// Reads a schema's JSON into SchemaNodes: the writing half of json_schema.h. A work list, not recursion, so that a
// chain of references as long as the document needs no stack.
//
// Dynamic references. Where `$dynamicRef: "#x"` leads depends on the resources that evaluation came through: the first
// that has `$dynamicAnchor: "x"` wins. What matters of that way is a map from each such name to its first anchor, a
// Scope; so a node is made once for each pair of schema and Scope, and its `$dynamicRef` is then a plain pointer.
// Documents without dynamic references have one Scope.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text/json_schema.h"
#include "base/text/json_schema_index.h"

namespace atelier {

class SchemaReader {
 public:
  static Result<std::shared_ptr<const SchemaDocument>> Read(const Json& schema);

 private:
  // The value of each keyword that the schema has and its draft knows.
  class Members {
   public:
    const Json* operator[](SchemaKeyword keyword) const { return values_[static_cast<size_t>(keyword)]; }
    void Set(SchemaKeyword keyword, const Json* value) { values_[static_cast<size_t>(keyword)] = value; }

   private:
    std::array<const Json*, kNumSchemaKeywords> values_{};
  };
  // A schema being read.
  struct Work {
    SchemaNode* node = nullptr;
    const Json* json = nullptr;
    int resource = 0;
    int scope = 0;
    Members members;

    const Json* operator[](SchemaKeyword keyword) const { return members[keyword]; }
    Error Wrong(SchemaKeyword keyword, std::string what) const;
    Error Wrong(SchemaKeyword keyword, const Json& got, std::string_view want) const;
  };
  using Scope = std::map<std::string_view, const SchemaPlace*>;  // both stand in the index

  SchemaReader(SchemaDocument& document, SchemaIndex index) : document_(document), index_(std::move(index)) {
    NumberOf(Scope());
  }

  Result<void> ReadAll(const Json& schema);
  Result<void> ReadNode(Work& work);
  // The node of a schema within `work`, at work's path + "/keyword" (+ "/name").
  Result<SchemaNode::Ref> Child(const Work& work, SchemaKeyword keyword, const Json& json);
  Result<SchemaNode::Ref> Child(const Work& work, SchemaKeyword keyword, std::string_view name, const Json& json);
  Result<SchemaNode::Ref> NodeOf(SchemaPlace place, int scope);
  Result<int> Enter(int scope, int resource);
  int NumberOf(Scope scope);
  SchemaPlace DynamicTarget(const Work& work, const SchemaPlace& found, std::string_view name) const;

  // json_schema_read_values.cc: keywords whose values are plain.
  Result<void> ReadTypes(Work& work);
  Result<void> ReadEnum(Work& work);
  Result<void> ReadNumbers(Work& work);
  Result<void> ReadBound(Work& work, SchemaKeyword plain, SchemaKeyword exclusive);
  Result<void> ReadStrings(Work& work);
  Result<void> ReadCount(Work& work, SchemaKeyword keyword, std::optional<int64_t>& count);
  Result<void> ReadRequired(Work& work);
  Result<std::vector<std::string>> NamesOf(const Work& work, SchemaKeyword keyword, std::string_view at,
                                           const Json& value) const;

  // json_schema_read_schemas.cc: keywords that hold schemas.
  Result<void> ReadOne(Work& work, SchemaKeyword keyword, SchemaNode::Ref& schema);
  Result<void> ReadSeveral(Work& work, SchemaKeyword keyword, std::vector<SchemaNode::Ref>& schemas);
  Result<void> ReadNamed(Work& work, SchemaKeyword keyword, SchemaNode::Named& schemas);
  Result<void> ReadArrays(Work& work);
  Result<void> ReadObjects(Work& work);
  Result<void> ReadDependencies(Work& work);
  Result<void> ReadInPlace(Work& work);
  Result<void> ReadReferences(Work& work);
  Result<void> AddReference(Work& work, SchemaKeyword keyword, SchemaPlace place, int scope);

  SchemaDocument& document_;
  SchemaIndex index_;
  std::vector<Work> to_read_;
  std::vector<const Scope*> scopes_;  // by number
  std::map<Scope, int> scope_numbers_;
  size_t names_in_scopes_ = 0;                  // that were looked at to make them
  std::map<std::pair<int, int>, int> entered_;  // (scope, resource) → scope
  struct HashOfSchema {
    size_t operator()(const std::pair<const Json*, int>& key) const {
      return (reinterpret_cast<uintptr_t>(key.first) >> 3) * 0x9E3779B97F4A7C15u + static_cast<size_t>(key.second);
    }
  };
  std::unordered_map<std::pair<const Json*, int>, SchemaNode*, HashOfSchema> known_;
};

// Refuses schemas that apply themselves to the same value: no evaluation of these would end.
Result<void> CheckSchemaCycles(const std::deque<SchemaNode>& nodes);

}  // namespace atelier
