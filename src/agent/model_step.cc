#include "agent/model_step.h"

#include <algorithm>
#include <utility>

#include "base/io/sha256.h"

namespace atelier {
namespace {

// What makes the answer what it is; the conversation by its digest.
Json RequestOf(const Agent& agent, const ModelQuestion& question) {
  Json tools = Json::Array({});
  for (const Tool& tool : question.tools.tools) tools.Push(tool.definition);
  return Json::Object({{"model", agent.config.model},
                       {"conversation", question.conversation.digest()},
                       {"tools", Sha256Hex(tools.Dump())},
                       {"output_schema", question.output_schema},
                       {"grammar", question.grammar ? Json(Sha256Hex(question.grammar->Key())) : Json()},
                       {"max_tokens", question.max_tokens},
                       {"temperature", agent.config.temperature}});
}

GenerationRequest GenerationOf(const Agent& agent, ModelQuestion question) {
  GenerationRequest request;
  request.model = agent.config.model;
  ChatPrompt prompt;
  prompt.messages = question.conversation.messages();
  prompt.tool_use = std::move(question.tools);
  request.prompt = std::move(prompt);
  request.options.request.max_tokens = question.max_tokens;
  request.options.request.sampling.temperature = static_cast<float>(agent.config.temperature);
  if (question.grammar) {
    request.options.grammar = std::move(question.grammar);
  } else if (!question.output_schema.is_null()) {
    GrammarSpec& kept = request.options.grammar.emplace();
    kept.schema = std::move(question.output_schema);
    kept.where = "output_schema";
  }
  return request;
}

Json Write(const Gathered& gathered) {
  const GatheredChoice& choice = gathered.choices.front();
  Json calls = Json::Array({});
  for (const GatheredCall& call : choice.calls) {
    calls.Push(Json::Object({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}}));
  }
  const Usage& usage = gathered.end.usage;
  Json written = Json::Object({{"text", choice.text}});
  if (!choice.reasoning.empty()) written.Set("reasoning", choice.reasoning);
  if (!choice.calls.empty()) written.Set("calls", std::move(calls));
  if (choice.end.reason != FinishReason::kStop) written.Set("finish", FinishReasonName(choice.end.reason));
  written.Set("usage", Json::Array({usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens}));
  return written;
}

Json UsageTold(const Usage& usage) {
  return Json::Object({{"prompt_tokens", usage.prompt_tokens},
                       {"cached_tokens", usage.cached_tokens},
                       {"completion_tokens", usage.completion_tokens}});
}

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

Result<ModelAnswer> Read(const Json& written) {
  ModelAnswer answer;
  answer.text = TextOf(written["text"]);
  answer.reasoning = TextOf(written["reasoning"]);
  answer.was_cut = written["finish"] == Json("length");
  answer.timed_out = written["timed_out"] == Json(true);
  if (const Json* calls = written.Find("calls"); calls && calls->is_array()) {
    for (const Json& call : calls->items()) {
      GatheredCall read;
      read.id = TextOf(call["id"]), read.name = TextOf(call["name"]), read.arguments = TextOf(call["arguments"]);
      answer.calls.push_back(std::move(read));
    }
  }
  const Json& usage = written["usage"];
  if (!usage.is_array() || usage.size() != 3) return Error::Corrupt("usage", "got " + usage.Dump() + ", want 3 counts");
  answer.usage.prompt_tokens = usage[0].AsInt64().value_or(0);
  answer.usage.cached_tokens = usage[1].AsInt64().value_or(0);
  answer.usage.completion_tokens = usage[2].AsInt64().value_or(0);
  return answer;
}

// The events of a generation, told as they come and gathered.
Task<Result<Gathered>> Follow(Generation generation, AgentWork& work, const Agent& agent, std::string path,
                              bool quiet) {
  Gathered gathered;
  gathered.choices.resize(1);
  bool ended = false;
  while (!ended) {
    const std::deque<GenerationEvent> batch = co_await generation.events->NextBatch();
    if (batch.empty()) co_return Error::Unavailable("model", "its answer broke off");
    for (const GenerationEvent& event : batch) {
      if (const auto* delta = std::get_if<GenerationDelta>(&event)) {
        gathered.choices[0].Add(*delta);
        if (!delta->text.empty() && !quiet) {
          work.Tell(agent, AgentEventType::kText, path, Json::Object({{"text", delta->text}}));
        }
        if (!delta->reasoning.empty()) {
          work.Tell(agent, AgentEventType::kReasoning, path, Json::Object({{"text", delta->reasoning}}));
        }
      }
      if (const auto* end = std::get_if<GenerationChoiceEnd>(&event)) gathered.choices[0].end = *end;
      if (const auto* end = std::get_if<GenerationEnd>(&event)) gathered.end = *end, ended = true;
    }
  }
  if (gathered.end.error) co_return *gathered.end.error;
  co_return gathered;
}

Task<Result<Gathered>> Generate(Call call, AgentWork& work, const Agent& agent, std::string path,
                                GenerationRequest request, bool quiet) {
  CO_TRY(Generation generation, co_await work.model.Generate(std::move(call), std::move(request)));
  co_return co_await Follow(std::move(generation), work, agent, std::move(path), quiet);
}

Task<Result<Performed>> Perform(Call call, AgentWork& work, const Agent& agent, std::string path,
                                GenerationRequest request, bool quiet) {
  work.Tell(agent, AgentEventType::kStepStarted, path, Json::Object({{"kind", "model"}, {"name", agent.config.model}}));
  const Clock::TimePoint deadline = call.deadline;
  Result<Gathered> gathered = co_await Generate(std::move(call), work, agent, path, std::move(request), quiet);
  const bool is_over = !gathered.ok() && gathered.error().kind == ErrorKind::kTimeout && work.loop.Now() >= deadline;
  if (!gathered.ok() && !is_over) co_return std::move(gathered).error();
  if (is_over) {
    Performed nothing{.result = Json::Object({{"timed_out", true}, {"usage", Json::Array({0, 0, 0})}})};
    co_return nothing;
  }
  Json written = Write(*gathered);
  Json told = written;
  told.Set("usage", UsageTold(gathered->end.usage));
  work.Tell(agent, AgentEventType::kModelAnswered, path, std::move(told));
  Performed performed{.result = std::move(written)};
  co_return performed;
}

}  // namespace

