// Keywords that hold schemas.
#include "base/text/json_schema_reader.h"

namespace atelier {

using enum SchemaKeyword;

Result<void> SchemaReader::ReadOne(Work& work, SchemaKeyword keyword, SchemaNode::Ref& schema) {
  if (work[keyword] == nullptr) return {};
  TRY(schema, Child(work, keyword, *work[keyword]));
  return {};
}

Result<void> SchemaReader::ReadSeveral(Work& work, SchemaKeyword keyword, std::vector<SchemaNode::Ref>& schemas) {
  const Json* value = work[keyword];
  if (value == nullptr) return {};
  if (!value->is_array()) return work.Wrong(keyword, *value, "an array of schemas");
  if (value->empty() && keyword != kItems) return work.Wrong(keyword, "got no schema, want at least one");
  for (int64_t i = 0; i < value->size(); ++i) {
    TRY(const SchemaNode::Ref schema, Child(work, keyword, std::to_string(i), (*value)[i]));
    schemas.push_back(schema);
  }
  return {};
}

Result<void> SchemaReader::ReadNamed(Work& work, SchemaKeyword keyword, SchemaNode::Named& schemas) {
  const Json* value = work[keyword];
  if (value == nullptr) return {};
  if (!value->is_object()) return work.Wrong(keyword, *value, "an object of schemas");
  schemas.reserve(schemas.size() + static_cast<size_t>(value->size()));
  for (const JsonMember& member : value->members()) {
    TRY(const SchemaNode::Ref schema, Child(work, keyword, member.key, member.value));
    schemas.emplace_back(member.key, schema);
  }
  return {};
}

Result<void> SchemaReader::ReadArrays(Work& work) {
  SchemaNode& node = *work.node;
  TRY_VOID(ReadCount(work, kMinItems, node.min_items));
  TRY_VOID(ReadCount(work, kMaxItems, node.max_items));
  if (const Json* unique = work[kUniqueItems]) {
    if (!unique->is_bool()) return work.Wrong(kUniqueItems, *unique, "a boolean");
    node.unique_items = unique->AsBool();
  }
  TRY_VOID(ReadSeveral(work, kPrefixItems, node.prefix_items));
  if (work[kItems] != nullptr && work[kItems]->is_array()) {  // until draft 2019-09, what is now prefixItems
    if (work[kPrefixItems] != nullptr) return work.Wrong(kItems, "got an array beside prefixItems, want a schema");
    TRY_VOID(ReadSeveral(work, kItems, node.prefix_items));
    TRY_VOID(ReadOne(work, kAdditionalItems, node.items));
  } else {
    TRY_VOID(ReadOne(work, kItems, node.items));
  }
  TRY_VOID(ReadOne(work, kContains, node.contains));
  std::optional<int64_t> min_contains, max_contains;
  TRY_VOID(ReadCount(work, kMinContains, min_contains));
  TRY_VOID(ReadCount(work, kMaxContains, max_contains));
  if (node.contains != nullptr) node.min_contains = min_contains, node.max_contains = max_contains;
  node.contains_evaluates = index_.resource(work.resource).draft >= SchemaDraft::k2020;
  return ReadOne(work, kUnevaluatedItems, node.unevaluated_items);
}

Result<void> SchemaReader::ReadObjects(Work& work) {
  SchemaNode& node = *work.node;
  TRY_VOID(ReadNamed(work, kProperties, node.properties));
  TRY_VOID(ReadNamed(work, kPatternProperties, node.pattern_properties));
  TRY_VOID(ReadOne(work, kAdditionalProperties, node.additional_properties));
  TRY_VOID(ReadOne(work, kPropertyNames, node.property_names));
  TRY_VOID(ReadRequired(work));
  TRY_VOID(ReadCount(work, kMinProperties, node.min_properties));
  TRY_VOID(ReadCount(work, kMaxProperties, node.max_properties));
  TRY_VOID(ReadDependencies(work));
  return ReadOne(work, kUnevaluatedProperties, node.unevaluated_properties);
}

Result<void> SchemaReader::ReadDependencies(Work& work) {
  SchemaNode& node = *work.node;
  TRY_VOID(ReadNamed(work, kDependentSchemas, node.dependent_schemas));
  for (const SchemaKeyword keyword : {kDependentRequired, kDependencies}) {
    const Json* value = work[keyword];
    if (value == nullptr) continue;
    if (!value->is_object()) return work.Wrong(keyword, *value, "an object");
    for (const JsonMember& member : value->members()) {
      if (keyword == kDependencies && (member.value.is_object() || member.value.is_bool())) {
        TRY(const SchemaNode::Ref schema, Child(work, keyword, member.key, member.value));
        node.dependent_schemas.emplace_back(member.key, schema);
        continue;
      }
      // Draft 3 writes a single name without an array.
      const bool is_single = keyword == kDependencies && member.value.is_string();
      std::string at;
      AppendPointer(at, member.key);
      TRY(auto names, NamesOf(work, keyword, at, is_single ? Json::Array({member.value}) : member.value));
      node.dependent_required.emplace_back(member.key, std::move(names));
    }
  }
  return {};
}

Result<void> SchemaReader::ReadInPlace(Work& work) {
  SchemaNode& node = *work.node;
  TRY_VOID(ReadSeveral(work, kAllOf, node.all_of));
  TRY_VOID(ReadSeveral(work, kAnyOf, node.any_of));
  TRY_VOID(ReadSeveral(work, kOneOf, node.one_of));
  TRY_VOID(ReadOne(work, kNot, node.not_schema));
  if (const Json* extends = work[kExtends]; extends != nullptr && extends->is_array()) {
    TRY_VOID(ReadSeveral(work, kExtends, node.all_of));
  } else if (extends != nullptr) {
    TRY(const SchemaNode::Ref schema, Child(work, kExtends, *extends));
    node.all_of.push_back(schema);
  }
  if (work[kDisallow] != nullptr) {
    return Error::Unsupported(work.Wrong(kDisallow, "").where, "got draft 3's keyword, want `not` of a later draft");
  }
  if (work[kIf] == nullptr) return {};
  TRY_VOID(ReadOne(work, kIf, node.if_schema));
  TRY_VOID(ReadOne(work, kThen, node.then_schema));
  return ReadOne(work, kElse, node.else_schema);
}

}  // namespace atelier
