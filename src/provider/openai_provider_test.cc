#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/random.h"
#include "provider/provider_testing.h"

namespace atelier {
namespace {

using namespace std::chrono_literals;
using End = FaultyServer::End;
using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

TEST(OpenAiProvider, AsksAsTheApiSaysAndStreamsWhatComes) {
  setenv("UP_TEST_KEY", "sk-secret-1", 1);
  std::string head;
  Json body;
  ProviderBench bench([&](const Request& request) {
    head = request.head, body = ParsedJson(request.body);
    return StreamOf("Hello, world");
  });
  bench.Open([](ProviderConfig& config) { config.key = "env:UP_TEST_KEY"; });
  GenerationRequest request = ChatOf("up/some/model", "Hi");
  request.options.request.max_tokens = 5;
  request.options.request.sampling.temperature = 0;
  request.options.request.stop = {"END"};
  request.options.seed = 42;
  const auto reply = bench.Ask(request);
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  EXPECT_EQ(reply->choices[0].text, "Hello, world");
  EXPECT_EQ(reply->choices[0].end.reason, FinishReason::kStop);
  EXPECT_EQ(reply->end.usage.prompt_tokens, 7);
  EXPECT_EQ(reply->end.usage.completion_tokens, 2);
  EXPECT_TRUE(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Authorization: Bearer sk-secret-1\r\n"), std::string::npos);
  EXPECT_EQ(body, ParsedJson(R"({"model":"some/model","stream":true,"stream_options":{"include_usage":true},
      "messages":[{"role":"user","content":"Hi"}],"temperature":0,"top_p":1,"max_tokens":5,"seed":42,"stop":["END"]})"));
}

TEST(OpenAiProvider, CallsReasoningAndLogprobsAreEventsLikeTheLocalOnes) {
  ProviderBench bench([](const Request&) {
    return Answer{ChunkedAnswer(
        "text/event-stream",
        {ChatEvent(R"({"reasoning_content":"hm"})"),
         ChatEvent(
             R"({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a"}}]})"),
         ChatEvent(R"({"tool_calls":[{"index":0,"function":{"arguments":"\":1}"}}]})"),
         ChatEvent(
             R"({"tool_calls":[{"index":3,"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]})"),
         "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"logprobs\":{\"content\":[{\"token\":\"x\","
         "\"logprob\":-0.5,\"bytes\":[120],\"top_logprobs\":[{\"token\":\"y\",\"logprob\":-1.5}]}]},"
         "\"finish_reason\":\"tool_calls\"}]}\n\n",
         "data: [DONE]\n\n"})};
  });
  bench.Open();
  GenerationRequest request = ChatOf("up/m", "Hi");
  request.options.request.logprobs = 1;
  const auto reply = bench.Ask(request);
  ASSERT_TRUE(reply.ok()) << reply.error().Message();
  const GatheredChoice& choice = reply->choices[0];
  EXPECT_EQ(choice.reasoning, "hm");
  ASSERT_EQ(choice.calls.size(), 2U);
  EXPECT_EQ(choice.calls[0].id + choice.calls[0].name + choice.calls[0].arguments, R"(c1f{"a":1})");
  EXPECT_EQ(choice.calls[1].id + choice.calls[1].name + choice.calls[1].arguments, "c2g{}");
  ASSERT_EQ(choice.logprobs.size(), 1U);
  EXPECT_EQ(choice.logprobs[0].chosen.bytes, "x");
  EXPECT_EQ(choice.logprobs[0].top[0].bytes, "y");
  EXPECT_GT(reply->end.usage.completion_tokens, 0) << "an upstream that counts nothing is counted for";
}

