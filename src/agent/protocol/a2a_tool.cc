#include "agent/protocol/a2a_tool.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "agent/protocol/a2a_client.h"
#include "agent/protocol/a2a_follower.h"
#include "agent/protocol/a2a_signature.h"
#include "agent/tools/tool_net.h"

namespace atelier {
namespace a2a_tool {
namespace {

constexpr int64_t kMaxToldBytes = 2'000;  // of one update

struct Options {
  std::string url, key, card_keys;
  static Fields Describe();
};
Fields Options::Describe() {
  static constexpr Field fields[] = {
      Key<&Options::url>("url", "of the agent's card, or of what it stands below").Required(),
      Key<&Options::key>("key", "sent as a bearer token; env:NAME is read from the environment"),
      Key<&Options::card_keys>("card_keys", "file of a JWK set: the agent's card must be signed by one of its keys"),
  };
  return fields;
}

Result<std::string> SecretOf(const std::string& text) {
  if (!text.starts_with("env:")) return text;
  const char* value = std::getenv(text.c_str() + 4);
  if (value == nullptr) return Error::Invalid("key", "got " + text + ", which the environment does not have");
  return std::string(value);
}

Json Parameters() {
  Json message =
      Json::Object({{"type", "string"}, {"minLength", 1}, {"description", "all that the agent has to know"}});
  Json task = Json::Object({{"type", "string"}, {"description", "a task that asked something: goes on with it"}});
  return Json::Object({{"type", "object"},
                       {"properties", Json::Object({{"message", std::move(message)}, {"task", std::move(task)}})},
                       {"required", Json::Array({"message"})},
                       {"additionalProperties", false}});
}

void Add(const std::vector<A2aPart>& parts, ToolOutput& output) {
  for (const A2aPart& part : parts) {
    std::string text = part.text.value_or(std::string());
    if (!part.data.is_null()) text = part.data.Dump();
    if (part.url) text = part.filename.value_or("file") + ": " + *part.url;
    if (part.raw) text = "(a file of type " + part.media_type.value_or("unknown") + ")";
    if (!text.empty()) output.text += (output.text.empty() ? "" : "\n") + text;
  }
}

ToolOutput OutputOf(const A2aTask& task) {
  ToolOutput output;
  if (task.artifacts) {
    for (const A2aArtifact& artifact : *task.artifacts) Add(artifact.parts, output);
  }
  if (task.status.message) Add(task.status.message->parts, output);
  const A2aState state = task.state();
  if (IsInterrupted(state)) {
    output.text += "\n(The agent waits for an answer to this. Call again with task \"" + task.id + "\".)";
  } else if (state != A2aState::kCompleted) {
    output.is_error = true;
    output.text += "\n(" + task.status.state + ")";
  }
  return output;
}

// Tells what the agent says while it works.
A2aFollower::OnUpdate Teller(const ToolCallInfo& info) {
  if (!info.on_progress) return {};
  return [on_progress = info.on_progress, done = 0.0](const A2aTask& task, const A2aUpdate& update) mutable {
    std::string text = A2aTextOf(update);
    if (text.empty() && std::holds_alternative<A2aStatus>(update)) text = task.status.state;
    on_progress(++done, 0, Shortened(text, kMaxToldBytes));
  };
}

class A2aTool final : public AgentTool {
 public:
  A2aTool(ToolSpec spec, std::string url, A2aClient client, Loop& loop)
      : spec_(std::move(spec)), url_(std::move(url)), client_(std::move(client)), loop_(loop) {}
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    if (!peer_) {
      CO_TRY(peer_, co_await client_.Find(call, url_));
    }
    A2aMessage message{.message_id = info.idempotency_key, .parts = {A2aText(arguments["message"].AsString())}};
    if (arguments["task"].is_string()) message.task_id = arguments["task"].AsString();
    A2aFollower::Options options;
    options.on_update = Teller(info), options.cancels = true;
    A2aFollower follower(client_, loop_, *peer_, std::move(options));
    CO_TRY(const A2aReply reply, co_await follower.Say(std::move(call), std::move(message)));
    if (const auto* task = std::get_if<A2aTask>(&reply)) co_return OutputOf(*task);
    ToolOutput output;
    Add(std::get<A2aMessage>(reply).parts, output);
    co_return output;
  }

 private:
  ToolSpec spec_;
  std::string url_;
  A2aClient client_;
  Loop& loop_;
  std::optional<A2aPeer> peer_;
};

}  // namespace
}  // namespace a2a_tool

Result<std::shared_ptr<AgentTool>> MakeA2aTool(const ToolConfig& config, const ToolEnvironment& environment,
                                               Loop& loop) {
  TRY(const a2a_tool::Options options, ReadToolOptions<a2a_tool::Options>(config));
  TRY(ToolNet net, NetOfUrl("url", options.url, environment));
  TRY(std::string key, a2a_tool::SecretOf(options.key));
  TRY(Json card_keys, ReadA2aCardKeys(options.card_keys));
  ToolSpec spec{.name = config.name.empty() ? "ask_agent" : config.name};
  spec.description = config.description.empty() ? "Asks the agent at " + options.url + "." : config.description;
  spec.parameters = a2a_tool::Parameters();
  spec.sensitive = config.sensitive.value_or(true), spec.outside = config.outside.value_or(true);
  spec.needs_approval = config.needs_approval.value_or(false);
  spec.timeout = std::chrono::milliseconds(
      config.timeout_seconds > 0 ? static_cast<int64_t>(config.timeout_seconds * 1000) : 300'000);
  TRY_VOID(CheckToolSpec(spec));
  A2aClient client(
      {.http = *net.http, .egress = std::move(net.egress), .key = std::move(key), .card_keys = std::move(card_keys)});
  return std::make_shared<a2a_tool::A2aTool>(std::move(spec), options.url, std::move(client), loop);
}

}  // namespace atelier
