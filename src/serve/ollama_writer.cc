#include "serve/ollama_writer.h"

#include <utility>

#include "serve/errors.h"

namespace atelier {
namespace {

int64_t Nanos(Clock::TimePoint from, Clock::TimePoint to) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
}

Json Head(const OllamaFrame& frame) {
  return Json::Object({{"model", frame.model}, {"created_at", UtcText(frame.clock.UnixNanos())}});
}

// Calls [first, end) as objects. One that was cut has no arguments to be an object of, and is left out.
Json CallBodies(const std::vector<ToolCallDelta>& calls, size_t first, size_t end) {
  Json bodies = Json::Array();
  for (size_t i = first; i < end; ++i) {
    Result<Json> arguments = Json::Parse(calls[i].arguments);
    if (!arguments.ok()) continue;
    Json function = Json::Object({{"index", calls[i].index}, {"name", calls[i].name}});
    function.Set("arguments", std::move(*arguments));
    bodies.Push(Json::Object({{"id", calls[i].id}, {"function", std::move(function)}}));
  }
  return bodies;
}

}  // namespace

Json OllamaNothing(const OllamaFrame& frame, std::string_view reason) {
  Json body = Head(frame);
  if (frame.is_chat) {
    body.Set("message", Json::Object({{"role", "assistant"}, {"content", ""}}));
  } else {
    body.Set("response", "");
  }
  body.Set("done", true);
  body.Set("done_reason", reason);
  return body;
}

Json OllamaWriter::Object(const ChoiceResult& news, Json calls) const {
  Json body = Head(frame_);
  if (frame_.is_chat) {
    Json message = Json::Object({{"role", "assistant"}, {"content", news.text}});
    if (!news.reasoning.empty()) message.Set("thinking", news.reasoning);
    if (!calls.empty()) message.Set("tool_calls", std::move(calls));
    body.Set("message", std::move(message));
  } else {
    body.Set("response", news.text);
    if (!news.reasoning.empty()) body.Set("thinking", news.reasoning);
  }
  if (!news.logprobs.empty()) {
    Json logprobs = Json::Array();
    for (const TokenChoice& entry : news.logprobs) logprobs.Push(LogprobBody(entry));
    body.Set("logprobs", std::move(logprobs));
  }
  body.Set("done", false);
  return body;
}

void OllamaWriter::SetFigures(Json& last) const {
  const GenerationEnd& end = run_.end();
  const RequestTimes& times = end.times;
  last.Set("done", true);
  last.Set("done_reason", FinishName(run_.choice().end.reason));
  if (frame_.gives_context) {
    Json context = TokenIds(run_.generation().prompt_tokens);
    for (const int32_t id : run_.choice().tokens) context.Push(id);
    last.Set("context", std::move(context));
  }
  last.Set("total_duration", Nanos(frame_.started, frame_.clock.Now()));
  last.Set("load_duration", Nanos(frame_.started, frame_.loaded));
  last.Set("prompt_eval_count", end.usage.prompt_tokens);
  last.Set("prompt_eval_duration", Nanos(times.scheduled, times.first_token));
  last.Set("eval_count", end.usage.completion_tokens);
  last.Set("eval_duration", Nanos(times.first_token, times.finished));
}

std::optional<Json> OllamaWriter::Take(const GenerationEvent& event) {
  const auto* delta = std::get_if<GenerationDelta>(&event);
  if (delta == nullptr) return std::nullopt;
  // The run has taken the event already: all calls but the last are whole.
  const std::vector<ToolCallDelta>& calls = run_.choice().tool_calls;
  const size_t num_whole = calls.empty() ? 0 : calls.size() - 1;
  Json whole_calls = CallBodies(calls, num_calls_sent_, std::max(num_calls_sent_, num_whole));
  num_calls_sent_ = std::max(num_calls_sent_, num_whole);
  const bool says_nothing =
      delta->text.empty() && delta->reasoning.empty() && delta->logprobs.empty() && whole_calls.empty();
  if (says_nothing) return std::nullopt;
  ChoiceResult news;
  news.text = delta->text, news.reasoning = delta->reasoning, news.logprobs = delta->logprobs;
  return Object(news, std::move(whole_calls));
}

Json OllamaWriter::End() {
  if (run_.error()) return ErrorBody(*run_.error(), StatusOf(*run_.error()), ErrorShape::kOllama);
  const std::vector<ToolCallDelta>& calls = run_.choice().tool_calls;
  Json last = Object({}, CallBodies(calls, num_calls_sent_, calls.size()));
  SetFigures(last);
  return last;
}

Json OllamaWriter::Whole() {
  const ChoiceResult& choice = run_.choice();
  Json body = Object(choice, CallBodies(choice.tool_calls, 0, choice.tool_calls.size()));
  SetFigures(body);
  return body;
}

}  // namespace atelier
