#include "agent/choose.h"

#include <algorithm>
#include <utility>

#include "base/io/sha256.h"
#include "provider/embed_truncated.h"

namespace atelier {
namespace {

constexpr double kTemperature = 0.05;  // of cosines: what is 0.1 more alike is 7 times as likely

Json RequestOf(const ChoiceQuestion& question) {
  Json options = Json::Array({});
  for (const ChoiceOption& option : question.options) {
    options.Push(
        Json::Object({{"value", option.value}, {"description", option.description}, {"others", option.others}}));
  }
  return Json::Object(
      {{"instructions", question.instructions}, {"options", std::move(options)}, {"text", Sha256Hex(question.text)}});
}

Task<Result<Performed>> ByLikeness(Call call, AgentWork& work, ChoiceQuestion question) {
  EmbeddingRequest request;
  request.model = work.embedding_model;
  request.inputs.emplace_back(TextPrompt{question.text});
  std::vector<size_t> option_of;  // of inputs after the first
  for (size_t i = 0; i < question.options.size(); ++i) {
    const ChoiceOption& option = question.options[i];
    request.inputs.emplace_back(TextPrompt{option.description.empty() ? option.value : option.description});
    for (const std::string& other : option.others) request.inputs.emplace_back(TextPrompt{other});
    option_of.resize(request.inputs.size() - 1, i);
  }
  CO_TRY(const Embeddings embedded, co_await EmbedTruncated(std::move(call), *work.embedder, std::move(request)));
  const std::vector<float>& text = embedded.vectors.front();
  std::vector<double> scores(question.options.size(), -1 / kTemperature);
  for (size_t i = 1; i < embedded.vectors.size(); ++i) {
    double product = 0;
    for (size_t at = 0; at < text.size(); ++at) product += static_cast<double>(text[at]) * embedded.vectors[i][at];
    double& score = scores[option_of[i - 1]];
    score = std::max(score, product / kTemperature);
  }
  Performed performed{.result = Json(Softmax(std::move(scores)))};
  co_return performed;
}

Task<Result<Performed>> ByModel(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question) {
  DecisionQuestion asked{.kind = QuestionKind::kChoice, .instructions = std::move(question.instructions)};
  for (ChoiceOption& option : question.options) {
    asked.options.push_back({.value = std::move(option.value), .description = std::move(option.description)});
  }
  if (asked.options.empty()) asked.kind = QuestionKind::kPredicate;
  auto request = DecisionRequest::Of(agent.config.model, std::move(question.text), {std::move(asked)});
  CO_TRY(const Decision decision, co_await work.model.Decide(std::move(call), std::move(request)));
  if (decision.answers.size() != 1 || decision.answers[0].refused) {
    co_return Error::Unavailable("decision", "the model did not decide");
  }
  Performed performed{.result = Json(decision.answers[0].probabilities)};
  co_return performed;
}

Task<Result<Chosen>> AsStep(Call call, AgentWork& work, std::string path, std::string name, Json request,
                            RunLog::Perform perform) {
  StepSpec spec{.path = std::move(path), .kind = RunStepKind::kDecision, .name = std::move(name)};
  spec.request = std::move(request);
  CO_TRY(const StepResult step, co_await work.log.Step(std::move(call), std::move(spec), std::move(perform)));
  work.meter.AddSeconds(step.seconds);
  Chosen chosen;
  if (!step.value.is_array() || step.value.empty()) co_return Error::Corrupt("decision", "got no probabilities");
  for (const Json& probability : step.value.items()) chosen.probabilities.push_back(probability.AsDouble());
  const auto best = std::ranges::max_element(chosen.probabilities);
  chosen.index = static_cast<size_t>(best - chosen.probabilities.begin());
  co_return chosen;
}

}  // namespace

Task<Result<Chosen>> ChooseByMeaning(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question) {
  if (!work.embedder) co_return co_await ChooseByModel(std::move(call), work, agent, std::move(question));
  Json request = RequestOf(question);
  std::string path = question.path, name = question.name;
  RunLog::Perform perform = [&](Call choosing) { return ByLikeness(std::move(choosing), work, question); };
  auto step = AsStep(std::move(call), work, std::move(path), std::move(name), std::move(request), std::move(perform));
  co_return co_await step;
}

Task<Result<Chosen>> ChooseByModel(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question) {
  if (question.options.size() == 1) co_return Chosen{.index = 0, .probabilities = {1.0}};
  Json request = RequestOf(question);
  std::string path = question.path, name = question.name;
  RunLog::Perform perform = [&](Call choosing) { return ByModel(std::move(choosing), work, agent, question); };
  auto step = AsStep(std::move(call), work, std::move(path), std::move(name), std::move(request), std::move(perform));
  co_return co_await step;
}

Task<Result<double>> Judge(Call call, AgentWork& work, const Agent& agent, ChoiceQuestion question) {
  question.options.clear();  // a statement
  auto judging = ChooseByModel(std::move(call), work, agent, std::move(question));
  CO_TRY(const Chosen chosen, co_await judging);
  co_return chosen.probabilities.back();
}

}  // namespace atelier
