#include "provider/gathered.h"

#include <algorithm>
#include <iterator>

namespace atelier {

void GatheredChoice::Add(const GenerationDelta& delta) {
  text += delta.text;
  reasoning += delta.reasoning;
  for (const ToolCallDelta& news : delta.tool_calls) {
    const auto index = static_cast<size_t>(std::max(0, news.index));
    if (index >= calls.size()) calls.resize(index + 1);
    GatheredCall& call = calls[index];
    if (!news.id.empty()) call.id = news.id;
    if (!news.name.empty()) call.name = news.name;
    call.custom = call.custom || news.custom;
    call.arguments += news.arguments;
  }
  tokens.insert(tokens.end(), delta.tokens.begin(), delta.tokens.end());
  logprobs.insert(logprobs.end(), delta.logprobs.begin(), delta.logprobs.end());
}

GenerationDelta GatheredChoice::Whole() const {
  GenerationDelta delta;
  delta.choice = end.choice;
  delta.text = text;
  delta.reasoning = reasoning;
  for (const GatheredCall& call : calls) {
    ToolCallDelta whole;
    whole.index = static_cast<int32_t>(delta.tool_calls.size());
    whole.id = call.id, whole.name = call.name, whole.custom = call.custom, whole.arguments = call.arguments;
    delta.tool_calls.push_back(std::move(whole));
  }
  delta.tokens = tokens;
  delta.logprobs = logprobs;
  return delta;
}

void AddUsage(Usage& total, const Usage& more) {
  total.prompt_tokens += more.prompt_tokens;
  total.cached_tokens += more.cached_tokens;
  total.completion_tokens += more.completion_tokens;
}

void AddUsed(GenerationEnd& total, const GenerationEnd& more) {
  AddUsage(total.usage, more.usage);
  total.reasoning_tokens += more.reasoning_tokens;
}

Task<Result<Gathered>> Gather(Generation generation, int32_t num_choices) {
  Gathered gathered;
  gathered.choices.resize(static_cast<size_t>(std::max(1, num_choices)));
  const auto of = [&](int32_t choice) -> GatheredChoice& { return gathered.choices.at(static_cast<size_t>(choice)); };
  bool ended = false;
  while (true) {
    const std::deque<GenerationEvent> batch = co_await generation.events->NextBatch();
    if (batch.empty()) break;
    for (const GenerationEvent& event : batch) {
      if (const auto* delta = std::get_if<GenerationDelta>(&event)) of(delta->choice).Add(*delta);
      if (const auto* end = std::get_if<GenerationChoiceEnd>(&event)) of(end->choice).end = *end;
      if (const auto* end = std::get_if<GenerationEnd>(&event)) gathered.end = *end, ended = true;
    }
  }
  if (!ended) co_return Error::Unavailable("", "got more of an answer than could be read in time");
  if (gathered.end.error) co_return *gathered.end.error;
  for (size_t i = 0; i < gathered.choices.size(); ++i) gathered.choices[i].end.choice = static_cast<int32_t>(i);
  co_return gathered;
}

Generation Replay(Loop& loop, std::vector<GenerationEvent> events) {
  Generation generation;
  generation.events = Channel<GenerationEvent>::Create(loop, events.size() + 1);
  for (GenerationEvent& event : events) generation.events->Push(std::move(event));
  generation.events->Close();
  return generation;
}

std::vector<GenerationEvent> EventsOf(const Gathered& gathered) {
  std::vector<GenerationEvent> events;
  for (const GatheredChoice& choice : gathered.choices) {
    events.emplace_back(choice.Whole());
    events.emplace_back(choice.end);
  }
  events.emplace_back(gathered.end);
  return events;
}

}  // namespace atelier
