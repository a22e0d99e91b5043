#include "provider/chat_decision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "provider/decision_prompt.h"
#include "provider/provider_testing.h"

namespace atelier {
namespace {

using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;
using Probabilities = std::vector<std::pair<std::string, double>>;  // of first tokens

TokenChoice FirstToken(const Probabilities& told) {
  TokenChoice first;
  for (const auto& [bytes, probability] : told) first.top.push_back({-1, bytes, std::log(probability)});
  first.chosen = first.top.front();
  return first;
}

TEST(LabelOdds, SumTheSpellingsOfALabelAndBoundWhatIsNotTold) {
  const LabelOdds odds = LabelOddsOf(FirstToken({{"A", 0.5}, {" A", 0.2}, {"a", 0.1}, {"\nB", 0.05}}), {"A", "B", "C"});
  EXPECT_NEAR(odds.seen[0], 0.7, 1e-9);
  EXPECT_NEAR(odds.seen[1], 0.05, 1e-9);
  EXPECT_EQ(odds.seen[2], 0);
  EXPECT_EQ(odds.hidden[0], 0);
  EXPECT_NEAR(odds.hidden[2], 0.05, 1e-9);  // no more than the least likely
  const LabelOdds full = LabelOddsOf(FirstToken({{"Yes", 0.89}, {"yes", 0.1}}), {"No", "Yes"});
  EXPECT_NEAR(full.seen[1], 0.99, 1e-9);
  EXPECT_NEAR(full.hidden[0], 0.01, 1e-9);  // no more than is left
}

TEST(LabelOdds, TakeWhatNoModelWouldTell) {
  TokenChoice odd;
  odd.top = {{-1, "A", 700}, {-1, "B", std::nan("")}, {-1, "", -INFINITY}};
  odd.chosen = {-1, "C", -1};
  const LabelOdds odds = LabelOddsOf(odd, {"A", "B", "C"});
  EXPECT_EQ(odds.seen[0], 1);
  EXPECT_EQ(odds.seen[1], 0);
  EXPECT_NEAR(odds.seen[2], std::exp(-1), 1e-9);  // what was said counts, though not among the likeliest
}

// The stream of one token.
Answer ChatOfOne(const Probabilities& told) {
  Json top = Json::Array();
  for (const auto& [token, probability] : told) {
    top.Push(Json::Object({{"token", token}, {"logprob", std::log(probability)}}));
  }
  Json entry = top[0];
  entry.Set("top_logprobs", std::move(top));
  Json choice = Json::Object({{"index", 0}, {"finish_reason", "length"}});
  choice.Set("delta", Json::Object({{"content", told.front().first}}));
  if (told.size() > 1) choice.Set("logprobs", Json::Object({{"content", Json::Array({entry})}}));
  Json event = Json::Object({{"choices", Json::Array({choice})}});
  event.Set("usage", Json::Object({{"prompt_tokens", 10}, {"completion_tokens", 1}}));
  return {ChunkedAnswer("text/event-stream", {"data: " + event.Dump() + "\n\n", "data: [DONE]\n\n"})};
}

// An upstream without decisions, whose chats answer by what they are asked.
class ChatDecisions : public ::testing::Test {
 protected:
  using Says = std::function<Probabilities(const std::string& turn)>;

  Result<Decision> Decide(std::vector<DecisionQuestion> questions, Says says,
                          const std::function<void(DecisionRequest&)>& more = {}) {
    bench_.server().Change([&] { says_ = std::move(says), turns_.clear(), paths_.clear(); });
    DecisionRequest request = DecisionRequest::Of("up/m", "A text.", std::move(questions));
    if (more) more(request);
    return bench_.loop().RunTask(set_.Decide({}, std::move(request)));
  }

  std::vector<std::string> turns_;
  std::vector<Json> bodies_;
  std::map<std::string, int> paths_;

 private:
  Answer Script(const Request& request) {
    const std::string path = request.head.substr(0, request.head.find(" HTTP"));
    ++paths_[path];
    if (!path.ends_with("/chat/completions")) return {HttpAnswer(404, "application/json", "{}")};
    bodies_.push_back(ParsedJson(request.body));
    turns_.push_back(bodies_.back()["messages"][0]["content"].AsString());
    return ChatOfOne(says_(turns_.back()));
  }

