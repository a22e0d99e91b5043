#include "provider/chat_decision.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "base/task/for_each.h"
#include "provider/decision_prompt.h"
#include "provider/gathered.h"

namespace atelier {
namespace {

constexpr size_t kChatsAtOnce = 8;
// What an option can have at least of an answer to nothing: a bias beyond it is a model's that cannot be corrected.
constexpr double kLeastBias = 1e-4;

struct Reading {
  size_t question = 0;
  bool content_free = false;
  std::vector<size_t> order;
  std::string turn;
  LabelOdds odds;  // of the options in the question's own order
};

struct Readings {
  std::vector<Reading> all;
  std::vector<std::string> keys;                         // of each question, in ContentFreeScores
  std::vector<std::optional<std::vector<double>>> bias;  // of each question, where it is known
  Usage usage;                                           // of those that have been read
};

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Words may be written in any case; a letter in another case is another word.
bool Spells(std::string_view token, std::string_view label) {
  const std::string_view text = Trimmed(token);
  if (label.size() == 1) return text == label;
  return std::ranges::equal(text, label, {}, Lower, Lower);
}

double ProbabilityOf(const TokenText& token) {
  return std::isnan(token.logprob) ? 0 : std::exp(std::min(0.0, token.logprob));
}

std::vector<std::vector<size_t>> OrdersOf(const DecisionQuestion& question, int32_t asked) {
  if (question.kind == QuestionKind::kPredicate) return {{0, 1}};
  const size_t num_options = question.num_options();
  return CyclicOrders(num_options, asked > 0 ? asked : static_cast<int64_t>(num_options));
}

std::string KeyOf(const DecisionRequest& request, const DecisionQuestion& question) {
  return request.model + "/" + std::to_string(request.orders) + "/" + QuestionBody(question).Dump();
}

Error Unable(const ChatDecisionSurroundings& around, const DecisionRequest& request, const std::string& why) {
  return Error::Unsupported("model", "got " + request.model + " of provider " + around.provider + ", " + why)
      .WithCode("unsupported_model");
}

Result<void> AddReadings(const DecisionRequest& request, size_t index, const std::string& input, bool content_free,
                         std::vector<Reading>& all) {
  const DecisionQuestion& question = request.questions[index];
  for (std::vector<size_t>& order : OrdersOf(question, request.orders)) {
    std::string turn = LabelledTurn(input, question, order);
    all.push_back({index, content_free, std::move(order), std::move(turn), {}});
  }
  if (std::ssize(all) <= kMaxDecisionChats) return {};
  return Error::Unsupported("questions", "got what takes more than " + std::to_string(kMaxDecisionChats) +
                                             " chats of a model that has no decisions, want less")
      .WithCode("unsupported_value");
}

Result<Readings> PlanReadings(const DecisionRequest& request, const ContentFreeScores& known) {
  Readings readings;
  const std::string input = InputText(request.input);
  for (size_t i = 0; i < request.questions.size(); ++i) {
    const DecisionQuestion& question = request.questions[i];
    if (question.num_options() > static_cast<size_t>(kMaxTopLogprobs)) {
      return Error::Unsupported("questions[" + std::to_string(i) + "]",
                                "got " + std::to_string(question.num_options()) + " options for a model that tells " +
                                    std::to_string(kMaxTopLogprobs) + " tokens, want at most so many")
          .WithCode("unsupported_value");
    }
    readings.keys.push_back(KeyOf(request, question));
    readings.bias.push_back(known.Find(readings.keys.back()));
    TRY_VOID(AddReadings(request, i, input, false, readings.all));
    if (!request.content_free || readings.bias.back()) continue;
    for (const std::string_view nothing : ContentFreeInputs()) {
      TRY_VOID(AddReadings(request, i, std::string(nothing), true, readings.all));
    }
  }
  return readings;
}

GenerationRequest ChatOf(const ChatDecisionSurroundings& around, const DecisionRequest& request,
                         const std::string& turn) {
  ChatPrompt chat;
  chat.messages = Json::Array({Json::Object({{"role", "user"}, {"content", turn}})});
  if (around.told_not_to_think) chat.template_kwargs = Json::Object({{"enable_thinking", false}});
  GenerationRequest asked;
  asked.model = request.model;
  asked.prompt = std::move(chat);
  asked.options.request.max_tokens = 1;
  asked.options.request.logprobs = kMaxTopLogprobs;
  asked.options.request.cache_salt = request.cache_salt;
  asked.options.request.options.priority = request.priority;
  return asked;
}

Task<Result<void>> Read(const ChatDecisionSurroundings& around, const Call& call, const DecisionRequest& request,
                        Readings& readings, size_t index) {
  Reading& reading = readings.all[index];
  GenerationRequest asked = ChatOf(around, request, reading.turn);
  CO_TRY(Generation generation, co_await around.model.Generate(call, std::move(asked)));
  CO_TRY(const Gathered gathered, co_await Gather(std::move(generation), 1));
  AddUsage(readings.usage, gathered.end.usage);
  const GatheredChoice& choice = gathered.choices.front();
  if (choice.logprobs.empty() || choice.logprobs.front().top.empty()) {
    co_return Unable(around, request, "which has no decisions and tells no top_logprobs, want one that does");
  }
  const DecisionQuestion& question = request.questions[reading.question];
  std::vector<std::string> labels(reading.order.size());
  for (size_t place = 0; place < labels.size(); ++place) {
    labels[reading.order[place]] = OptionLabel(question, reading.order, place);
  }
  reading.odds = LabelOddsOf(choice.logprobs.front(), labels);
  // An answer to nothing may well be none.
  if (reading.odds.any() || reading.content_free) co_return Result<void>();
  co_return Unable(around, request,
                   "whose likeliest first tokens hold none of the labels of questions[" +
                       std::to_string(reading.question) + "]; it began with '" +
                       choice.logprobs.front().chosen.bytes.substr(0, 40) + "'");
}

// The mean over the readings of a question that are, or are not, content-free.
LabelOdds MeanOdds(const std::vector<Reading>& readings, size_t question, bool content_free) {
  LabelOdds mean;
  double num = 0;
  for (const Reading& reading : readings) {
    if (reading.question != question || reading.content_free != content_free) continue;
    mean.seen.resize(reading.odds.seen.size());
    mean.hidden.resize(reading.odds.seen.size());
    for (size_t i = 0; i < mean.seen.size(); ++i) {
      mean.seen[i] += reading.odds.seen[i], mean.hidden[i] += reading.odds.hidden[i];
    }
    ++num;
  }
  for (double& seen : mean.seen) seen /= num;
  for (double& hidden : mean.hidden) hidden /= num;
  return mean;
}

// What an answer to nothing gives each option.
std::vector<double> BiasOf(const LabelOdds& odds) {
  std::vector<double> bias;
  for (size_t i = 0; i < odds.seen.size(); ++i) bias.push_back(std::max(odds.seen[i] + odds.hidden[i], kLeastBias));
  return bias;
}

DecisionAnswer AnswerOf(LabelOdds odds, const std::vector<double>& bias) {
  for (size_t i = 0; i < odds.seen.size(); ++i) odds.seen[i] /= bias[i], odds.hidden[i] /= bias[i];
  const double seen = std::accumulate(odds.seen.begin(), odds.seen.end(), 0.0);
  const double hidden = std::accumulate(odds.hidden.begin(), odds.hidden.end(), 0.0);
  DecisionAnswer answer = DecisionAnswer::Of(std::move(odds.seen));
  answer.unseen = hidden / (seen + hidden);
  return answer;
}

}  // namespace

bool LabelOdds::any() const {
  return std::ranges::any_of(seen, [](double probability) { return probability > 0; });
}

LabelOdds LabelOddsOf(const TokenChoice& first, const std::vector<std::string>& labels) {
  LabelOdds odds{std::vector<double>(labels.size()), std::vector<double>(labels.size())};
  std::vector<bool> told(labels.size());
  double sum = 0;
  double least = 1;
  const auto look_at = [&](const TokenText& token) {
    const double probability = ProbabilityOf(token);
    sum += probability;
    least = std::min(least, probability);
    for (size_t i = 0; i < labels.size(); ++i) {
      if (Spells(token.bytes, labels[i])) odds.seen[i] += probability, told[i] = true;
    }
  };
  for (const TokenText& token : first.top) look_at(token);
  // What was said need not be among the likeliest.
  const auto is_chosen = [&](const TokenText& token) { return token.bytes == first.chosen.bytes; };
  if (std::ranges::none_of(first.top, is_chosen)) look_at(first.chosen);
  const double most = std::min(least, std::max(0.0, 1 - sum));
  for (size_t i = 0; i < labels.size(); ++i) odds.hidden[i] = told[i] ? 0 : most;
  return odds;
}

Task<Result<Decision>> DecideByChats(ChatDecisionSurroundings around, Call call, DecisionRequest request) {
  const Clock::TimePoint began = around.clock.Now();
  CO_TRY(Readings readings, PlanReadings(request, around.content_free));
  auto read = [&](size_t i) { return Read(around, call, request, readings, i); };
  auto reading = ForEach(readings.all.size(), kChatsAtOnce, read);
  CO_TRY_VOID(co_await reading);

  Decision decision;
  decision.usage = readings.usage;
  decision.times.submitted = decision.times.scheduled = began;
  decision.times.first_token = decision.times.last_token = decision.times.finished = around.clock.Now();
  for (size_t i = 0; i < request.questions.size(); ++i) {
    std::vector<double> bias(request.questions[i].num_options(), 1.0);
    if (request.content_free) {
      bias = readings.bias[i] ? *readings.bias[i] : BiasOf(MeanOdds(readings.all, i, true));
      around.content_free.Keep(readings.keys[i], bias);
    }
    decision.answers.push_back(AnswerOf(MeanOdds(readings.all, i, false), bias));
  }
  co_return decision;
}

}  // namespace atelier
