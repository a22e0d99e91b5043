#include "model/tokenizer/decoder.h"

#include <utility>

#include "base/text/utf8.h"
#include "model/tokenizer/unicode.h"
#include "model/tokenizer/vocabulary.h"

namespace atelier {
namespace {

using Kind = DecoderSpec::Kind;

constexpr size_t kMaxSteps = 64;
constexpr size_t kMaxReplacedBytes = 1 << 26;

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// What English wants after words were put together with blanks.
void CleanUp(std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},    {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
  };
  for (const auto& [from, to] : kRules) ReplaceAll(text, from, to);
}

std::string Replaced(const PatternMatcher& matcher, const std::string& content, const std::string& text) {
  std::vector<PieceSpan> matches;
  matcher.FindAll(text, matches);
  std::string out;
  size_t at = 0;
  for (const auto& [begin, end] : matches) {
    if (out.size() > kMaxReplacedBytes) break;
    out.append(text, at, begin - at).append(content);
    at = end;
  }
  return out.append(text, at, text.npos);
}

std::string StripEnds(const DecoderSpec& spec, std::string text) {
  const std::string& mark = spec.content;
  if (mark.empty()) return text;
  for (int64_t n = 0; n < spec.start && text.starts_with(mark); ++n) text.erase(0, mark.size());
  for (int64_t n = 0; n < spec.stop && text.ends_with(mark); ++n) text.erase(text.size() - mark.size());
  return text;
}

std::string BytesOrItself(const std::string& spelling) { return BytesOfByteChars(spelling).value_or(spelling); }

std::string Metaspace(const DecoderSpec& spec, std::string text, bool first) {
  ReplaceAll(text, spec.content, first && spec.prepend != PrependScheme::kNever ? "" : " ");
  return text;
}

std::string WordPiece(const DecoderSpec& spec, std::string text, bool first) {
  if (!first) {
    if (!spec.content.empty() && text.starts_with(spec.content)) {
      text.erase(0, spec.content.size());
    } else {
      text.insert(0, 1, ' ');
    }
  }
  if (spec.cleanup) CleanUp(text);
  return text;
}

// Runs of <0xNN>: their bytes where those are UTF-8, else U+FFFD for each.
void ByteFallback(std::vector<std::string>& parts) {
  std::vector<std::string> out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (IsValidUtf8(bytes)) {
      out.push_back(bytes);
    } else {
      for (size_t i = 0; i < bytes.size(); ++i) out.push_back("\xEF\xBF\xBD");
    }
    bytes.clear();
  };
  for (std::string& part : parts) {
    if (const int byte = ByteOfSpelling(part); byte >= 0) {
      bytes += static_cast<char>(byte);
    } else {
      flush();
      out.push_back(std::move(part));
    }
  }
  flush();
  parts = std::move(out);
}

std::string Joined(const std::vector<std::string>& parts, std::string_view between = {}) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += between;
    text += parts[i];
  }
  return text;
}

}  // namespace

Result<TokenDecoder> TokenDecoder::Create(std::vector<DecoderSpec> specs) {
  if (specs.size() > kMaxSteps) {
    return Error::Invalid("decoder",
                          "got " + std::to_string(specs.size()) + " steps, want at most " + std::to_string(kMaxSteps));
  }
  TokenDecoder decoder;
  decoder.fused_from_ = specs.size();
  for (size_t i = 0; i < specs.size(); ++i) {
    TRY(auto matcher, PatternMatcher::Create(specs[i].pattern));
    decoder.matchers_.push_back(std::move(matcher));
    if (specs[i].kind == Kind::kFuse) decoder.fused_from_ = std::min(decoder.fused_from_, i + 1);
    if (specs[i].kind == Kind::kBpe) decoder.strips_last_space_ = true;
  }
  decoder.specs_ = std::move(specs);
  return decoder;
}

void TokenDecoder::Apply(size_t step, std::vector<std::string>& parts) const {
  const DecoderSpec& spec = specs_[step];
  switch (spec.kind) {
    case Kind::kByteLevel: {
      std::string bytes;
      for (const std::string& part : parts) bytes += BytesOrItself(part);
      parts = {ReplaceInvalidUtf8(bytes)};
      return;
    }
    case Kind::kByteFallback: return ByteFallback(parts);
    case Kind::kFuse: parts = {Joined(parts)}; return;
    case Kind::kReplace:
      for (std::string& part : parts) part = Replaced(matchers_[step], spec.content, part);
      return;
    case Kind::kStrip:
      for (std::string& part : parts) part = StripEnds(spec, std::move(part));
      return;
    case Kind::kMetaspace:
      for (size_t i = 0; i < parts.size(); ++i) parts[i] = Metaspace(spec, std::move(parts[i]), i == 0);
      return;
    case Kind::kWordPiece:
      for (size_t i = 0; i < parts.size(); ++i) parts[i] = WordPiece(spec, std::move(parts[i]), i == 0);
      return;
    case Kind::kBpe:
      for (size_t i = 0; i < parts.size(); ++i) ReplaceAll(parts[i], spec.content, i + 1 == parts.size() ? "" : " ");
      return;
  }
}

std::string TokenDecoder::Text(std::vector<std::string> spellings) const {
  if (specs_.empty()) return Joined(spellings, " ");
  for (size_t step = 0; step < specs_.size(); ++step) Apply(step, spellings);
  return Joined(spellings);
}

std::string TokenDecoder::Piece(std::string_view spelling, bool first) const {
  std::string text(spelling);
  if (specs_.empty()) return first ? text : " " + text;
  for (size_t step = 0; step < fused_from_; ++step) {
    const DecoderSpec& spec = specs_[step];
    if (spec.kind == Kind::kByteLevel) text = BytesOrItself(text);
    if (spec.kind == Kind::kReplace) text = Replaced(matchers_[step], spec.content, text);
    if (spec.kind == Kind::kStrip) text = StripEnds(spec, std::move(text));
    if (spec.kind == Kind::kMetaspace) text = Metaspace(spec, std::move(text), first);
    if (spec.kind == Kind::kWordPiece) text = WordPiece(spec, std::move(text), first);
    if (spec.kind == Kind::kBpe) ReplaceAll(text, spec.content, " ");
    if (spec.kind == Kind::kByteFallback) {
      if (const int byte = ByteOfSpelling(text); byte >= 0) text.assign(1, static_cast<char>(byte));
    }
  }
  return text;
}

void TokenDecoder::StripStart(std::string& text) const {
  for (size_t step = fused_from_; step < specs_.size(); ++step) {
    if (specs_[step].kind != Kind::kStrip) continue;
    DecoderSpec only_start = specs_[step];
    only_start.stop = 0;
    text = StripEnds(only_start, std::move(text));
  }
}

}  // namespace atelier
