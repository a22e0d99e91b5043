#include "agent/tools/openapi_document.h"

#include <algorithm>
#include <charconv>

#include "base/net/http.h"
#include "base/text/unicode.h"
#include "base/yaml/yaml.h"

namespace atelier {
namespace {

constexpr int kMaxYamlValues = 3'000'000;  // GitHub's description has 700,000
constexpr size_t kMaxOperations = 5'000;   // GitHub's has 1,100
constexpr int kMaxReferences = 16;         // in a row
constexpr std::string_view kMethods[] = {"get", "put", "post", "delete", "head", "patch"};

std::string TextOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr && value->is_string() ? value->AsString() : std::string();
}
bool IsTrue(const Json& object, const char* key, bool otherwise = false) {
  const Json* value = object.Find(key);
  return value != nullptr && value->is_bool() ? value->AsBool() : otherwise;
}

// "~1" is '/', "~0" is '~'.   [RFC 6901]
std::string Unescaped(std::string_view part) {
  std::string text;
  for (size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
    text += !escape ? part[i] : part[i + 1] == '1' ? '/' : '~';
    i += escape ? 1 : 0;
  }
  return text;
}

// The operations of one document, one after the other.
class Reader {
 public:
  explicit Reader(ApiDocument& document) : document_(document), root_(document.root) {}

  Result<void> Read() {
    TRY_VOID(CheckVersion());
    TRY_VOID(ReadSchemes());
    const Json& paths = root_["paths"];
    if (paths.is_null()) return {};  // 3.1 allows a document of components or webhooks alone
    if (!paths.is_object()) return Error::Invalid("paths", "got " + std::string(paths.TypeName()) + ", want an object");
    for (const JsonMember& member : paths.members()) {
      if (!member.key.starts_with('/')) continue;  // "x-…"
      if (Result<void> read = ReadPath(member.key, member.value); !read) {
        return std::move(read).error().Under("paths: " + member.key);
      }
    }
    return {};
  }

 private:
  Result<void> CheckVersion() {
    if (!root_.is_object()) return Error::Invalid("", "got " + std::string(root_.TypeName()) + ", want an object");
    if (root_.Has("swagger")) {
      return Error::Unsupported("swagger", "got Swagger " + root_["swagger"].Dump() + ", want OpenAPI 3.0 or 3.1");
    }
    const std::string version = TextOf(root_, "openapi");
    if (version.starts_with("3.0.") || version.starts_with("3.1.") || version == "3.0" || version == "3.1") return {};
    return Error::Unsupported("openapi", "got " + root_["openapi"].Dump() + ", want 3.0 or 3.1");
  }

  // What `node` is, references followed.
  Result<const Json*> Deref(const Json& node) {
    const Json* at = &node;
    for (int i = 0; i < kMaxReferences; ++i) {
      const Json* reference = at->Find("$ref");
      if (reference == nullptr || !reference->is_string()) return at;
      TRY(at, FollowReference(root_, reference->AsString()));
    }
    return Error::Invalid("$ref", "got references that lead to each other");
  }

  Result<void> ReadSchemes() {
    const Json& schemes = root_["components"]["securitySchemes"];
    if (!schemes.is_object()) return {};
    for (const JsonMember& member : schemes.members()) {
      TRY(const Json* const scheme, Deref(member.value));
      const std::string type = TextOf(*scheme, "type"), in = TextOf(*scheme, "in");
      ApiKeyPlace place;
      if (type == "apiKey") {
        place.name = TextOf(*scheme, "name");
        place.kind = in == "query"    ? ApiKeyPlace::Kind::kQuery
                     : in == "cookie" ? ApiKeyPlace::Kind::kCookie
                                      : ApiKeyPlace::Kind::kHeader;
      } else if (type == "http") {
        const std::string how = LowerCase(TextOf(*scheme, "scheme"));
        if (how != "bearer" && how != "basic") continue;
        place.kind = how == "basic" ? ApiKeyPlace::Kind::kBasic : ApiKeyPlace::Kind::kBearer;
      } else if (type == "oauth2" || type == "openIdConnect") {
        place.kind = ApiKeyPlace::Kind::kBearer;  // with a token that somebody has got
      } else {
        continue;
      }
      document_.schemes.emplace(member.key, std::move(place));
    }
    return {};
  }

