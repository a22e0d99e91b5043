// An OpenAPI 3.0 or 3.1 document as the list of operations that it describes.   [spec.openapis.org/oas/v3.1.1]
//
// References within the document are followed; one that leads out of it is an error that names it. Schemas are not
// judged here: openapi_schema.h makes of each what a tool's parameters say.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier {

struct ApiParameter {
  enum class In { kPath, kQuery, kHeader, kCookie };
  enum class Style { kSimple, kLabel, kMatrix, kForm, kSpaceDelimited, kPipeDelimited, kDeepObject };
  std::string name;
  In in = In::kQuery;
  Style style = Style::kForm;
  bool explode = true;
  bool allow_reserved = false;  // of a query's value
  bool as_json = false;         // said by `content`: the value is JSON text
  bool required = false;
  std::string description;
  const Json* schema = nullptr;  // null: any value
};

struct ApiBody {
  enum class Kind { kNone, kJson, kForm, kMultipart, kText };
  Kind kind = Kind::kNone;
  std::string media_type;
  bool required = false;
  std::string description;
  const Json* schema = nullptr;
  const Json* encoding = nullptr;  // of a form's fields; may be null
};

struct ApiKeyPlace {
  enum class Kind { kHeader, kQuery, kCookie, kBearer, kBasic };
  Kind kind = Kind::kHeader;
  std::string name;  // of the header, parameter or cookie
};

struct ApiOperation {
  std::string id;      // operationId; may be empty
  std::string method;  // "GET"
  std::string path;    // "/pets/{petId}"
  std::string summary, description;
  std::vector<ApiParameter> parameters;
  ApiBody body;
  // Each a set of names of schemes that suffices; none: nothing is needed.
  std::vector<std::vector<std::string>> security;
  std::string server;  // with its variables filled in; may be relative; empty: none is told
};

struct ApiDocument {
  Json root;  // the pointers above and below point into it
  std::vector<ApiOperation> operations;
  std::map<std::string, ApiKeyPlace> schemes;  // those that a key alone satisfies: no mutual TLS

  // JSON or YAML. Errors: kInvalid with the place in the document; kUnsupported: Swagger 2.0, references to other
  // documents, more than 5,000 operations.
  static Result<ApiDocument> Parse(std::string_view text);
};

// The header parameter Idempotency-Key, which the runtime fills in; null: the operation has none.
const ApiParameter* IdempotencyParameter(const ApiOperation& operation);

// What `reference` ("#/components/schemas/Pet") leads to. Errors: kInvalid (nothing is there), kUnsupported
// (elsewhere).
Result<const Json*> FollowReference(const Json& root, std::string_view reference);

}  // namespace atelier
