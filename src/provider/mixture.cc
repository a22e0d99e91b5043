#include "provider/mixture.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/task/for_each.h"
#include "provider/instruction.h"
#include "provider/relay.h"

namespace atelier {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxAtOnce = 16;          // proposers asked beside each other
constexpr uint64_t kSeedsOfALayer = 1000;  // more than a layer has proposals

constexpr std::string_view kBestStatement = "The last answer is correct, complete, and does what was asked for.";

std::string References(const std::vector<Gathered>& answers) {
  std::string text =
      "Other assistants have answered the same conversation. Their answers follow between marks. Some may be wrong or "
      "incomplete. Weigh them against each other, keep what is right, correct what is not, and give one answer of your "
      "own. Do not mention them.";
  for (size_t i = 0; i < answers.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    text += "\n\n<answer " + number + ">\n" + answers[i].choices[0].text + "\n</answer " + number + ">";
  }
  return text;
}

// What makes two answers the same to a vote: of JSON its value, else its words.
std::string VoteOf(const GatheredChoice& choice) {
  std::string key;
  if (const auto json = Json::Parse(choice.text); json.ok()) {
    key = json->Dump();
  } else {
    for (const char c : choice.text) {
      const bool is_space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (is_space && (key.empty() || key.back() == ' ')) continue;
      key += is_space ? ' ' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
    }
    while (!key.empty() && (key.back() == ' ' || key.back() == '.')) key.pop_back();
  }
  for (const GatheredCall& call : choice.calls) {
    const auto arguments = Json::Parse(call.arguments);
    key += "\n" + call.name + " " + (arguments.ok() ? arguments->Dump() : call.arguments);
  }
  return key;
}

std::string ContentText(const Json& content) {
  if (content.is_string()) return std::string(content.AsString());
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content.items()) {
    if (part.is_object() && part["text"].is_string()) text += part["text"].AsString();
  }
  return text;
}

std::vector<DecisionPart> PartsOf(const Json& messages) {
  std::vector<DecisionPart> parts;
  for (const Json& message : messages.items()) {
    std::string text = ContentText(message["content"]);
    if (text.empty() || !message["role"].is_string()) continue;
    parts.push_back({.role = std::string(message["role"].AsString()), .text = std::move(text)});
  }
  return parts;
}

// What only models read is text: one answer, without tools, schema and all that belongs to the one delivered.
void AskForText(GenerationRequest& request, int64_t max_tokens) {
  if (auto* chat = std::get_if<ChatPrompt>(&request.prompt)) chat->tool_use = {};
  request.options.grammar.reset();
  GenerateRequest& generate = request.options.request;
  generate.n = 1;
  generate.best_of = 0;
  generate.logprobs.reset();
  generate.prompt_logprobs.reset();
  generate.max_tokens = std::min(generate.max_tokens.value_or(max_tokens), max_tokens);
  generate.min_tokens = std::min(generate.min_tokens, max_tokens);
}

bool IsEmpty(const Gathered& answer) { return answer.choices[0].text.empty() && answer.choices[0].calls.empty(); }

}  // namespace

Mixture::Mixture(MixtureConfig config, MixtureSurroundings around)
    : config_(std::move(config)), around_(std::move(around)) {}

