#include "app/agent_models.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/react.h"
#include "agent/run_tools.h"
#include "app/agent_library.h"
#include "app/agent_view.h"
#include "app/run_keeper.h"
#include "base/task/pool.h"
#include "base/task/stop_link.h"

namespace atelier {
namespace {

constexpr size_t kMaxQueuedEvents = 1 << 16;

std::string TextAt(const Json& json, std::string_view key) {
  return json[key].is_string() ? json[key].AsString() : std::string();
}
int64_t CountAt(const Json& json, std::string_view key) {
  return json[key].is_number() ? json[key].AsInt64().value_or(0) : 0;
}

Error CannotBeTold(std::string where, const std::string& what) {
  return Error::Unsupported(std::move(where), "an agent is a model with instructions and tools of its own; want none" +
                                                  (what.empty() ? std::string() : ": " + what));
}

Result<void> CheckRequest(const GenerationRequest& request) {
  const auto* chat = std::get_if<ChatPrompt>(&request.prompt);
  if (chat == nullptr) return Error::Unsupported("model", "got an agent, want a model: an agent reads conversations");
  const GenerateRequest& options = request.options.request;
  if (!chat->tool_use.tools.empty()) return CannotBeTold("tools", "it calls those that atelier.yaml gives it");
  if (options.n != 1) return CannotBeTold("n", "it answers once");
  if (options.logprobs || options.prompt_logprobs) return CannotBeTold("logprobs", "");
  if (request.options.grammar) {
    return CannotBeTold("response_format", "its answer's schema is output_schema in atelier.yaml");
  }
  return {};
}

// A message's content as one text.
Result<std::string> TextOf(const Json& content, const std::string& where) {
  if (content.is_string()) return content.AsString();
  std::string text;
  if (!content.is_array()) return text;
  for (int64_t i = 0; i < content.size(); ++i) {
    if (!content[i]["text"].is_string()) {
      return Error::Unsupported(where + "[" + std::to_string(i) + "]",
                                "got " + content[i]["type"].Dump().substr(0, 64) + ", want text: an agent reads text");
    }
    text += content[i]["text"].AsString();
  }
  return text;
}

// Whether what the model writes is what the run answers, before the run has ended.
bool CanStream(const AgentConfig& agent) {
  const auto of_output = [](const GuardConfig& guard) { return guard.on == "output"; };
  return agent.policy == "react" && agent.output_schema.is_null() && std::ranges::none_of(agent.guards, of_output);
}

// What is asked about: a call; one that a crash has lost has it under other names, and a guard that looks at a text has
// that.
std::string NameIn(const Json& question) {
  for (const char* key : {"tool", "name"}) {
    if (question[key].is_string()) return question[key].AsString();
  }
  return TextAt(question, "reason");
}
Json ArgumentsIn(const Json& question) {
  if (question["arguments"].is_object()) return question["arguments"];
  if (question["request"]["arguments"].is_object()) return question["request"]["arguments"];
  return Json::Object({{"text", question["text"]}});
}

// What a run that waits wants to know, as calls that a person has to look at.
std::vector<ServedCall> QuestionsOf(const RunRow& run) {
  std::vector<ServedCall> asked;
  for (const Json& one : run.outcome["questions"].items()) {
    const Json& question = one["question"];
    const bool is_question = question["reason"] == Json("question");
    ServedCall call;
    call.state = is_question ? ServedCall::State::kAsksPerson : ServedCall::State::kWantsApproval;
    call.id = run.id + "." + TextAt(one, "path"), call.server = run.agent;
    if (is_question) {
      call.name = kAskPerson, call.output = TextAt(question, "question");
      call.arguments = Json::Object({{"question", call.output}}).Dump();
    } else {
      call.name = NameIn(question), call.arguments = ArgumentsIn(question).Dump(), call.output = WhyAsked(question);
    }
    asked.push_back(std::move(call));
  }
  return asked;
}

std::string WaitsText(const RunRow& run) {
  std::string text = "This run of the agent " + run.agent + " waits for a person.";
  for (const Json& one : run.outcome["questions"].items()) {
    const Json& question = one["question"];
    text += "\n- step " + TextAt(one, "path") + ": ";
    if (question["reason"] == Json("question")) {
      text += TextAt(question, "question");
    } else {
      text += TextAt(question, "reason") + " of " + TextAt(question, "tool") + " " + question["arguments"].Dump();
    }
  }
  return text + "\nAnswer it with `atelier agent approve " + run.id + "` (or reject, or edit), or POST /v1/runs/" +
         run.id + "/answer; GET /v1/runs/" + run.id + " then has what came of it.";
}

}  // namespace

Result<Json> AgentInputOf(const Json& messages) {
  Json input = Json::Array();
  std::string instructions;
  for (int64_t i = 0; i < messages.size(); ++i) {
    const std::string role = TextAt(messages[i], "role");
    TRY(std::string text, TextOf(messages[i]["content"], "messages[" + std::to_string(i) + "].content"));
    if (role == "system" || role == "developer") {
      instructions += text + "\n\n";
      continue;
    }
    if (role != "user" && role != "assistant") {
      return Error::Unsupported("messages[" + std::to_string(i) + "].role",
                                "got '" + role +
                                    "', want system, developer, user or assistant: an agent's calls are "
                                    "its own");
    }
    Json message = Json::Object({{"role", role}, {"content", text}});
    if (role == "user" && !instructions.empty()) {
      message.Set("content", std::exchange(instructions, {}) + text);
      message.Set(kSaid, std::move(text));
    }
    input.Push(std::move(message));
  }
  if (!instructions.empty()) input.Push(Json::Object({{"role", "user"}, {"content", std::move(instructions)}}));
  const bool is_text = input.size() == 1 && input[0]["role"] == Json("user") && !input[0].Has(kSaid);
  if (is_text) return input[0]["content"];
  return input;
}

// A run that is a generation: its events as they come.
struct AgentModels::Answering {
  AgentModels& models;
  std::shared_ptr<const Agent> agent;
  std::string run_id;
  std::shared_ptr<Channel<GenerationEvent>> events;
  std::shared_ptr<StopLink> link;
  bool streams = false;
  Usage usage = {};
  RequestTimes times = {};
  std::shared_ptr<AgentServing> serving = {};         // null: nobody has words for calls
  std::map<std::string, std::string> arguments = {};  // of calls, by path
  std::string told = {};                              // of the step under way
  bool any_text = false;

