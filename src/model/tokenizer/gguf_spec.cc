#include "model/tokenizer/gguf_spec.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include "model/container/gguf.h"
#include "model/tokenizer/patterns.h"
#include "model/tokenizer/special_names.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";  // U+2581, SentencePiece's space
using Place = TemplatePiece::Kind;

class Reader {
 public:
  explicit Reader(const GgufFile& file) : file_(file) { spec_.where = file.path(); }

  Result<TokenizerSpec> Read() {
    TRY(const std::string_view model, file_.Text("tokenizer.ggml.model"));
    TRY(pre_, file_.TextOr("tokenizer.ggml.pre", ""));
    TRY_VOID(ReadPieces());
    TRY_VOID(ReadModel(model));
    TRY_VOID(ReadIds());
    FindSpecialNames(spec_);
    TRY_VOID(ReadFlags());
    AddTokens();
    return std::move(spec_);
  }

 private:
  Result<void> ReadPieces() {
    TRY(const auto pieces, file_.Texts("tokenizer.ggml.tokens"));
    spec_.pieces.assign(pieces.begin(), pieces.end());
    spec_.types.assign(pieces.size(), TokenType::kNormal);
    if (file_.Has("tokenizer.ggml.token_type")) {
      TRY(const auto types, file_.Integers("tokenizer.ggml.token_type"));
      TRY_VOID(CheckCount("tokenizer.ggml.token_type", types.size()));
      for (size_t i = 0; i < pieces.size(); ++i) {
        const bool known = types[i] >= 1 && types[i] <= 6;
        spec_.types[i] = known ? static_cast<TokenType>(types[i]) : TokenType::kUnused;
      }
    }
    spec_.scores.assign(pieces.size(), 0.0);
    if (file_.Has("tokenizer.ggml.scores")) {
      TRY(const auto scores, file_.Numbers("tokenizer.ggml.scores"));
      TRY_VOID(CheckCount("tokenizer.ggml.scores", scores.size()));
      std::copy_n(scores.begin(), pieces.size(), spec_.scores.begin());
    }
    return {};
  }

  Result<void> CheckCount(std::string_view key, size_t count) const {
    if (count >= spec_.pieces.size()) return {};
    return Error::Invalid(std::string(key),
                          "got " + std::to_string(count) + " items, want " + std::to_string(spec_.pieces.size()));
  }

  Result<void> ReadModel(std::string_view model) {
    if (model == "gpt2" || model == "whitespace") return ReadBpe(model == "whitespace" && pre_.empty() ? model : pre_);
    if (model == "gemma4") return ReadBpe("gemma4");
    if (model == "llama") return ReadScoredBpe();
    if (model == "t5") return ReadUnigram();
    if (model == "bert") return ReadWordPiece();
    return Error::Unsupported("tokenizer.ggml.model",
                              "got '" + std::string(model) + "', want gpt2, gemma4, llama, t5, bert or whitespace");
  }

  Result<void> ReadBpe(std::string_view pre) {
    spec_.model = TokenModel::kBpe;
    const NamedPreTokenizer* named = FindPreTokenizer(pre.empty() ? "default" : pre);
    if (named == nullptr) {
      return Error::Unsupported("tokenizer.ggml.pre", "got '" + std::string(pre) + "', want a known pre-tokenizer");
    }
    for (const std::string_view pattern : named->patterns) spec_.pre_tokenizers.push_back(RuleOrRegex(pattern));
    spec_.byte_level = !named->raw_utf8;
    spec_.byte_fallback = named->raw_utf8;
    spec_.ignore_merges = named->ignore_merges;
    spec_.newline_runs = named->newline_runs;
    spec_.keep_unknown_bytes = true;
    add_bos_ = named->add_bos;
    add_sep_ = named->add_sep;
    if (pre == "whitespace") {
      TRY(const bool lowercase, file_.FlagOr("tokenizer.ggml.normalizer.lowercase", false));
      if (lowercase) spec_.normalizers.push_back({.kind = NormalizerSpec::Kind::kLowercase});
      spec_.pre_tokenizers = {{.kind = PreTokenizerSpec::Kind::kSpaces, .behavior = SplitBehavior::kRemoved}};
    } else if (named->raw_utf8) {
      EscapeSpaces();
    }
    if (spec_.byte_level) spec_.decoders.push_back({.kind = DecoderSpec::Kind::kByteLevel});
    if (!spec_.byte_level) DecodeMarks(false);
    return ReadMerges();
  }

  Result<void> ReadMerges() {
    TRY(const auto merges, file_.Texts("tokenizer.ggml.merges"));
    spec_.merges.reserve(merges.size());
    for (size_t i = 0; i < merges.size(); ++i) {
      const size_t space = merges[i].find(' ', 1);
      if (space == merges[i].npos) {
        return Error::Invalid("tokenizer.ggml.merges[" + std::to_string(i) + "]",
                              "got '" + std::string(merges[i]) + "', want two texts with a blank between them");
      }
      spec_.merges.emplace_back(merges[i].substr(0, space), merges[i].substr(space + 1));
    }
    return {};
  }

