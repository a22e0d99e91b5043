// The engine over real models, where they are in place: the main promise over the Plan, and what serving needs end to
// end.
#include "engine/local_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/random.h"
#include "compute/kernel/gang.h"
#include "engine/grammar/grammar.h"
#include "engine/toy_model.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

std::string ModelPath(const std::string& relative) {
  const char* home = std::getenv("ATELIER_HOME");
  const char* user = std::getenv("HOME");
  const std::string root = home != nullptr ? home : std::string(user != nullptr ? user : "") + "/.atelier";
  return root + "/models/" + relative;
}

const char kSmol[] = "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kCrowd = 6;  // sanitized kernels are twenty times slower
#else
constexpr size_t kCrowd = 33;
#endif

// How many rows of prompts each step had.
class SliceListener final : public EngineListener {
 public:
  void OnStep(const StepFigures& figures) override { sizes.insert(figures.num_prefill_tokens); }
  std::set<int32_t> sizes;
};

// A model with a gang of its own. Its packed weights are kept in the build's folder for temporary files.
struct Served {
  Served(const std::string& relative, const EngineOptions& options, int num_threads,
         CacheType cache_type = CacheType::kF16)
      : gang(num_threads) {
    LocalModelOptions wanted{.name = "model", .path = ModelPath(relative), .engine = options};
    wanted.cache_type = cache_type;
    wanted.panel_path =
        testing::TempDir() + "local_model_test_" + std::to_string(std::hash<std::string>()(relative)) + ".panels";
    auto loaded = LoadLocalModel(wanted, {.gang = &gang, .clock = &Clock::Real(), .listener = listener});
    CHECK_MSG(loaded.ok(), loaded.error().Message());
    model = std::move(*loaded);
  }
  template <class Request>
  std::shared_ptr<RecordingSink> Submit(const Request& request) {
    auto sink = std::make_shared<RecordingSink>();
    auto submitted = model->engine().Submit(request, sink);
    CHECK_MSG(submitted.ok(), submitted.error().Message());
    return sink;
  }
  void Finish() {
    while (model->engine().Step()) {
    }
  }
  GenerateRequest Ask(std::string_view text, int64_t max_tokens) const {
    GenerateRequest request;
    request.prompt = model->tokenizer()->Encode(text, {.parse_special = true});
    request.max_tokens = max_tokens;
    request.sampling.temperature = 0;
    return request;
  }
  Gang gang;
  std::shared_ptr<SliceListener> listener = std::make_shared<SliceListener>();
  std::unique_ptr<LocalModel> model;
};

#define REQUIRE_MODEL(relative)                                                                 \
  if (!std::filesystem::exists(ModelPath(relative))) {                                          \
    GTEST_SKIP() << "no model at " << ModelPath(relative) << "; `atelier models pull` gets it"; \
  }

const char kQuestion[] = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n";

TEST(LocalModel, SmolLm2AnswersAQuestionInText) {
  REQUIRE_MODEL(kSmol);
  Served served(kSmol, {}, 2);
  const auto sink = served.Submit(served.Ask(kQuestion, 40));
  served.Finish();
  EXPECT_NE(sink->choices[0].text.find("Paris"), std::string::npos) << sink->choices[0].text;
  EXPECT_EQ(sink->choices[0].reason, FinishReason::kStop);
  EXPECT_TRUE(sink->choices[0].stop_token.has_value());
  EXPECT_EQ(sink->choices[0].text.find("<|im_end|>"), std::string::npos);
}

TEST(LocalModel, AnswersWithAnEightBitCacheTooAtHalfTheMemory) {
  REQUIRE_MODEL(kSmol);
  Served wide(kSmol, {}, 2);
  Served narrow(kSmol, {}, 2, CacheType::kQ8_0);
  EXPECT_LT(narrow.model->shape().block_bytes, wide.model->shape().block_bytes * 6 / 10);
  const auto sink = narrow.Submit(narrow.Ask(kQuestion, 40));
  narrow.Finish();
  EXPECT_NE(sink->choices[0].text.find("Paris"), std::string::npos) << sink->choices[0].text;
}

TEST(LocalModel, AStopStringAcrossTokensEndsTheTextBeforeIt) {
  REQUIRE_MODEL(kSmol);
  Served served(kSmol, {}, 2);
  GenerateRequest request = served.Ask(kQuestion, 40);
  const auto whole = served.Submit(request);
  served.Finish();
  const std::string text = whole->choices[0].text;
  ASSERT_GT(text.size(), 20U);
  const std::string stop = text.substr(9, 7);  // cuts words
  request.stop = {stop};
  const auto cut = served.Submit(request);
  request.include_stop_str = true;
  const auto with = served.Submit(request);
  served.Finish();
  const size_t at = text.find(stop);
  EXPECT_EQ(cut->choices[0].text, text.substr(0, at));
  EXPECT_EQ(cut->choices[0].stop_string, stop);
  EXPECT_EQ(cut->choices[0].reason, FinishReason::kStop);
  EXPECT_EQ(with->choices[0].text, text.substr(0, at + stop.size()));
}

