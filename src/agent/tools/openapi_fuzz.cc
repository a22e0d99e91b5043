// An OpenAPI document of a stranger's, and the calls made from it: the document ends at the first NUL, and what follows
// is the JSON text of arguments that a model might give. No call leaves the server's address and the path's folder, and
// each tool's parameters are a schema that a validator takes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "agent/tools/openapi_request.h"
#include "agent/tools/openapi_schema.h"
#include "base/net/http_client.h"
#include "base/text/json_schema.h"

namespace atelier {
namespace {

constexpr size_t kMostOperations = 8;  // of a document that repeats itself

bool HasDotSegment(std::string_view path) {
  const std::string whole = std::string(path.substr(0, path.find('?'))) + "/";
  return whole.find("/../") != std::string::npos || whole.find("/./") != std::string::npos;
}

void CheckTarget(const ApiOperation& operation, const std::string& text) {
  const Result<Url> url = Url::Parse(text);
  if (!url.ok()) return;  // the client refuses it
  CHECK(url->host == "api.example" && url->port == 443);
  CHECK(HasDotSegment(operation.path) || !HasDotSegment(url->target));
}

// The same value for every argument.
Json ArgumentsWith(const ApiArguments& names, const Json& value) {
  Json arguments = Json::Object({});
  for (const ApiArgument& argument : names.arguments) arguments.Set(argument.key, value);
  if (!names.body_key.empty()) arguments.Set(names.body_key, value);
  return arguments;
}

void CallAll(const ApiDocument& document, const Json& given) {
  const ApiTarget target{"https://api.example/v1", {}, "key"};
  const Json texts[] = {Json("."), Json("../x?y#z\r\nA: b"), Json::Array({".", ".."}),
                        Json::Object({{"a", "/.."}, {"", ""}})};
  for (size_t i = 0; i < std::min(document.operations.size(), kMostOperations); ++i) {
    const ApiOperation& operation = document.operations[i];
    const ApiArguments names = ArgumentsOf(document, operation);
    CHECK(SchemaDocument::Parse(names.schema).ok());
    (void)IdempotencyParameter(operation);
    std::vector<Json> calls{given, ArgumentsWith(names, given)};
    for (const Json& text : texts) calls.push_back(ArgumentsWith(names, text));
    for (const Json& call : calls) {
      const Result<AsyncRequest> request = BuildApiRequest(operation, names, target, call);
      if (request.ok()) CheckTarget(operation, request->url);
    }
  }
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  const Result<ApiDocument> document = ApiDocument::Parse(input.substr(0, end));
  if (!document.ok()) return 0;
  const Result<Json> arguments = Json::Parse(input.substr(std::min(end + 1, input.size())));
  CallAll(*document, arguments.ok() && arguments->is_object() ? *arguments : Json::Object({}));
  return 0;
}
