// atelier tokens
#include <cstdio>

#include "app/model_directory.h"
#include "base/text/utf8.h"
#include "cli/command.h"
#include "cli/input.h"
#include "engine/local_model.h"
#include "model/arch/model.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr size_t kPieceColumns = 24;

// A piece between quotes: control characters and bytes that are no UTF-8 by themselves as escapes.
std::string Quoted(std::string_view bytes) {
  std::string out = "\"";
  for (size_t at = 0; at < bytes.size();) {
    const DecodedCodePoint point = DecodeUtf8(bytes, at);
    if (point.num_bytes == 0) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(bytes[at++]));
      out += escape;
      continue;
    }
    std::string escaped;
    AppendJsonString(escaped, bytes.substr(at, static_cast<size_t>(point.num_bytes)));
    out += escaped.substr(1, escaped.size() - 2);
    at += static_cast<size_t>(point.num_bytes);
  }
  return out + "\"";
}

// Filled with blanks to so many characters.
std::string Padded(std::string text, size_t width) {
  const size_t characters = CountCodePoints(text);
  if (characters < width) text.append(width - characters, ' ');
  return text;
}

std::string HexBytes(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    char two[4];
    std::snprintf(two, sizeof two, "%s%02x", hex.empty() ? "" : " ", static_cast<unsigned char>(c));
    hex += two;
  }
  return hex;
}

std::string_view TypeName(TokenType type) {
  switch (type) {
    case TokenType::kNormal: return "";
    case TokenType::kUnknown: return "unknown";
    case TokenType::kControl: return "control";
    case TokenType::kUserDefined: return "user-defined";
    case TokenType::kUnused: return "unused";
    case TokenType::kByte: return "byte";
  }
  return "";
}

Json BytesBody(std::string_view bytes) {
  Json list = Json::Array();
  for (const char c : bytes) list.Push(static_cast<int>(static_cast<unsigned char>(c)));
  return list;
}

Json TokenBody(const ExplainedToken& token) {
  Json body = Json::Object({{"id", token.id}, {"spelling", token.spelling}});
  if (IsValidUtf8(token.bytes)) body.Set("text", token.bytes);
  body.Set("bytes", BytesBody(token.bytes));
  if (token.type != TokenType::kNormal) body.Set("type", TypeName(token.type));
  return body;
}

Json WordBody(const ExplainedWord& word) {
  Json tokens = Json::Array(), merges = Json::Array();
  for (const ExplainedToken& token : word.tokens) tokens.Push(TokenBody(token));
  for (const ExplainedMerge& merge : word.merges) {
    // Parts of characters are no text: bytes say them too.
    Json step = Json::Object({{"rank", merge.rank}, {"left", merge.left}, {"right", merge.right}});
    if (!IsValidUtf8(merge.left) || !IsValidUtf8(merge.right)) {
      step.Set("left_bytes", BytesBody(merge.left));
      step.Set("right_bytes", BytesBody(merge.right));
    }
    merges.Push(std::move(step));
  }
  return Json::Object({{"text", word.text}, {"tokens", std::move(tokens)}, {"merges", std::move(merges)}});
}

class TokensCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("text", words_, "the text; words are joined with blanks; without, or as -, standard input");
    options.Text("--model,-m", model_, "whose tokenizer; without, default_model of the configuration or the first");
    options.Takes("NAME", Completion::kModels);
    options.Flag("--ids", ids_only_, "print the ids alone, on one line");
    options.Flag("--decode", decode_, "the arguments are ids: print the text that they stand for");
    options.Flag("--no-merges", no_merges_, "leave the merges out");
    options.Flag("--special", parse_special_, "text that spells a control token, as <|im_end|>, becomes it");
    options.Flag("--bare", bare_, "without what the tokenizer puts around a text, as <s> or [CLS]");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::string path, FindModelFile(invocation.config));
    TRY(const std::unique_ptr<Model> model, LoadModel(path));
    TRY(const std::shared_ptr<const Tokenizer> tokenizer, LoadTokenizer(model->tokenizer));
    if (decode_) return Decode(invocation, *tokenizer);
    TRY(const std::string text, ReadText(words_, "the text"));
    EncodeOptions options;
    options.add_special = !bare_;
    options.parse_special = parse_special_;
    if (ids_only_) return PrintIds(invocation, tokenizer->Encode(text, options));
    const std::vector<ExplainedWord> words = tokenizer->Explain(text, options);
    if (invocation.json) {
      PrintBody(invocation, *tokenizer, words);
    } else {
      PrintTable(*tokenizer, text, words);
    }
    return {};
  }

 private:
  Result<std::string> FindModelFile(const Config& config) {
    const ModelDirectory directory(config);
    if (model_.empty()) model_ = config.default_model;
    if (model_.empty()) {
      for (const ModelListing& listing : directory.List()) {
        if (model_.empty() || listing.kind == "chat") model_ = listing.id;
        if (listing.kind == "chat") break;
      }
    }
    if (model_.empty()) {
      return Error::NotFound("model", "got none, and there is none here: `atelier models pull` brings one");
    }
    return directory.PathOf(model_);
  }

  Result<void> Decode(const Invocation& invocation, const Tokenizer& tokenizer) const {
    std::vector<int32_t> ids;
    for (const std::string& word : words_) {
      const Result<Json> number = Json::Parse(word);
      const std::optional<int64_t> id = number.ok() && number->is_number() ? number->AsInt64() : std::nullopt;
      if (!id || *id < 0 || *id >= tokenizer.vocab_size()) {
        return Error::Invalid("text",
                              "got '" + word + "', want ids from 0 to " + std::to_string(tokenizer.vocab_size() - 1));
      }
      ids.push_back(static_cast<int32_t>(*id));
    }
    const std::string text = tokenizer.DecodeText(ids, {.skip_special = !parse_special_});
    if (invocation.json) {
      invocation.Print(Json::Object({{"model", model_}, {"text", text}}));
    } else {
      std::printf("%s\n", text.c_str());
    }
    return {};
  }

  Result<void> PrintIds(const Invocation& invocation, const std::vector<int32_t>& ids) const {
    Json list = Json::Array();
    std::string line;
    for (const int32_t id : ids) {
      list.Push(id);
      line += (line.empty() ? "" : " ") + std::to_string(id);
    }
    if (invocation.json) {
      const auto count = static_cast<int64_t>(ids.size());
      invocation.Print(Json::Object({{"model", model_}, {"count", count}, {"ids", std::move(list)}}));
    } else {
      std::printf("%s\n", line.c_str());
    }
    return {};
  }

  void PrintBody(const Invocation& invocation, const Tokenizer& tokenizer,
                 const std::vector<ExplainedWord>& words) const {
    Json list = Json::Array();
    int64_t count = 0;
    for (const ExplainedWord& word : words) {
      Json body = WordBody(word);
      if (no_merges_) body.Erase("merges");
      list.Push(std::move(body));
      count += static_cast<int64_t>(word.tokens.size());
    }
    invocation.Print(Json::Object(
        {{"model", model_}, {"kind", tokenizer.model_name()}, {"count", count}, {"words", std::move(list)}}));
  }

  void PrintTable(const Tokenizer& tokenizer, const std::string& text, const std::vector<ExplainedWord>& words) const {
    size_t count = 0;
    for (const ExplainedWord& word : words) count += word.tokens.size();
    std::printf("%s (%.*s): %zu tokens of %zu bytes\n", model_.c_str(), static_cast<int>(tokenizer.model_name().size()),
                tokenizer.model_name().data(), count, text.size());
    std::printf("%8s  %s %s %s\n", "id", Padded("piece", kPieceColumns).c_str(),
                Padded("spelling", kPieceColumns).c_str(), "bytes");
    for (const ExplainedWord& word : words) {
      for (const ExplainedToken& token : word.tokens) {
        const std::string_view type = TypeName(token.type);
        std::printf("%8d  %s %s %s%s%.*s\n", token.id, Padded(Quoted(token.bytes), kPieceColumns).c_str(),
                    Padded(token.spelling, kPieceColumns).c_str(), HexBytes(token.bytes).c_str(),
                    type.empty() || token.bytes.empty() ? "" : "  ", static_cast<int>(type.size()), type.data());
      }
      if (!no_merges_) PrintMerges(word);
    }
  }

  static void PrintMerges(const ExplainedWord& word) {
    for (const ExplainedMerge& merge : word.merges) {
      std::printf("          %s + %s -> %s  (merge %lld)\n", Quoted(merge.left).c_str(), Quoted(merge.right).c_str(),
                  Quoted(merge.left + merge.right).c_str(), static_cast<long long>(merge.rank));
    }
  }

  std::vector<std::string> words_;
  std::string model_;
  bool ids_only_ = false, decode_ = false, no_merges_ = false, parse_special_ = false, bare_ = false;
};

}  // namespace

extern const CommandEntry command_tokens{
    "tokens", "Show how a text becomes tokens",
    "Prints each token's id, the text it stands for, its spelling in the vocabulary and its bytes; under the tokens of "
    "a word the merges that made them, in the order they were made, with their rank: smaller goes first. Unigram and "
    "WordPiece vocabularies have no merges.\n"
    "\n"
    "  atelier tokens 'Hello, world!'\n"
    "  atelier tokens --ids < README.md | wc -w\n"
    "  atelier tokens --decode 19556 28 905 17\n"
    "  atelier tokens --json --model all-minilm-l6-v2 unbelievable",
    []() -> std::unique_ptr<Command> { return std::make_unique<TokensCommand>(); }};

}  // namespace atelier
