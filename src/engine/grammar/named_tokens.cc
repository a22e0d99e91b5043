#include "engine/grammar/named_tokens.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/text/json.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

struct IdRange {
  int32_t first = 0, last = 0;
};

Error WrongRange(std::string_view part) {
  return Error::Invalid("", "got the token range \"" + std::string(part) + "\", want ids such as 7 or 7-12");
}

Result<int32_t> ReadId(std::string_view text, std::string_view part) {
  int32_t id = -1;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (fault != std::errc() || end != text.data() + text.size() || id < 0) return WrongRange(part);
  return id;
}

Result<std::vector<IdRange>> ReadRanges(std::string_view list, int32_t num_tokens) {
  std::vector<IdRange> ranges;
  for (bool more = true; more;) {
    const size_t comma = list.find(',');
    const std::string_view part = list.substr(0, comma);
    more = comma != list.npos;
    if (more) list.remove_prefix(comma + 1);
    const size_t dash = part.find('-');
    TRY(const int32_t first, ReadId(part.substr(0, dash), part));
    int32_t last = first;
    if (dash != part.npos) {
      TRY(last, ReadId(part.substr(dash + 1), part));
    }
    if (last < first) return WrongRange(part);
    if (last >= num_tokens) {
      return Error::Invalid("", "got the token " + std::to_string(last) + ", want ids below " +
                                    std::to_string(num_tokens) + ": the vocabulary has no more");
    }
    ranges.push_back({first, last});
  }
  return ranges;
}

Error NamesText(std::string_view name, int32_t token, std::string_view piece) {
  return Error::Unsupported("", "got " + std::string(name) + " with the token " + std::to_string(token) +
                                    ", which is text, want control tokens alone, or the text " + Json(piece).Dump());
}

Result<std::vector<std::string>> ByIds(std::string_view name, const TokenTrie& tokens) {
  std::string_view list = name.substr(2, name.size() - 4);  // between <[ and ]>
  const bool others = list.starts_with('^');
  if (others) list.remove_prefix(1);
  std::vector<IdRange> ranges;
  if (list != "*") {
    TRY(ranges, ReadRanges(list, tokens.num_tokens()));
  } else if (others) {
    return Error::Invalid("", "got <[^*]>, which is no token, want at least one");
  } else {
    ranges.push_back({0, tokens.num_tokens() - 1});
  }
  std::vector<std::string> texts;
  for (int32_t token = 0; token < tokens.num_tokens(); ++token) {
    const auto holds = [&](const IdRange& range) { return token >= range.first && token <= range.last; };
    const std::string_view piece = tokens.Piece(token);
    if (std::ranges::any_of(ranges, holds) == others || piece.empty()) continue;
    if (!piece.starts_with(kControlBegin)) return NamesText(name, token, piece);
    texts.emplace_back(piece);
  }
  if (texts.empty())
    return Error::Invalid("", "got " + std::string(name) + ", which is no token that an output may have");
  return texts;
}

}  // namespace

Result<std::vector<std::string>> NamedTokens(std::string_view name, const TokenTrie* tokens) {
  if (tokens == nullptr) return Error::Unsupported("", "got the token " + std::string(name) + ", want text alone");
  if (name.starts_with("<[") && name.ends_with("]>") && name.size() > 4) return ByIds(name, *tokens);
  const auto find = [&](std::string_view piece) {
    const int32_t node = tokens->Find(TokenTrie::kRoot, piece);
    return node < 0 || tokens->tokens(node).empty() ? -1 : tokens->tokens(node)[0];
  };
  std::string control = ControlText(name);
  if (find(control) >= 0) return std::vector{std::move(control)};
  if (const int32_t token = find(name); token >= 0) return NamesText(name, token, name);
  return Error::Invalid("", "got the token " + std::string(name) + ", which the vocabulary does not have");
}

}  // namespace atelier
