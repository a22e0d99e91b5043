// Jump-ahead over vocabularies that mark words with a blank before them (SentencePiece's), and one of bytes that puts a
// blank before each text.
#include "engine/forced_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/text/json.h"
#include "base/tree_testing.h"
#include "engine/engine.h"
#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/toy_model.h"
#include "model/container/gguf.h"
#include "model/tokenizer/gguf_spec.h"
#include "model/tokenizer/spec.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

using TokenizerPtr = std::shared_ptr<const Tokenizer>;

constexpr const char* kMark = "\u2581";
constexpr int32_t kEnd = 2;

// <unk>, <s>, </s>, the bytes, letters, and words that merges or scores make of them; some in whole words with their
// mark, some that go over the end of a JSON token.
TokenizerSpec SentencePieceSpec(TokenModel model) {
  TokenizerSpec spec;
  spec.where = "toy";
  spec.model = model;
  spec.pieces = {"<unk>", "<s>", "</s>"};
  spec.types = {TokenType::kUnknown, TokenType::kControl, TokenType::kControl};
  spec.special = {.bos = 1, .eos = kEnd, .unk = 0};
  spec.byte_fallback = true;
  for (int byte = 0; byte < 256; ++byte) {
    char spelling[8];
    std::snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
    spec.pieces.emplace_back(spelling);
    spec.types.push_back(TokenType::kByte);
  }
  spec.scores.assign(spec.pieces.size(), 0);
  const auto add = [&](std::string piece) {
    spec.scores.push_back(-1.0 - static_cast<double>(spec.pieces.size()) / 32 -
                          4.0 / static_cast<double>(piece.size()));
    spec.pieces.push_back(std::move(piece));
    spec.types.push_back(TokenType::kNormal);
  };
  add(kMark);
  for (const char c : std::string_view("{}[]\":,abcdefilmnorstu0123456789-.")) add(std::string(1, c));
  for (const char* word : {"na", "me",    "name", "\":", "\",", "{\"", "tr", "ue",  "true",  "ls",     "lse",
                           "fa", "false", ",\"",  "[\"", "er",  "st",  "fi", "rst", "first", "\u00E9", "id"}) {
    add(word);
  }
  for (const char* word : {"na", "name", "{\"", "f", "first", "tr", "true", "\"", "a"}) add(std::string(kMark) + word);
  add(std::string(kMark) + kMark);
  using Decode = DecoderSpec::Kind;
  if (model == TokenModel::kUnigram) {
    spec.normalizers = {{.kind = NormalizerSpec::Kind::kSentencePiece, .merge_spaces = false}};
  } else {
    spec.normalizers = {{.kind = NormalizerSpec::Kind::kPrepend, .content = kMark},
                        {.kind = NormalizerSpec::Kind::kReplace, .content = kMark, .pattern = {.text = " "}}};
  }
  spec.decoders = {{.kind = Decode::kReplace, .pattern = {.text = kMark}, .content = " "},
                   {.kind = Decode::kByteFallback},
                   {.kind = Decode::kFuse},
                   {.kind = Decode::kStrip, .content = " ", .start = 1}};
  return spec;
}

// Unigram, cut into words by their marks as tokenizer.json has it.
TokenizerSpec MetaspaceSpec() {
  TokenizerSpec spec = SentencePieceSpec(TokenModel::kUnigram);
  spec.normalizers.clear();
  spec.pre_tokenizers = {{.kind = PreTokenizerSpec::Kind::kMetaspace}};
  spec.decoders = {{.kind = DecoderSpec::Kind::kByteFallback},
                   {.kind = DecoderSpec::Kind::kMetaspace, .content = kMark}};
  return spec;
}

// Bytes, a blank before each text as RoBERTa's has it.
TokenizerSpec PrefixedBytesSpec() {
  TokenizerSpec spec;
  spec.where = "toy";
  spec.byte_level = true;
  spec.pieces = {"<unk>", "<s>", "</s>"};
  spec.types = {TokenType::kUnknown, TokenType::kControl, TokenType::kControl};
  spec.special = {.bos = 1, .eos = kEnd};
  for (char c = '!'; c <= '~'; ++c) spec.pieces.emplace_back(1, c);
  for (int code = 0xA1; code <= 0x143; ++code) {
    if (code != 0xAD)
      spec.pieces.push_back({static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))});
  }
  spec.merges = {{"n", "a"}, {"m", "e"}, {"na", "me"}, {"\u0120", "name"}, {"\"", ":"}, {"t", "r"}};
  for (const auto& [left, right] : spec.merges) spec.pieces.push_back(left + right);
  spec.types.resize(spec.pieces.size(), TokenType::kNormal);
  spec.pre_tokenizers = {{.kind = PreTokenizerSpec::Kind::kPrefixSpace}};
  spec.decoders = {{.kind = DecoderSpec::Kind::kByteLevel}};
  return spec;
}

