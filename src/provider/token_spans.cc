#include "provider/token_spans.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

using Spans = std::vector<TextSpan>;

// By the bytes of the pieces.
std::optional<Spans> SpansByBytes(const Tokenizer& tokenizer, std::string_view text, std::span<const int32_t> ids) {
  Spans spans;
  size_t at = 0;
  for (const int32_t id : ids) {
    std::string_view piece = tokenizer.Piece(id);
    // Some vocabularies put a blank before a text.
    if (at == 0 && piece.starts_with(' ') && !text.starts_with(' ')) piece.remove_prefix(1);
    if (!text.substr(at).starts_with(piece)) return std::nullopt;
    spans.push_back({static_cast<int64_t>(at), static_cast<int64_t>(at + piece.size())});
    at += piece.size();
  }
  if (at != text.size()) return std::nullopt;
  return spans;
}

// The letters that a token of a word stands for.
size_t CountLetters(const Tokenizer& tokenizer, int32_t id) {
  std::string_view spelling = tokenizer.Spelling(id);
  for (const std::string_view mark : {"##", "\u2581"}) {
    if (spelling.starts_with(mark) && spelling.size() > mark.size()) spelling.remove_prefix(mark.size());
  }
  return CountCodePoints(spelling);
}

// The tokens of one word, side by side in it.
void AppendWord(const Tokenizer& tokenizer, std::string_view text, TextSpan word, std::span<const int32_t> ids,
                Spans& spans) {
  const std::string_view letters = TextOf(text, word);
  const size_t num_letters = CountCodePoints(letters);
  size_t sum = 0;
  for (const int32_t id : ids) sum += CountLetters(tokenizer, id);
  size_t done = 0;
  int64_t begin = word.begin;
  for (size_t i = 0; i < ids.size(); ++i) {
    done += sum == num_letters ? CountLetters(tokenizer, ids[i]) : 0;
    const size_t letter = sum == num_letters ? done : num_letters * (i + 1) / ids.size();
    const int64_t end = word.begin + static_cast<int64_t>(CodePointOffset(letters, letter));
    spans.push_back({begin, end});
    begin = end;
  }
}

// By words, each encoded alone; nothing where these are not the text's tokens.
std::optional<Spans> SpansByWords(const Tokenizer& tokenizer, std::string_view text, std::span<const int32_t> ids) {
  Spans spans;
  std::vector<int32_t> word_ids;
  const EncodeOptions plain{.add_special = false};
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = DecodeUtf8(text, at);
    size_t end = at + static_cast<size_t>(std::max(1, point.num_bytes));
    if (IsUnicodeSpace(point.value)) {
      at = end;
      continue;
    }
    for (; end < text.size(); end += static_cast<size_t>(std::max(1, DecodeUtf8(text, end).num_bytes))) {
      if (IsUnicodeSpace(DecodeUtf8(text, end).value)) break;
    }
    word_ids.clear();
    tokenizer.EncodeTo(text.substr(at, end - at), plain, word_ids);
    const size_t first = spans.size();
    if (ids.size() < first + word_ids.size() || !std::ranges::equal(ids.subspan(first, word_ids.size()), word_ids)) {
      return std::nullopt;
    }
    AppendWord(tokenizer, text, {static_cast<int64_t>(at), static_cast<int64_t>(end)}, word_ids, spans);
    at = end;
  }
  if (spans.size() != ids.size()) return std::nullopt;
  return spans;
}

}  // namespace

Result<std::vector<TextSpan>> TokenSpans(const Tokenizer& tokenizer, std::string_view text,
                                         std::span<const int32_t> ids) {
  const auto is_special = [&](int32_t id) { return tokenizer.IsControl(id); };
  const auto first = static_cast<size_t>(std::ranges::find_if_not(ids, is_special) - ids.begin());
  size_t last = ids.size();
  while (last > first && is_special(ids[last - 1])) --last;
  const std::span<const int32_t> inner = ids.subspan(first, last - first);
  std::optional<Spans> spans = SpansByBytes(tokenizer, text, inner);
  if (!spans) spans = SpansByWords(tokenizer, text, inner);
  if (!spans) {
    return Error::Unsupported("token_vectors", "got a tokenizer (" + std::string(tokenizer.model_name()) +
                                                   ") that does not tell where in the text its tokens stand");
  }
  const auto size = static_cast<int64_t>(text.size());
  spans->insert(spans->begin(), first, TextSpan{0, 0});
  spans->insert(spans->end(), ids.size() - last, TextSpan{size, size});
  return std::move(*spans);
}

}  // namespace atelier