  Result<void> ReadPath(const std::string& path, const Json& node) {
    TRY(const Json* const item, Deref(node));
    for (const std::string_view method : kMethods) {
      const Json* operation = item->Find(method);
      if (operation == nullptr || !operation->is_object()) continue;
      if (document_.operations.size() >= kMaxOperations) {
        return Error::Unsupported("", "got more than " + std::to_string(kMaxOperations) + " operations");
      }
      ApiOperation read;
      read.method = std::string(method);
      for (char& c : read.method) c = static_cast<char>(c - 'a' + 'A');
      read.path = path;
      if (Result<void> done = ReadOperation(*item, *operation, read); !done) {
        return std::move(done).error().Under(method);
      }
      if (usable_) document_.operations.push_back(std::move(read));
    }
    return {};
  }

  Result<void> ReadOperation(const Json& item, const Json& node, ApiOperation& operation) {
    usable_ = true;
    operation.id = TextOf(node, "operationId");
    operation.summary = TextOf(node, "summary");
    operation.description = TextOf(node, "description");
    if (operation.summary.empty()) operation.summary = TextOf(item, "summary");
    // The operation's own come first and stand for the path's of the same name.
    for (const Json* list : {&node["parameters"], &item["parameters"]}) {
      for (int64_t i = 0; list->is_array() && i < list->size(); ++i) {
        if (Result<void> read = ReadParameter((*list)[i], operation.parameters); !read) {
          return std::move(read).error().Under("parameters[" + std::to_string(i) + "]");
        }
      }
    }
    if (const Json* body = node.Find("requestBody")) {
      if (Result<void> read = ReadBody(*body, operation.body); !read)
        return std::move(read).error().Under("requestBody");
    }
    const Json* security = node.Find("security");
    ReadSecurity(security != nullptr ? *security : root_["security"], operation);
    operation.server = ServerOf(node, item);
    return {};
  }

  Result<void> ReadParameter(const Json& node, std::vector<ApiParameter>& parameters) {
    using In = ApiParameter::In;
    TRY(const Json* const json, Deref(node));
    ApiParameter parameter;
    parameter.name = TextOf(*json, "name");
    const std::string in = TextOf(*json, "in");
    if (in != "path" && in != "query" && in != "header" && in != "cookie") {
      return Error::Invalid("in", "got " + (*json)["in"].Dump() + ", want path, query, header or cookie");
    }
    if (parameter.name.empty()) return Error::Invalid("name", "got none");
    parameter.in = in == "path" ? In::kPath : in == "query" ? In::kQuery : in == "header" ? In::kHeader : In::kCookie;
    const auto same = [&](const ApiParameter& other) {
      return other.name == parameter.name && other.in == parameter.in;
    };
    if (std::any_of(parameters.begin(), parameters.end(), same)) return {};
    // These three are said by other means, and are to be ignored here.
    const std::string lower = LowerCase(parameter.name);
    if (in == "header" && (lower == "accept" || lower == "content-type" || lower == "authorization")) return {};
    TRY(parameter.style, StyleOf(*json, parameter.in));
    parameter.explode = IsTrue(*json, "explode", parameter.style == ApiParameter::Style::kForm);
    parameter.allow_reserved = IsTrue(*json, "allowReserved");
    parameter.required = IsTrue(*json, "required") || parameter.in == In::kPath;
    parameter.description = TextOf(*json, "description");
    parameter.schema = json->Find("schema");
    if (const Json& content = (*json)["content"]; content.is_object() && !content.empty()) {
      parameter.as_json = true;
      parameter.schema = content.members().front().value.Find("schema");
    }
    parameters.push_back(std::move(parameter));
    return {};
  }

  static Result<ApiParameter::Style> StyleOf(const Json& json, ApiParameter::In in) {
    using Style = ApiParameter::Style;
    using In = ApiParameter::In;
    const std::string style = TextOf(json, "style");
    if (style.empty()) return in == In::kPath || in == In::kHeader ? Style::kSimple : Style::kForm;
    if (style == "simple" && (in == In::kPath || in == In::kHeader)) return Style::kSimple;
    if (style == "form" && (in == In::kQuery || in == In::kCookie)) return Style::kForm;
    if (style == "label" && in == In::kPath) return Style::kLabel;
    if (style == "matrix" && in == In::kPath) return Style::kMatrix;
    if (style == "spaceDelimited" && in == In::kQuery) return Style::kSpaceDelimited;
    if (style == "pipeDelimited" && in == In::kQuery) return Style::kPipeDelimited;
    if (style == "deepObject" && in == In::kQuery) return Style::kDeepObject;
    return Error::Invalid("style", "got '" + style.substr(0, 60) + "', want one that OpenAPI has for that place");
  }

