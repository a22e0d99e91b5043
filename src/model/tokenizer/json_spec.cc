#include "model/tokenizer/json_spec.h"

#include <algorithm>
#include <utility>

#include "model/tokenizer/special_names.h"
#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/vocabulary.h"

namespace atelier {
namespace {

constexpr int64_t kMaxId = (1 << 21) - 1;

Result<void> ReadAddedTokens(const JsonPart& part, TokenizerSpec& spec) {
  if (part.json.is_null()) return {};
  if (!part.json.is_array()) return part.Wrong("an array");
  for (size_t i = 0; i < static_cast<size_t>(part.json.size()); ++i) {
    const JsonPart item = part[i];
    AddedTokenSpec token;
    TRY(const int64_t id, item.Integer("id", -1));
    if (id < 0 || id > kMaxId) {
      return Error::Invalid(item.path + ".id", "got " + std::to_string(id) + ", want 0 to " + std::to_string(kMaxId));
    }
    token.id = static_cast<int32_t>(id);
    TRY(token.content, item.Text("content", ""));
    TRY(token.special, item.Flag("special", false));
    TRY(token.normalized, item.Flag("normalized", !token.special));
    TRY(token.lstrip, item.Flag("lstrip", false));
    TRY(token.rstrip, item.Flag("rstrip", false));
    TRY(token.single_word, item.Flag("single_word", false));
    const auto index = static_cast<size_t>(id);
    if (index >= spec.pieces.size()) spec.pieces.resize(index + 1);
    if (spec.pieces[index].empty()) spec.pieces[index] = token.content;
    spec.added_tokens.push_back(std::move(token));
  }
  return {};
}

// Pads what goes by id to the number of pieces, and gives added tokens their types.
void FillTypes(TokenizerSpec& spec) {
  spec.types.assign(spec.pieces.size(), TokenType::kNormal);
  if (!spec.scores.empty()) spec.scores.resize(spec.pieces.size(), 0.0);
  if (spec.byte_fallback) {
    for (size_t id = 0; id < spec.pieces.size(); ++id) {
      if (ByteOfSpelling(spec.pieces[id]) >= 0) spec.types[id] = TokenType::kByte;
    }
  }
  for (const AddedTokenSpec& token : spec.added_tokens) {
    spec.types[static_cast<size_t>(token.id)] = token.special ? TokenType::kControl : TokenType::kUserDefined;
  }
}

// The text of "bos_token": "<s>" or {"content": "<s>", …}; empty where there is none.
std::string RoleText(const Json& config, std::string_view key) {
  const Json& value = config[key];
  if (value.is_string()) return value.AsString();
  const Json& content = value["content"];
  return content.is_string() ? content.AsString() : std::string();
}

void FindRoles(const Json& config, TokenizerSpec& spec) {
  StringIndex index;
  index.Build(spec.pieces);
  SpecialTokens& s = spec.special;
  const auto role = [&](std::string_view key, int32_t& id, std::initializer_list<std::string_view> usual) {
    if (const std::string text = RoleText(config, key); !text.empty()) id = index.Find(text);
    if (!config.is_null()) return;
    for (const std::string_view name : usual) {
      if (id < 0) id = index.Find(name);
    }
  };
  role("bos_token", s.bos, {"<s>", "[CLS]"});
  role("eos_token", s.eos, {"</s>", "[SEP]"});
  role("unk_token", s.unk, {});
  role("pad_token", s.pad, {"[PAD]", "<pad>"});
  role("cls_token", s.cls, {"[CLS]"});
  role("sep_token", s.sep, {"[SEP]"});
  role("mask_token", s.mask, {"[MASK]", "<mask>"});
}

}  // namespace

Result<bool> JsonPart::Flag(std::string_view key, bool fallback) const {
  const JsonPart value = (*this)[key];
  if (value.json.is_null()) return fallback;
  if (!value.json.is_bool()) return value.Wrong("a boolean");
  return value.json.AsBool();
}

Result<int64_t> JsonPart::Integer(std::string_view key, int64_t fallback) const {
  const JsonPart value = (*this)[key];
  if (value.json.is_null()) return fallback;
  const auto number = value.json.is_number() ? value.json.AsInt64() : std::nullopt;
  if (!number) return value.Wrong("an integer");
  return *number;
}

Result<std::string> JsonPart::Text(std::string_view key, std::string_view fallback) const {
  const JsonPart value = (*this)[key];
  if (value.json.is_null()) return std::string(fallback);
  if (!value.json.is_string()) return value.Wrong("a string");
  return value.json.AsString();
}

Result<TokenizerSpec> ReadJsonSpec(std::string_view tokenizer_json, std::string_view tokenizer_config_json) {
  TRY(const Json document, Json::Parse(tokenizer_json));
  Json config;
  if (!tokenizer_config_json.empty()) {
    auto parsed = Json::Parse(tokenizer_config_json);
    if (!parsed.ok()) return std::move(parsed).error().Under("tokenizer_config.json");
    config = std::move(parsed).value();
  }
  if (!document.is_object()) {
    return Error::Invalid("", "got " + std::string(document.TypeName()) + ", want an object");
  }
  TokenizerSpec spec;
  TRY_VOID(ReadJsonModel({document["model"], "model"}, spec));
  TRY_VOID(ReadAddedTokens({document["added_tokens"], "added_tokens"}, spec));
  FillTypes(spec);
  TRY_VOID(ReadJsonNormalizer({document["normalizer"], "normalizer"}, spec));
  TRY_VOID(ReadJsonPreTokenizer({document["pre_tokenizer"], "pre_tokenizer"}, spec));
  TRY_VOID(ReadJsonPostProcessor({document["post_processor"], "post_processor"}, spec));
  TRY_VOID(ReadJsonDecoder({document["decoder"], "decoder"}, spec));
  const int32_t model_unk = spec.special.unk;
  FindRoles(config, spec);
  if (model_unk >= 0) spec.special.unk = model_unk;
  FindSpecialNames(spec);
  return spec;
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::FromJson(std::string_view tokenizer_json,
                                                             std::string_view tokenizer_config_json) {
  auto spec = ReadJsonSpec(tokenizer_json, tokenizer_config_json);
  if (!spec.ok()) return std::move(spec).error().Under("tokenizer.json");
  spec->where = "tokenizer.json";
  return FromSpec(std::move(spec).value());
}

}  // namespace atelier
