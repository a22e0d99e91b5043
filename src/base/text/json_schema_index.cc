#include "base/text/json_schema_index.h"

#include <algorithm>
#include <charconv>
#include <variant>

#include "base/text/uri.h"

namespace atelier {
namespace {

constexpr std::string_view kMetaschemas = "json-schema.org/draft/2020-12/";

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

}  // namespace

bool IsKnownIn(const SchemaResource& resource, SchemaKeyword keyword) {
  const SchemaKeywordFacts& facts = FactsOf(keyword);
  if (keyword == SchemaKeyword::kNullable) return !resource.names_draft;  // OpenAPI's word, not a draft's
  return resource.draft >= facts.since && resource.draft <= facts.until;
}

void AppendPointer(std::string& path, std::string_view name) {
  path += '/';
  for (const char c : name) {
    if (c == '~')
      path += "~0";
    else if (c == '/')
      path += "~1";
    else
      path += c;
  }
}

// One pass over what holds schemas; values of `enum`, `const` and unknown keywords are not looked into.
class SchemaIndex::Walk {
 public:
  explicit Walk(SchemaIndex& index) : index_(index) {}

  Result<void> Document(const Json& json, std::string_view uri, std::string_view path_prefix) {
    prefix_ = path_prefix;
    auto resource = std::make_unique<SchemaResource>();
    resource->root = {&json, static_cast<int>(index_.resources_.size()), prefix_};
    resource->uri = uri;
    index_.by_root_[&json] = resource->root.resource;
    index_.resources_.push_back(std::move(resource));
    const int place = static_cast<int>(index_.resources_.size()) - 1;
    TRY_VOID(Schema(json, place, true));
    Register(index_.by_uri_, index_.resource(place).uri, index_.resource(place).root);
    return {};
  }

  bool wants_metaschemas() const { return wants_metaschemas_; }

 private:
  using Segment = std::variant<std::string_view, size_t>;

  std::string Path() const {
    std::string path = prefix_;
    for (const Segment& segment : segments_) {
      const auto* name = std::get_if<std::string_view>(&segment);
      AppendPointer(path, name ? *name : std::string_view(std::to_string(std::get<size_t>(segment))));
    }
    return path;
  }

  static void Register(std::map<std::string, ByUri, std::less<>>& table, const std::string& uri,
                       const SchemaPlace& place) {
    const auto [found, is_new] = table.try_emplace(uri, ByUri{place});
    if (!is_new && found->second.place.json != place.json) found->second.is_ambiguous = true;
  }

  Result<void> Schema(const Json& schema, int resource, bool is_root = false) {
    if (!schema.is_object()) return {};
    if (segments_.size() > static_cast<size_t>(Json::kMaxDepth)) {
      return Error::TooLarge(prefix_, "got schemas nested over " + std::to_string(Json::kMaxDepth) + " deep");
    }
    if (is_root || HasName(schema)) {
      TRY(resource, Identify(schema, resource, is_root));
    }
    for (const JsonMember& member : schema.members()) {
      const auto keyword = FindSchemaKeyword(member.key);
      if (!keyword) continue;
      Note(*keyword, member.value);
      if (FactsOf(*keyword).shape == SchemaShape::kNone) continue;
      segments_.push_back(std::string_view(member.key));
      TRY_VOID(Inside(FactsOf(*keyword).shape, member.value, resource));
      segments_.pop_back();
    }
    return {};
  }

  Result<void> Inside(SchemaShape shape, const Json& value, int resource) {
    if (value.is_array() && (shape == SchemaShape::kSeveral || shape == SchemaShape::kEither)) {
      for (size_t i = 0; i < value.items().size(); ++i) {
        segments_.push_back(i);
        TRY_VOID(Schema(value.items()[i], resource));
        segments_.pop_back();
      }
    } else if (value.is_object() && (shape == SchemaShape::kNamed || shape == SchemaShape::kNamedAny)) {
      for (const JsonMember& member : value.members()) {
        segments_.push_back(std::string_view(member.key));
        TRY_VOID(Schema(member.value, resource));
        segments_.pop_back();
      }
    } else if (shape == SchemaShape::kOne || shape == SchemaShape::kEither) {
      TRY_VOID(Schema(value, resource));
    }
    return {};
  }

  // Whether a schema may have a name: `id`, `$id`, `$anchor`, … Most have none.
  static bool HasName(const Json& schema) {
    return std::ranges::any_of(schema.members(), [](const JsonMember& member) {
      const std::string_view key = member.key;
      return (key.starts_with('$') && key != "$ref") || key == "id";
    });
  }