TEST(OpenAiProvider, WholeRepliesAndCompletionsAreRead) {
  std::string reply_body;
  std::string head;
  ProviderBench bench([&](const Request& request) {
    head = request.head;
    return Answer{HttpAnswer(200, "application/json", reply_body)};
  });
  bench.Open();
  reply_body = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"whole"},"finish_reason":"length"}]})";
  const auto chat = bench.Ask(ChatOf("up/m", "Hi"));
  ASSERT_TRUE(chat.ok()) << chat.error().Message();
  EXPECT_EQ(chat->choices[0].text, "whole");
  EXPECT_EQ(chat->choices[0].end.reason, FinishReason::kLength);
  GenerationRequest request;
  request.model = "up/m";
  request.prompt = TextPrompt{"once"};
  reply_body = R"({"choices":[{"index":0,"text":" upon","finish_reason":"stop","stop_reason":"!"}]})";
  const auto text = bench.Ask(request);
  ASSERT_TRUE(text.ok()) << text.error().Message();
  EXPECT_EQ(text->choices[0].text, " upon");
  EXPECT_EQ(text->choices[0].end.stop_string, "!");
  EXPECT_TRUE(head.starts_with("POST /v1/completions ")) << head;
}

TEST(OpenAiProvider, WhatCannotBeHonouredIsRefusedByName) {
  ProviderBench bench([](const Request&) { return StreamOf("x"); });
  bench.Open();
  const std::pair<std::string, std::function<void(GenerationOptions&)>> cases[] = {
      {"top_k", [](auto& o) { o.request.sampling.top_k = 5; }},
      {"min_p", [](auto& o) { o.request.sampling.min_p = 0.1F; }},
      {"repetition_penalty", [](auto& o) { o.request.sampling.repetition_penalty = 1.1F; }},
      {"mirostat", [](auto& o) { o.request.sampling.mirostat = 2; }},
      {"dry_multiplier", [](auto& o) { o.request.sampling.dry_multiplier = 1; }},
      {"repeat_last_n", [](auto& o) { o.request.sampling.penalty_last_n = 10; }},
      {"allowed_token_ids", [](auto& o) { o.request.sampling.allowed_token_ids = {1}; }},
      {"min_tokens", [](auto& o) { o.request.min_tokens = 3; }},
      {"best_of", [](auto& o) { o.request.best_of = 3; }},
      {"ignore_eos", [](auto& o) { o.request.ignore_eos = true; }},
      {"bad_words", [](auto& o) { o.bad_words = {"no"}; }},
      {"prompt_logprobs", [](auto& o) { o.request.prompt_logprobs = 1; }},
      {"stop_token_ids", [](auto& o) { o.request.stop_token_ids = {2}; }},
      {"priority", [](auto& o) { o.request.options.priority = 1; }},
      {"thinking_token_budget", [](auto& o) { o.thinking_token_budget = 10; }},
  };
  for (const auto& [name, ask] : cases) {
    GenerationRequest request = ChatOf("up/m", "Hi");
    ask(request.options);
    const auto reply = bench.Ask(request);
    ASSERT_FALSE(reply.ok()) << name;
    EXPECT_EQ(reply.error().where, name) << reply.error().Message();
    EXPECT_EQ(reply.error().code, "unsupported_parameter");
  }
  EXPECT_EQ(bench.server().num_requests(), 0);
  bench.Open([](ProviderConfig& config) { config.parameters = {"top_k"}; });
  GenerationRequest request = ChatOf("up/m", "Hi");
  request.options.request.sampling.top_k = 5;
  EXPECT_TRUE(bench.Ask(request).ok()) << "the configuration knows better";
}

