// The parameters of a tool that stands for an operation: one object with a property for each parameter, and "body".
#pragma once

#include <string>
#include <vector>

#include "agent/tools/openapi_document.h"

namespace atelier {

// Which argument is which parameter.
struct ApiArgument {
  std::string key;       // of the tool's argument: [A-Za-z0-9_.-]{1,64}, unique
  size_t parameter = 0;  // of ApiOperation::parameters
};

struct ApiArguments {
  Json schema;
  std::vector<ApiArgument> arguments;
  std::string body_key;  // empty: the operation takes none
};

// What is referred to goes into "$defs", as far as kMaxSchemaBytes reach: beyond, schemas are left open and the server
// checks. Keywords that no validator reads (examples, xml, "x-…") are dropped. A schema that is none is left open too.
inline constexpr size_t kMaxSchemaBytes = 24 << 10;  // some 6,000 tokens
ApiArguments ArgumentsOf(const ApiDocument& document, const ApiOperation& operation);

}  // namespace atelier
