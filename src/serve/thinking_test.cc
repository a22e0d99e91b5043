// Reasoning apart from the answer, over a tiny model of random weights whose template thinks as Qwen's and DeepSeek's
// do: what it writes is nonsense, where it goes is not.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "serve/serve_testing.h"
#include "serve/tiny_model.h"

namespace atelier {
namespace {

constexpr std::string_view kTemplate =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% else %}<think>\n{% endif %}{% endif %}";
constexpr int64_t kBudget = 12;
constexpr int64_t kMostThought = kBudget + 8;  // the mark that ends it: </think> is a token a byte here

Config ThinkingConfig() {
  const std::string folder = TinyModelFolder("thinking");
  MakeTinyLlama(folder);
  std::ofstream(folder + "/tokenizer_config.json")
      << Json::Object({{"eos_token", "<|im_end|>"}, {"add_bos_token", false}, {"chat_template", kTemplate}}).Dump();
  Config config;
  config.models.push_back({"tiny", folder});
  config.default_model = "tiny";
  return config;
}

class Thinking : public testing::Test {
 protected:
  static void SetUpTestSuite() { server = std::make_unique<ServedApp>(ThinkingConfig()); }
  static void TearDownTestSuite() { server.reset(); }

  static Answer Ask(std::string_view more) {
    Answer answer =
        server->Post("/v1/chat/completions", ChatBodyOf("x", R"("max_tokens": 60, "seed": 5, )" + std::string(more)));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer;
  }
  static const Json& Message(const Answer& answer) { return answer.json["choices"][0]["message"]; }
  static int64_t Thought(const Answer& answer) {
    return *answer.json["usage"]["completion_tokens_details"]["reasoning_tokens"].AsInt64();
  }
  static std::unique_ptr<ServedApp> server;
};
std::unique_ptr<ServedApp> Thinking::server;

TEST_F(Thinking, EndsAtItsBudgetAndTheAnswerFollows) {
  const Answer answer = Ask(R"("thinking_token_budget": 12)");
  const Json& message = Message(answer);
  ASSERT_TRUE(message["reasoning"].is_string()) << answer.body;
  EXPECT_FALSE(message["reasoning"].AsString().empty());
  EXPECT_EQ(message["reasoning"], message["reasoning_content"]);
  EXPECT_FALSE(message["content"].AsString().empty());
  EXPECT_FALSE(message["content"].AsString().contains("</think>"));
  EXPECT_GT(Thought(answer), 0);
  EXPECT_LE(Thought(answer), kMostThought);
  EXPECT_EQ(*answer.json["usage"]["completion_tokens"].AsInt64(), 60);
}

TEST_F(Thinking, MayBeLeftOut) {
  const Answer shown = Ask(R"("thinking_token_budget": 12)");
  const Answer hidden = Ask(R"("thinking_token_budget": 12, "include_reasoning": false)");
  EXPECT_FALSE(Message(hidden)["reasoning"].is_string());
  EXPECT_FALSE(Message(hidden)["reasoning_content"].is_string());
  EXPECT_EQ(Message(hidden)["content"], Message(shown)["content"]);
  EXPECT_EQ(Thought(hidden), Thought(shown));
  const Answer none = Ask(R"("chat_template_kwargs": {"enable_thinking": false})");
  EXPECT_FALSE(Message(none)["reasoning"].is_string());
  EXPECT_EQ(Thought(none), 0);
}

TEST_F(Thinking, StreamsAsDeltasOfItsOwnBeforeTheAnswers) {
  const Answer whole = Ask(R"("thinking_token_budget": 12)");
  const Answer stream = Ask(R"("thinking_token_budget": 12, "stream": true)");
  std::string reasoning, content;
  for (const Json& event : stream.events) {
    for (const Json& choice : event["choices"].items()) {
      const Json& delta = choice["delta"];
      if (delta["reasoning"].is_string()) {
        EXPECT_EQ(content, "");
        EXPECT_EQ(delta["reasoning"], delta["reasoning_content"]);
        reasoning += delta["reasoning"].AsString();
      }
      if (delta["content"].is_string()) content += delta["content"].AsString();
    }
  }
  EXPECT_EQ(reasoning, Message(whole)["reasoning"].AsString());
  EXPECT_EQ(content, Message(whole)["content"].AsString());
}

TEST_F(Thinking, IsAcceptedBackInEitherName) {
  for (const char* name : {"reasoning", "reasoning_content"}) {
    Json earlier = Json::Object({{"role", "assistant"}, {"content", "y"}});
    earlier.Set(name, "thought");
    const Answer answer = server->Post(
        "/apply-template",
        Json::Object(
            {{"messages", Json::Array({Json::Object({{"role", "user"}, {"content", "x"}}), std::move(earlier)})},
             {"add_generation_prompt", false}}));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.json["prompt"].AsString().contains("<think>\nthought\n</think>\n\ny")) << answer.body;
  }
}

TEST_F(Thinking, AFormatBindsTheAnswerAlone) {
  const Answer answer = Ask(R"("thinking_token_budget": 12, "structured_outputs": {"choice": ["up", "down"]})");
  EXPECT_FALSE(Message(answer)["reasoning"].AsString().empty());
  const std::string content = Message(answer)["content"].AsString();
  EXPECT_TRUE(content == "up" || content == "down") << content;
}

TEST_F(Thinking, IsAnItemOfResponses) {
  const Answer response = server->PostText(
      "/v1/responses", R"({"input": "x", "max_output_tokens": 60, "thinking_token_budget": 12, "store": false})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.json["output"][0]["type"], Json("reasoning"));
  EXPECT_FALSE(response.json["output"][0]["content"][0]["text"].AsString().empty());
  EXPECT_LE(*response.json["usage"]["output_tokens_details"]["reasoning_tokens"].AsInt64(), kMostThought);
}

}  // namespace
}  // namespace atelier