TEST(OpenAiProvider, ErrorsOfTheUpstreamKeepTheirMeaningAndNeverTellTheKey) {
  setenv("UP_TEST_KEY", "sk-secret-1", 1);
  int status = 0;
  std::string body, more;
  ProviderBench bench([&](const Request&) { return Answer{HttpAnswer(status, "application/json", body, more)}; });
  bench.Open([](ProviderConfig& config) { config.key = "env:UP_TEST_KEY"; });
  const auto fail = [&](int code, std::string text, std::string headers = "") {
    status = code, body = std::move(text), more = std::move(headers);
    const auto reply = bench.Ask(ChatOf("up/m", "Hi"));
    CHECK(!reply.ok());
    return reply.error();
  };
  const Error bad = fail(400, R"({"error":{"message":"too hot","param":"temperature","code":"bad_value"}})");
  EXPECT_EQ(bad.kind, ErrorKind::kInvalid);
  EXPECT_EQ(bad.where, "temperature");
  EXPECT_EQ(bad.code, "bad_value");
  EXPECT_NE(bad.what.find("too hot"), std::string::npos);
  const Error denied = fail(401, R"({"error":{"message":"Incorrect key: sk-secret-1, see sk-secret-1"}})");
  EXPECT_EQ(denied.kind, ErrorKind::kUnavailable) << "the client's own key was right";
  EXPECT_EQ(denied.code, "upstream_denied");
  EXPECT_EQ(denied.Message().find("sk-secret"), std::string::npos) << denied.Message();
  const Error busy = fail(429, R"({"error":{"message":"slow down"}})", "Retry-After: 3\r\n");
  EXPECT_EQ(busy.kind, ErrorKind::kExhausted);
  EXPECT_EQ(busy.code, "rate_limit_exceeded");
  EXPECT_EQ(busy.retry_after, 3s);
  EXPECT_EQ(fail(404, R"({"error":"model 'm' not found"})").kind, ErrorKind::kNotFound);
  EXPECT_EQ(fail(500, "<html>oops").kind, ErrorKind::kUnavailable);
  EXPECT_EQ(fail(503, "", "Retry-After: 1\r\n").retry_after, 1s);
  EXPECT_EQ(fail(504, "{}").kind, ErrorKind::kTimeout);
  EXPECT_EQ(fail(302, "", "Location: http://127.0.0.1:1/\r\n").kind, ErrorKind::kUnavailable) << "not followed";
  EXPECT_LT(fail(400, "{\"error\":{\"message\":\"" + std::string(60'000, 'x') + "\"}}").what.size(), 2000U);
}

TEST(OpenAiProvider, WhatIsNoStreamIsAnErrorValue) {
  Answer answer;
  ProviderBench bench([&](const Request&) { return answer; });
  bench.Open();
  const auto code = [&](Answer given) {
    answer = std::move(given);
    const auto reply = bench.Ask(ChatOf("up/m", "Hi"));
    EXPECT_FALSE(reply.ok());
    return reply.ok() ? "" : reply.error().code;
  };
  const auto events = [](std::vector<std::string> list) { return Answer{ChunkedAnswer("text/event-stream", list)}; };
  EXPECT_EQ(code({HttpAnswer(200, "text/html", "<html>login</html>")}), "upstream_malformed");
  EXPECT_EQ(code({HttpAnswer(200, "application/json", "{")}), "upstream_malformed");
  EXPECT_EQ(code({HttpAnswer(200, "application/json", "{\"choices\":7}")}), "upstream_malformed");
  EXPECT_EQ(code(events({"data: {not json\n\n"})), "upstream_malformed");
  EXPECT_EQ(code(events({"data: 7\n\n"})), "upstream_malformed");
  EXPECT_EQ(code(events({ChatEvent("{}", "", 5)})), "upstream_malformed");
  EXPECT_EQ(code(events({ChatEvent(R"({"content":"x"})"), "data: [DONE]\n\n"})), "upstream_cut_off");
  EXPECT_EQ(code(events({})), "upstream_cut_off");
  EXPECT_EQ(code(events({ChatEvent(R"({"content":"x"})"), "data: {\"error\":{\"message\":\"GPU on fire\"}}\n\n"})),
            "upstream_error");
  EXPECT_EQ(code(events({ChatEvent("{}", "content_filter")})), "content_filter");
  EXPECT_EQ(code(events({ChatEvent(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})")})),
            "upstream_malformed");
  answer = events({"data: " + std::string(17 << 20, 'x')});
  const auto reply = bench.Ask(ChatOf("up/m", "Hi"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, ErrorKind::kTooLarge) << reply.error().Message();
}

TEST(OpenAiProvider, EndlessStreamsEnd) {
  ProviderBench bench([](const Request&) {
    Answer answer{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"};
    for (int i = 0; i < 1000; ++i) answer.bytes += ChatEvent("{}") + ": " + std::string(10'000, ' ') + "\n";
    answer.endless = true;
    return answer;
  });
  bench.Open();
  const auto reply = bench.Ask(ChatOf("up/m", "Hi"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, ErrorKind::kTooLarge) << reply.error().Message();
  EXPECT_TRUE(Eventually([&] { return bench.server().num_abandoned() == 1; }));
}

// Wherever an answer breaks off, and however slowly it came: what was said is a beginning, and the end says so.
TEST(OpenAiProvider, FaultsAtEveryByte) {
  const std::string text = "The quick brown fox jumps.";
  const std::string whole = ChunkedAnswer("text/event-stream", ChatEvents(text));
  const size_t done = whole.find("data: [DONE]") + 14;  // what follows changes nothing
  Random random(20261128);
  Answer answer;
  ProviderBench bench([&](const Request&) { return answer; });
  bench.Open();
  for (size_t cut = 0; cut <= whole.size(); cut += 1 + random.Below(7)) {
    const End end = random.Below(2) == 0 ? End::kClose : End::kReset;
    const size_t piece = random.Below(3) == 0 ? 1 + random.Below(9) : 0;
    bench.server().Change([&] { answer = {whole.substr(0, cut), end, piece}; });
    std::string said;
    std::optional<Error> error;
    const auto ask = [&]() -> Task<Result<int>> {
      Call call;
      CO_TRY(Generation generation, co_await bench.set().Generate(call, ChatOf("up/m", "Hi")));
      while (true) {
        const auto batch = co_await generation.events->NextBatch();
        if (batch.empty()) co_return 0;
        for (const GenerationEvent& event : batch) {
          if (const auto* delta = std::get_if<GenerationDelta>(&event)) said += delta->text;
          if (const auto* end = std::get_if<GenerationEnd>(&event)) error = end->error;
        }
      }
    };
    const auto asked = bench.loop().RunTask(ask());
    if (!asked.ok()) error = asked.error();
    ASSERT_TRUE(text.starts_with(said)) << cut;
    if (error) {
      EXPECT_EQ(error->kind, ErrorKind::kUnavailable) << cut << error->Message();
    } else {
      EXPECT_EQ(said, text) << cut;
    }
    // A reset may take with it what was sent before.
    if (cut < done || end == End::kClose) {
      EXPECT_EQ(error.has_value(), cut < done) << cut;
    }
  }
}

TEST(OpenAiProvider, CancelReachesTheUpstream) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
  ProviderBench bench(
      [&](const Request&) { return Answer{head + ChatEvent(R"({"content":"and so on"})"), End::kHang}; });
  bench.Open();
  std::stop_source stop;
  const auto begin = [&](bool by_stop) -> Task<Result<std::string>> {
    Call call;
    call.stop = stop.get_token();
    CO_TRY(Generation generation, co_await bench.set().Generate(call, ChatOf("up/m", "Hi")));
    const auto first = co_await generation.events->NextBatch();
    if (by_stop) {
      stop.request_stop();
    } else {
      generation.owner.reset();
    }
    const auto last = co_await generation.events->NextBatch();
    const auto* end = std::get_if<GenerationEnd>(&last.back());
    co_return end != nullptr && end->error ? std::string(ErrorKindName(end->error->kind)) : "none";
  };
  EXPECT_EQ(*bench.loop().RunTask(begin(false)), "cancelled");
  EXPECT_TRUE(Eventually([&] { return bench.server().num_abandoned() == 1; }));
  EXPECT_EQ(*bench.loop().RunTask(begin(true)), "cancelled");
  EXPECT_TRUE(Eventually([&] { return bench.server().num_abandoned() == 2; }));
}

TEST(OpenAiProvider, EmbedsAndReranks) {
  std::string body;
  std::string asked;
  ProviderBench bench([&](const Request& request) {
    asked = request.body;
    return Answer{HttpAnswer(200, "application/json", body)};
  });
  ProviderSet& set = bench.Open();
  const auto embed = [&](std::string reply) {
    body = std::move(reply);
    EmbeddingRequest request;
    request.model = "up/e";
    request.inputs.emplace_back(TextPrompt{"a"});
    request.inputs.emplace_back(TokenPrompt{{1, 2}});
    return bench.loop().RunTask(set.Embed({}, std::move(request)));
  };
  const auto vectors =
      embed(R"({"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2.5]}],"usage":{"prompt_tokens":5}})");
  ASSERT_TRUE(vectors.ok()) << vectors.error().Message();
  EXPECT_EQ(vectors->vectors, (std::vector<std::vector<float>>{{1, 2.5}, {3, 4}}));
  EXPECT_EQ(vectors->usage.prompt_tokens, 5);
  EXPECT_EQ(ParsedJson(asked)["input"], ParsedJson(R"(["a",[1,2]])"));
  for (const char* bad : {R"({"data":[{"index":0,"embedding":[1]}]})",
                          R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
                          R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]})",
                          R"({"data":[{"index":0,"embedding":["x"]},{"index":1,"embedding":[1]}]})", R"([])"}) {
    const auto wrong = embed(bad);
    ASSERT_FALSE(wrong.ok()) << bad;
    EXPECT_EQ(wrong.error().code, "upstream_malformed") << bad;
  }
  body = R"({"results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.1}]})";
  RerankingRequest request;
  request.model = "up/r";
  request.query = "q";
  request.documents = {"x", "y"};
  const auto ranked = bench.loop().RunTask(set.Rerank({}, std::move(request)));
  ASSERT_TRUE(ranked.ok()) << ranked.error().Message();
  EXPECT_EQ(ranked->scores, (std::vector<double>{0.1, 0.9}));
}