  // What a keyword says about the document as a whole.
  void Note(SchemaKeyword keyword, const Json& value) {
    if (keyword == SchemaKeyword::kRecursiveRef) index_.dynamic_names_.emplace(kRecursive);
    if (!value.is_string() ||
        (keyword != SchemaKeyword::kRef && keyword != SchemaKeyword::kDynamicRef && keyword != SchemaKeyword::kId)) {
      return;
    }
    const std::string& text = value.AsString();
    if (text.find(kMetaschemas) != std::string::npos) wants_metaschemas_ = true;
    if (keyword != SchemaKeyword::kDynamicRef) return;
    const auto fragment = SplitFragment(text).fragment;
    if (fragment && !fragment->empty() && !fragment->starts_with('/')) index_.dynamic_names_.emplace(*fragment);
  }

  // Reads a schema's names. Returns the resource that it belongs to.
  Result<int> Identify(const Json& schema, int resource, bool is_root) {
    SchemaDraft draft = index_.resource(resource).draft;
    bool names_draft = index_.resource(resource).names_draft;
    if (const Json* uri = schema.Find("$schema");
        uri != nullptr && uri->is_string() && (is_root || schema.Has("$id"))) {
      const auto named = DraftOf(uri->AsString());
      if (!named) {
        return Error::Unsupported(
            Path() + "/$schema",
            "got " + Quoted(uri->AsString()) + ", which may give keywords any meaning; want a draft of JSON Schema");
      }
      names_draft = true;
      draft = *named;
    }
    if (is_root) {
      SchemaResource& root = *index_.resources_[static_cast<size_t>(resource)];
      root.draft = draft;
      root.names_draft = names_draft;
    }
    if (draft <= SchemaDraft::k7 && schema.Has("$ref") && !is_root) return resource;  // nothing counts beside it
    const std::string_view own = draft <= SchemaDraft::k4 ? "id" : "$id";
    const std::string_view other = draft <= SchemaDraft::k4 ? "$id" : "id";
    if (const Json* id = schema.Find(own); id != nullptr && id->is_string()) {
      resource = BeginResource(schema, id->AsString(), resource, is_root);
      SchemaResource& begun = *index_.resources_[static_cast<size_t>(resource)];
      if (begun.root.json == &schema) begun.draft = draft, begun.names_draft = names_draft;
    }
    if (const Json* id = schema.Find(other); id != nullptr && id->is_string()) {
      const std::string& text = id->AsString();
      if (text.starts_with('#'))
        AddAnchor(schema, text.substr(1), resource);
      else
        Register(index_.aliases_, ResolveUri(index_.resource(resource).uri, text), {&schema, resource, Path()});
    }
    if (draft >= SchemaDraft::k2019) AddAnchors(schema, resource);
    return resource;
  }

  int BeginResource(const Json& schema, const std::string& id, int parent, bool is_root) {
    const auto [uri, fragment] = SplitFragment(id);
    if (!uri.empty()) {
      const std::string resolved = ResolveUri(index_.resource(parent).uri, uri);
      if (is_root) {
        index_.resources_[static_cast<size_t>(parent)]->uri = resolved;
      } else {
        auto resource = std::make_unique<SchemaResource>();
        const int index = static_cast<int>(index_.resources_.size());
        resource->root = {&schema, index, Path()};
        resource->uri = resolved;
        index_.by_root_[&schema] = index;
        Register(index_.by_uri_, resolved, resource->root);
        index_.resources_.push_back(std::move(resource));
        parent = index;
      }
    }
    if (fragment && !fragment->empty() && !fragment->starts_with('/')) AddAnchor(schema, *fragment, parent);
    return parent;
  }

  void AddAnchors(const Json& schema, int resource) {
    if (const Json* name = schema.Find("$anchor"); name != nullptr && name->is_string()) {
      AddAnchor(schema, name->AsString(), resource);
    }
    auto& dynamic = index_.resources_[static_cast<size_t>(resource)]->dynamic_anchors;
    if (const Json* name = schema.Find("$dynamicAnchor"); name != nullptr && name->is_string()) {
      AddAnchor(schema, name->AsString(), resource);
      dynamic.try_emplace(name->AsString(), SchemaPlace{&schema, resource, Path()});
    }
    if (const Json* is_anchor = schema.Find("$recursiveAnchor");
        is_anchor != nullptr && is_anchor->is_bool() && is_anchor->AsBool()) {
      dynamic.try_emplace(std::string(kRecursive), SchemaPlace{&schema, resource, Path()});
    }
  }