// Requests over real text; many share a beginning.
GenerateRequest AnyRequest(const Served& served, Random& random) {
  static const char* const kSystem =
      "<|im_start|>system\nYou are a helpful assistant who answers in one short paragraph and never invents "
      "anything. Say so when you do not know.<|im_end|>\n";
  static const char* const kAsked[] = {"Explain how rainbows form.", "Write a haiku about the sea.",
                                       "List three uses of copper.", "What is 17 times 23?",
                                       "Translate 'good morning' into French and Spanish."};
  std::string text = random.Below(3) == 0 ? "" : kSystem;
  text += "<|im_start|>user\n";
  for (uint64_t i = random.Below(4) + 1; i-- > 0;) text += std::string(kAsked[random.Below(5)]) + " ";
  text += "<|im_end|>\n<|im_start|>assistant\n";
  GenerateRequest request = served.Ask(text, 8 + static_cast<int64_t>(random.Below(20)));
  request.sampling.temperature = random.Below(3) == 0 ? 0 : 0.8F;
  request.sampling.top_p = random.Below(2) == 0 ? 0.95F : 1;
  request.sampling.frequency_penalty = random.Below(3) == 0 ? 0.3F : 0;
  request.sampling.seed = random.Next64();
  request.n = random.Below(8) == 0 ? 2 : 1;
  request.ignore_eos = true;
  request.options.priority = static_cast<int32_t>(random.Below(2));
  return request;
}

// What kinds of cache change is only how keys and values are kept, so each must keep the promise.
class RealDeterminism : public testing::TestWithParam<CacheType> {};
INSTANTIATE_TEST_SUITE_P(Caches, RealDeterminism, testing::Values(CacheType::kF16, CacheType::kQ8_0),
                         [](const auto& info) { return info.param == CacheType::kF16 ? "F16" : "Q8_0"; });

TEST_P(RealDeterminism, SmolLm2GivesTheSameBitsAloneAndAmongThirtyTwoOthersOnOneAndTwoThreads) {
  REQUIRE_MODEL(kSmol);
  const uint64_t seed = 1;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  EngineOptions tight;
  tight.max_step_tokens = 96;
  tight.max_prefill_beside_decode = 37;
  tight.max_running = 33;
  tight.max_context = 512;
  const int64_t block_bytes = Served(kSmol, {}, 1, GetParam()).model->shape().block_bytes;
  tight.cache_bytes = 28 * block_bytes;  // too few blocks for all, so that some are preempted
  EngineOptions ample;
  ample.max_context = 1024;
  ample.prefix_cache = false;
  ample.max_running = 4;
  std::vector<GenerateRequest> requests;
  std::vector<std::shared_ptr<RecordingSink>> crowd[2];
  for (const int num_threads : {1, 2}) {
    Served served(kSmol, tight, num_threads, GetParam());
    if (requests.empty()) {
      for (size_t i = 0; i < kCrowd; ++i) requests.push_back(AnyRequest(served, random));
    }
    auto& sinks = crowd[num_threads - 1];
    for (size_t i = 0; i < requests.size(); ++i) {
      sinks.push_back(served.Submit(requests[i]));
      if (i % 3 == 0) served.model->engine().Step();
    }
    served.Finish();
    served.model->engine().CheckInvariants();
    if (kCrowd > 30) {  // what the promise is about did happen
      EXPECT_GT(served.model->engine().stats().num_preemptions, 0);
      EXPECT_GT(served.model->engine().stats().prefix_hit_tokens, 100);
      EXPECT_GT(served.listener->sizes.size(), 10U) << "slices of many sizes";
    }
    EXPECT_EQ(served.model->engine().stats().num_blocks_held, 0);
  }
  Served alone(kSmol, ample, 2, GetParam());
  for (size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "request " << i);
    const auto solo = alone.Submit(requests[i]);
    alone.Finish();
    for (const auto& sinks : crowd) {
      ASSERT_EQ(sinks[i]->choices.size(), solo->choices.size());
      for (const auto& [index, expected] : solo->choices) {
        ASSERT_FALSE(expected.logit_hashes.empty());
        EXPECT_EQ(sinks[i]->choices.at(index).logit_hashes, expected.logit_hashes);
        EXPECT_EQ(sinks[i]->choices.at(index).tokens, expected.tokens);
        EXPECT_EQ(sinks[i]->choices.at(index).text, expected.text);
      }
    }
  }
}

