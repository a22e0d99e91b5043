// What a request says the output must be: OpenAI's response_format, vLLM's structured_outputs and the guided_* before
// it, llama-server's grammar and json_schema. At most one of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"
#include "provider/language_model.h"

namespace atelier {

struct JsonSchemaFormat {
  std::string name, description;
  Json schema;
  std::optional<bool> strict;  // a schema is kept with or without
  static Fields Describe();
};

struct ResponseFormat {
  std::string type;
  std::optional<JsonSchemaFormat> json_schema;
  Json schema;                        // llama-server's place for it, beside json_object
  Json format, structures, triggers;  // of a structural tag
  static Fields Describe();
};

struct StructuredOutputs {
  Json json;  // a schema, or its text
  std::optional<std::string> regex, grammar, whitespace_pattern;
  Json structural_tag;  // or its text
  std::optional<std::vector<std::string>> choice;
  bool json_object = false;
  bool disable_any_whitespace = false, disable_additional_properties = false;
  std::optional<bool> prefer_closing;  // none: as the engine is configured
  static Fields Describe();
};

struct OutputBody {
  std::optional<ResponseFormat> response_format;
  std::optional<StructuredOutputs> structured_outputs;
  Json guided_json;
  std::optional<std::string> guided_regex, guided_grammar;
  std::optional<std::vector<std::string>> guided_choice;
  std::optional<std::string> grammar;
  Json json_schema;
  static Fields Describe();

  // Nothing: any text. Errors name the parameter; schemas are read later.
  Result<std::optional<GrammarSpec>> Spec() const;
};

}  // namespace atelier
