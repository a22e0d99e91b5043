// Ollama's API over the whole server.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text/describe_json.h"
#include "serve/ollama_body.h"
#include "serve/serve_testing.h"
#include "serve/tiny_model.h"

namespace atelier {
namespace {

Json Conversation(std::string_view messages) {
  auto body = ReadJson<OllamaChatBody>(ServedApp::Parsed(R"({"messages": )" + std::string(messages) + "}"), {});
  EXPECT_TRUE(body.ok()) << body.error().Message();
  auto read = OllamaConversation(body->messages);
  EXPECT_TRUE(read.ok()) << read.error().Message();
  return read.ok() ? *read : Json();
}

TEST(OllamaConversation, ResultsNameTheCallsThatTheyAreOf) {
  EXPECT_EQ(Conversation(R"([
    {"role": "user", "content": "Go"},
    {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [
      {"function": {"name": "f", "arguments": {"a": 1}}}, {"id": "own", "function": {"name": "g", "arguments": {}}},
      {"function": {"name": "f"}}]},
    {"role": "tool", "tool_name": "g", "content": "7"},
    {"role": "tool", "tool_name": "f", "content": "8"},
    {"role": "tool", "content": "9"}])"),
            ServedApp::Parsed(R"([
    {"role": "user", "content": "Go"},
    {"role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [
      {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
      {"id": "own", "type": "function", "function": {"name": "g", "arguments": "{}"}},
      {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
    {"role": "tool", "content": "7", "tool_call_id": "own", "name": "g"},
    {"role": "tool", "content": "8", "tool_call_id": "call_0", "name": "f"},
    {"role": "tool", "content": "9", "tool_call_id": "call_2", "name": "f"}])"));
}

TEST(OllamaOptions, AbsentOnesAreOllamas) {
  const auto read = OllamaOptions{}.Read();
  ASSERT_TRUE(read.ok());
  const SamplingParams& sampling = read->request.sampling;
  EXPECT_FLOAT_EQ(sampling.temperature, 0.8F);
  EXPECT_EQ(sampling.top_k, 40);
  EXPECT_FLOAT_EQ(sampling.top_p, 0.9F);
  EXPECT_FLOAT_EQ(sampling.repetition_penalty, 1.1F);
  EXPECT_EQ(sampling.penalty_last_n, 64);
  EXPECT_FALSE(read->seed.has_value());
}

// --- the server ---

constexpr std::string_view kGreedy = R"("options": {"temperature": 0, "repeat_penalty": 1, "num_predict": 12})";

std::vector<Json> Lines(const Answer& answer) {
  std::vector<Json> lines;
  std::string_view rest = answer.body;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    lines.push_back(ServedApp::Parsed(rest.substr(0, end)));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return lines;
}

Answer Ask(ServedApp& server, std::string_view path, std::string_view members) {
  return server.PostText(path, "{" + std::string(members) + "}");
}

std::string Chat(std::string_view more) {
  return R"("messages": [{"role": "user", "content": "Name three fruits."}], )" + std::string(more);
}

TEST(Ollama, AStreamAddsUpToTheWholeAndToOpenAis) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const Json whole = Ask(server, "/api/chat", Chat(std::string(kGreedy) + R"(, "stream": false)")).json;
  ASSERT_TRUE(whole["message"].is_object()) << whole.Dump();
  EXPECT_EQ(whole["done"], Json(true));
  EXPECT_EQ(whole["done_reason"], Json("length"));
  EXPECT_EQ(whole["eval_count"], Json(12));
  EXPECT_GT(whole["total_duration"].AsInt64(), whole["eval_duration"].AsInt64());
  const Answer streamed = Ask(server, "/api/chat", Chat(kGreedy));
  EXPECT_EQ(streamed.headers.Get("Content-Type"), "application/x-ndjson");
  std::string text;
  const std::vector<Json> lines = Lines(streamed);
  for (const Json& line : lines) {
    EXPECT_EQ(line["done"], Json(&line == &lines.back()));
    EXPECT_EQ(line["message"]["role"], Json("assistant"));
    text += line["message"]["content"].AsString();
  }
  EXPECT_EQ(text, whole["message"]["content"].AsString());
  EXPECT_EQ(lines.back()["prompt_eval_count"], whole["prompt_eval_count"]);
  const Answer openai =
      server.Post("/v1/chat/completions", ChatBodyOf("Name three fruits.", R"("temperature": 0, "max_tokens": 12)"));
  EXPECT_EQ(openai.Text(), text);
  const Json generated =
      Ask(server, "/api/generate", R"("prompt": "Name three fruits.", "stream": false, )" + std::string(kGreedy)).json;
  EXPECT_EQ(generated["response"].AsString(), text);
}

TEST(Ollama, ContextGoesOnWhereAnAnswerEnded) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const std::string greedy = std::string(kGreedy) + R"(, "stream": false)";
  const Json first = Ask(server, "/api/generate", R"("prompt": "My name is Ada.", )" + greedy).json;
  ASSERT_EQ(first["context"].size(), first["prompt_eval_count"].AsInt64().value() + 12);
  const Json second = Ask(server, "/api/generate",
                          R"("prompt": "What is my name?", "context": )" + first["context"].Dump() + ", " + greedy)
                          .json;
  EXPECT_GT(second["prompt_eval_count"].AsInt64(), first["context"].size());
  const Json raw = Ask(server, "/api/generate", R"("prompt": "The capital of France is", "raw": true, )" + greedy).json;
  EXPECT_NE(raw["response"].AsString().find("Paris"), std::string::npos);
  EXPECT_FALSE(raw.Has("context"));
}

TEST(Ollama, FormatsAndCallsAreKept) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const std::string schema = R"({"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}},
      "required": ["city"], "additionalProperties": false})";
  const std::string more = R"("options": {"seed": 1, "num_predict": 100}, "stream": false)";
  const Json kept = Ask(server, "/api/chat", Chat(R"("format": )" + schema + ", " + more)).json;
  EXPECT_TRUE(ServedApp::Parsed(kept["message"]["content"].AsString()).Has("city")) << kept.Dump();
  const std::string tools = R"("tools": [{"type": "function", "function": {"name": "find", "parameters": )" + schema +
                            R"(}}], "tool_choice": "required")";
  const Json called = Ask(server, "/api/chat", Chat(tools + ", " + more)).json;
  const Json& call = called["message"]["tool_calls"][0];
  EXPECT_EQ(call["function"]["name"], Json("find")) << called.Dump();
  EXPECT_TRUE(call["function"]["arguments"]["city"].is_string());
  std::vector<Json> streamed;
  for (const Json& line :
       Lines(Ask(server, "/api/chat", Chat(tools + R"(, "options": {"seed": 1, "num_predict": 100})")))) {
    if (!line["message"].Has("tool_calls")) continue;
    for (const Json& one : line["message"]["tool_calls"].items()) streamed.push_back(one["function"]);
  }
  ASSERT_EQ(static_cast<int64_t>(streamed.size()), called["message"]["tool_calls"].size());
  EXPECT_EQ(streamed[0], call["function"]);
}

