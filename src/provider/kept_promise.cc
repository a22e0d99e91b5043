#include "provider/kept_promise.h"

#include <utility>

#include "provider/instruction.h"

namespace atelier {
namespace {

constexpr size_t kMaxQueuedEvents = 1 << 16;
constexpr size_t kMaxViolationBytes = 4000;  // of what a model is told of its mistakes

std::string InstructionOf(const GrammarSpec& grammar) {
  using Kind = GrammarSpec::Kind;
  switch (grammar.kind) {
    case Kind::kJsonSchema:
      if (grammar.schema.is_bool())
        return "Answer with one JSON document alone: no code fence, nothing before or after.";
      return "Answer with one JSON document alone, no code fence, nothing before or after, that is valid under this "
             "JSON "
             "Schema:\n" +
             grammar.schema.Dump();
    case Kind::kRegex:
      return "Answer with a text that matches, from its first to its last character, this regular expression "
             "(ECMA-262), and with nothing else:\n" +
             grammar.text;
    case Kind::kChoice: {
      std::string all = "Answer with exactly one of these texts, spelled as here, and with nothing else:";
      for (const std::string& choice : grammar.choices) all += "\n" + choice;
      return all;
    }
    case Kind::kGrammar: return "Answer with a text of this grammar, and with nothing else:\n" + grammar.text;
    case Kind::kStructuralTag:
      return "Answer with a text whose tags are as this structural tag says:\n" + grammar.schema.Dump();
  }
  return {};
}

// The answer as the conversation had it, and what is wrong with it.
void AddMistake(Json& messages, const GatheredChoice& choice, const std::string& wrong) {
  std::string said = choice.text;
  for (const GatheredCall& call : choice.calls) said += "\n" + call.name + "(" + call.arguments + ")";
  messages.Push(Json::Object({{"role", "assistant"}, {"content", said}}));
  messages.Push(Json::Object({{"role", "user"},
                              {"content", "That answer is not as it must be: " + wrong.substr(0, kMaxViolationBytes) +
                                              "\nGive the whole answer again, corrected, and nothing else."}}));
}

Error NotKept(const std::string& provider, const std::optional<GrammarSpec>& grammar, int32_t attempts,
              const std::string& wrong) {
  std::string what = "provider " + provider + " gave ";
  what += attempts == 1 ? "an answer that breaks it: " : std::to_string(attempts) + " answers that break it, last: ";
  return Error::Unavailable(grammar ? grammar->where : "tools", what + wrong.substr(0, kMaxViolationBytes))
      .WithCode("schema_not_kept");
}

ToolUse ToolsOf(const GenerationRequest& request) {
  const auto* chat = std::get_if<ChatPrompt>(&request.prompt);
  return chat != nullptr ? chat->tool_use : ToolUse();
}

}  // namespace

Task<Result<Generation>> KeptPromise::Generate(Call call, GenerationRequest request) {
  const ToolUse tools = ToolsOf(request);
  const std::optional<GrammarSpec>& grammar = request.options.grammar;
  if (!grammar && !tools.MayCall()) co_return co_await model_.Generate(std::move(call), std::move(request));
  const bool kept = (!grammar || options_.keeps(*grammar)) && (!tools.MayCall() || options_.keeps_tools);
  const bool is_chat = std::holds_alternative<ChatPrompt>(request.prompt);
  if (!kept && !is_chat) {
    co_return Error::Unsupported(grammar->where, "got it for provider " + options_.provider +
                                                     ", which cannot keep it, and a completion cannot be asked to")
        .WithCode("unsupported_parameter");
  }
  auto create = [&] { return OutputCheck::Create(grammar, tools); };
  auto waiting = OnPool(pool_, create);
  CO_TRY(Check check, co_await waiting);
  if (kept && !(options_.hold_back && is_chat))
    co_return co_await Watched(std::move(call), std::move(request), std::move(check));
  co_return co_await Repaired(std::move(call), std::move(request), std::move(check));
}

Task<std::optional<std::string>> KeptPromise::Violation(Check check, std::shared_ptr<GatheredChoice> choice) {
  auto work = [&] { return check->Violation(*choice); };
  auto waiting = OnPool(pool_, work);
  std::optional<std::string> wrong = co_await waiting;
  co_return wrong;
}

// --- streams that pass through ---

struct KeptPromise::Watch {
  KeptPromise& promise;
  Check check;
  std::optional<GrammarSpec> grammar;
  Generation from;
  std::shared_ptr<Channel<GenerationEvent>> to;
  std::vector<std::shared_ptr<GatheredChoice>> choices;
};

Task<void> KeptPromise::Forward(std::shared_ptr<Watch> watch) {
  std::optional<Error> broken;
  while (true) {
    std::deque<GenerationEvent> batch = co_await watch->from.events->NextBatch();
    if (batch.empty()) break;
    for (GenerationEvent& event : batch) {
      if (const auto* delta = std::get_if<GenerationDelta>(&event)) {
        watch->choices.at(static_cast<size_t>(delta->choice))->Add(*delta);
      } else if (const auto* end = std::get_if<GenerationChoiceEnd>(&event);
                 end != nullptr && end->reason == FinishReason::kStop) {
        const auto choice = watch->choices.at(static_cast<size_t>(end->choice));
        const size_t sent = choice->text.size();
        std::optional<std::string> wrong = co_await watch->promise.Violation(watch->check, choice);
        // What has gone out cannot lose its fence any more.
        if (!wrong && choice->text.size() != sent) wrong = "got JSON within other text";
        if (wrong) broken = NotKept(watch->promise.options_.provider, watch->grammar, 1, *wrong);
        if (wrong) continue;
      } else if (auto* last = std::get_if<GenerationEnd>(&event); last != nullptr && broken && !last->error) {
        last->error = broken;
      }
      watch->to->Push(std::move(event));
    }
  }
  watch->to->Close();
}

Task<Result<Generation>> KeptPromise::Watched(Call call, GenerationRequest request, Check check) {
  const auto num_choices = static_cast<size_t>(std::max(1, request.options.request.n));
  const std::optional<GrammarSpec> grammar = request.options.grammar;
  CO_TRY(Generation from, co_await model_.Generate(std::move(call), std::move(request)));
  auto to = Channel<GenerationEvent>::Create(loop_, kMaxQueuedEvents);
  Generation watched = from;
  watched.events = to;
  from.owner.reset();  // the reader's alone, so that letting go ends the work
  auto watch = std::make_shared<Watch>(Watch{*this, std::move(check), grammar, std::move(from), std::move(to), {}});
  for (size_t i = 0; i < num_choices; ++i) watch->choices.push_back(std::make_shared<GatheredChoice>());
  Spawn(Forward(std::move(watch)));
  co_return watched;
}

// --- answers that are held back ---

Task<Result<Gathered>> KeptPromise::OneChoice(Call call, GenerationRequest request, Check check) {
  Usage used;
  Clock::TimePoint submitted{};
  for (int32_t attempt = 1;; ++attempt) {
    CO_TRY(Generation generation, co_await model_.Generate(call, request));
    CO_TRY(Gathered gathered, co_await Gather(std::move(generation), 1));
    AddUsage(used, gathered.end.usage);
    if (attempt == 1) submitted = gathered.end.times.submitted;
    gathered.end.usage = used;
    gathered.end.times.submitted = submitted;
    if (gathered.choices[0].end.reason != FinishReason::kStop) co_return gathered;
    auto choice = std::make_shared<GatheredChoice>(std::move(gathered.choices[0]));
    const std::optional<std::string> wrong = co_await Violation(check, choice);
    if (wrong && attempt > options_.repairs) {
      co_return NotKept(options_.provider, request.options.grammar, attempt, *wrong);
    }
    if (wrong) {
      AddMistake(std::get<ChatPrompt>(request.prompt).messages, *choice, *wrong);
      continue;
    }
    gathered.choices[0] = std::move(*choice);
    co_return gathered;
  }
}

Task<Result<Generation>> KeptPromise::Repaired(Call call, GenerationRequest request, Check check) {
  const int32_t num_choices = std::max(1, request.options.request.n);
  request.options.request.n = 1;
  if (request.options.grammar && !options_.keeps(*request.options.grammar)) {
    AddInstruction(std::get<ChatPrompt>(request.prompt).messages, InstructionOf(*request.options.grammar));
  }
  Gathered all;
  for (int32_t i = 0; i < num_choices; ++i) {
    GenerationRequest one = request;
    if (one.options.seed) *one.options.seed += static_cast<uint64_t>(i);  // choices of one seed differ
    CO_TRY(Gathered gathered, co_await OneChoice(call, std::move(one), check));
    GatheredChoice choice = std::move(gathered.choices[0]);
    choice.end.choice = i;
    all.choices.push_back(std::move(choice));
    AddUsage(gathered.end.usage, all.end.usage);
    if (i > 0) gathered.end.times.submitted = all.end.times.submitted;
    all.end = std::move(gathered.end);
  }
  Generation generation = Replay(loop_, EventsOf(all));
  generation.seed = request.options.seed.value_or(0);
  co_return generation;
}

Task<Result<Generation>> KeptPromise::Prepare(Call call, GenerationRequest request) {
  return model_.Prepare(std::move(call), std::move(request));
}
Task<Result<Decision>> KeptPromise::Decide(Call call, DecisionRequest request) {
  return model_.Decide(std::move(call), std::move(request));
}
Task<Result<ModelDetails>> KeptPromise::Describe(Call call, std::string model) {
  return model_.Describe(std::move(call), std::move(model));
}
Task<Result<std::vector<TokenText>>> KeptPromise::Spell(Call call, std::string model, std::vector<int32_t> tokens) {
  return model_.Spell(std::move(call), std::move(model), std::move(tokens));
}

}  // namespace atelier
