#include "serve/prompt_body.h"

namespace atelier {
namespace {

Error Bad(std::string where, std::string what) {
  return Error::Invalid(std::move(where), std::move(what)).WithCode("invalid_value");
}

bool AllNumbers(const Json& array) {
  for (const Json& item : array.items()) {
    if (!item.is_number()) return false;
  }
  return true;
}

Result<Prompt> Tokens(const Json& array, const std::string& where) {
  if (array.empty()) return Bad(where, "got no token, want at least one");
  TokenPrompt prompt;
  for (int64_t i = 0; i < array.size(); ++i) {
    const std::optional<int64_t> id = array[i].is_number() ? array[i].AsInt64() : std::nullopt;
    if (!id || *id < 0 || *id > 2147483647) {
      return Bad(where + "[" + std::to_string(i) + "]", "got " + array[i].Dump().substr(0, 40) + ", want a token id");
    }
    prompt.tokens.push_back(static_cast<int32_t>(*id));
  }
  return Prompt(std::move(prompt));
}

Result<Prompt> One(const Json& value, const std::string& where, TextPrompt as) {
  if (value.is_array()) return Tokens(value, where);
  if (!value.is_string()) return Bad(where, "got " + std::string(value.TypeName()) + ", want a text or token ids");
  if (value.AsString().empty()) return Bad(where, "got an empty text, want at least one character");
  as.text = value.AsString();
  return Prompt(std::move(as));
}

}  // namespace

Result<std::vector<Prompt>> ReadPrompts(const Json& value, std::string_view name, const TextPrompt& as) {
  const std::string where(name);
  std::vector<Prompt> prompts;
  if (!value.is_array() || (!value.empty() && AllNumbers(value))) {
    TRY(Prompt prompt, One(value, where, as));
    prompts.push_back(std::move(prompt));
    return prompts;
  }
  if (value.empty()) return Bad(where, "got an empty array, want at least one input");
  if (value.size() > kMaxInputs) {
    return Bad(where, "got " + std::to_string(value.size()) + " inputs, want at most " + std::to_string(kMaxInputs));
  }
  for (int64_t i = 0; i < value.size(); ++i) {
    TRY(Prompt prompt, One(value[i], where + "[" + std::to_string(i) + "]", as));
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

}  // namespace atelier