  Loop& loop() { return models.app_.loop(); }
  void Push(GenerationDelta delta) { events->Push(GenerationEvent(std::move(delta))); }
  // An empty delta says when.
  void Serve(ServedCall call) {
    serving->calls.push_back(std::move(call));
    Push(GenerationDelta());
  }
  void Text(const std::string& text) {
    if (text.empty()) return;
    if (!any_text) times.first_token = loop().Now();
    GenerationDelta delta;
    // What was said before a call, and what after it.
    delta.text = told.empty() && any_text ? "\n\n" + text : text;
    told += text, any_text = true;
    Push(std::move(delta));
  }
  void Tell(const AgentEvent& event);
  ServedCall ServedOf(const AgentEvent& event);
  void CallBegan(const AgentEvent& event);
  void CallEnded(const AgentEvent& event);
  void End(const Result<RunRow>& run);
};

ServedCall AgentModels::Answering::ServedOf(const AgentEvent& event) {
  ServedCall call;
  call.id = event.path, call.server = event.agent, call.name = TextAt(event.data, "name");
  call.arguments = arguments[event.path];
  if (!serving || !serving->goes_on) return call;
  // Questions about a call stand at its path with a mark behind it.
  for (const std::string& step : serving->goes_on->steps) {
    if (step.substr(0, step.find_last_of("!?")) == event.path) call.approval = run_id + "." + step;
  }
  return call;
}

void AgentModels::Answering::CallBegan(const AgentEvent& event) {
  arguments[event.path] = event.data["arguments"].Dump();
  // Of a question it is told what it asks, not that it is asked.
  if (serving && TextAt(event.data, "name") != kAskPerson) Serve(ServedOf(event));
}

void AgentModels::Answering::CallEnded(const AgentEvent& event) {
  ServedCall call = ServedOf(event);
  call.output = TextAt(event.data, "text");
  call.state = event.data["is_error"] == Json(true) ? ServedCall::State::kFailed : ServedCall::State::kAnswered;
  if (serving) {
    if (call.name != kAskPerson) Serve(std::move(call));
  } else if (std::ranges::count(event.path, '.') <= 1) {  // calls of agents that were asked are within that call
    GenerationDelta delta;
    delta.reasoning = "[" + call.name + " " + call.arguments + "]\n" + call.output + "\n";
    Push(std::move(delta));
  }
}

void AgentModels::Answering::Tell(const AgentEvent& event) {
  // Agents that were asked have their steps below the call: what they say is for who asked.
  const bool is_own = std::ranges::count(event.path, '.') == 0;
  switch (event.type) {
    case AgentEventType::kStepStarted:
      if (is_own) told.clear();
      break;
    case AgentEventType::kText:
      if (is_own && streams) Text(TextAt(event.data, "text"));
      break;
    case AgentEventType::kReasoning:
      if (is_own) {
        GenerationDelta delta;
        delta.reasoning = TextAt(event.data, "text");
        Push(std::move(delta));
      }
      break;
    case AgentEventType::kModelAnswered:
      usage.prompt_tokens += CountAt(event.data["usage"], "prompt_tokens");
      usage.cached_tokens += CountAt(event.data["usage"], "cached_tokens");
      usage.completion_tokens += CountAt(event.data["usage"], "completion_tokens");
      break;
    case AgentEventType::kToolCalled: CallBegan(event); break;
    case AgentEventType::kToolAnswered: CallEnded(event); break;
    default: break;
  }
}

void AgentModels::Answering::End(const Result<RunRow>& run) {
  GenerationEnd end;
  GenerationChoiceEnd choice;
  if (!run.ok()) {
    end.error = run.error();
  } else if (run->status == RunStatus::kFailed) {
    const std::string what = TextAt(run->outcome["error"], "message");
    end.error = Error::Unavailable("run " + run->id, what.empty() ? "it failed" : what);
  } else if (run->status == RunStatus::kCancelled) {
    end.error = Error::Cancelled("run " + run->id, "somebody cancelled it");
  } else if (run->status == RunStatus::kWaiting) {
    if (!serving) Text(WaitsText(*run));
    for (ServedCall& question : serving ? QuestionsOf(*run) : std::vector<ServedCall>()) Serve(std::move(question));
  } else {
    const std::string text = TextAt(run->outcome, "text");
    if (told != text) Text(text);
    if (run->status == RunStatus::kRefused) Text(TextAt(run->outcome, "what"));
    if (run->status == RunStatus::kLimited) choice.reason = FinishReason::kLength;
  }
  times.last_token = times.finished = loop().Now();
  if (!any_text) times.first_token = times.finished;
  end.usage = usage, end.times = times;
  if (!end.error) events->Push(GenerationEvent(std::move(choice)));
  events->Push(GenerationEvent(std::move(end)));
  events->Close();
}

Task<void> AgentModels::Answer(std::shared_ptr<Answering> answering, Call call) {
  AgentRuns& runs = answering->models.app_.agents().runs();
  OnAgentEvent emit = [answering](const AgentEvent& event) { answering->Tell(event); };
  const std::stop_token stop = call.stop;
  auto running = runs.Run(std::move(call), answering->run_id, std::move(emit));
  const Result<RunRow> run = co_await running;
  // Nobody will read what it would have said: it ends for good, and is not gone on with.
  if (!run.ok() && stop.stop_requested()) (void)co_await runs.Cancel(answering->run_id);
  --answering->models.num_running_;
  answering->End(run);
  if (run.ok()) answering->models.app_.agents().keeper().Ended(*run);
}

// The run that the generation is: a new one, or one of the caller's that waited.
Task<Result<std::string>> AgentModels::RunFor(Call call, const GenerationRequest& request,
                                              std::shared_ptr<AgentServing> serving) {
  if (serving && serving->goes_on) {
    const std::string id = serving->goes_on->id;
    auto get = [this, &id] { return app_.agents().journal().Get(id); };
    auto getting = OnPool(app_.pool(), get);
    CO_TRY(const RunRow run, co_await getting);
    if (run.principal == call.principal && run.agent == request.model) co_return run.id;
    co_return Error::NotFound(
        "run", "got '" + id.substr(0, 64) + "', want a run of the agent " + request.model + " that waits");
  }
  CO_TRY(Json input, AgentInputOf(std::get<ChatPrompt>(request.prompt).messages));
  AgentRuns::Start start{.agent = request.model, .input = std::move(input), .principal = call.principal};
  if (serving) start.conversation = serving->conversation;
  auto creating = app_.agents().runs().Create(std::move(start));
  co_return co_await creating;
}

Task<Result<Generation>> AgentModels::Generate(Call call, GenerationRequest request) {
  CO_TRY_VOID(CheckRequest(request));
  CO_TRY(const auto agent, app_.agents().Find(request.model));
  if (num_running_ >= kMaxLiveRuns) {
    co_return Error::Exhausted("runs", "got " + std::to_string(num_running_) + " under way, want fewer");
  }
  auto serving = app_.agents().servings().Find(std::get<ChatPrompt>(request.prompt).template_kwargs);
  CO_TRY(std::string run_id, co_await RunFor(call, request, serving));
  auto events = Channel<GenerationEvent>::Create(app_.loop(), kMaxQueuedEvents);
  auto link = std::make_shared<StopLink>(call.stop);
  auto answering = std::make_shared<Answering>(Answering{*this, agent, std::move(run_id), events, link});
  answering->streams = CanStream(agent->config);
  answering->serving = std::move(serving);
  answering->times.submitted = answering->times.scheduled = app_.loop().Now();
  call.stop = link->token();
  Generation generation;
  generation.events = std::move(events);
  // Stopping is all that letting go does; the run keeps what it needs until it has ended.
  generation.owner = std::shared_ptr<void>(nullptr, [link](void*) { link->Stop(); });
  ++num_running_;
  Spawn(Answer(std::move(answering), std::move(call)));
  co_return generation;
}

Task<Result<Decision>> AgentModels::Decide(Call /*call*/, DecisionRequest request) {
  co_return Error::Unsupported("model", "got the agent '" + request.model +
                                            "', want a model: an agent gives no "
                                            "probabilities");
}

Task<Result<Generation>> AgentModels::Prepare(Call /*call*/, GenerationRequest request) {
  co_return Error::Unsupported("model", "got the agent '" + request.model +
                                            "', want a model: what an agent's model "
                                            "reads depends on what it does");
}

Task<Result<ModelDetails>> AgentModels::Describe(Call call, std::string model) {
  CO_TRY(const auto agent, app_.agents().Find(model));
  co_return co_await app_.language_model().Describe(std::move(call), agent->config.model);
}

Task<Result<std::vector<TokenText>>> AgentModels::Spell(Call /*call*/, std::string model, std::vector<int32_t>) {
  co_return Error::Unsupported("model", "got the agent '" + model + "', want a model: an agent has no tokens");
}

}  // namespace atelier