TokenizerPtr Made(TokenizerSpec spec) {
  auto tokenizer = Tokenizer::FromSpec(std::move(spec));
  CHECK_MSG(tokenizer.ok(), tokenizer.error().Message());
  return *tokenizer;
}

std::vector<std::pair<std::string, TokenizerPtr>> Toys() {
  return {{"spm", Made(SentencePieceSpec(TokenModel::kScoredBpe))},
          {"unigram", Made(SentencePieceSpec(TokenModel::kUnigram))},
          {"metaspace", Made(MetaspaceSpec())},
          {"prefixed bytes", Made(PrefixedBytesSpec())}};
}

GrammarSpec Schema(const Json& schema) {
  GrammarSpec spec;
  spec.schema = schema;
  spec.style = {.any_whitespace = false, .schema_order = true, .numbers = NumberSpelling::kPlain};
  return spec;
}

GrammarSpec Expression(std::string text) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kRegex;
  spec.text = std::move(text);
  return spec;
}

// The traps: blanks at either end of a name, doubled, none; letters that are bytes; line ends; the mark itself; names
// that are the beginning of others.
constexpr const char* kSchemas[] = {
    R"({"type":"object","properties":{"name":{"type":"string","maxLength":9},"id":{"type":"integer"}},
        "required":["name","id"],"additionalProperties":false})",
    R"({"type":"object","properties":{"first name":{"const":" true  name "},"":{"const":" "},"  ":{"const":"a b"}},
        "required":["first name","","  "],"additionalProperties":false})",
    R"({"type":"object","properties":{"caf\u00e9":{"const":"\u4e00\u4e8c \u4e09"},"\u2581name":{"const":"\u2581"}},
        "required":["caf\u00e9","\u2581name"],"additionalProperties":false})",
    R"({"type":"object","properties":{"z!":{"const":"line\nend\t"},"\ud83d\ude00":{"enum":["\ud83d\ude00","\ud83d\ude01"]}},
        "required":["z!","\ud83d\ude00"],"additionalProperties":false})",
    R"({"type":"array","items":{"enum":[true,false,"name"," name","first","first name",null]},"minItems":2,"maxItems":6})",
    R"({"anyOf":[{"type":"object","properties":{"name":{"const":"false"},"namer":{"type":"boolean"}},
        "additionalProperties":false},{"type":"integer","minimum":100,"maximum":200}]})",
    R"({"const":{"name":{"name":{"name":[{"first":1.5},{"first":[true,false]}]}}}})",
};

std::vector<GrammarSpec> Specs() {
  std::vector<GrammarSpec> specs;
  for (const char* schema : kSchemas) specs.push_back(Schema(Json::Parse(schema).value()));
  for (const char* text :
       {" (true|name) name  name", "(  first|name )\u2581?name\u4e00(, name){3}", "\n name\n?\xF0\x9F\x98\x80"}) {
    specs.push_back(Expression(text));
  }
  return specs;
}

struct Toy {
  Toy(const TokenizerPtr& tokenizer, EngineOptions options) : runner(512, 64, tokenizer->vocab_size()) {
    options.cache_bytes = 200 * runner.shape().block_bytes;
    engine = Engine::Create({.runner = &runner, .tokenizer = tokenizer.get(), .clock = &clock}, options).value();
  }
  std::shared_ptr<RecordingSink> Submit(const GenerateRequest& request) { return SubmitRecorded(*engine, request); }
  void Finish() {
    while (engine->Step()) engine->CheckInvariants();
  }
  ManualClock clock;
  ToyRunner runner;
  std::unique_ptr<Engine> engine;
};