  // Of several media types the one that says most: JSON, forms, text. An operation that needs another is left out.
  Result<void> ReadBody(const Json& node, ApiBody& body) {
    using Kind = ApiBody::Kind;
    TRY(const Json* const json, Deref(node));
    body.required = IsTrue(*json, "required");
    body.description = TextOf(*json, "description");
    const Json& content = (*json)["content"];
    if (!content.is_object()) return Error::Invalid("content", "got none, want media types");
    for (const JsonMember& member : content.members()) {
      const std::string type = LowerCase(Trim(std::string_view(member.key).substr(0, member.key.find(';'))));
      const Kind kind = type == "application/json" || type.ends_with("+json") || type == "*/*" ? Kind::kJson
                        : type == "application/x-www-form-urlencoded"                          ? Kind::kForm
                        : type == "multipart/form-data"                                        ? Kind::kMultipart
                        : type.starts_with("text/")                                            ? Kind::kText
                                                                                               : Kind::kNone;
      if (kind == Kind::kNone || (body.kind != Kind::kNone && body.kind <= kind)) continue;
      body.kind = kind;
      body.media_type = type == "*/*" ? "application/json" : type;
      body.schema = member.value.Find("schema");
      body.encoding = member.value.Find("encoding");
    }
    usable_ = body.kind != Kind::kNone || !body.required;
    return {};
  }

  static void ReadSecurity(const Json& list, ApiOperation& operation) {
    for (int64_t i = 0; list.is_array() && i < list.size(); ++i) {
      std::vector<std::string> names;
      if (!list[i].is_object()) continue;
      for (const JsonMember& member : list[i].members()) names.push_back(member.key);
      operation.security.push_back(std::move(names));
    }
  }

  std::string ServerOf(const Json& node, const Json& item) const {
    const Json* servers = &node["servers"];
    if (!servers->is_array() || servers->empty()) servers = &item["servers"];
    if (!servers->is_array() || servers->empty()) servers = &root_["servers"];
    if (!servers->is_array() || servers->empty()) return {};
    const Json& server = (*servers)[0];
    std::string url = TextOf(server, "url");
    const Json& variables = server["variables"];
    if (!variables.is_object()) return url;
    for (const JsonMember& variable : variables.members()) {
      const std::string name = "{" + variable.key + "}", value = TextOf(variable.value, "default");
      for (size_t at = 0; (at = url.find(name, at)) != std::string::npos; at += value.size()) {
        url.replace(at, name.size(), value);
        if (url.size() > 8'000) return {};
      }
    }
    return url;
  }

  ApiDocument& document_;
  const Json& root_;
  bool usable_ = true;  // the operation last read
};

}  // namespace

const ApiParameter* IdempotencyParameter(const ApiOperation& operation) {
  for (const ApiParameter& parameter : operation.parameters) {
    if (parameter.in == ApiParameter::In::kHeader && LowerCase(parameter.name) == "idempotency-key") return &parameter;
  }
  return nullptr;
}

Result<const Json*> FollowReference(const Json& root, std::string_view reference) {
  const std::string shown(reference.substr(0, 200));
  if (!reference.starts_with('#')) {
    return Error::Unsupported("$ref", "got '" + shown + "', want one within the document");
  }
  const std::string pointer = PercentDecode(reference.substr(1), false);
  const Json* at = &root;
  for (size_t begin = 1; begin <= pointer.size();) {
    const size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string part = Unescaped(std::string_view(pointer).substr(begin, end - begin));
    begin = end + 1;
    if (at->is_array()) {
      size_t index = 0;
      const auto [rest, code] = std::from_chars(part.data(), part.data() + part.size(), index);
      const bool there =
          code == std::errc() && rest == part.data() + part.size() && index < static_cast<size_t>(at->size());
      at = there ? &(*at)[index] : nullptr;
    } else {
      at = at->Find(part);
    }
    if (at == nullptr) return Error::Invalid("$ref", "got '" + shown + "', where nothing is");
  }
  return at;
}

Result<ApiDocument> ApiDocument::Parse(std::string_view text) {
  ApiDocument document;
  if (TrimLeft(text).starts_with('{')) {
    TRY(document.root, Json::Parse(text));
  } else {
    TRY(YamlDocument yaml, ParseYaml(text, kMaxYamlValues));
    document.root = std::move(yaml.json);
  }
  // What the operations point at must not move: members of an object stay where they are when the object moves.
  TRY_VOID(Reader(document).Read());
  return document;
}

}  // namespace atelier