std::vector<std::string> Mixture::Models() const {
  std::vector<std::string> models;
  const auto add = [&models](const std::string& model) {
    if (!model.empty() && std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
  };
  for (const MixtureLayerConfig& layer : config_.layers) {
    for (const ProposerConfig& proposer : layer.proposers) add(proposer.model);
  }
  add(config_.aggregator.model);
  return models;
}

const std::string& Mixture::Heard() const {
  return config_.aggregator.how == "write" ? config_.aggregator.model : config_.layers.back().proposers.front().model;
}

Task<Result<Generation>> Mixture::Generate(Call call, GenerationRequest request) {
  if (Selects() && request.options.request.n > 1) {
    co_return Error::Invalid("n", "got " + std::to_string(request.options.request.n) + ", want 1: mixture " +
                                      config_.name + " selects one answer");
  }
  const bool reads = config_.layers.size() > 1 || config_.aggregator.how == "write";
  if (reads && !std::holds_alternative<ChatPrompt>(request.prompt)) {
    co_return Error::Unsupported("model", "got mixture '" + config_.name +
                                              "', want a conversation: its models read "
                                              "each other's answers as messages")
        .WithCode("wrong_model_kind");
  }
  const size_t num_layers = config_.layers.size() - (config_.aggregator.how == "identity" ? 1 : 0);
  CO_TRY(Proposals proposals, co_await Propose(call, request, num_layers));
  if (Selects()) co_return co_await Select(std::move(call), std::move(request), std::move(proposals));
  co_return co_await Speak(std::move(call), std::move(request), std::move(proposals));
}

Task<Result<Mixture::Proposals>> Mixture::Propose(Call call, GenerationRequest request, size_t num_layers) {
  Proposals proposals;
  for (size_t layer = 0; layer < num_layers; ++layer) {
    CO_TRY_VOID(co_await AskLayer(call, request, layer, &proposals));
  }
  co_return proposals;
}

// Asks the layer, each with what the layer before said, and puts its answers in the place of those.
Task<Result<void>> Mixture::AskLayer(Call call, GenerationRequest request, size_t layer, Proposals* proposals) {
  const bool is_delivered = Selects() && layer + 1 == config_.layers.size();
  if (!is_delivered) AskForText(request, config_.max_proposal_tokens);
  auto* chat = std::get_if<ChatPrompt>(&request.prompt);
  if (!proposals->answers.empty()) AddInstruction(chat->messages, References(proposals->answers));
  std::vector<GenerationRequest> asked;
  for (const ProposerConfig& proposer : config_.layers[layer].proposers) {
    for (int32_t sample = 0; sample < proposer.samples; ++sample) {
      GenerationRequest one = request;
      one.model = proposer.model;
      if (one.options.seed) *one.options.seed += layer * kSeedsOfALayer + asked.size();
      if (proposer.temperature) {
        one.options.request.sampling.temperature = static_cast<float>(*proposer.temperature);
      }
      if (auto* of = std::get_if<ChatPrompt>(&one.prompt); of != nullptr && !proposer.instructions.empty()) {
        AddInstruction(of->messages, proposer.instructions);
      }
      asked.push_back(std::move(one));
    }
  }
  std::vector<std::optional<Gathered>> answers(asked.size());
  std::optional<Error> last;
  const auto ask = [&](size_t i) -> Task<Result<void>> {
    Result<Gathered> answer = co_await AskOne(call, asked[i]);
    if (answer.ok()) {
      answers[i] = std::move(*answer);
    } else {
      last = std::move(answer).error();
    }
    co_return Result<void>();
  };
  auto asking = ForEach(asked.size(), kMaxAtOnce, ask);
  CO_TRY_VOID(co_await asking);
  if (call.stop.stop_requested()) co_return Error::Cancelled("mixture " + config_.name, "stopped by the caller");

  proposals->answers.clear();
  for (std::optional<Gathered>& answer : answers) {
    if (!answer) continue;
    AddUsed(proposals->used, answer->end);
    if (!proposals->submitted) proposals->submitted = answer->end.times.submitted;
    if (!IsEmpty(*answer)) proposals->answers.push_back(std::move(*answer));
  }
  const size_t want = static_cast<size_t>(config_.min_proposals);
  if (proposals->answers.size() >= want) co_return Result<void>();
  const std::string where = "mixture " + config_.name + ": layers[" + std::to_string(layer) + "]";
  if (last) co_return std::move(*last).Under(where);
  co_return Error::Unavailable(
      where, "got " + std::to_string(proposals->answers.size()) + " proposals with text, want " + std::to_string(want));
}

Task<Result<Gathered>> Mixture::AskOne(Call call, GenerationRequest request) {
  const Clock::TimePoint began = around_.loop.Now();
  const std::string model = request.model;
  const int32_t n = request.options.request.n;
  const auto most = milliseconds(static_cast<int64_t>(config_.proposer_seconds * 1000));
  if (most.count() > 0) call.deadline = std::min(call.deadline, began + most);
  Result<Generation> generation = co_await around_.models.Generate(call, std::move(request));
  if (!generation.ok()) {
    Report(call, model, began, &generation.error());
    co_return std::move(generation).error();
  }
  Result<Gathered> answer = co_await Gather(std::move(*generation), n);
  Report(call, model, began, answer.ok() ? nullptr : &answer.error());
  co_return answer;
}

Task<Result<Generation>> Mixture::Speak(Call call, GenerationRequest request, Proposals proposals) {
  request.model = Heard();
  std::string instructions = config_.aggregator.instructions;
  if (config_.aggregator.how == "identity") {
    const ProposerConfig& only = config_.layers.back().proposers.front();
    instructions = only.instructions;
    if (only.temperature) request.options.request.sampling.temperature = static_cast<float>(*only.temperature);
  }
  if (auto* chat = std::get_if<ChatPrompt>(&request.prompt)) {
    if (!proposals.answers.empty()) AddInstruction(chat->messages, References(proposals.answers));
    if (!instructions.empty()) AddInstruction(chat->messages, instructions);
  }
  CO_TRY(Generation generation, co_await around_.models.Generate(std::move(call), std::move(request)));
  if (!proposals.submitted) co_return generation;
  auto add = [used = proposals.used, submitted = *proposals.submitted](GenerationEvent& event) {
    auto* end = std::get_if<GenerationEnd>(&event);
    if (end == nullptr) return;
    AddUsed(*end, used);
    end->times.submitted = submitted;
  };
  co_return Relay(around_.loop, std::move(generation), {}, std::move(add));
}

std::vector<double> Mixture::Votes(const std::vector<Gathered>& answers) {
  std::map<std::string, double> votes;
  for (const Gathered& answer : answers) ++votes[VoteOf(answer.choices[0])];
  std::vector<double> worth;
  for (const Gathered& answer : answers) worth.push_back(votes[VoteOf(answer.choices[0])]);
  return worth;
}

Task<Result<std::vector<double>>> Mixture::Judge(Call call, GenerationRequest request, Proposals* proposals) {
  std::vector<DecisionPart> conversation;
  if (const auto* chat = std::get_if<ChatPrompt>(&request.prompt)) conversation = PartsOf(chat->messages);
  if (const auto* text = std::get_if<TextPrompt>(&request.prompt)) {
    conversation.push_back({.role = "user", .text = text->text});
  }
  const std::string& own = config_.aggregator.instructions;
  std::vector<double> worth(proposals->answers.size());
  const auto judge = [&](size_t i) -> Task<Result<void>> {
    DecisionRequest decision;
    decision.model = config_.aggregator.model;
    decision.input = conversation;
    decision.input.push_back({.role = "assistant", .text = proposals->answers[i].choices[0].text});
    decision.questions.push_back(DecisionQuestion::Predicate(own.empty() ? std::string(kBestStatement) : own));
    CO_TRY(const Decision decided, co_await around_.models.Decide(call, std::move(decision)));
    AddUsage(proposals->used.usage, decided.usage);
    worth[i] = decided.answers.front().refused ? 0 : decided.answers.front().probability();
    co_return Result<void>();
  };
  auto judging = ForEach(worth.size(), kMaxAtOnce, judge);
  CO_TRY_VOID(co_await judging);
  co_return worth;
}

Task<Result<Generation>> Mixture::Select(Call call, GenerationRequest request, Proposals proposals) {
  std::vector<double> worth;
  if (config_.aggregator.how == "vote") {
    worth = Votes(proposals.answers);
  } else {
    CO_TRY(worth, co_await Judge(std::move(call), std::move(request), &proposals));
  }
  const auto best = static_cast<size_t>(std::max_element(worth.begin(), worth.end()) - worth.begin());
  Gathered& chosen = proposals.answers[best];
  chosen.end.usage = proposals.used.usage;
  chosen.end.reasoning_tokens = proposals.used.reasoning_tokens;
  if (proposals.submitted) chosen.end.times.submitted = *proposals.submitted;
  co_return Replay(around_.loop, EventsOf(chosen));
}

Task<Result<Decision>> Mixture::Decide(Call call, DecisionRequest request) {
  const std::vector<ProposerConfig>& proposers = config_.layers.back().proposers;
  std::vector<Decision> decisions(proposers.size());
  const auto decide = [&](size_t i) -> Task<Result<void>> {
    DecisionRequest one = request;
    one.model = proposers[i].model;
    CO_TRY(decisions[i], co_await around_.models.Decide(call, std::move(one)));
    co_return Result<void>();
  };
  auto deciding = ForEach(decisions.size(), kMaxAtOnce, decide);
  CO_TRY_VOID(co_await deciding);
  Decision mean = decisions.front();
  for (size_t i = 1; i < decisions.size(); ++i) AddUsage(mean.usage, decisions[i].usage);
  for (size_t question = 0; question < mean.answers.size(); ++question) {
    std::vector<double> sums(mean.answers[question].probabilities.size(), 0);
    for (const Decision& decision : decisions) {
      const DecisionAnswer& answer = decision.answers.at(question);
      for (size_t i = 0; !answer.refused && i < sums.size(); ++i) sums[i] += answer.probabilities[i];
    }
    if (std::any_of(sums.begin(), sums.end(), [](double sum) { return sum > 0; })) {
      mean.answers[question] = DecisionAnswer::Of(std::move(sums));
    }
  }
  co_return mean;
}

void Mixture::Report(const Call& call, const std::string& model, Clock::TimePoint began, const Error* error) const {
  if (!around_.on_attempt) return;
  RouteAttempt attempt{call, config_.name, model, began, around_.loop.Now(), false, std::nullopt};
  if (error != nullptr) attempt.error = *error;
  around_.on_attempt(attempt);
}

Task<Result<Generation>> Mixture::Prepare(Call call, GenerationRequest request) {
  request.model = Heard();
  return around_.models.Prepare(std::move(call), std::move(request));
}
Task<Result<ModelDetails>> Mixture::Describe(Call call, std::string /*model*/) {
  return around_.models.Describe(std::move(call), Heard());
}
Task<Result<std::vector<TokenText>>> Mixture::Spell(Call call, std::string /*model*/, std::vector<int32_t> tokens) {
  return around_.models.Spell(std::move(call), Heard(), std::move(tokens));
}

}  // namespace atelier