// Asks both ways, in a crowd. Returns how many tokens were jumped over.
int64_t ExpectAlike(const TokenizerPtr& tokenizer, const std::vector<GrammarSpec>& specs, uint64_t num_seeds,
                    bool prefer_closing = false) {
  const auto vocabulary = GrammarVocabulary::Create(*tokenizer);
  Toy with(tokenizer, {.prefer_closing = prefer_closing});
  Toy without(tokenizer, {.prefer_closing = prefer_closing, .jump_ahead = false});
  std::vector<std::shared_ptr<RecordingSink>> jumped, stepped;
  std::vector<std::shared_ptr<const Grammar>> grammars;
  for (const GrammarSpec& spec : specs) {
    auto grammar = CompileGrammar(spec, vocabulary);
    if (!grammar.ok()) continue;  // a real schema that is refused by name
    for (uint64_t seed = 0; seed < num_seeds; ++seed) {
      Random random(seed, grammars.size());
      GenerateRequest request;
      request.prompt = {1};
      while (random.Below(3) != 0) request.prompt.push_back(3 + static_cast<int32_t>(random.Below(250)));
      request.max_tokens = 20 + static_cast<int64_t>(random.Below(80));
      request.sampling.seed = seed;
      if (random.Below(2) == 0) request.logprobs = 2;
      if (random.Below(4) == 0) request.sampling.frequency_penalty = 0.5F;
      request.grammar = *grammar;
      jumped.push_back(with.Submit(request));
      stepped.push_back(without.Submit(request));
      grammars.push_back(*grammar);
    }
    with.Finish();
    without.Finish();
  }
  for (size_t i = 0; i < jumped.size(); ++i) {
    const RecordingSink::Choice& choice = stepped[i]->choices.at(0);
    const RecordingSink::Choice& other = jumped[i]->choices.at(0);
    EXPECT_EQ(other.tokens, choice.tokens) << choice.text << "\n" << other.text;
    EXPECT_EQ(other.text, choice.text);
    EXPECT_EQ(other.reason, choice.reason);
    // What the client is told is what the grammar has read.
    const auto constraint = grammars[i]->Start();
    const bool whole = choice.reason == FinishReason::kStop;
    EXPECT_TRUE(!whole || (constraint->AcceptBytes(choice.text) && constraint->CanEnd())) << choice.text;
    EXPECT_EQ(other.logprobs.size(), choice.logprobs.size());
    for (size_t k = 0; k < std::min(other.logprobs.size(), choice.logprobs.size()); ++k) {
      EXPECT_EQ(other.logprobs[k].chosen.logprob, choice.logprobs[k].chosen.logprob);
      EXPECT_EQ(other.logprobs[k].rank, choice.logprobs[k].rank);
    }
  }
  EXPECT_EQ(without.engine->stats().jumped_tokens, 0);
  return with.engine->stats().jumped_tokens;
}

TEST(ForcedText, IsJumpedOverInVocabulariesThatMarkWords) {
  for (const auto& [name, tokenizer] : Toys()) {
    SCOPED_TRACE(name);
    EXPECT_GT(ExpectAlike(tokenizer, Specs(), 6), 500);
    EXPECT_GT(ExpectAlike(tokenizer, Specs(), 3, true), 200);
  }
}

TEST(ForcedText, IsSpelledAsTheTokenizerSpellsItWithinAText) {
  for (const auto& [name, tokenizer] : Toys()) {
    SCOPED_TRACE(name);
    const auto vocabulary = GrammarVocabulary::Create(*tokenizer);
    for (const char* text : {" name first", "name\u4e00 a", "\n  true\n", "{\"name\":true}", "\u2581"}) {
      const auto constraint = CompileGrammar(Expression(text), vocabulary).value()->Start();
      const ForcedText forced = FindForcedText(*constraint, *tokenizer);
      std::string spelled;
      for (const int32_t token : forced.tokens) spelled += tokenizer->Piece(token);
      if (name != "prefixed bytes" && std::string_view(text).contains("\u2581")) {
        EXPECT_EQ(spelled, "") << "a mark that is text becomes a blank there";
      } else {
        EXPECT_EQ(spelled, text);
      }
    }
  }
}

// A vocabulary as it is in use, as both of SentencePiece's models have it, over real schemas.
TEST(ForcedText, IsJumpedOverInAPublishedVocabulary) {
  const std::string path = SharedPath("/tokenizers/ggml-vocab-llama-spm.gguf");
  std::ifstream lines(SharedPath("/datasets/schemas/schemas.jsonl"));
  if (!std::filesystem::exists(path) || !lines) GTEST_SKIP() << path << " or the schemas are not there";
  std::vector<GrammarSpec> specs;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number % 25 == 0) specs.push_back(Schema(Json::Parse(line).value()["schema"]));
  }
  auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.error().Message();
  EXPECT_GT(ExpectAlike(Tokenizer::FromGguf(**file).value(), specs, 2), 300);
  TokenizerSpec unigram = ReadGgufSpec(**file).value();
  unigram.model = TokenModel::kUnigram;
  unigram.normalizers = {{.kind = NormalizerSpec::Kind::kSentencePiece, .merge_spaces = false}};
  for (size_t id = 0; id < unigram.scores.size(); ++id) unigram.scores[id] = -2 - std::log1p(static_cast<double>(id));
  EXPECT_GT(ExpectAlike(Made(std::move(unigram)), specs, 1), 150);
}

}  // namespace
}  // namespace atelier