TEST(ProviderConfig, KeysComeFromElsewhereAndErrorsNeverRepeatThem) {
  const auto file = std::filesystem::temp_directory_path() / ("key_" + std::to_string(getpid()));
  std::ofstream(file) << "sk-in-a-file\n";
  EXPECT_EQ(*ReadSecret("file:" + file.string(), "key"), "sk-in-a-file");
  std::filesystem::remove(file);
  EXPECT_FALSE(ReadSecret("file:" + file.string(), "key").ok());
  EXPECT_FALSE(ReadSecret("env:SURELY_NOT_SET_HERE", "key").ok());
  const auto literal = ReadSecret("sk-literal", "providers[0].key");
  ASSERT_FALSE(literal.ok());
  EXPECT_EQ(literal.error().Message().find("sk-literal"), std::string::npos) << literal.error().Message();
}

TEST(ProviderSet, NamesAreFoundOrNearOnesNamed) {
  ProviderBench bench([](const Request&) { return StreamOf("x"); });
  ProviderSet& set = bench.Open([](ProviderConfig& config) {
    ProviderModelConfig model;
    model.id = "gpt-large";
    config.models = {model};
  });
  EXPECT_EQ(set.Listings().at(0).id, "up/gpt-large");
  EXPECT_TRUE(bench.Ask(ChatOf("up/gpt-large", "Hi")).ok());
  const auto unknown = bench.Ask(ChatOf("up/gpt-lrge", "Hi"));
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().what.find("did you mean 'up/gpt-large'"), std::string::npos) << unknown.error().Message();
  EXPECT_FALSE(set.Listing("smollm2", "chat")->has_value()) << "a model of this machine";
}

}  // namespace
}  // namespace atelier
