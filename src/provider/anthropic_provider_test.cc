#include <gtest/gtest.h>

#include <cstdlib>

#include "base/random.h"
#include "provider/anthropic_request.h"
#include "provider/provider_testing.h"

namespace atelier {
namespace {

using End = FaultyServer::End;
using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;

std::string Event(std::string_view type, std::string_view rest = "") {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"" +
         (rest.empty() ? "" : "," + std::string(rest)) + "}\n\n";
}

std::vector<std::string> Events() {
  return {
      Event("message_start",
            R"("message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}})"),
      Event("content_block_start", R"("index":0,"content_block":{"type":"thinking","thinking":"","signature":""})"),
      Event("ping"),
      Event("content_block_delta", R"("index":0,"delta":{"type":"thinking_delta","thinking":"hm"})"),
      Event("content_block_delta", R"("index":0,"delta":{"type":"signature_delta","signature":"x"})"),
      Event("content_block_stop", R"("index":0)"),
      Event("content_block_start", R"("index":1,"content_block":{"type":"text","text":""})"),
      Event("content_block_delta", R"("index":1,"delta":{"type":"text_delta","text":"Let me "})"),
      Event("content_block_delta", R"("index":1,"delta":{"type":"text_delta","text":"look."})"),
      Event("content_block_stop", R"("index":1)"),
      Event("content_block_start", R"("index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}})"),
      Event("content_block_delta", R"("index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\""})"),
      Event("content_block_delta", R"("index":2,"delta":{"type":"input_json_delta","partial_json":":1}"})"),
      Event("content_block_stop", R"("index":2)"),
      Event("content_block_start", R"("index":3,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}})"),
      Event("content_block_stop", R"("index":3)"),
      Event("message_delta", R"("delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":20})"),
      Event("message_stop"),
  };
}

void AsAnthropic(ProviderConfig& config) { config.api = "anthropic"; }

TEST(AnthropicProvider, TextThinkingAndCallsAreTheSameEvents) {
  setenv("UP_TEST_KEY", "sk-ant-1", 1);
  std::string head;
  ProviderBench bench([&](const Request& request) {
    head = request.head;
    return Answer{ChunkedAnswer("text/event-stream", Events())};
  });
  bench.Open([](ProviderConfig& config) {
    AsAnthropic(config);
    config.key = "env:UP_TEST_KEY";
  });
  const auto reply = bench.Ask(ChatOf("up/claude", "Hi"));
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  const GatheredChoice& choice = reply->choices[0];
  EXPECT_EQ(choice.reasoning, "hm");
  EXPECT_EQ(choice.text, "Let me look.");
  ASSERT_EQ(choice.calls.size(), 2U);
  EXPECT_EQ(choice.calls[0].id + choice.calls[0].name + choice.calls[0].arguments, R"(t1f{"a":1})");
  EXPECT_EQ(choice.calls[1].id + choice.calls[1].name + choice.calls[1].arguments, "t2g{}");
  EXPECT_EQ(reply->end.usage.prompt_tokens, 15);
  EXPECT_EQ(reply->end.usage.cached_tokens, 5);
  EXPECT_EQ(reply->end.usage.completion_tokens, 20);
  EXPECT_TRUE(head.starts_with("POST /v1/messages ")) << head;
  EXPECT_NE(head.find("X-Api-Key: sk-ant-1\r\n"), std::string::npos);
  EXPECT_NE(head.find("anthropic-version: "), std::string::npos);
}

TEST(AnthropicProvider, AConversationBecomesBlocks) {
  ProviderTraits traits;
  traits.provider = "up", traits.dialect = Dialect::kAnthropic, traits.constrains = Constrains::kJsonSchema;
  GenerationRequest request = ChatOf("claude", "");
  auto& chat = std::get<ChatPrompt>(request.prompt);
  chat.messages = ParsedJson(R"([{"role":"system","content":"Be brief."},{"role":"user","content":"Weather?"},
      {"role":"assistant","content":"Looking.","tool_calls":[{"id":"c1","type":"function","function":{"name":"f",
      "arguments":"{\"city\":\"Rome\"}"}},{"id":"c2","type":"function","function":{"name":"f","arguments":""}}]},
      {"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"tool","tool_call_id":"c2","content":"wet"},
      {"role":"user","content":"And now?"}])");
  Tool tool;
  tool.name = "f";
  tool.definition = ParsedJson(R"({"type":"function","function":{"name":"f","description":"looks"}})");
  chat.tool_use.tools = {tool};
  chat.tool_use.choice = ToolUse::Choice::kRequired;
  chat.tool_use.parallel = false;
  chat.template_kwargs = ParsedJson(R"({"reasoning_effort":"low"})");
  request.options.request.stop = {"END"};
  request.options.grammar.emplace();
  request.options.grammar->schema = ParsedJson(R"({"type":"object"})");
  const auto body = AnthropicBody(traits, "claude", 99, request);
  ASSERT_TRUE(body.ok()) << body.error().Message();
  EXPECT_EQ(*body, ParsedJson(R"({"model":"claude","stream":true,"max_tokens":99,"system":"Be brief.","messages":[
      {"role":"user","content":[{"type":"text","text":"Weather?"}]},
      {"role":"assistant","content":[{"type":"text","text":"Looking."},
        {"type":"tool_use","id":"c1","name":"f","input":{"city":"Rome"}},
        {"type":"tool_use","id":"c2","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"sunny"},
        {"type":"tool_result","tool_use_id":"c2","content":"wet"},{"type":"text","text":"And now?"}]}],
      "tools":[{"name":"f","description":"looks","input_schema":{"type":"object"}}],
      "tool_choice":{"type":"any","disable_parallel_tool_use":true},
      "output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}},
      "stop_sequences":["END"]})"))
      << body->DumpPretty();
}