TEST(Ollama, LogprobsComeWithEachToken) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const Json whole =
      Ask(server, "/api/chat", Chat(std::string(kGreedy) + R"(, "stream": false, "logprobs": true, "top_logprobs": 2)"))
          .json;
  ASSERT_EQ(whole["logprobs"].size(), 12);
  EXPECT_EQ(whole["logprobs"][0]["top_logprobs"].size(), 2);
  EXPECT_EQ(whole["logprobs"][0]["token"], whole["logprobs"][0]["top_logprobs"][0]["token"]);
}

TEST(Ollama, WhatIsOverTheContextLosesItsOldestTurns) {
  REQUIRE_INSTALLED(kChatModel);
  Config config;
  config.engine.context = 128;
  ServedApp server(config);
  std::string turns;
  for (int i = 0; i < 20; ++i) {
    turns += R"({"role": "user", "content": "I have seen the number )" + std::to_string(i) + R"( today."},
                {"role": "assistant", "content": "And what did you think of it?"}, )";
  }
  const std::string messages = R"("messages": [{"role": "system", "content": "Be brief."}, )" + turns +
                               R"({"role": "user", "content": "Bye"}], "stream": false, "options": {"num_predict": 2})";
  const Json cut = Ask(server, "/api/chat", messages).json;
  EXPECT_EQ(cut["eval_count"], Json(2)) << cut.Dump();
  EXPECT_LT(cut["prompt_eval_count"].AsInt64(), 128);
  EXPECT_GT(cut["prompt_eval_count"].AsInt64(), 64);
  const Answer refused = Ask(server, "/api/chat", messages + R"(, "truncate": false)");
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.json["error"].is_string()) << refused.body;
}