  Result<void> ReadScoredBpe() {
    spec_.model = TokenModel::kScoredBpe;
    spec_.special.bos = 1;
    spec_.special.eos = 2;
    spec_.special.unk = 0;
    add_bos_ = true;
    spec_.byte_fallback = true;
    TRY(const bool prefix, file_.FlagOr("tokenizer.ggml.add_space_prefix", true));
    if (prefix) {
      spec_.normalizers.push_back({.kind = NormalizerSpec::Kind::kPrepend, .content = std::string(kMark)});
    }
    EscapeSpaces();
    DecodeMarks(prefix);
    return {};
  }

  Result<void> ReadUnigram() {
    spec_.model = TokenModel::kUnigram;
    spec_.special.eos = 1;
    spec_.special.unk = 2;
    spec_.special.pad = 0;
    add_eos_ = true;
    spec_.fuse_unk = true;
    NormalizerSpec step{.kind = NormalizerSpec::Kind::kSentencePiece};
    TRY(step.space_prefix, file_.FlagOr("tokenizer.ggml.add_space_prefix", false));
    TRY(step.merge_spaces, file_.FlagOr("tokenizer.ggml.remove_extra_whitespaces", false));
    if (const GgufValue* map = file_.FindValue("tokenizer.ggml.precompiled_charsmap")) {
      const bool bytes =
          map->type == GgufType::kArray && (map->element_type == GgufType::kU8 || map->element_type == GgufType::kI8);
      const auto* span = std::get_if<std::span<const std::byte>>(&map->value);
      if (!bytes || span == nullptr) {
        return Error::Invalid("tokenizer.ggml.precompiled_charsmap", "got another type, want an array of bytes");
      }
      step.charsmap.assign(reinterpret_cast<const char*>(span->data()), span->size());
    }
    const bool prefix = step.space_prefix || step.merge_spaces;
    spec_.normalizers.push_back(std::move(step));
    DecodeMarks(prefix);
    return {};
  }

  // GGUF spells pieces that begin a word with U+2581 before them and those that go on bare; we spell them as BERT
  // does: bare, and with ## before them.
  Result<void> ReadWordPiece() {
    spec_.model = TokenModel::kWordPiece;
    spec_.continuing_prefix = "##";
    const auto size = static_cast<int32_t>(std::min<size_t>(spec_.pieces.size(), 1 << 30));
    const auto or_none = [size](int32_t id) { return id < size ? id : -1; };
    spec_.special.cls = spec_.special.bos = or_none(101);
    spec_.special.unk = or_none(100);
    spec_.special.sep = or_none(102);
    spec_.special.pad = or_none(0);
    spec_.special.mask = or_none(103);
    add_bos_ = add_eos_ = true;
    for (size_t id = 0; id < spec_.pieces.size(); ++id) {
      std::string& piece = spec_.pieces[id];
      if (spec_.types[id] == TokenType::kControl || (piece.starts_with('[') && piece.ends_with(']'))) continue;
      if (piece.starts_with(kMark)) {
        piece.erase(0, kMark.size());
      } else if (!piece.empty()) {
        piece.insert(0, "##");
      }
    }
    NormalizerSpec bert{.kind = NormalizerSpec::Kind::kBert};
    TRY(bert.lowercase, file_.FlagOr("tokenizer.ggml.normalizer.lowercase", true));
    TRY(bert.strip_accents, file_.FlagOr("tokenizer.ggml.normalizer.strip_accents", bert.lowercase));
    spec_.normalizers.push_back(std::move(bert));
    spec_.pre_tokenizers = {{.kind = PreTokenizerSpec::Kind::kSpaces, .behavior = SplitBehavior::kRemoved},
                            {.kind = PreTokenizerSpec::Kind::kPunctuation}};
    spec_.decoders.push_back({.kind = DecoderSpec::Kind::kWordPiece, .content = "##"});
    return {};
  }

  void EscapeSpaces() {
    spec_.normalizers.push_back(
        {.kind = NormalizerSpec::Kind::kReplace, .content = std::string(kMark), .pattern = {.text = " "}});
  }

  void DecodeMarks(bool strip_first) {
    using Kind = DecoderSpec::Kind;
    spec_.decoders.push_back({.kind = Kind::kReplace, .pattern = {.text = std::string(kMark)}, .content = " "});
    spec_.decoders.push_back({.kind = Kind::kByteFallback});
    spec_.decoders.push_back({.kind = Kind::kFuse});
    if (strip_first) spec_.decoders.push_back({.kind = Kind::kStrip, .content = " ", .start = 1});
  }

