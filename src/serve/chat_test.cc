// What each parameter of a chat does, over the real model.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "serve/serve_testing.h"

namespace atelier {
namespace {

constexpr std::string_view kQuestion = "Tell me about the sea.";
constexpr std::string_view kPath = "/v1/chat/completions";

class Chat : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (IsInstalled(kChatModel)) server = std::make_unique<ServedApp>();
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override { REQUIRE_INSTALLED(kChatModel); }

  // The answer to the question with `more` parameters; it must be one.
  static Answer Ask(std::string_view more) {
    Answer answer = server->Post(kPath, ChatBodyOf(kQuestion, more));
    EXPECT_EQ(answer.status, 200) << more << "\n" << answer.body;
    return answer;
  }
  static std::string Greedy(std::string_view more = {}) {
    return Ask(R"("temperature": 0, "max_tokens": 12)" + (more.empty() ? "" : ", " + std::string(more))).Text();
  }
  // The first tokens of `text` and what else /tokenize says.
  static Json TokensOf(std::string_view text) {
    return server->Post("/tokenize", Json::Object({{"prompt", text}})).json["tokens"];
  }
  static std::unique_ptr<ServedApp> server;
};
std::unique_ptr<ServedApp> Chat::server;

std::string Sampled(std::string_view more) {
  return R"("max_tokens": 12, "seed": 7, "temperature": 1.5, )" + std::string(more);
}

TEST_F(Chat, ReplyHasOpenAisShape) {
  const Json reply = Ask(R"("max_tokens": 4, "temperature": 0)").json;
  EXPECT_TRUE(reply["id"].AsString().starts_with("chatcmpl-"));
  EXPECT_EQ(reply["object"].AsString(), "chat.completion");
  EXPECT_EQ(reply["model"].AsString(), kChatModel);
  const Json& choice = reply["choices"][0];
  EXPECT_EQ(choice["message"]["role"].AsString(), "assistant");
  EXPECT_TRUE(choice["message"].Has("refusal") && choice.Has("logprobs") && choice.Has("stop_reason"));
  EXPECT_EQ(choice["finish_reason"].AsString(), "length");
  const Json& usage = reply["usage"];
  EXPECT_EQ(*usage["completion_tokens"].AsInt64(), 4);
  EXPECT_EQ(*usage["total_tokens"].AsInt64(), *usage["prompt_tokens"].AsInt64() + 4);
}

TEST_F(Chat, SecondTimeThePromptComesFromTheCache) {
  const std::string body = R"("max_tokens": 1, "cache_salt": "second time")";
  EXPECT_EQ(Ask(body).json["usage"]["prompt_tokens_details"]["cached_tokens"].AsInt64(), 0);
  EXPECT_GE(*Ask(body).json["usage"]["prompt_tokens_details"]["cached_tokens"].AsInt64(), 16);
  // Another salt shares nothing, and a request may decline.
  EXPECT_EQ(Ask(R"("max_tokens": 1, "cache_salt": "third")")
                .json["usage"]["prompt_tokens_details"]["cached_tokens"]
                .AsInt64(),
            0);
  EXPECT_EQ(Ask(body + R"(, "cache_prompt": false)").json["usage"]["prompt_tokens_details"]["cached_tokens"].AsInt64(),
            0);
}

TEST_F(Chat, StreamSaysRoleFirstUsageLast) {
  const Answer answer =
      Ask(R"("max_tokens": 5, "temperature": 0, "stream": true, "stream_options": {"include_usage": true})");
  ASSERT_GE(answer.events.size(), 4U);
  EXPECT_TRUE(answer.done);
  EXPECT_EQ(answer.events.front()["choices"][0]["delta"]["role"].AsString(), "assistant");
  for (size_t i = 0; i + 1 < answer.events.size(); ++i) EXPECT_TRUE(answer.events[i]["usage"].is_null());
  EXPECT_EQ(answer.events[answer.events.size() - 2]["choices"][0]["finish_reason"].AsString(), "length");
  EXPECT_EQ(answer.events.back()["choices"].size(), 0);
  EXPECT_EQ(*answer.events.back()["usage"]["completion_tokens"].AsInt64(), 5);
  EXPECT_EQ(answer.Text(), Ask(R"("max_tokens": 5, "temperature": 0)").Text());
  EXPECT_EQ(Ask(R"("max_tokens": 2, "stream": true)").events.front().Has("usage"), false);
}

TEST_F(Chat, SameSeedSameText) {
  const std::string one = Ask(Sampled(R"("n": 1)")).Text();
  EXPECT_EQ(Ask(Sampled(R"("stream": true)")).Text(), one);
  EXPECT_NE(Ask(R"("max_tokens": 12, "seed": 8, "temperature": 1.5)").Text(), one);
  const Answer three = Ask(Sampled(R"("n": 3)"));
  EXPECT_EQ(three.Text(0), one);
  EXPECT_NE(three.Text(1), three.Text(2));
}

// Each of these narrows the choice to the likeliest token, so that a hot sample equals the greedy one.
TEST_F(Chat, TruncatingSamplersAtTheirNarrowestAreGreedy) {
  const std::string greedy = Greedy();
  EXPECT_NE(Ask(Sampled(R"("n": 1)")).Text(), greedy);
  for (const char* narrow : {R"("top_k": 1)", R"("top_p": 0.000001)", R"("min_p": 1)", R"("top_n_sigma": 0.000001)"}) {
    EXPECT_EQ(Ask(Sampled(narrow)).Text(), greedy) << narrow;
  }
  EXPECT_EQ(Ask(R"("max_tokens": 12, "seed": 7, "temperature": 0.000001)").Text(), greedy);
}

// And these change what the same seed draws.
TEST_F(Chat, OtherSamplersChangeWhatASeedDraws) {
  const std::string plain = Ask(Sampled(R"("n": 1)")).Text();
  for (const char* more :
       {R"("typical_p": 0.2)", R"("xtc_probability": 1, "xtc_threshold": 0.01)",
        R"("mirostat": 2, "mirostat_tau": 0.1)", R"("mirostat": 2, "mirostat_tau": 9, "mirostat_eta": 1)",
        R"("repetition_penalty": 2)", R"("repeat_penalty": 2)", R"("temperature": 0.2)", R"("top_k": 3)"}) {
    // A later member of the same name would be refused, so temperature stands only once.
    const std::string body = std::string(more).find("temperature") == std::string::npos
                                 ? Sampled(more)
                                 : R"("max_tokens": 12, "seed": 7, )" + std::string(more);
    EXPECT_NE(Ask(body).Text(), plain) << more;
  }
}

TEST_F(Chat, PenaltiesKeepAGreedyTextFromRepeating) {
  const auto repeated = [](std::string_view more) {
    Json body = ChatBodyOf("Say: ha ha ha ha ha ha ha ha ha ha ha ha ha ha", more);
    body.Set("temperature", 0), body.Set("max_tokens", 40), body.Set("return_token_ids", true),
        body.Set("ignore_eos", true);
    const Answer answer = server->Post(kPath, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::set<int64_t> distinct;
    for (const Json& id : answer.json["choices"][0]["token_ids"].items()) distinct.insert(*id.AsInt64());
    return 40 - static_cast<int64_t>(distinct.size());
  };
  const int64_t plain = repeated("");
  EXPECT_GT(plain, 0);
  EXPECT_LT(repeated(R"("frequency_penalty": 2)"), plain);
  EXPECT_LT(repeated(R"("presence_penalty": 2)"), plain);
  EXPECT_LT(repeated(R"("repetition_penalty": 5)"), plain);
  EXPECT_LT(repeated(R"("dry_multiplier": 50, "dry_allowed_length": 1, "dry_sequence_breakers": [])"), plain);
  EXPECT_EQ(repeated(R"("repetition_penalty": 5, "repeat_last_n": 0)"), plain);
}

TEST_F(Chat, LogitBiasAndAllowedTokensDecideTheToken) {
  const int64_t sea = *TokensOf(" sea")[0].AsInt64();
  const Answer biased =
      Ask(R"("temperature": 0, "max_tokens": 3, "logit_bias": {")" + std::to_string(sea) + R"(": 100})");
  EXPECT_EQ(biased.Text(), " sea sea sea");
  const Answer allowed =
      Ask(R"("temperature": 1, "max_tokens": 3, "allowed_token_ids": [)" + std::to_string(sea) + "]");
  EXPECT_EQ(allowed.Text(), " sea sea sea");
}

TEST_F(Chat, BadWordsAreNotWritten) {
  const std::string greedy = Greedy();
  const std::string word = greedy.substr(0, greedy.find(' '));
  ASSERT_FALSE(word.empty());
  EXPECT_FALSE(Greedy(R"("bad_words": [")" + word + R"("])").starts_with(word));
}

TEST_F(Chat, StopsEndTheText) {
  const std::string greedy = Greedy();
  const std::string word = greedy.substr(greedy.find(' ') + 1, 3);
  const std::string before = greedy.substr(0, greedy.find(word));
  const Answer stopped = Ask(R"("temperature": 0, "max_tokens": 12, "stop": ")" + word + "\"");
  EXPECT_EQ(stopped.Text(), before);
  EXPECT_EQ(stopped.json["choices"][0]["finish_reason"].AsString(), "stop");
  EXPECT_EQ(stopped.json["choices"][0]["stop_reason"].AsString(), word);
  EXPECT_EQ(Greedy(R"("stop": ["zzz", ")" + word + R"("], "include_stop_str_in_output": true)"), before + word);
  EXPECT_NE(Greedy(R"("stop": [")" + word + R"("], "min_tokens": 10)"), before);

  const Answer ids = Ask(R"("temperature": 0, "max_tokens": 12, "return_token_ids": true)");
  const int64_t third = *ids.json["choices"][0]["token_ids"][2].AsInt64();
  const Answer token = Ask(R"("temperature": 0, "max_tokens": 12, "stop_token_ids": [)" + std::to_string(third) + "]");
  EXPECT_LT(token.Text().size(), greedy.size());
  EXPECT_EQ(token.json["choices"][0]["stop_reason"].AsInt64(), third);
  const Answer streamed =
      Ask(R"("temperature": 0, "max_tokens": 12, "stream": true, "stop_token_ids": [)" + std::to_string(third) + "]");
  EXPECT_EQ(streamed.events.back()["choices"][0]["stop_reason"].AsInt64(), third);
}

TEST_F(Chat, LengthIsBounded) {
  const auto num_tokens = [](std::string_view more) { return *Ask(more).json["usage"]["completion_tokens"].AsInt64(); };
  EXPECT_EQ(num_tokens(R"("max_tokens": 3)"), 3);
  EXPECT_EQ(num_tokens(R"("max_completion_tokens": 4)"), 4);
  EXPECT_EQ(num_tokens(R"("max_completion_tokens": 2, "max_tokens": 9)"), 2);
  EXPECT_EQ(num_tokens(R"("max_tokens": 0)"), 0);
  Json one_word = ChatBodyOf("Answer with the one word Yes.", R"("temperature": 0, "max_tokens": 60)");
  const Answer by_itself = server->Post(kPath, one_word);
  one_word.Set("ignore_eos", true);
  EXPECT_EQ(server->Post(kPath, one_word).json["usage"]["completion_tokens"].AsInt64(), 60);
  EXPECT_LE(*by_itself.json["usage"]["completion_tokens"].AsInt64(), 60);
}

TEST_F(Chat, LogprobsAreOfTheTokensAndTheirRivals) {
  const Answer answer = Ask(R"("temperature": 0, "max_tokens": 3, "logprobs": true, "top_logprobs": 3)");
  const Json& content = answer.json["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(content.size(), 3);
  std::string text;
  for (const Json& token : content.items()) {
    text += token["token"].AsString();
    ASSERT_EQ(token["top_logprobs"].size(), 3);
    EXPECT_EQ(token["top_logprobs"][0]["token"].AsString(), token["token"].AsString());  // greedy
    double sum = 0;
    for (const Json& rival : token["top_logprobs"].items()) sum += std::exp(rival["logprob"].AsDouble());
    EXPECT_LE(sum, 1 + 1e-6);
  }
  EXPECT_EQ(text, answer.Text());
  const Answer ids = Ask(R"("temperature": 0, "max_tokens": 1, "logprobs": true, "return_tokens_as_token_ids": true)");
  EXPECT_TRUE(ids.json["choices"][0]["logprobs"]["content"][0]["token"].AsString().starts_with("token_id:"));
}

TEST_F(Chat, PromptLogprobsStandBesideTheChoicesAsVllmHasThem) {
  const Answer answer = Ask(R"("max_tokens": 1, "prompt_logprobs": 2, "return_token_ids": true)");
  const Json& list = answer.json["prompt_logprobs"];
  const Json& ids = answer.json["prompt_token_ids"];
  ASSERT_EQ(list.size(), ids.size());
  EXPECT_TRUE(list[0].is_null());
  for (int64_t i = 1; i < list.size(); ++i) {
    const Json& own = list[i][std::to_string(*ids[i].AsInt64())];
    ASSERT_TRUE(own.is_object()) << i;
    EXPECT_LE(own["logprob"].AsDouble(), 0);
    EXPECT_GE(*own["rank"].AsInt64(), 1);
  }
  EXPECT_EQ(server->Post(kPath, ChatBodyOf("x", R"("stream": true, "prompt_logprobs": 1)")).param(), "prompt_logprobs");
}

TEST_F(Chat, TokenIdsComeOnceForThePromptAndPieceByPieceForTheText) {
  const Answer whole = Ask(R"("temperature": 0, "max_tokens": 6, "return_token_ids": true)");
  const Answer stream = Ask(R"("temperature": 0, "max_tokens": 6, "return_token_ids": true, "stream": true)");
  Json ids = Json::Array();
  int num_prompts = 0;
  for (const Json& event : stream.events) {
    if (event.Has("prompt_token_ids")) {
      ++num_prompts;
      EXPECT_EQ(event["prompt_token_ids"], whole.json["prompt_token_ids"]);
    }
    const Json& news = event["choices"][0]["token_ids"];
    for (int64_t i = 0; news.is_array() && i < news.size(); ++i) ids.Push(news[i]);
  }
  EXPECT_EQ(num_prompts, 1);
  EXPECT_EQ(ids, whole.json["choices"][0]["token_ids"]);
}

TEST_F(Chat, MessagesReachTheTemplate) {
  const auto prompt = [](std::string_view json) {
    const Answer answer = server->PostText("/apply-template", json);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json["prompt"].is_string() ? answer.json["prompt"].AsString() : "";
  };
  const std::string plain =
      prompt(R"({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "ab"}]})");
  EXPECT_EQ(plain, "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nab<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(prompt(R"({"messages": [{"role": "developer", "content": "S"}, {"role": "user", "content":
                  [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]})"),
            plain);
  EXPECT_EQ(prompt(R"({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "ab"}],
                      "add_generation_prompt": false})"),
            plain.substr(0, plain.rfind("<|im_start|>")));
  EXPECT_EQ(prompt(R"({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "ab"},
                      {"role": "assistant", "content": "He"}],
                      "add_generation_prompt": false, "continue_final_message": true})"),
            plain + "He");
  EXPECT_EQ(prompt(R"({"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "low", "verbosity": "high",
                      "chat_template_kwargs": {"colour": "red"}, "documents": [{"title": "t", "text": "d"}],
                      "chat_template": "{{ reasoning_effort }} {{ verbosity }} {{ colour }} {{ documents[0].title }}"})"),
            "low high red t");
  EXPECT_EQ(prompt(R"({"messages": [{"role": "assistant", "content": null, "tool_calls": [{"id": "1"}], "name": "n"}],
                      "chat_template": "{{ messages[0].tool_calls[0].id }}{{ messages[0].name }}"})"),
            "1n");
  EXPECT_EQ(server
                ->PostText(kPath, R"({"messages": [{"role": "user", "content": [{"type": "image_url",
                                       "image_url": {"url": "x"}}]}]})")
                .param(),
            "messages[0].content[0].type");
}

