// Grammars in the engine: over the toy model, whose vocabulary here is a small byte-level one with merges.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/text/json.h"
#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"
#include "engine/engine.h"
#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/masks.h"
#include "engine/toy_model.h"
#include "model/tokenizer/spec.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

constexpr int32_t kEnd = 52;

// The toy's 53 tokens: bytes, some words made of them, and one that ends.
const std::shared_ptr<const Tokenizer>& Words() {
  static const std::shared_ptr<const Tokenizer> words = [] {
    TokenizerSpec spec;
    spec.where = "toy";
    spec.byte_level = true;
    spec.keep_unknown_bytes = true;
    for (const char c : std::string_view("{}[]\":,abcdefilmnorstu0123456789-.")) spec.pieces.emplace_back(1, c);
    spec.pieces.emplace_back("\u0120");  // a blank
    spec.decoders = {{.kind = DecoderSpec::Kind::kByteLevel}};
    spec.merges = {{"n", "a"},  {"m", "e"},    {"na", "me"}, {"\"", ":"},  {"\"", ","}, {"\"", "}"},
                   {"{", "\""}, {"t", "r"},    {"u", "e"},   {"tr", "ue"}, {"l", "s"},  {"ls", "e"},
                   {"f", "a"},  {"fa", "lse"}, {"i", "d"},   {",", "\""},  {"[", "\""}};
    for (const auto& [left, right] : spec.merges) spec.pieces.push_back(left + right);
    CHECK(spec.pieces.size() == kEnd);
    spec.pieces.emplace_back("<end>");
    spec.types.assign(spec.pieces.size(), TokenType::kNormal);
    spec.types.back() = TokenType::kControl;
    spec.special.eos = kEnd;
    return Tokenizer::FromSpec(std::move(spec)).value();
  }();
  return words;
}

std::shared_ptr<const Grammar> Compile(const GrammarSpec& spec) {
  static const auto vocabulary = GrammarVocabulary::Create(*Words());
  auto grammar = CompileGrammar(spec, vocabulary);
  CHECK_MSG(grammar.ok(), grammar.error().Message());
  return *grammar;
}

GrammarSpec Schema(std::string_view text) {
  GrammarSpec spec;
  spec.schema = Json::Parse(text).value();
  spec.style = {.any_whitespace = false, .schema_order = true, .numbers = NumberSpelling::kPlain};
  return spec;
}

constexpr const char* kSchemas[] = {
    R"({"type":"object","properties":{"name":{"type":"string","maxLength":9},"id":{"type":"integer","minimum":0}},
        "required":["name","id"],"additionalProperties":false})",
    R"({"type":"array","items":{"enum":[true,false,"name"]},"minItems":2,"maxItems":6})",
    R"({"anyOf":[{"type":"object","properties":{"name":{"const":"false"},"namer":{"type":"boolean"}},
        "additionalProperties":false},{"type":"integer","minimum":100,"maximum":200}]})",
};

GenerateRequest Ask(std::shared_ptr<const Grammar> grammar, uint64_t seed, int64_t max_tokens = 200) {
  GenerateRequest request;
  Random random(seed, 7);
  for (uint64_t i = 0, n = 1 + random.Below(20); i < n; ++i) {
    request.prompt.push_back(static_cast<int32_t>(random.Below(kEnd)));
  }
  request.max_tokens = max_tokens;
  request.sampling.seed = seed;
  request.grammar = std::move(grammar);
  return request;
}

struct Toy {
  explicit Toy(EngineOptions options = {}) {
    options.cache_bytes = 200 * runner.shape().block_bytes;
    engine =
        std::move(Engine::Create({.runner = &runner, .tokenizer = Words().get(), .clock = &clock}, options)).value();
  }
  std::shared_ptr<RecordingSink> Submit(const GenerateRequest& request) { return SubmitRecorded(*engine, request); }
  void Finish() {
    while (engine->Step()) engine->CheckInvariants();
    EXPECT_EQ(engine->stats().num_blocks_held, 0);
  }
  RecordingSink Alone(const GenerateRequest& request) {
    const auto sink = Submit(request);
    Finish();
    return *sink;
  }
  ManualClock clock;
  ToyRunner runner;
  std::unique_ptr<Engine> engine;
};

TEST(Constrained, WhatEndsIsValid) {
  int num_ended = 0;
  for (const char* schema : kSchemas) {
    const auto grammar = Compile(Schema(schema));
    const auto document = SchemaDocument::Parse(Json::Parse(schema).value()).value();
    const auto validator = JsonSchemaValidator::Create(document, FormatPolicy::kAssert).value();
    Toy toy;
    for (uint64_t seed = 0; seed < 30; ++seed) {
      const RecordingSink sink = toy.Alone(Ask(grammar, seed));
      const RecordingSink::Choice& choice = sink.choices.at(0);
      if (choice.reason != FinishReason::kStop) continue;
      ++num_ended;
      const auto value = Json::Parse(choice.text);
      ASSERT_TRUE(value.ok()) << choice.text;
      EXPECT_TRUE(validator.Validate(*value, 1)->empty()) << choice.text;
    }
  }
  EXPECT_GT(num_ended, 0);
}