Call WithinLimits(Call call, const AgentWork& work) {
  if (const std::optional<double> seconds = work.meter.SecondsLeft()) {
    const auto left = std::chrono::duration_cast<Clock::TimePoint::duration>(std::chrono::duration<double>(*seconds));
    call.deadline = std::min(call.deadline, work.loop.Now() + left);
  }
  return call;
}

Task<Result<ModelAnswer>> AskModel(Call call, AgentWork& work, const Agent& agent, ModelQuestion question) {
  StepSpec spec{.path = question.path, .kind = RunStepKind::kModel, .name = agent.config.model};
  spec.request = RequestOf(agent, question);
  spec.keep_request = false;
  std::string path = question.path;
  RunLog::Perform perform = [&work, &agent, path, &question](Call stepping) {
    const bool quiet = question.quiet;
    return Perform(std::move(stepping), work, agent, path, GenerationOf(agent, std::move(question)), quiet);
  };
  CO_TRY(const StepResult step,
         co_await work.log.Step(WithinLimits(std::move(call), work), std::move(spec), std::move(perform)));
  Result<ModelAnswer> answer = Read(step.value);
  if (!answer.ok()) co_return std::move(answer).error().Under("step " + path);
  const double cost = work.cost ? work.cost(agent.config.model, answer->usage) : 0;
  work.meter.AddAnswer(answer->usage, cost, step.seconds);
  work.meter.AddBytes(static_cast<int64_t>(answer->text.size() + answer->reasoning.size()));
  co_return answer;
}

Json AssistantMessage(const ModelAnswer& answer) {
  Json message = Json::Object({{"role", "assistant"}, {"content", answer.text}});
  if (answer.calls.empty()) return message;
  Json calls = Json::Array({});
  for (const GatheredCall& call : answer.calls) {
    Json function = Json::Object({{"name", call.name}, {"arguments", call.arguments}});
    calls.Push(Json::Object({{"id", call.id}, {"type", "function"}, {"function", std::move(function)}}));
  }
  message.Set("tool_calls", std::move(calls));
  return message;
}

}  // namespace atelier