TEST_F(Chat, ContinuingAMessageGoesOnWithIt) {
  const std::string greedy = Greedy();
  Json body =
      ChatBodyOf(kQuestion, R"("temperature": 0, "add_generation_prompt": false, "continue_final_message": true)");
  const std::string begun = greedy.substr(0, greedy.find(' '));
  body.Find("messages")->Push(Json::Object({{"role", "assistant"}, {"content", begun}}));
  body.Set("max_tokens", 3);
  const std::string rest = server->Post(kPath, body).Text();
  EXPECT_EQ((begun + rest), greedy.substr(0, (begun + rest).size()));
}

TEST_F(Chat, MetadataIsGivenBackAndKeptWithinBounds) {
  EXPECT_EQ(Ask(R"("max_tokens": 1, "metadata": {"team": "red"})").json["metadata"]["team"].AsString(), "red");
  std::string many = R"("metadata": {"k0": "v")";
  for (int i = 1; i <= 16; ++i) many += ", \"k" + std::to_string(i) + "\": \"v\"";
  EXPECT_EQ(server->Post(kPath, ChatBodyOf("x", many + "}")).param(), "metadata");
  const std::string long_value(513, 'x');
  EXPECT_EQ(server->Post(kPath, ChatBodyOf("x", R"("metadata": {"k": ")" + long_value + "\"}")).param(), "metadata.k");
}

TEST_F(Chat, SpecialTokensAreShownWhereAsked) {
  const std::string ending = R"("temperature": 0, "max_tokens": 4, "ignore_eos": true, "logit_bias": {"2": 100})";
  EXPECT_EQ(Ask(ending).Text(), "");
  EXPECT_EQ(Ask(ending + R"(, "skip_special_tokens": false)").Text(), "<|im_end|><|im_end|><|im_end|><|im_end|>");
}

}  // namespace
}  // namespace atelier
