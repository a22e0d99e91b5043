#include "provider/local_decision.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/tokenizer/tokenizer.h"
#include "provider/decision_prompt.h"
#include "provider/local_prompt.h"

namespace atelier {
namespace {

using Tokens = std::vector<int32_t>;

// One question in one order about one input, with what could follow.
struct Reading {
  size_t question = 0;
  bool content_free = false;
  Tokens prompt;
  std::vector<Tokens> replies;  // of the options in the question's own order
};

struct Readings {
  std::vector<Reading> all;
  std::vector<std::string> keys;                         // of each question, in ContentFreeScores
  std::vector<std::optional<std::vector<double>>> bias;  // of each question, where it is known
};

Result<Tokens> PromptTokens(const LocalModel& model, std::string turn, const Clock& clock) {
  ChatPrompt chat;
  chat.messages = Json::Array();
  chat.messages.Push(Json::Object({{"role", "user"}, {"content", std::move(turn)}}));
  chat.template_kwargs = Json::Object({{"enable_thinking", false}});
  TRY(PreparedPrompt prepared, PreparePrompt(model, chat, clock));
  if (prepared.reasoning == ReasoningState::kOpened) {
    return Error::Unsupported(
        "model", "got '" + model.name() + "', whose template always opens reasoning; want one that answers at once");
  }
  return std::move(prepared.tokens);
}

bool Begins(const Tokens& tokens, const Tokens& with) {
  return tokens.size() >= with.size() && std::equal(with.begin(), with.end(), tokens.begin());
}

// Replies must exclude each other. Where one is the beginning of another ("good" of "good enough"), the end of the turn
// belongs to each of them; elsewhere it would only say how sure the model is to stop there.
std::vector<Tokens> ReplyTokens(const Tokenizer& tokenizer, const DecisionQuestion& question) {
  std::vector<Tokens> replies;
  for (size_t option = 0; option < question.num_options(); ++option) {
    replies.push_back(tokenizer.Encode(OptionReply(question, option), {.add_special = false, .parse_special = false}));
  }
  std::vector<Tokens> sorted = replies;
  std::ranges::sort(sorted);  // the beginning of another stands before the first of those
  bool overlap = sorted.front().empty();
  for (size_t i = 1; i < sorted.size(); ++i) overlap = overlap || Begins(sorted[i], sorted[i - 1]);
  const int32_t end = tokenizer.special().eos;
  if (!overlap || end < 0) return replies;
  for (Tokens& reply : replies) reply.push_back(end);
  return replies;
}

Result<void> AddReadings(const LocalModel& model, const DecisionRequest& request, size_t index, std::string_view input,
                         bool content_free, const Clock& clock, std::vector<Reading>& all) {
  const DecisionQuestion& question = request.questions[index];
  const std::vector<Tokens> replies = ReplyTokens(*model.tokenizer(), question);
  for (const std::vector<size_t>& order : CyclicOrders(question.num_options(), request.orders)) {
    Reading reading{.question = index, .content_free = content_free, .prompt = {}, .replies = replies};
    TRY(reading.prompt, PromptTokens(model, QuestionTurn(input, question, order), clock));
    all.push_back(std::move(reading));
  }
  return {};
}

std::string KeyOf(const LocalModel& model, const DecisionRequest& request, const DecisionQuestion& question) {
  return std::to_string(model.load_id()) + "/" + std::to_string(request.orders) + "/" + request.cache_salt + "/" +
         QuestionBody(question).Dump();
}

Result<Readings> PlanReadings(const LocalModel& model, const DecisionRequest& request,
                              const DecisionSurroundings& around) {
  Readings readings;
  const std::string input = InputText(request.input);
  for (size_t i = 0; i < request.questions.size(); ++i) {
    const auto add = [&](std::string_view text, bool content_free) {
      return AddReadings(model, request, i, text, content_free, around.clock, readings.all);
    };
    TRY_VOID(add(input, false));
    readings.keys.push_back(KeyOf(model, request, request.questions[i]));
    readings.bias.push_back(around.content_free.Find(readings.keys.back()));
    if (!request.content_free || readings.bias.back()) continue;
    for (const std::string_view text : ContentFreeInputs()) {
      TRY_VOID(add(text, true));
    }
  }
  return readings;
}

size_t CommonPrefix(const Tokens& a, const Tokens& b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// What all readings of the input begin with.
Tokens SharedPrefix(const std::vector<Reading>& readings) {
  const Tokens& first = readings.front().prompt;
  size_t size = first.size();
  for (const Reading& reading : readings) {
    if (!reading.content_free) size = std::min(size, CommonPrefix(first, reading.prompt));
  }
  return Tokens(first.begin(), first.begin() + static_cast<ptrdiff_t>(size));
}

Tokens WithReply(const Reading& reading, size_t option) {
  Tokens tokens = reading.prompt;
  tokens.insert(tokens.end(), reading.replies[option].begin(), reading.replies[option].end());
  return tokens;
}

// The places of a tree of all that was read of the input: what several share counts once.
int64_t NumDistinctPlaces(const std::vector<Reading>& readings) {
  std::vector<Tokens> all;
  for (const Reading& reading : readings) {
    for (size_t option = 0; option < reading.replies.size() && !reading.content_free; ++option) {
      all.push_back(WithReply(reading, option));
    }
  }
  std::ranges::sort(all);
  size_t num = 0;
  for (size_t i = 0; i < all.size(); ++i) num += all[i].size() - (i > 0 ? CommonPrefix(all[i - 1], all[i]) : 0);
  return static_cast<int64_t>(num);
}

// The mean score of each option over the readings of a question that are, or are not, content-free.
std::vector<double> MeanScores(const std::vector<Reading>& readings, const std::vector<std::vector<double>>& scores,
                               size_t question, bool content_free) {
  std::vector<double> sums;
  double num = 0;
  for (size_t r = 0; r < readings.size(); ++r) {
    if (readings[r].question != question || readings[r].content_free != content_free) continue;
    sums.resize(scores[r].size());
    for (size_t option = 0; option < sums.size(); ++option) sums[option] += scores[r][option];
    ++num;
  }
  for (double& sum : sums) sum /= num;
  return sums;
}

struct ReadingScores {
  std::vector<std::vector<double>> of_options;  // of each reading
  int64_t cached_tokens = 0;                    // of what all readings of the input share
  RequestTimes times;
};

// The prompt that was too long is the caller's input with a question: both are the caller's, the prompt is ours.
Error OfInput(Error error) {
  if (error.code == "context_length_exceeded") error.where = "input";
  return error;
}

// First what all readings share, then the first option of each, then the others, which share the reading with it.
Task<Result<ReadingScores>> ScoreReadings(Loop& loop, Call call, ModelLease lease, const DecisionRequest& request,
                                          const std::vector<Reading>& readings) {
  const ScoringOptions options{.cache_salt = request.cache_salt, .priority = request.priority};
  std::vector<ScoredPrompt> stages[3];
  Tokens shared = SharedPrefix(readings);
  const auto shared_size = std::ssize(shared);
  stages[0].push_back({.tokens = std::move(shared), .from = shared_size});
  for (const Reading& reading : readings) {
    for (size_t option = 0; option < reading.replies.size(); ++option) {
      stages[option == 0 ? 1 : 2].push_back({WithReply(reading, option), std::ssize(reading.prompt)});
    }
  }
  std::vector<double> logprobs[3];
  ReadingScores scores;
  for (size_t stage = 0; stage < 3; ++stage) {
    auto scoring = ScorePrompts(loop, call, lease, std::move(stages[stage]), options);
    Result<PromptScores> scored = co_await scoring;
    if (!scored.ok()) co_return OfInput(std::move(scored).error());
    if (stage == 0) scores.times = scored->times, scores.cached_tokens = scored->cached_tokens;
    scores.times.finished = std::max(scores.times.finished, scored->times.finished);
    logprobs[stage] = std::move(scored->logprobs);
  }
  size_t next = 0;
  for (size_t r = 0; r < readings.size(); ++r) {
    std::vector<double>& of = scores.of_options.emplace_back();
    of.push_back(logprobs[1][r]);
    while (of.size() < readings[r].replies.size()) of.push_back(logprobs[2][next++]);
  }
  scores.times.first_token = scores.times.last_token = scores.times.finished;
  co_return scores;
}

}  // namespace

Task<Result<Decision>> DecideLocally(DecisionSurroundings around, Call call, ModelLease lease,
                                     DecisionRequest request) {
  auto plan = [&] { return PlanReadings(*lease, request, around); };
  auto planning = OnPool(around.pool, plan);
  CO_TRY(Readings readings, co_await planning);
  auto reading = ScoreReadings(around.loop, std::move(call), lease, request, readings.all);
  CO_TRY(const ReadingScores scores, co_await reading);

  Decision decision;
  decision.usage.prompt_tokens = NumDistinctPlaces(readings.all);
  decision.usage.cached_tokens = scores.cached_tokens;
  decision.times = scores.times;
  for (size_t i = 0; i < request.questions.size(); ++i) {
    std::vector<double> log_scores = MeanScores(readings.all, scores.of_options, i, false);
    if (request.content_free) {
      if (!readings.bias[i]) {
        readings.bias[i] = MeanScores(readings.all, scores.of_options, i, true);
        around.content_free.Keep(readings.keys[i], *readings.bias[i]);
      }
      for (size_t option = 0; option < log_scores.size(); ++option) log_scores[option] -= (*readings.bias[i])[option];
    }
    decision.answers.push_back(DecisionAnswer::Of(Softmax(std::move(log_scores))));
  }
  co_return decision;
}

}  // namespace atelier