  Says says_;
  ProviderBench bench_{[this](const Request& request) { return Script(request); }};
  ProviderSet& set_ = bench_.Open();
};

DecisionQuestion Topic() {
  DecisionQuestion question;
  question.kind = QuestionKind::kChoice;
  question.instructions = "What is it about?";
  question.options = {{"billing"}, {"delivery", "parcels"}, {"access"}};
  return question;
}

// Which letter stands before `option` in a turn.
std::string LetterOf(const std::string& turn, const std::string& option) {
  const size_t at = turn.find(". " + option);
  return at == std::string::npos ? "?" : turn.substr(at - 1, 1);
}
bool IsAboutTheText(const std::string& turn) { return turn.starts_with("A text."); }

TEST_F(ChatDecisions, EachOptionStandsAtEachPlaceAndItsPlaceDoesNotMatter) {
  // Partial to A, and to deliveries where there is a text.
  const auto decision = Decide({Topic()}, [](const std::string& turn) -> Probabilities {
    const std::string letter = LetterOf(turn, "delivery");
    Probabilities told = {{"A", 0.4}, {"B", 0.1}, {"C", 0.1}, {"It", 0.05}};
    for (auto& [token, probability] : told) {
      if (token == letter && IsAboutTheText(turn)) probability += 0.3;
    }
    return told;
  });
  ASSERT_TRUE(decision.ok()) << decision.error().Message();
  EXPECT_EQ(turns_.size(), 3U + 4 * 3);  // each order about the text and about nothing
  EXPECT_EQ(std::ranges::count(turns_, LabelledTurn("A text.", Topic(), std::vector<size_t>{1, 2, 0})), 1);
  EXPECT_EQ(bodies_[0]["max_tokens"], Json(1));
  EXPECT_EQ(bodies_[0]["top_logprobs"], Json(20));
  const DecisionAnswer& answer = decision->answers[0];
  EXPECT_EQ(answer.choice, 1U);
  EXPECT_NEAR(answer.probabilities[0], 0.2 / 0.9, 1e-9);
  EXPECT_NEAR(answer.probabilities[1], 0.5 / 0.9, 1e-9);
  EXPECT_NEAR(answer.probabilities[2], 0.2 / 0.9, 1e-9);
  EXPECT_EQ(answer.unseen, 0);
  EXPECT_EQ(decision->usage.prompt_tokens, 150);
  EXPECT_EQ(decision->usage.completion_tokens, 15);
}

TEST_F(ChatDecisions, WhatAModelPrefersAndThatItHasNoDecisionsIsFoundOutOnce) {
  const Says yes = [](const std::string& turn) -> Probabilities {
    return {{"Yes", IsAboutTheText(turn) ? 0.8 : 0.5}, {"No", IsAboutTheText(turn) ? 0.2 : 0.25}};
  };
  const auto first = Decide({DecisionQuestion::Predicate("Late.")}, yes);
  ASSERT_TRUE(first.ok()) << first.error().Message();
  EXPECT_EQ(turns_.size(), 5U);
  EXPECT_EQ(std::ranges::count(turns_,
                               "A text.\n\nQuestion: Is this statement about the text true? Late.\n"
                               "Answer with Yes or No only."),
            1);
  EXPECT_NEAR(first->answers[0].probability(), (0.8 / 0.5) / (0.8 / 0.5 + 0.2 / 0.25), 1e-9);
  EXPECT_EQ(paths_["POST /v1/decisions"], 1);
  const auto again = Decide({DecisionQuestion::Predicate("Late.")}, yes);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(turns_.size(), 1U);
  EXPECT_EQ(paths_["POST /v1/decisions"], 0);
  EXPECT_EQ(again->answers[0].probabilities, first->answers[0].probabilities);
  const auto biased = Decide({DecisionQuestion::Predicate("Late.")}, yes,
                             [](DecisionRequest& request) { request.content_free = false; });
  ASSERT_TRUE(biased.ok());
  EXPECT_NEAR(biased->answers[0].probability(), 0.8, 1e-9);
}

TEST_F(ChatDecisions, WhatWasNotToldIsBoundedAndSaid) {
  const auto raw = [](DecisionRequest& request) { request.content_free = false, request.orders = 1; };
  // That it has no decisions is known from then on: theirs would be refused with orders.
  const auto first = Decide({DecisionQuestion::Predicate("x")},
                            [](const std::string&) -> Probabilities { return {{"Yes", 0.5}, {"No", 0.5}}; });
  ASSERT_TRUE(first.ok());
  const auto decision = Decide(
      {Topic()}, [](const std::string&) -> Probabilities { return {{"A", 0.6}, {"Well", 0.2}, {"B", 0.1}}; }, raw);
  ASSERT_TRUE(decision.ok()) << decision.error().Message();
  EXPECT_EQ(turns_.size(), 1U);
  EXPECT_NEAR(decision->answers[0].probabilities[0], 6.0 / 7, 1e-9);
  EXPECT_EQ(decision->answers[0].probabilities[2], 0);
  EXPECT_NEAR(decision->answers[0].unseen, 0.1 / 0.8, 1e-9);
}

TEST_F(ChatDecisions, AreRefusedByName) {
  const auto none = Decide({Topic()}, [](const std::string&) -> Probabilities { return {{"Well", 0.6}, {"It", 0.2}}; });
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, "unsupported_model");
  EXPECT_NE(none.error().what.find("hold none of the labels of questions[0]; it began with 'Well'"), std::string::npos)
      << none.error().Message();
  const auto untold = Decide({Topic()}, [](const std::string&) -> Probabilities { return {{"A", 1}}; });
  ASSERT_FALSE(untold.ok());
  EXPECT_NE(untold.error().what.find("tells no top_logprobs"), std::string::npos) << untold.error().Message();
  DecisionQuestion many = Topic();
  for (int i = 0; i < 20; ++i) many.options.push_back({"more " + std::to_string(i)});
  const auto refused = Decide({Topic(), many}, [](const std::string&) -> Probabilities { return {{"A", 1}}; });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().Message(),
            "questions[1]: got 23 options for a model that tells 20 tokens, want at most so many");
}

}  // namespace
}  // namespace atelier