  void AddAnchor(const Json& schema, std::string_view name, int resource) {
    auto& anchors = index_.resources_[static_cast<size_t>(resource)]->anchors;
    const auto [found, is_new] = anchors.try_emplace(std::string(name));
    if (is_new)
      found->second.place = {&schema, resource, Path()};
    else if (found->second.place.json != &schema)
      found->second.is_ambiguous = true;
  }

  SchemaIndex& index_;
  std::string prefix_;
  std::vector<Segment> segments_;
  bool wants_metaschemas_ = false;
};

Result<SchemaIndex> SchemaIndex::Make(const Json& document) {
  SchemaIndex index;
  Walk walk(index);
  TRY_VOID(walk.Document(document, "", "#"));
  if (!walk.wants_metaschemas()) return index;
  for (const BundledSchema& bundled : BundledSchemas()) {
    if (index.by_uri_.contains(bundled.uri)) continue;  // the document brings its own
    TRY_VOID(walk.Document(*bundled.json, bundled.uri, std::string(bundled.uri) + "#"));
  }
  return index;
}

bool SchemaIndex::IsAskedFor(std::string_view dynamic_name) const { return dynamic_names_.contains(dynamic_name); }

const SchemaResource* SchemaIndex::FindResource(int from, std::string_view uri) const {
  if (uri.empty()) return &resource(from);
  const auto found = by_uri_.find(ResolveUri(resource(from).uri, uri));
  return found == by_uri_.end() ? nullptr : &resource(found->second.place.resource);
}

Result<SchemaPlace> SchemaIndex::Resolve(int from, std::string_view reference) const {
  const auto [uri, fragment] = SplitFragment(reference);
  const SchemaResource* target = FindResource(from, uri);
  if (target == nullptr) {
    const auto alias = aliases_.find(ResolveUri(resource(from).uri, uri));
    if (alias != aliases_.end() && !alias->second.is_ambiguous && fragment.value_or("").empty()) {
      return alias->second.place;
    }
    return Error::Unsupported("",
                              "got " + Quoted(reference) + ", which is another document; want a schema of this one");
  }
  if (const auto named = by_uri_.find(target->uri);
      !uri.empty() && named != by_uri_.end() && named->second.is_ambiguous) {
    return Error::Invalid("", "got " + Quoted(reference) + ", which is the id of two schemas");
  }
  const auto decoded = DecodeUriFragment(fragment.value_or(""));
  if (!decoded) return Error::Invalid("", "got " + Quoted(reference) + ", want a fragment with well formed percents");
  if (decoded->empty()) return target->root;
  if (decoded->starts_with('/')) {
    auto place = FollowPointer(*target, *decoded);
    if (!place.ok()) return Error::Invalid("", "got " + Quoted(reference) + ", " + place.error().what);
    return place;
  }
  const auto anchor = target->anchors.find(*decoded);
  if (anchor == target->anchors.end()) {
    return Error::Invalid("", "got " + Quoted(reference) + ", but no schema here has that anchor");
  }
  if (anchor->second.is_ambiguous) {
    return Error::Invalid("", "got " + Quoted(reference) + ", which is the anchor of two schemas");
  }
  return anchor->second.place;
}

Result<SchemaPlace> SchemaIndex::FollowPointer(const SchemaResource& start, std::string_view pointer) const {
  SchemaPlace place = start.root;
  while (!pointer.empty()) {
    const std::string_view raw = pointer.substr(1, pointer.find('/', 1) - 1);
    pointer.remove_prefix(raw.size() + 1);
    std::string name;
    for (size_t i = 0; i < raw.size(); ++i) {
      const bool escaped = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
      name += !escaped ? raw[i] : raw[i + 1] == '0' ? '~' : '/';
      if (escaped) ++i;
    }
    const Json* next = place.json->Find(name);
    if (place.json->is_array()) {
      size_t index = 0;
      const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), index);
      const bool is_index = status == std::errc() && end == name.data() + name.size();
      if (is_index && index < place.json->items().size()) next = &place.json->items()[index];
    }
    if (next == nullptr)
      return Error::Invalid("", "but there is nothing at " + place.path + " by the name " + Quoted(name));
    AppendPointer(place.path, name);
    place.json = next;
    place.resource = ResourceOf(next, place.resource);
  }
  return place;
}

}  // namespace atelier