  // Ids out of range, which some files have, count as absent.
  Result<void> ReadId(std::string_view key, int32_t& id) const {
    TRY(const int64_t value, file_.IntegerOr("tokenizer.ggml." + std::string(key) + "_token_id", -1));
    if (value >= 0 && static_cast<uint64_t>(value) < spec_.pieces.size()) id = static_cast<int32_t>(value);
    if (id >= 0 && static_cast<size_t>(id) >= spec_.pieces.size()) id = -1;
    return {};
  }

  Result<void> ReadIds() {
    SpecialTokens& s = spec_.special;
    int32_t eom = -1;
    const std::pair<std::string_view, int32_t*> roles[] = {{"bos", &s.bos},
                                                           {"eos", &s.eos},
                                                           {"eot", &s.eot},
                                                           {"eom", &eom},
                                                           {"unknown", &s.unk},
                                                           {"seperator", &s.sep},
                                                           {"padding", &s.pad},
                                                           {"cls", &s.cls},
                                                           {"mask", &s.mask},
                                                           {"prefix", &s.fim_prefix},
                                                           {"suffix", &s.fim_suffix},
                                                           {"middle", &s.fim_middle},
                                                           {"fim_pre", &s.fim_prefix},
                                                           {"fim_suf", &s.fim_suffix},
                                                           {"fim_mid", &s.fim_middle},
                                                           {"fim_rep", &s.fim_repo},
                                                           {"fim_sep", &s.fim_file}};
    for (const auto& [key, id] : roles) TRY_VOID(ReadId(key, *id));
    if (eom >= 0) spec_.end_of_generation.push_back(eom);
    return {};
  }

  Result<void> ReadFlags() {
    TRY(add_bos_, file_.FlagOr("tokenizer.ggml.add_bos_token", add_bos_));
    TRY(add_eos_, file_.FlagOr("tokenizer.ggml.add_eos_token", add_eos_));
    TRY(add_sep_, file_.FlagOr("tokenizer.ggml.add_sep_token", add_sep_));
    if (pre_ == "gemma4") add_bos_ = true;  // files say otherwise by mistake
    const SpecialTokens& s = spec_.special;
    const bool bert = spec_.model == TokenModel::kWordPiece;
    const int32_t before = bert && s.cls >= 0 ? s.cls : s.bos;
    const int32_t after = bert ? s.sep : s.eos;
    const auto token = [](std::vector<TemplatePiece>& pieces, bool wanted, int32_t id, int32_t type_id) {
      if (wanted && id >= 0) pieces.push_back({.kind = Place::kToken, .id = id, .type_id = type_id});
    };
    token(spec_.single, add_bos_, before, 0);
    spec_.single.push_back({.kind = Place::kFirst});
    token(spec_.single, add_eos_, after, 0);
    spec_.pair = spec_.single;
    token(spec_.pair, add_sep_ && !bert, s.sep, 0);
    spec_.pair.push_back({.kind = Place::kSecond, .type_id = bert ? 1 : 0});
    token(spec_.pair, add_eos_, after, bert ? 1 : 0);
    return {};
  }

  // Tokens that are looked for in the text: control tokens (on request), and those that users defined.
  void AddTokens() {
    std::string name(file_.TextOr("general.name", "").ok() ? *file_.TextOr("general.name", "") : std::string_view());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool phi3 = name.contains("phi-3") || name.contains("phi3");
    const bool jina = pre_.starts_with("jina-v2-");
    for (size_t id = 0; id < spec_.pieces.size(); ++id) {
      const TokenType type = spec_.types[id];
      const bool special = type == TokenType::kControl || type == TokenType::kUnknown;
      if (!special && type != TokenType::kUserDefined) continue;
      const std::string& piece = spec_.pieces[id];
      AddedTokenSpec token{.id = static_cast<int32_t>(id), .content = piece, .special = special};
      token.rstrip = phi3 && piece != "<unk>" && piece != "<s>" && piece != "<|endoftext|>";
      token.lstrip = (jina && piece == "<mask>") || (name.contains("modern-bert") && piece == "[MASK]");
      spec_.added_tokens.push_back(std::move(token));
    }
  }

  const GgufFile& file_;
  TokenizerSpec spec_;
  std::string_view pre_;
  bool add_bos_ = false, add_eos_ = false, add_sep_ = false;
};

}  // namespace

Result<TokenizerSpec> ReadGgufSpec(const GgufFile& file) { return Reader(file).Read(); }

Result<std::shared_ptr<const Tokenizer>> Tokenizer::FromGguf(const GgufFile& file) {
  auto spec = ReadGgufSpec(file);
  if (!spec.ok()) {
    Error error = std::move(spec).error();
    return error.where.starts_with(file.path()) ? std::move(error) : std::move(error).Under(file.path());
  }
  return FromSpec(std::move(spec).value());
}

}  // namespace atelier
