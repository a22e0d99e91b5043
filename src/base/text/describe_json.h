// Walkers between described structs (describe.h) and JSON: read, write, and say what may be written.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

struct ReadOptions {
  bool refuse_unknown = true;                   // else unknown keys are listed in `unknown`
  std::vector<std::string>* unknown = nullptr;  // "path.key; did you mean 'other'?"
};

// Fills `object` from `json`. null stands for an absent value wherever the field is not required. Errors carry the
// path of the culprit in `where` and one of the codes invalid_type, invalid_value, missing_required_parameter,
// unknown_parameter, unsupported_parameter. On error the object is partly filled.
Result<void> ReadFields(const Json& json, Fields fields, void* object, const ReadOptions& options = {});

template <Described T>
Result<T> ReadJson(const Json& json, const ReadOptions& options = {}) {
  T object;
  TRY_VOID(ReadFields(json, T::Describe(), &object, options));
  return object;
}

// Honoured fields in their order; empty optionals are left out or null, as the row says.
Json WriteFields(Fields fields, void* object);

template <Described T>
Json WriteJson(const T& object) {
  return WriteFields(T::Describe(), const_cast<T*>(&object));  // the writer only reads
}

// The JSON Schema (as OpenAPI 3.1 embeds it) of what ReadFields accepts.
Json SchemaOf(Fields fields, void* default_object);

template <Described T>
Json JsonSchema() {
  T object;
  return SchemaOf(T::Describe(), &object);
}

}  // namespace atelier
