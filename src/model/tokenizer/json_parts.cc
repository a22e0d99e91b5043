// The "normalizer", "pre_tokenizer" and "decoder" of a tokenizer.json.
#include <utility>

#include "base/text/base64.h"
#include "model/tokenizer/json_spec.h"
#include "model/tokenizer/patterns.h"

namespace atelier {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";

Error UnknownType(const JsonPart& part, const std::string& type, std::string_view what) {
  return Error::Unsupported(part.path + ".type", "got '" + type + "', want a known " + std::string(what));
}

// Calls read(part, spec) for each item of a Sequence.
template <class Read>
Result<void> ReadSequence(const JsonPart& list, TokenizerSpec& spec, Read read) {
  if (!list.json.is_array()) return list.Wrong("an array");
  for (size_t i = 0; i < static_cast<size_t>(list.json.size()); ++i) TRY_VOID(read(list[i], spec));
  return {};
}

Result<PatternSpec> ReadPattern(const JsonPart& part) {
  for (const bool is_regex : {false, true}) {
    const Json& text = part.json[is_regex ? "Regex" : "String"];
    if (text.is_string()) return PatternSpec{text.AsString(), is_regex};
  }
  return part.Wrong("{\"String\": …} or {\"Regex\": …}");
}

Result<SplitBehavior> ReadBehavior(const JsonPart& part, std::string_view fallback) {
  TRY(const std::string name, part.Text("behavior", fallback));
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  return Error::Unsupported(part.path + ".behavior", "got '" + name + "', want a known one");
}

// "prepend_scheme", or the older "add_prefix_space".
Result<PrependScheme> ReadPrepend(const JsonPart& part) {
  TRY(const bool prefix, part.Flag("add_prefix_space", true));
  TRY(const std::string scheme, part.Text("prepend_scheme", prefix ? "always" : "never"));
  if (scheme == "always") return PrependScheme::kAlways;
  if (scheme == "first") return PrependScheme::kFirst;
  if (scheme == "never") return PrependScheme::kNever;
  return Error::Unsupported(part.path + ".prepend_scheme", "got '" + scheme + "', want always, first or never");
}

Result<void> ReadByteLevel(const JsonPart& part, TokenizerSpec& spec) {
  using Kind = PreTokenizerSpec::Kind;
  TRY(const bool prefix, part.Flag("add_prefix_space", true));
  TRY(const bool split, part.Flag("use_regex", true));
  if (prefix) spec.pre_tokenizers.push_back({.kind = Kind::kPrefixSpace});
  if (split) {
    spec.pre_tokenizers.push_back(
        RuleOrRegex(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"));
  }
  // A BPE model takes bytes as they are; others, and what follows, see them spelled.
  spec.byte_level = spec.model == TokenModel::kBpe;
  spec.pre_tokenizers.push_back({.kind = Kind::kByteChars, .invert = spec.byte_level});
  return {};
}

Result<void> ReadSplit(const JsonPart& part, TokenizerSpec& spec) {
  PreTokenizerSpec step{.kind = PreTokenizerSpec::Kind::kPattern};
  TRY(step.pattern, ReadPattern(part["pattern"]));
  TRY(step.behavior, ReadBehavior(part, "Isolated"));
  TRY(step.invert, part.Flag("invert", false));
  if (step.pattern.is_regex && step.behavior == SplitBehavior::kIsolated) {
    if (auto rule = FindRule(step.pattern.text)) step = *rule;
  }
  spec.pre_tokenizers.push_back(std::move(step));
  return {};
}

PreTokenizerSpec Pattern(std::string regex, SplitBehavior behavior, bool invert) {
  return {.kind = PreTokenizerSpec::Kind::kPattern,
          .pattern = {std::move(regex), true},
          .behavior = behavior,
          .invert = invert};
}

Result<void> ReadPreTokenizerOf(const std::string& type, const JsonPart& part, TokenizerSpec& spec) {
  using Kind = PreTokenizerSpec::Kind;
  auto& steps = spec.pre_tokenizers;
  PreTokenizerSpec step;
  if (type == "Whitespace") {
    step = Pattern(R"(\p{RustWord}+|[^\p{RustWord}\s]+)", SplitBehavior::kRemoved, true);
  } else if (type == "WhitespaceSplit") {
    step = {.kind = Kind::kSpaces, .behavior = SplitBehavior::kRemoved};
  } else if (type == "Punctuation") {
    step.kind = Kind::kPunctuation;
    TRY(step.behavior, ReadBehavior(part, "Isolated"));
  } else if (type == "Digits") {
    TRY(const bool each, part.Flag("individual_digits", false));
    step = {.kind = Kind::kNumeric, .behavior = each ? SplitBehavior::kIsolated : SplitBehavior::kContiguous};
  } else if (type == "CharDelimiterSplit") {
    step = {.kind = Kind::kPattern, .behavior = SplitBehavior::kRemoved};
    TRY(step.pattern.text, part.Text("delimiter", ""));
  } else if (type == "Metaspace") {
    step.kind = Kind::kMetaspace;
    TRY(step.content, part.Text("replacement", kMark));
    TRY(step.prepend, ReadPrepend(part));
    TRY(step.split, part.Flag("split", true));
  } else if (type == "BertPreTokenizer") {
    steps.push_back({.kind = Kind::kSpaces, .behavior = SplitBehavior::kRemoved});
    step.kind = Kind::kPunctuation;
  } else if (type == "FixedLength") {
    step.kind = Kind::kFixedLength;
    TRY(step.length, part.Integer("length", 5));
  } else {
    return UnknownType(part, type, "pre-tokenizer");
  }
  steps.push_back(std::move(step));
  return {};
}

Result<void> ReadBert(const JsonPart& part, NormalizerSpec& step) {
  step.kind = NormalizerSpec::Kind::kBert;
  TRY(step.clean_text, part.Flag("clean_text", true));
  TRY(step.chinese, part.Flag("handle_chinese_chars", true));
  TRY(step.lowercase, part.Flag("lowercase", true));
  TRY(step.strip_accents, part.Flag("strip_accents", step.lowercase));
  return {};
}

Result<void> ReadNormalizerOf(const std::string& type, const JsonPart& part, NormalizerSpec& step) {
  using Kind = NormalizerSpec::Kind;
  static constexpr std::pair<std::string_view, Kind> kPlain[] = {{"NFC", Kind::kNfc},
                                                                 {"NFD", Kind::kNfd},
                                                                 {"NFKC", Kind::kNfkc},
                                                                 {"NFKD", Kind::kNfkd},
                                                                 {"Nmt", Kind::kNmt},
                                                                 {"Lowercase", Kind::kLowercase},
                                                                 {"ByteLevel", Kind::kByteChars},
                                                                 {"StripAccents", Kind::kStripAccents}};
  for (const auto& [name, kind] : kPlain) {
    if (name != type) continue;
    step.kind = kind;
    return {};
  }
  if (type == "BertNormalizer") return ReadBert(part, step);
  if (type == "Strip") {
    step.kind = Kind::kStrip;
    TRY(step.left, part.Flag("strip_left", true));
    TRY(step.right, part.Flag("strip_right", true));
  } else if (type == "Prepend") {
    step.kind = Kind::kPrepend;
    TRY(step.content, part.Text("prepend", ""));
  } else if (type == "Replace") {
    step.kind = Kind::kReplace;
    TRY(step.pattern, ReadPattern(part["pattern"]));
    TRY(step.content, part.Text("content", ""));
  } else if (type == "Precompiled") {
    step.kind = Kind::kCharsmap;
    TRY(const std::string encoded, part.Text("precompiled_charsmap", ""));
    auto decoded = Base64Decode(encoded);
    if (!decoded.ok()) return std::move(decoded).error().Under(part.path + ".precompiled_charsmap");
    step.charsmap = std::move(decoded).value();
  } else {
    return UnknownType(part, type, "normalizer");
  }
  return {};
}

Result<void> ReadDecoderOf(const std::string& type, const JsonPart& part, DecoderSpec& step) {
  using Kind = DecoderSpec::Kind;
  if (type == "ByteLevel") {
    step.kind = Kind::kByteLevel;
  } else if (type == "ByteFallback") {
    step.kind = Kind::kByteFallback;
  } else if (type == "Fuse") {
    step.kind = Kind::kFuse;
  } else if (type == "Replace") {
    step.kind = Kind::kReplace;
    TRY(step.pattern, ReadPattern(part["pattern"]));
    TRY(step.content, part.Text("content", ""));
  } else if (type == "Strip") {
    step.kind = Kind::kStrip;
    TRY(step.content, part.Text("content", " "));
    TRY(step.start, part.Integer("start", 0));
    TRY(step.stop, part.Integer("stop", 0));
  } else if (type == "Metaspace") {
    step.kind = Kind::kMetaspace;
    TRY(step.content, part.Text("replacement", kMark));
    TRY(step.prepend, ReadPrepend(part));
  } else if (type == "WordPiece") {
    step.kind = Kind::kWordPiece;
    TRY(step.content, part.Text("prefix", "##"));
    TRY(step.cleanup, part.Flag("cleanup", true));
  } else if (type == "BPEDecoder") {
    step.kind = Kind::kBpe;
    TRY(step.content, part.Text("suffix", "</w>"));
  } else {
    return UnknownType(part, type, "decoder");
  }
  return {};
}

}  // namespace

Result<void> ReadJsonNormalizer(const JsonPart& part, TokenizerSpec& spec) {
  if (part.json.is_null()) return {};
  TRY(const std::string type, part.Text("type", ""));
  if (type == "Sequence") return ReadSequence(part["normalizers"], spec, ReadJsonNormalizer);
  NormalizerSpec step;
  TRY_VOID(ReadNormalizerOf(type, part, step));
  spec.normalizers.push_back(std::move(step));
  return {};
}

Result<void> ReadJsonPreTokenizer(const JsonPart& part, TokenizerSpec& spec) {
  if (part.json.is_null()) return {};
  TRY(const std::string type, part.Text("type", ""));
  if (type == "Sequence") return ReadSequence(part["pretokenizers"], spec, ReadJsonPreTokenizer);
  if (type == "ByteLevel") return ReadByteLevel(part, spec);
  if (type == "Split") return ReadSplit(part, spec);
  return ReadPreTokenizerOf(type, part, spec);
}

Result<void> ReadJsonDecoder(const JsonPart& part, TokenizerSpec& spec) {
  if (part.json.is_null()) return {};
  TRY(const std::string type, part.Text("type", ""));
  if (type == "Sequence") return ReadSequence(part["decoders"], spec, ReadJsonDecoder);
  DecoderSpec step;
  TRY_VOID(ReadDecoderOf(type, part, step));
  spec.decoders.push_back(std::move(step));
  return {};
}

}  // namespace atelier