TEST(LocalModel, EmbeddingsAreTheSameAloneAndTogetherAndLikeSentencesLieNear) {
  REQUIRE_MODEL("all-minilm-l6-v2");
  Served served("all-minilm-l6-v2", {}, 2);
  const Tokenizer& tokenizer = *served.model->tokenizer();
  const std::vector<std::string> texts = {"A cat sleeps on the sofa.", "A kitten naps on the couch.",
                                          "Interest rates rose by half a point."};
  EmbedRequest together;
  for (const std::string& text : texts) together.inputs.push_back(tokenizer.Encode(text));
  const auto all = served.Submit(together);
  served.Finish();
  ASSERT_EQ(all->vectors.size(), 3U);
  EXPECT_EQ(all->vectors[0].size(), 384U);
  for (int32_t i = 0; i < 3; ++i) {
    EmbedRequest one;
    one.inputs = {together.inputs[static_cast<size_t>(i)]};
    const auto alone = served.Submit(one);
    served.Finish();
    EXPECT_EQ(alone->vectors[0], all->vectors[i]);
  }
  const auto cosine = [&](int32_t a, int32_t b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (size_t i = 0; i < 384; ++i) {
      dot += all->vectors[a][i] * all->vectors[b][i];
      aa += all->vectors[a][i] * all->vectors[a][i];
      bb += all->vectors[b][i] * all->vectors[b][i];
    }
    return dot / std::sqrt(aa * bb);
  };
  EXPECT_GT(cosine(0, 1), 0.6);
  EXPECT_LT(cosine(0, 2), 0.2);
}

TEST(LocalModel, ALongInputIsAnErrorOrCutOnlyWhereAsked) {
  REQUIRE_MODEL("all-minilm-l6-v2");
  Served served("all-minilm-l6-v2", {}, 1);
  const auto max = static_cast<size_t>(served.model->engine().max_context());
  EmbedRequest request;
  request.inputs = {std::vector<int32_t>(max + 10, 2000)};
  const auto refused = served.model->engine().Submit(request, std::make_shared<RecordingSink>());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "context_length_exceeded");
  EXPECT_EQ(refused.error().where, "input[0]");
  request.truncate = true;
  const auto cut = served.Submit(request);
  served.Finish();
  EXPECT_EQ(cut->vectors.size(), 1U);
  EXPECT_EQ(cut->usage.prompt_tokens, static_cast<int64_t>(max));
}

// A schema with much that is forced; logprobs are asked of every second request.
TEST(LocalModel, JumpAheadChangesNoTokenAndNoLogprob) {
  REQUIRE_MODEL(kSmol);
  Served with(kSmol, {}, 2);
  Served without(kSmol, {.jump_ahead = false}, 2);
  std::vector<std::shared_ptr<RecordingSink>> sinks[2];
  for (Served* served : {&with, &without}) {
    GrammarSpec spec;
    spec.schema = Json::Parse(R"({"type": "object", "additionalProperties": false, "properties": {
        "first_name": {"type": "string", "maxLength": 12}, "last_name": {"type": "string", "maxLength": 12},
        "occupation": {"enum": ["software engineer", "software architect", "florist"]},
        "address": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}},
                    "required": ["city"], "additionalProperties": false}},
        "required": ["first_name", "last_name", "occupation", "address"]})")
                      .value();
    spec.style = {
        .any_whitespace = false, .max_whitespace = 0, .schema_order = true, .numbers = NumberSpelling::kPlain};
    const auto grammar = CompileGrammar(spec, served->model->grammar_vocabulary()).value();
    for (uint64_t i = 0; i < kCrowd / 3; ++i) {
      GenerateRequest request = served->Ask("Somebody as JSON: ", 80);
      request.grammar = grammar;
      request.sampling.temperature = 0.9F;
      request.sampling.seed = i;
      if (i % 2 == 0) request.logprobs = 3;
      sinks[served == &with ? 0 : 1].push_back(served->Submit(request));
    }
    served->Finish();
  }
  for (size_t i = 0; i < sinks[0].size(); ++i) {
    const RecordingSink::Choice& jumped = sinks[0][i]->choices[0];
    const RecordingSink::Choice& stepped = sinks[1][i]->choices[0];
    EXPECT_EQ(jumped.tokens, stepped.tokens) << jumped.text;
    EXPECT_EQ(jumped.text, stepped.text);
    EXPECT_TRUE(Json::Parse(jumped.text).ok()) << jumped.text;
    ASSERT_EQ(jumped.logprobs.size(), stepped.logprobs.size());
    for (size_t k = 0; k < jumped.logprobs.size(); ++k) {
      EXPECT_EQ(jumped.logprobs[k].chosen.logprob, stepped.logprobs[k].chosen.logprob) << k;
    }
  }
  EXPECT_GT(with.model->engine().stats().jumped_tokens, 10);
  EXPECT_LT(with.model->engine().stats().num_steps, without.model->engine().stats().num_steps);
}

}  // namespace
}  // namespace atelier
