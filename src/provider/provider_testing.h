// For tests of this folder: providers before a server that answers with what it is told.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/net/faulty_server.h"
#include "base/net/io_loop.h"
#include "base/task/pool.h"
#include "provider/gathered.h"
#include "provider/provider_set.h"

namespace atelier {

inline Json ParsedJson(std::string_view text) {
  auto json = Json::Parse(text);
  CHECK_MSG(json.ok(), std::string(text));
  return std::move(*json);
}

inline GenerationRequest ChatOf(std::string model, std::string_view text) {
  GenerationRequest request;
  request.model = std::move(model);
  ChatPrompt prompt;
  prompt.messages = Json::Array({Json::Object({{"role", "user"}, {"content", text}})});
  request.prompt = std::move(prompt);
  return request;
}

// One event of a chat's stream.
inline std::string ChatEvent(const std::string& delta, std::string_view finish = "", int index = 0) {
  const std::string reason = finish.empty() ? "null" : "\"" + std::string(finish) + "\"";
  return "data: {\"choices\":[{\"index\":" + std::to_string(index) + ",\"delta\":" + delta +
         ",\"finish_reason\":" + reason + "}]}\n\n";
}
// A whole stream that says `text` in two pieces.
inline std::vector<std::string> ChatEvents(const std::string& text, std::string_view finish = "stop") {
  const auto content = [](std::string_view piece) { return Json::Object({{"content", piece}}).Dump(); };
  const size_t half = text.size() / 2;
  return {ChatEvent(R"({"role":"assistant","content":""})"),
          ChatEvent(content(text.substr(0, half))),
          ChatEvent(content(text.substr(half))),
          ChatEvent("{}", finish),
          "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\n",
          "data: [DONE]\n\n"};
}
inline FaultyServer::Answer StreamOf(const std::string& text, std::string_view finish = "stop") {
  return {ChunkedAnswer("text/event-stream", ChatEvents(text, finish))};
}

class ProviderBench {
 public:
  using Script = std::function<FaultyServer::Answer(const FaultyServer::Request&)>;

  // Whatever the script needs must outlive the bench.
  explicit ProviderBench(Script script) : server_(std::move(script)) {}

  // The provider "up" before the server; `more` changes its configuration.
  ProviderSet& Open(const std::function<void(ProviderConfig&)>& more = {}) {
    ProviderConfig config;
    config.name = "up";
    config.base_url = server_.url("/v1");
    if (more) more(config);
    ProviderSettings settings;
    settings.providers = {config};
    auto set = ProviderSet::Create(settings, {}, {loop_, pool_, Clock::Real()});
    CHECK_MSG(set.ok(), set.ok() ? "" : set.error().Message());
    set_ = std::move(*set);
    return *set_;
  }
  // Asks and reads to the end.
  Result<Gathered> Ask(GenerationRequest request, Call call = {}) {
    return loop_.RunTask(AskTask(*set_, std::move(call), std::move(request)));
  }
  static Task<Result<Gathered>> AskTask(LanguageModel& model, Call call, GenerationRequest request) {
    const int32_t n = request.options.request.n;
    CO_TRY(Generation generation, co_await model.Generate(std::move(call), std::move(request)));
    co_return co_await Gather(std::move(generation), n);
  }

  FaultyServer& server() { return server_; }
  IoLoop& loop() { return loop_; }
  Pool& pool() { return pool_; }
  ProviderSet& set() { return *set_; }

 private:
  IoLoop loop_;
  Pool pool_{loop_, 1};
  FaultyServer server_;
  std::unique_ptr<ProviderSet> set_;
};

}  // namespace atelier