TEST(AnthropicProvider, WhatItsApiHasNotIsRefusedByName) {
  ProviderBench bench([](const Request&) { return Answer{ChunkedAnswer("text/event-stream", Events())}; });
  bench.Open(AsAnthropic);
  const std::pair<std::string, std::function<void(GenerationOptions&)>> cases[] = {
      {"temperature", [](auto& o) { o.request.sampling.temperature = 0; }},
      {"n", [](auto& o) { o.request.n = 2; }},
      {"seed", [](auto& o) { o.seed = 1; }},
      {"logprobs", [](auto& o) { o.request.logprobs = 1; }},
      {"top_k", [](auto& o) { o.request.sampling.top_k = 5; }},
  };
  for (const auto& [name, ask] : cases) {
    GenerationRequest request = ChatOf("up/claude", "Hi");
    ask(request.options);
    const auto reply = bench.Ask(request);
    ASSERT_FALSE(reply.ok()) << name;
    EXPECT_EQ(reply.error().where, name) << reply.error().Message();
  }
  GenerationRequest completion;
  completion.model = "up/claude";
  completion.prompt = TextPrompt{"x"};
  EXPECT_EQ(bench.Ask(completion).error().code, "unsupported_model");
  EXPECT_EQ(bench.server().num_requests(), 0);
  bench.Open([](ProviderConfig& config) {
    AsAnthropic(config);
    config.parameters = {"temperature"};
  });
  GenerationRequest cold = ChatOf("up/claude", "Hi");
  cold.options.request.sampling.temperature = 0;
  EXPECT_TRUE(bench.Ask(cold).ok()) << "a compatible server that knows it";
}

TEST(AnthropicProvider, WhatIsNoAnswerIsAnErrorValue) {
  std::vector<std::string> events;
  ProviderBench bench([&](const Request&) { return Answer{ChunkedAnswer("text/event-stream", events)}; });
  bench.Open(AsAnthropic);
  const auto code = [&](std::vector<std::string> said) {
    events = std::move(said);
    const auto reply = bench.Ask(ChatOf("up/claude", "Hi"));
    return reply.ok() ? "none" : reply.error().code;
  };
  EXPECT_EQ(code({}), "upstream_cut_off");
  EXPECT_EQ(code({"data: {\n\n"}), "upstream_malformed");
  EXPECT_EQ(code({Event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})")}), "upstream_error");
  EXPECT_EQ(code({Event("content_block_delta", R"("index":4,"delta":{"type":"text_delta","text":"x"})")}),
            "upstream_malformed");
  EXPECT_EQ(code({Event("message_delta", R"("delta":{"stop_reason":"refusal"})")}), "content_filter");
}

TEST(AnthropicProvider, FaultsAtEveryByte) {
  const std::string whole = ChunkedAnswer("text/event-stream", Events());
  const size_t done = whole.find("message_stop\"}") + 16;
  Random random(7);
  Answer answer;
  ProviderBench bench([&](const Request&) { return answer; });
  bench.Open(AsAnthropic);
  for (size_t cut = 0; cut <= whole.size(); cut += 1 + random.Below(13)) {
    const End end = random.Below(2) == 0 ? End::kClose : End::kReset;
    const size_t piece = random.Below(3) == 0 ? 1 + random.Below(30) : 0;
    bench.server().Change([&] { answer = {whole.substr(0, cut), end, piece}; });
    const auto reply = bench.Ask(ChatOf("up/claude", "Hi"));
    // A reset may take with it what was sent before.
    if (cut < done || end == End::kClose) {
      EXPECT_EQ(reply.ok(), cut >= done) << cut;
    }
    if (!reply.ok()) {
      EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable) << reply.error().Message();
    }
  }
}

}  // namespace
}  // namespace atelier
