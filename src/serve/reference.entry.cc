// /openapi.json and /reference: what every resource takes, from the same rows that read it.        [OpenAPI 3.1]
#include "serve/resource.h"

namespace atelier {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// OpenAPI knows no "rest of the path".
std::string PathOf(std::string_view pattern) {
  std::string path(pattern);
  if (const size_t dots = path.find("...}"); dots != std::string::npos) path.erase(dots, 3);
  return path;
}

Json Operation(const RouteSpec& route) {
  Json operation = Json::Object({{"summary", route.summary}});
  if (route.body_schema != nullptr) {
    Json media = Json::Object({{"schema", route.body_schema()}});
    operation.Set("requestBody", Json::Object({{"required", true},
                                               {"content", Json::Object({{"application/json", std::move(media)}})}}));
  }
  if (const size_t open = route.pattern.find('{'); open != std::string_view::npos) {
    const std::string_view name = route.pattern.substr(open + 1, route.pattern.find_first_of(".}", open) - open - 1);
    operation.Set(
        "parameters",
        Json::Array({Json::Object(
            {{"name", name}, {"in", "path"}, {"required", true}, {"schema", Json::Object({{"type", "string"}})}})}));
  }
  Json error = Json::Object({{"description", "An error in OpenAI's shape"}});
  operation.Set("responses",
                Json::Object({{"200", Json::Object({{"description", "The answer"}})}, {"4XX", std::move(error)}}));
  return operation;
}

Json OpenApiDocument() {
  Json paths = Json::Object();
  for (const Resource* resource : Resources()) {
    for (const RouteSpec& route : resource->routes) {
      const std::string path = PathOf(route.pattern);
      if (!paths.Has(path)) paths.Set(path, Json::Object());
      paths.Find(path)->Set(Lower(route.method), Operation(route));
    }
  }
  Json document = Json::Object(
      {{"openapi", "3.1.0"}, {"info", Json::Object({{"title", "Atelier"}, {"version", ATELIER_VERSION}})}});
  document.Set("paths", std::move(paths));
  return document;
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

// "number, 0 to 2", "array of string".
std::string TypeText(const Json& schema) {
  if (const Json* either = schema.Find("anyOf")) return TypeText((*either)[0]) + ", or " + TypeText((*either)[1]);
  if (schema["enum"].is_array()) {
    std::string names;
    for (const Json& name : schema["enum"].items()) names += (names.empty() ? "" : " | ") + name.AsString();
    return names;
  }
  std::string type = schema["type"].is_string() ? schema["type"].AsString() : "any";
  if (type == "array") type += " of " + TypeText(schema["items"]);
  const Json &low = schema["minimum"], &high = schema["maximum"];
  if (low.is_number() && high.is_number()) type += ", " + low.Dump() + " to " + high.Dump();
  return type;
}

std::string Row(const std::string& name, const Json& field) {
  const bool unsupported = field.Has("x-unsupported"), ignored = field.Has("x-ignored");
  const std::string_view fate = unsupported ? "refused" : ignored ? "accepted, no effect" : "honoured";
  const std::string_view style = unsupported ? "no" : ignored ? "dim" : "";
  return "<tr class=\"" + std::string(style) + "\"><td><code>" + Escaped(name) + "</code></td><td>" +
         (unsupported || ignored ? "" : Escaped(TypeText(field))) + "</td><td>" + std::string(fate) + "</td><td>" +
         Escaped(field["description"].AsString()) + "</td></tr>\n";
}

// One row a parameter, and under it those within it: "stream_options.include_usage", "messages[].role".
std::string Rows(const Json& schema, const std::string& within = {}) {
  std::string rows;
  for (const JsonMember& member : schema["properties"].members()) {
    const std::string name = within + member.key;
    rows += Row(name, member.value);
    if (member.value["properties"].is_object()) rows += Rows(member.value, name + ".");
    const Json& items = member.value["items"];
    if (items.is_object() && items["properties"].is_object()) rows += Rows(items, name + "[].");
  }
  return rows;
}

constexpr std::string_view kHead = R"(<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Atelier: API reference</title>
<style>:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2{font-family:Georgia,serif;font-weight:600}table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0}
td,th{border-top:1px solid color-mix(in srgb,currentColor 15%,transparent)}
.no td{opacity:.6}.dim td{opacity:.75}a{color:#b4552d}</style>
<h1>API reference</h1><p><a href="/">Home</a> · <a href="/openapi.json">OpenAPI</a>. A parameter is honoured, accepted
without effect, or refused with 400 <code>unsupported_parameter</code>; one that is not listed is refused with 400
<code>unknown_parameter</code> and the nearest name.</p>
)";

Task<HttpResponse> OpenApi(HttpRequest /*http*/, App& /*app*/) { co_return JsonResponse(OpenApiDocument()); }

Task<HttpResponse> Reference(HttpRequest /*http*/, App& /*app*/) {
  std::string page(kHead);
  for (const Resource* resource : Resources()) {
    for (const RouteSpec& route : resource->routes) {
      page += "<h2>" + std::string(route.method) + " " + Escaped(route.pattern) + "</h2><p>" + Escaped(route.summary) +
              ".</p>\n";
      if (route.body_schema == nullptr) continue;
      page += "<table><tr><th>parameter</th><th>type</th><th>fate</th><th>meaning</th></tr>\n" +
              Rows(route.body_schema()) + "</table>\n";
    }
  }
  co_return HttpResponse::Of(200, "text/html; charset=utf-8", std::move(page));
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/openapi.json", "This interface as an OpenAPI document", OpenApi, nullptr, true},
    {"GET", "/reference", "This interface as a page", Reference, nullptr, true},
};

}  // namespace

extern const Resource resource_reference{kRoutes};

}  // namespace atelier
