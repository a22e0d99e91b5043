// Where the schemas of a document can be found: its resources (each `$id` begins one), their anchors, and what a
// reference leads to. Made in one pass over the document, before any schema is read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "base/text/json_schema_keywords.h"

namespace atelier {

// A schema's JSON, where it stands ("#/properties/a") and in which resource.
struct SchemaPlace {
  const Json* json = nullptr;
  int resource = 0;
  std::string path;
};

struct SchemaResource {
  struct Anchor {
    SchemaPlace place;
    bool is_ambiguous = false;  // two schemas have this name: an error for who refers to it
  };

  SchemaPlace root;
  std::string uri;  // resolved, without fragment; may be empty or relative
  SchemaDraft draft = SchemaDraft::k2020;
  bool names_draft = false;                                         // by a `$schema` that is known
  std::map<std::string, Anchor, std::less<>> anchors;               // dynamic ones too
  std::map<std::string, SchemaPlace, std::less<>> dynamic_anchors;  // "" is `$recursiveAnchor: true`
};

class SchemaIndex {
 public:
  // Unknown to any document: `$recursiveAnchor` and `$recursiveRef` share this name.
  static constexpr std::string_view kRecursive = "";

  // `document` must outlive the index.
  static Result<SchemaIndex> Make(const Json& document);

  const SchemaResource& resource(int index) const { return *resources_[static_cast<size_t>(index)]; }
  // The resource that this very schema begins, or `otherwise`.
  int ResourceOf(const Json* schema, int otherwise) const {
    if (resources_.size() == 1) return otherwise;
    const auto found = by_root_.find(schema);
    return found == by_root_.end() ? otherwise : found->second;
  }
  // Whether a dynamic reference somewhere asks for this name.
  bool IsAskedFor(std::string_view dynamic_name) const;
  bool HasDynamicReferences() const { return !dynamic_names_.empty(); }

  // What a reference leads to, read in `resource`. Errors have no `where`.
  Result<SchemaPlace> Resolve(int resource, std::string_view reference) const;

 private:
  class Walk;
  Result<SchemaPlace> FollowPointer(const SchemaResource& resource, std::string_view pointer) const;
  const SchemaResource* FindResource(int from, std::string_view uri) const;

  std::vector<std::unique_ptr<SchemaResource>> resources_;
  std::unordered_map<const Json*, int> by_root_;
  struct ByUri {
    SchemaPlace place;
    bool is_ambiguous = false;
  };
  std::map<std::string, ByUri, std::less<>> by_uri_;
  std::map<std::string, ByUri, std::less<>> aliases_;  // `id` where the draft says `$id`, and the other way round
  std::set<std::string, std::less<>> dynamic_names_;
};

// Whether a schema's keyword counts in a resource: its draft knows it.
bool IsKnownIn(const SchemaResource& resource, SchemaKeyword keyword);

// Appends "/name" to a JSON pointer.
void AppendPointer(std::string& path, std::string_view name);

// The documents of draft 2020-12's own metaschema, as they are published.
struct BundledSchema {
  std::string_view uri;
  const Json* json;
};
const std::vector<BundledSchema>& BundledSchemas();

}  // namespace atelier
