// Reads a vocabulary from tokenizer.json, the format of the PyPI package `tokenizers`, version "1.0".
//
//   { version, added_tokens: [{id, content, special, …}], normalizer, pre_tokenizer, post_processor, decoder, model }
//
// Each part has a "type"; a type that is not known here is an error that names it. "truncation" and "padding" are
// left to the caller. tokenizer_config.json, where given, says which tokens have a role (bos_token, …).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/json.h"
#include "model/tokenizer/spec.h"

namespace atelier {

Result<TokenizerSpec> ReadJsonSpec(std::string_view tokenizer_json, std::string_view tokenizer_config_json);

// A part of the document with the path to it, for errors.
struct JsonPart {
  const Json& json;
  std::string path;

  JsonPart operator[](std::string_view key) const { return {json[key], path + "." + std::string(key)}; }
  JsonPart operator[](size_t index) const { return {json[index], path + "[" + std::to_string(index) + "]"}; }
  // The member's value, or `fallback` where it is absent or null; another type is an error.
  Result<bool> Flag(std::string_view key, bool fallback) const;
  Result<int64_t> Integer(std::string_view key, int64_t fallback) const;
  Result<std::string> Text(std::string_view key, std::string_view fallback) const;
  Error Wrong(std::string_view want) const {
    return Error::Invalid(path, "got " + std::string(json.TypeName()) + ", want " + std::string(want));
  }
};

// Each adds to `spec` what its part of the document says; null adds nothing.
Result<void> ReadJsonNormalizer(const JsonPart& part, TokenizerSpec& spec);
Result<void> ReadJsonPreTokenizer(const JsonPart& part, TokenizerSpec& spec);
Result<void> ReadJsonDecoder(const JsonPart& part, TokenizerSpec& spec);
Result<void> ReadJsonPostProcessor(const JsonPart& part, TokenizerSpec& spec);
Result<void> ReadJsonModel(const JsonPart& part, TokenizerSpec& spec);

}  // namespace atelier
