#include "knowledge/remote/store_search.h"

#include <cmath>
#include <utility>

namespace atelier {
namespace {

using Kind = AskedFilter::Kind;
using Op = Filter::Op;

constexpr size_t kMaxNameBytes = 1024;  // of a file's id or name
constexpr int64_t kMaxAttributes = 64;

Error Wrong(std::string where, const Json& got, std::string_view want) {
  const std::string type = got.is_null() ? "nothing" : std::string(got.TypeName());
  return Error::Unavailable(std::move(where), "got " + type + ", want " + std::string(want));
}

Result<AskedFilter> Joined(const Filter& filter) {
  const bool all_of = filter.op == Op::kAnd;
  const Kind neutral = all_of ? Kind::kAll : Kind::kNothing;
  Json parts = Json::Array();
  for (const Filter& part : filter.parts) {
    TRY(AskedFilter asked, AskedFilterOf(part));
    if (asked.kind == neutral) continue;
    if (asked.kind != Kind::kSome) return asked;  // it alone decides
    parts.Push(std::move(asked.json));
  }
  if (parts.size() == 0) return AskedFilter{neutral, Json()};
  if (parts.size() == 1) return AskedFilter{Kind::kSome, parts[0]};
  Json json = Json::Object({{"type", all_of ? "and" : "or"}});
  json.Set("filters", std::move(parts));
  return AskedFilter{Kind::kSome, std::move(json)};
}

Result<std::string> Name(const Json& hit, std::string_view key, const std::string& where) {
  const Json& name = hit[key];
  if (!name.is_string() || name.AsString().empty()) return Wrong(where + "." + std::string(key), name, "a text");
  if (name.AsString().size() > kMaxNameBytes) {
    return Error::Unavailable(
        where + "." + std::string(key),
        "got " + std::to_string(name.AsString().size()) + " bytes, want at most " + std::to_string(kMaxNameBytes));
  }
  return std::string(name.AsString());
}

Result<Json> Attributes(const Json& hit, const std::string& where) {
  const Json& given = hit["attributes"];
  Json attributes = Json::Object();
  if (given.is_null()) return attributes;
  if (!given.is_object()) return Wrong(where + ".attributes", given, "an object");
  if (given.size() > kMaxAttributes) {
    return Error::Unavailable(where + ".attributes", "got " + std::to_string(given.size()) + ", want at most " +
                                                         std::to_string(kMaxAttributes));
  }
  for (const JsonMember& member : given.members()) {
    const Json& value = member.value;
    // Names of ours are nobody else's to give.
    if (member.key.empty() || member.key[0] == '@' || member.key[0] == '$') continue;
    if (value.is_string() || value.is_number() || value.is_bool()) attributes.Set(member.key, value);
  }
  return attributes;
}

}  // namespace

Result<AskedFilter> AskedFilterOf(const Filter& filter) {
  switch (filter.op) {
    case Op::kAll: return AskedFilter{};
    case Op::kAnd:
    case Op::kOr: return Joined(filter);
    case Op::kNot: return Error::Unsupported("filter", "got \"not\", which vector stores elsewhere do not know");
    case Op::kGlob:
      return Error::Unsupported("filter",
                                "got a glob over '" + filter.key + "', which vector stores elsewhere do not know");
    case Op::kIn:
    case Op::kNin:
      if (filter.values.empty()) return AskedFilter{filter.op == Op::kIn ? Kind::kNothing : Kind::kAll, Json()};
      break;
    default: break;
  }
  if (filter.key.starts_with('@') || filter.key.starts_with('$')) {
    return Error::Unsupported("filter", "got '" + filter.key + "', which only documents on this machine have");
  }
  return AskedFilter{Kind::kSome, WriteFilter(filter)};
}

Result<std::vector<StoreHit>> ReadSearchPage(const Json& page, size_t max_hits) {
  const Json& data = page["data"];
  if (!data.is_array()) return Wrong("data", data, "an array of results");
  std::vector<StoreHit> hits;
  for (int64_t i = 0; i < data.size(); ++i) {
    const std::string where = "data[" + std::to_string(i) + "]";
    const Json& result = data[i];
    if (!result.is_object()) return Wrong(where, result, "an object");
    StoreHit hit;
    TRY(hit.file_id, Name(result, "file_id", where));
    TRY(hit.filename, Name(result, "filename", where));
    TRY(hit.attributes, Attributes(result, where));
    const Json& score = result["score"];
    if (!score.is_number()) return Wrong(where + ".score", score, "a number");
    if (!std::isfinite(score.AsDouble())) return Wrong(where + ".score", score, "a number that is finite");
    hit.score = score.AsDouble();
    const Json& content = result["content"];
    if (!content.is_array()) return Wrong(where + ".content", content, "an array of texts");
    for (int64_t k = 0; k < content.size(); ++k) {
      const Json& text = content[k]["text"];
      if (content[k]["type"] != Json("text")) continue;
      if (!text.is_string()) return Wrong(where + ".content[" + std::to_string(k) + "].text", text, "a text");
      if (text.AsString().empty() || hits.size() >= max_hits) continue;
      hit.text = text.AsString();
      hits.push_back(hit);
    }
  }
  return hits;
}

}  // namespace atelier
