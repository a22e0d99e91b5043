#include "base/text/json_schema_reader.h"

#include <algorithm>

#include "base/text/uri.h"

namespace atelier {

using enum SchemaKeyword;

Error SchemaReader::Work::Wrong(SchemaKeyword keyword, std::string what) const {
  std::string where = node->path;
  AppendPointer(where, FactsOf(keyword).name);
  return Error::Invalid(std::move(where), std::move(what));
}

Error SchemaReader::Work::Wrong(SchemaKeyword keyword, const Json& got, std::string_view want) const {
  constexpr size_t kMaxShown = 60;  // characters of a value that say enough
  std::string shown = got.is_array() || got.is_object() ? std::string(got.TypeName()) : got.Dump();
  if (shown.size() > kMaxShown) shown = std::string(got.TypeName());
  return Wrong(keyword, "got " + shown + ", want " + std::string(want));
}

Result<std::shared_ptr<const SchemaDocument>> SchemaReader::Read(const Json& schema) {
  TRY(SchemaIndex index, SchemaIndex::Make(schema));
  auto document = std::make_shared<SchemaDocument>();
  SchemaReader reader(*document, std::move(index));
  TRY_VOID(reader.ReadAll(schema));
  TRY_VOID(CheckSchemaCycles(document->nodes_));
  return std::shared_ptr<const SchemaDocument>(std::move(document));
}

Result<void> SchemaReader::ReadAll(const Json& schema) {
  TRY(const int scope, Enter(0, 0));
  TRY(document_.root_, NodeOf({&schema, 0, "#"}, scope));
  while (!to_read_.empty()) {
    Work work = std::move(to_read_.back());
    to_read_.pop_back();
    TRY_VOID(ReadNode(work));
  }
  return {};
}

Result<SchemaNode::Ref> SchemaReader::NodeOf(SchemaPlace place, int scope) {
  const auto [known, is_new] = known_.try_emplace({place.json, scope}, nullptr);
  if (!is_new) return SchemaNode::Ref(known->second);
  if (document_.num_nodes() >= kMaxSchemaNodes) {
    return Error::TooLarge(place.path, "got over " + std::to_string(kMaxSchemaNodes) + " schemas");
  }
  const auto ordinal = static_cast<int32_t>(document_.num_nodes());
  SchemaNode& node = document_.nodes_.emplace_back();
  node.ordinal = ordinal;
  known->second = &node;
  node.path = std::move(place.path);
  if (place.json->is_bool()) {
    node.never = !place.json->AsBool();
    return SchemaNode::Ref(&node);
  }
  if (!place.json->is_object()) {
    return Error::Invalid(node.path,
                          "got " + std::string(place.json->TypeName()) + ", want a schema: an object or a boolean");
  }
  Work work;
  work.node = &node;
  work.json = place.json;
  work.resource = place.resource;
  work.scope = scope;
  to_read_.push_back(std::move(work));
  return SchemaNode::Ref(&node);
}

Result<SchemaNode::Ref> SchemaReader::Child(const Work& work, SchemaKeyword keyword, const Json& json) {
  SchemaPlace place{&json, index_.ResourceOf(&json, work.resource), work.node->path};
  AppendPointer(place.path, FactsOf(keyword).name);
  if (place.resource == work.resource) return NodeOf(std::move(place), work.scope);
  TRY(const int scope, Enter(work.scope, place.resource));
  return NodeOf(std::move(place), scope);
}

Result<SchemaNode::Ref> SchemaReader::Child(const Work& work, SchemaKeyword keyword, std::string_view name,
                                            const Json& json) {
  SchemaPlace place{&json, index_.ResourceOf(&json, work.resource), work.node->path};
  AppendPointer(place.path, FactsOf(keyword).name);
  AppendPointer(place.path, name);
  if (place.resource == work.resource) return NodeOf(std::move(place), work.scope);
  TRY(const int scope, Enter(work.scope, place.resource));
  return NodeOf(std::move(place), scope);
}

// A scope that goes on into a resource: names that no outer resource gave are now given by this one.
Result<int> SchemaReader::Enter(int scope, int resource) {
  if (!index_.HasDynamicReferences()) return 0;
  const auto [known, is_new] = entered_.try_emplace({scope, resource}, scope);
  if (!is_new) return known->second;
  const Scope& outer = *scopes_[static_cast<size_t>(scope)];
  const auto& anchors = index_.resource(resource).dynamic_anchors;
  constexpr size_t kMaxScopes = 1'000, kMaxNames = 500'000;  // the metaschema has 1 scope of 1 name
  names_in_scopes_ += outer.size() + anchors.size();
  if (scopes_.size() >= kMaxScopes || names_in_scopes_ > kMaxNames) {
    return Error::TooLarge(index_.resource(resource).root.path,
                           "got over " + std::to_string(kMaxScopes) + " dynamic scopes, or very large ones");
  }
  Scope wider = outer;
  for (const auto& [name, place] : anchors) {
    if (index_.IsAskedFor(name)) wider.try_emplace(name, &place);
  }
  known->second = NumberOf(std::move(wider));
  return known->second;
}

int SchemaReader::NumberOf(Scope scope) {
  const auto [entry, is_new] = scope_numbers_.try_emplace(std::move(scope), static_cast<int>(scopes_.size()));
  if (is_new) scopes_.push_back(&entry->first);
  return entry->second;
}

// Where a dynamic reference leads that, read as a plain one, leads to `found`.
SchemaPlace SchemaReader::DynamicTarget(const Work& work, const SchemaPlace& found, std::string_view name) const {
  const auto& anchors = index_.resource(found.resource).dynamic_anchors;
  const auto anchor = anchors.find(name);
  if (anchor == anchors.end() || anchor->second.json != found.json) return found;
  const Scope& scope = *scopes_[static_cast<size_t>(work.scope)];
  const auto first = scope.find(name);
  return first == scope.end() ? found : *first->second;
}

Result<void> SchemaReader::ReadNode(Work& work) {
  const SchemaResource& resource = index_.resource(work.resource);
  const bool ref_alone = resource.draft <= SchemaDraft::k7 && work.json->Has("$ref");
  for (const JsonMember& member : work.json->members()) {
    const auto keyword = FindSchemaKeyword(member.key);
    if (!keyword || !IsKnownIn(resource, *keyword) || (ref_alone && *keyword != kRef)) continue;
    work.members.Set(*keyword, &member.value);
  }
  TRY_VOID(ReadReferences(work));
  if (ref_alone) return {};
  TRY_VOID(ReadTypes(work));
  TRY_VOID(ReadEnum(work));
  TRY_VOID(ReadNumbers(work));
  TRY_VOID(ReadStrings(work));
  TRY_VOID(ReadArrays(work));
  TRY_VOID(ReadObjects(work));
  return ReadInPlace(work);
}

Result<void> SchemaReader::ReadReferences(Work& work) {
  for (const SchemaKeyword keyword : {kRef, kDynamicRef, kRecursiveRef}) {
    const Json* value = work[keyword];
    if (value == nullptr) continue;
    if (!value->is_string()) return work.Wrong(keyword, *value, "a reference");
    const std::string& reference = value->AsString();
    auto found = index_.Resolve(work.resource, reference);
    if (!found.ok()) {
      Error error = std::move(found).error();
      error.where = work.Wrong(keyword, "").where;
      return error;
    }
    SchemaPlace place = std::move(found).value();
    if (keyword == kDynamicRef) {
      const auto fragment = DecodeUriFragment(SplitFragment(reference).fragment.value_or(""));
      if (fragment && !fragment->empty()) place = DynamicTarget(work, place, *fragment);
    } else if (keyword == kRecursiveRef) {
      place = DynamicTarget(work, place, SchemaIndex::kRecursive);
    }
    TRY(const int scope, Enter(work.scope, place.resource));
    TRY_VOID(AddReference(work, keyword, std::move(place), scope));
  }
  return {};
}

// A node has one `ref`; where a schema has more references, the others stand in all_of.
Result<void> SchemaReader::AddReference(Work& work, SchemaKeyword keyword, SchemaPlace place, int scope) {
  if (place.json == work.json && scope == work.scope) return work.Wrong(keyword, "got a reference to this very schema");
  TRY(const SchemaNode::Ref target, NodeOf(std::move(place), scope));
  if (work.node->ref == nullptr)
    work.node->ref = target;
  else
    work.node->all_of.push_back(target);
  return {};
}

}  // namespace atelier