TEST(Ollama, NothingAskedLoadsAndKeepAliveNothingUnloads) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const std::string model = "\"model\": \"" + std::string(kChatModel) + ":latest\"";
  EXPECT_EQ(server.Get("/api/ps").json["models"].size(), 0);
  const Json loaded = Ask(server, "/api/chat", model + R"(, "messages": [], "keep_alive": -1)").json;
  EXPECT_EQ(loaded["done_reason"], Json("load"));
  EXPECT_EQ(loaded["model"], Json(std::string(kChatModel) + ":latest"));
  Json running = server.Get("/api/ps").json["models"];
  ASSERT_EQ(running.size(), 1);
  EXPECT_EQ(running[0]["name"], Json(kChatModel));
  EXPECT_TRUE(running[0]["expires_at"].AsString().starts_with("2262-"));
  Ask(server, "/api/generate", model + R"(, "keep_alive": "10m")");
  running = server.Get("/api/ps").json["models"];
  EXPECT_FALSE(running[0]["expires_at"].AsString().starts_with("2262-"));
  EXPECT_EQ(Ask(server, "/api/generate", model + R"(, "keep_alive": 0)").json["done_reason"], Json("unload"));
  for (int i = 0; i < 6000 && server.Get("/api/ps").json["models"].size() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(server.Get("/api/ps").json["models"].size(), 0);
}

TEST(Ollama, ModelsAreListedShownAndRemoved) {
  ServedApp server;
  MakeTinyLlama(server.app().config().home + "/models/tiny");
  const Json list = server.Get("/api/tags").json["models"];
  const auto is_tiny = [](const Json& model) { return model["name"] == Json("tiny"); };
  const auto tiny = std::ranges::find_if(list.items(), is_tiny);
  ASSERT_NE(tiny, list.items().end()) << list.Dump();
  EXPECT_GT((*tiny)["size"].AsInt64(), 1000);
  EXPECT_EQ((*tiny)["digest"].AsString().size(), 64U);
  EXPECT_EQ((*tiny)["details"]["family"], Json("llama"));
  const Json shown = Ask(server, "/api/show", R"("model": "tiny:latest", "verbose": true)").json;
  EXPECT_EQ(shown["capabilities"], ServedApp::Parsed(R"(["completion", "insert"])")) << shown.Dump();
  EXPECT_GT(shown["model_info"]["llama.context_length"].AsInt64(), 0);
  EXPECT_EQ(server.Get("/api/ps").json["models"].size(), 0);  // a look loads nothing
  const HttpHeaders json{{"Content-Type", "application/json"}};
  EXPECT_EQ(server.Send("DELETE", "/api/delete", R"({"name": "tiny"})", json).status, 200);
  const Answer gone = Ask(server, "/api/show", R"("model": "tiny")");
  EXPECT_EQ(gone.status, 404);
  EXPECT_TRUE(gone.json["error"].is_string());
  EXPECT_EQ(server.Send("DELETE", "/api/delete", R"({"model": "tiny"})", json).status, 404);
  EXPECT_TRUE(server.Get("/api/version").json["version"].is_string());
}