// The helper thread only makes sooner what the choice would make itself.
TEST(Constrained, SameTokensInACrowdAsAlone) {
  Toy crowd;
  std::vector<GenerateRequest> requests;
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (uint64_t seed = 0; seed < 24; ++seed) {
    requests.push_back(Ask(Compile(Schema(kSchemas[seed % 3])), seed));
    if (seed % 4 == 0) requests.back().n = 3;
    if (seed % 5 == 0) requests.back().grammar = nullptr;
    sinks.push_back(crowd.Submit(requests.back()));
  }
  crowd.Finish();
  for (size_t i = 0; i < requests.size(); ++i) {
    Toy toy;
    const RecordingSink alone = toy.Alone(requests[i]);
    ASSERT_EQ(sinks[i]->choices.size(), alone.choices.size());
    for (const auto& [index, choice] : alone.choices) {
      EXPECT_EQ(sinks[i]->choices[index].tokens, choice.tokens) << i << " " << index;
    }
  }
}

// Tokens and logprobs, whatever else is asked, and in a crowd.
TEST(Constrained, SameTokensAndLogprobsWithAndWithoutJumpAhead) {
  Toy with, without({.jump_ahead = false});
  std::vector<std::shared_ptr<RecordingSink>> jumped, stepped;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed, 11);
    GenerateRequest request = Ask(Compile(Schema(kSchemas[seed % 3])), seed, 1 + static_cast<int64_t>(seed * 2));
    if (random.Below(2) == 0) request.logprobs = 2;
    if (random.Below(3) == 0) request.n = 2;
    if (random.Below(4) == 0) request.best_of = 3;
    if (random.Below(4) == 0) request.stop = {"me"};
    if (random.Below(4) == 0) request.sampling.frequency_penalty = 0.5F;
    if (random.Below(4) == 0) request.sampling.mirostat = 2;
    if (random.Below(4) == 0) request.min_tokens = std::min<int64_t>(5, *request.max_tokens);
    jumped.push_back(with.Submit(request));
    stepped.push_back(without.Submit(request));
  }
  with.Finish();
  without.Finish();
  for (size_t i = 0; i < jumped.size(); ++i) {
    ASSERT_EQ(jumped[i]->choices.size(), stepped[i]->choices.size());
    EXPECT_EQ(jumped[i]->usage.completion_tokens, stepped[i]->usage.completion_tokens);
    for (const auto& [index, choice] : stepped[i]->choices) {
      const RecordingSink::Choice& other = jumped[i]->choices[index];
      EXPECT_EQ(other.tokens, choice.tokens);
      EXPECT_EQ(other.text, choice.text);
      EXPECT_EQ(other.reason, choice.reason);
      ASSERT_EQ(other.logprobs.size(), choice.logprobs.size());
      for (size_t k = 0; k < choice.logprobs.size(); ++k) {
        EXPECT_EQ(other.logprobs[k].chosen.logprob, choice.logprobs[k].chosen.logprob);
        EXPECT_EQ(other.logprobs[k].rank, choice.logprobs[k].rank);
        EXPECT_EQ(other.logprobs[k].top.size(), choice.logprobs[k].top.size());
      }
    }
  }
  EXPECT_GT(with.engine->stats().jumped_tokens, 100);
  EXPECT_EQ(without.engine->stats().jumped_tokens, 0);
  EXPECT_LT(with.engine->stats().num_steps, without.engine->stats().num_steps);
}

// Where the grammar wants more behind it, it does not.
TEST(Constrained, AnEndTokenThatAGrammarNamesEndsTheOutputWhereTheGrammarDoes) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kGrammar;
  spec.text = "start: \"true\" <end> (\"false\" | \"name\") <end>";
  const int32_t word = Words()->Find("true").value();
  for (const bool jump_ahead : {true, false}) {
    for (const bool prefer_closing : {true, false}) {
      Toy toy({.prefer_closing = prefer_closing, .jump_ahead = jump_ahead});
      const RecordingSink::Choice choice = toy.Alone(Ask(Compile(spec), 3)).choices.at(0);
      EXPECT_EQ(choice.reason, FinishReason::kStop);
      EXPECT_TRUE(choice.text == "truefalse" || choice.text == "truename") << choice.text;
      ASSERT_GE(choice.tokens.size(), 4U);
      EXPECT_EQ(choice.tokens[0], word);
      EXPECT_EQ(choice.tokens[1], kEnd);
      EXPECT_EQ(choice.tokens.back(), kEnd);
      EXPECT_EQ(std::ranges::count(choice.tokens, kEnd), 2);
    }
  }
}

