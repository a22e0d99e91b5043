#include "engine/grammar/tag_fields.h"

#include <algorithm>
#include <utility>

#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr int64_t kMostRepeats = 1'000'000'000;

bool IsToken(const TokenTrie& tokens, std::string_view piece) {
  const int32_t node = tokens.Find(TokenTrie::kRoot, piece);
  return node >= 0 && !tokens.tokens(node).empty();
}

// Bytes of the longest control token's spelling that `text` begins with; 0: none.
size_t ControlSize(const TokenTrie& tokens, std::string_view text) {
  size_t longest = 0;
  int32_t node = tokens.Find(TokenTrie::kRoot, std::string_view(&kControlBegin, 1));
  for (size_t size = 1; node >= 0 && size <= text.size(); ++size) {
    node = tokens.Find(node, text.substr(size - 1, 1));
    if (node >= 0 && tokens.Find(node, std::string_view(&kControlEnd, 1)) >= 0) longest = size;
  }
  return longest;
}

}  // namespace

std::string IndexedField(std::string_view name, int64_t i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

Result<std::string> TagFields::Text(const Json& object, std::string_view name) const {
  const Json* value = object.Find(name);
  if (value == nullptr || !value->is_string()) return Error::Invalid(std::string(name), "got no string, want one");
  return value->AsString();
}

Result<bool> TagFields::Bool(const Json& object, std::string_view name, bool otherwise) const {
  const Json* value = object.Find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) return Error::Invalid(std::string(name), "got no boolean, want true or false");
  return value->AsBool();
}

Result<int64_t> TagFields::Count(const Json& object, std::string_view name, int64_t least) const {
  const Json* value = object.Find(name);
  const auto count = value == nullptr ? std::nullopt : value->AsInt64();
  if (!count || *count < least || *count > kMostRepeats) {
    return Error::Invalid(std::string(name),
                          "got no fitting number, want a whole one from " + std::to_string(least) + " to 1000000000");
  }
  return *count;
}

std::string TagFields::Spelled(std::string_view text) const {
  std::string marked;
  while (!text.empty()) {
    const bool is_marked = text.front() == kControlBegin;  // by who made the tag
    const size_t control = tokens_ == nullptr || is_marked ? 0 : ControlSize(*tokens_, text);
    const size_t size =
        is_marked ? std::min(text.find(kControlEnd), text.size() - 1) + 1 : std::max<size_t>(control, 1);
    const std::string_view part = text.substr(0, size);
    marked += control > 0 ? ControlText(part) : std::string(part);
    text.remove_prefix(size);
  }
  return marked;
}

Result<std::string> TagFields::Spelling(const Json& object, std::string_view name) const {
  TRY(const std::string text, Text(object, name));
  return Spelled(text);
}

Result<std::string> TagFields::SpelledText(const Json& value) const {
  if (!value.is_string() || value.AsString().empty())
    return Error::Invalid("", "got no text, want a string that is not empty");
  return Spelled(value.AsString());
}

Result<std::string> TagFields::Token(const Json& value) const {
  const auto id = value.AsInt64();
  if (!id && !value.is_string()) return Error::Invalid("", "got no token, want its id or its text");
  if (tokens_ == nullptr) return Error::Unsupported("", "got the token " + value.Dump() + ", want text alone");
  if (id) {
    const bool exists = *id >= 0 && *id < tokens_->num_tokens();
    const std::string_view piece = exists ? tokens_->Piece(static_cast<int32_t>(*id)) : std::string_view();
    if (!piece.empty()) return std::string(piece);
  } else {
    for (const std::string& piece : {ControlText(value.AsString()), value.AsString()}) {
      if (!value.AsString().empty() && IsToken(*tokens_, piece)) return piece;
    }
  }
  return Error::Invalid("", "got the token " + value.Dump() + ", which no output of this vocabulary has");
}

Result<TagFields::Texts> TagFields::List(const Json& object, std::string_view name, ReadItem read) const {
  Texts texts;
  const Json* value = object.Find(name);
  if (value == nullptr || value->is_null()) return texts;
  if (!value->is_array()) return Error::Invalid(std::string(name), "got no array, want one");
  for (int64_t i = 0; i < value->size(); ++i) {
    Result<std::string> text = (this->*read)((*value)[i]);
    if (!text) return std::move(text).error().Under(IndexedField(name, i));
    texts.push_back(std::move(*text));
  }
  return texts;
}

Result<std::string> TagFields::Mark(const Json& object, std::string_view name) const {
  const Json* value = object.Find(name);
  if (value == nullptr || !value->is_object()) return Spelling(object, name);
  if ((*value)["type"] != Json("token"))
    return Error::Invalid(std::string(name), "got an object of another type, want text or {\"type\": \"token\"}");
  Result<std::string> token = Token((*value)["token"]);
  if (!token) return std::move(token).error().Under("token").Under(name);
  return token;
}

}  // namespace atelier