TEST(Ollama, VectorsAreThoseOfEmbeddings) {
  REQUIRE_INSTALLED(kEmbeddingModel);
  ServedApp server;
  const std::string model = "\"model\": \"" + std::string(kEmbeddingModel) + "\"";
  const Json openai = Ask(server, "/v1/embeddings", model + R"(, "input": ["a b", "c"])").json;
  const Json embed = Ask(server, "/api/embed", model + R"(, "input": ["a b", "c"], "options": {"num_ctx": 9})").json;
  ASSERT_EQ(embed["embeddings"].size(), 2) << embed.Dump().substr(0, 300);
  EXPECT_EQ(embed["embeddings"][0], openai["data"][0]["embedding"]);
  EXPECT_EQ(embed["prompt_eval_count"], openai["usage"]["prompt_tokens"]);
  EXPECT_EQ(Ask(server, "/api/embeddings", model + R"(, "prompt": "a b")").json["embedding"], embed["embeddings"][0]);
  EXPECT_EQ(Ask(server, "/api/embed", model + R"(, "input": "c", "dimensions": 7)").json["embeddings"][0].size(), 7);
  EXPECT_EQ(Ask(server, "/api/embed", model).json["embeddings"].size(), 0);
  EXPECT_EQ(Ask(server, "/api/embed", model + R"(, "input": [1, "x"])").status, 400);
}

TEST(Ollama, FaultsAreNamedInItsShape) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const auto fault = [&](std::string_view path, std::string_view members) {
    const Answer answer = Ask(server, path, members);
    EXPECT_EQ(answer.status, 400) << members;
    const Json& error = answer.json["error"];
    return error.is_string() ? error.AsString().substr(0, error.AsString().find(':')) : answer.body;
  };
  const auto chat = [&](std::string_view more) { return fault("/api/chat", Chat(more)); };
  EXPECT_EQ(chat(R"("options": {"mirostat": 1})"), "options.mirostat");
  EXPECT_EQ(chat(R"("options": {"tfs_z": 0.5})"), "options.tfs_z");
  EXPECT_EQ(chat(R"("options": {"temprature": 0.5})"), "options.temprature");
  EXPECT_EQ(chat(R"("options": {"top_p": 3})"), "options.top_p");
  EXPECT_EQ(chat(R"("format": "yaml")"), "format");
  EXPECT_EQ(chat(R"("format": {"type": "object", "minProperties": -1})"), "format");
  EXPECT_EQ(chat(R"("think": true)"), "think");
  EXPECT_EQ(chat(R"("think": "hard")"), "think");
  EXPECT_EQ(chat(R"("top_logprobs": 3)"), "top_logprobs");
  EXPECT_EQ(chat(R"("keep_alive": "soon")"), "keep_alive");
  EXPECT_EQ(chat(R"("tools": [{"type": "function", "function": {"name": "a b"}}])"), "tools[0].function.name");
  EXPECT_EQ(fault("/api/chat", R"("messages": [{"role": "user", "content": "x", "images": ["AAAA"]}])"),
            "messages[0].images");
  EXPECT_EQ(fault("/api/generate", R"("prompt": "x", "images": ["AAAA"])"), "images");
  EXPECT_EQ(fault("/api/generate", R"("prompt": "x", "raw": true, "system": "y")"), "raw");
  EXPECT_EQ(fault("/api/generate", R"("prompt": "x", "suffix": "y")"), "suffix");
  EXPECT_EQ(fault("/api/generate", R"("prompt": "x", "template": "{{ .Prompt }}")"), "template");
  EXPECT_EQ(fault("/api/pull", ""), "model");
  EXPECT_EQ(Ask(server, "/api/chat", Chat(R"("model": "nope:latest")")).status, 404);
}

}  // namespace
}  // namespace atelier