TEST(Constrained, AForcedTextTakesNoStepForEachToken) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kRegex;
  spec.text = "(true|1)(,false,name){20}";
  Toy toy;
  const RecordingSink sink = toy.Alone(Ask(Compile(spec), 3));
  EXPECT_EQ(sink.choices.at(0).reason, FinishReason::kStop);
  EXPECT_GT(sink.choices.at(0).tokens.size(), 60U);
  EXPECT_LT(toy.engine->stats().num_steps, 12);
}

// The smallest document of each schema takes under 40 tokens.
TEST(Constrained, OutputsAreCompleteWhereTheBudgetSuffices) {
  for (const char* schema : kSchemas) {
    const auto grammar = Compile(Schema(schema));
    const auto document = SchemaDocument::Parse(Json::Parse(schema).value()).value();
    const auto validator = JsonSchemaValidator::Create(document, FormatPolicy::kAssert).value();
    int64_t smallest = 0;  // budget that was kept
    Toy jumps({.prefer_closing = true}), steps({.prefer_closing = true, .jump_ahead = false});
    for (uint64_t seed = 0; seed < 200; ++seed) {
      GenerateRequest request = Ask(grammar, seed, 1 + static_cast<int64_t>(seed) / 4);
      if (seed % 7 == 0) request.logprobs = 1;
      const RecordingSink sink = jumps.Alone(request);
      const RecordingSink::Choice& choice = sink.choices.at(0);
      EXPECT_EQ(choice.tokens, steps.Alone(request).choices.at(0).tokens);
      if (choice.reason != FinishReason::kStop) {
        EXPECT_LT(*request.max_tokens, 40) << choice.text;
        continue;
      }
      if (smallest == 0) smallest = *request.max_tokens;
      const auto value = Json::Parse(choice.text);
      ASSERT_TRUE(value.ok()) << choice.text;
      EXPECT_TRUE(validator.Validate(*value, 1)->empty()) << choice.text;
    }
    EXPECT_GT(smallest, 0);
  }
}

TEST(Constrained, ExpressionsAndChoicesAreCompletedToo) {
  GrammarSpec spec;
  spec.kind = GrammarSpec::Kind::kRegex;
  spec.text = "[abc]{2,}(name|false|true){3,}";
  const auto grammar = Compile(spec);
  Toy toy;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    GenerateRequest request = Ask(grammar, seed, 9);
    request.prefer_closing = true;
    EXPECT_EQ(toy.Alone(request).choices.at(0).reason, FinishReason::kStop);
  }
}

TEST(Constrained, GrammarsAndTagsAreCompletedToo) {
  GrammarSpec nested;
  nested.kind = GrammarSpec::Kind::kGrammar;
  nested.text = R"(root ::= value
value ::= "name" | "[" value ("," value)* "]" | "false" "{" value "}" "true")";
  GrammarSpec tags;
  tags.kind = GrammarSpec::Kind::kStructuralTag;
  tags.schema = *Json::Parse(R"({"type": "structural_tag", "format": {"type": "sequence", "elements": [
      {"type": "tag", "begin": "a", "content": {"type": "json_schema", "json_schema":
          {"type": "object", "properties": {"name": {"type": "array", "items": {"type": "string"}}},
           "required": ["name"]}}, "end": "true"},
      {"type": "grammar", "grammar": "root ::= \"a\" root \"b\" | \"\""}]}})");
  Toy toy;
  for (const GrammarSpec& spec : {nested, tags}) {
    const auto grammar = Compile(spec);
    for (uint64_t seed = 0; seed < 40; ++seed) {
      GenerateRequest request = Ask(grammar, seed, 24);
      request.prefer_closing = true;
      const auto choice = toy.Alone(request).choices.at(0);
      EXPECT_EQ(choice.reason, FinishReason::kStop) << choice.text;
      EXPECT_TRUE(grammar->Start()->AcceptBytes(choice.text)) << choice.text;
    }
  }
}

TEST(Masks, AreMadeWhetherOrNotAnyoneWaits) {
  const auto grammar = Compile(Schema(kSchemas[0]));
  const GenerateRequest request = Ask(grammar, 1);
  const std::vector<int32_t> ending_ids = {kEnd};
  Masks with_helper(true), without(false);
  for (int round = 0; round < 200; ++round) {
    Masks& masks = round % 4 < 2 ? with_helper : without;
    std::vector<std::unique_ptr<ConstrainedChoice>> choices;
    std::vector<ConstrainedChoice*> scheduled;
    for (int i = 0; i < 5; ++i) {
      choices.push_back(std::make_unique<ConstrainedChoice>(ConstrainedChoice::Parts{
          .request = &request, .ending_ids = ending_ids, .max_tokens = 9, .num_tokens = kEnd + 1}));
      scheduled.push_back(choices.back().get());
    }
    PendingMasks pending = masks.Start(scheduled);
    if (round % 2 == 0) pending.Get();
  }
}

}  // namespace
}  // namespace atelier
