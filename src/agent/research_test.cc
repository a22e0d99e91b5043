#include "agent/research.h"

#include <gtest/gtest.h>

#include "agent/agent_testing.h"
#include "agent/source_search.h"

namespace atelier {
namespace {

ToolSpec SpecOf(std::string name, std::string argument) {
  ToolSpec spec;
  spec.name = name, spec.description = name, spec.read_only = true;
  Json text = Json::Object({{"type", "string"}});
  Json properties = Json::Object({{argument, std::move(text)}});
  spec.parameters = Json::Object({{"type", "object"}, {"properties", std::move(properties)}});
  return spec;
}

// Documents are found whole; mails by a word, and read by their id.
class ResearchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ToolSpec docs = SpecOf("search_docs", "query");
    docs.source = SourceSpec{.query = "query", .found = "passages", .id = "place", .text = "text"};
    Add(docs, [this](const Json& arguments) {
      asked_ += "docs(" + arguments["query"].AsString() + ") ";
      Json passages = Json::Array({});
      for (const auto& [place, text] : docs_) {
        passages.Push(Json::Object({{"place", place}, {"text", text}}));
      }
      return ToolOutput{.text = "passages", .structured = Json::Object({{"passages", std::move(passages)}})};
    });
    ToolSpec mail = SpecOf("mail_search", "text");
    mail.source = SourceSpec{.query = "text", .by_term = true, .found = "mails", .id = "id", .title = "subject"};
    mail.source->read_by = "mail_read", mail.source->read_argument = "id";
    Add(mail, [this](const Json& arguments) {
      const std::string word = arguments["text"].AsString();
      asked_ += "mail(" + word + ") ";
      Json mails = Json::Array({});
      for (const auto& [id, text] : mails_) {
        if (text.find(word) == std::string::npos) continue;
        mails.Push(Json::Object({{"id", id}, {"subject", "About " + id}}));
      }
      return ToolOutput{.text = "mails", .structured = Json::Object({{"mails", std::move(mails)}})};
    });
    Add(SpecOf("mail_read", "id"), [this](const Json& arguments) {
      asked_ += "read(" + arguments["id"].AsString() + ") ";
      return ToolOutput{.text = "head\n\n" + mails_.at(arguments["id"].AsString()),
                        .structured = Json::Object({{"text", mails_.at(arguments["id"].AsString())}})};
    });
  }

  void Add(ToolSpec spec, std::function<ToolOutput(const Json&)> work) {
    FunctionTool::Work run = [work](const ToolCallInfo&, const Json& arguments) { return work(arguments); };
    agent_.tools.push_back(std::make_shared<FunctionTool>(std::move(spec), std::move(run)));
  }

  // The outcome of a run whose model writes `written`. Sources are likely in their order, or as `likely` says.
  Json Run(const std::string& task, const std::string& written = "") {
    agent_.config.name = "researcher", agent_.config.model = "m", agent_.config.policy = "research";
    life_ = std::make_unique<AgentLife>(folder_.path(), agent_, [&, written](const GenerationRequest& request) {
      read_ = std::get<ChatPrompt>(request.prompt).messages.Dump();
      return Said{.text = request.options.grammar ? R"({"questions":["When is the fair?"]})" : written};
    });
    life_->model.decide_choice = [this](const DecisionRequest&) { return likely_; };
    const auto row = life_->Start(task);
    EXPECT_TRUE(row.ok()) << row.error().Message();
    run_id_ = row->id;
    return row->outcome;
  }

  Agent agent_;
  std::map<std::string, std::string> docs_ = {{"guide > Opening", "The museum opens at nine in the morning."}};
  std::map<std::string, std::string> mails_ = {
      {"m1", "Dear all, the spring fair is on Saturday the 14th of May. Bring cake."},
      {"m2", "The invoice of the printer is 230 euros. It was paid in March."}};
  std::vector<double> likely_ = {0.7, 0.3};
  std::string asked_, read_, run_id_;
  TestFolder folder_;
  std::unique_ptr<AgentLife> life_;
};

TEST_F(ResearchTest, SearchesTheNextSourceUntilItKnowsAndSaysWhereItStands) {
  agent_.config.research.enough_at_least = 0.005;
  const Json outcome = Run("When is the spring fair?");
  EXPECT_EQ(outcome["text"].AsString(),
            "Dear all, the spring fair is on Saturday the 14th of May. [1]\n\n[1] mail_search: m1 (About m1)");
  EXPECT_TRUE(asked_.starts_with("docs(When is the spring fair?) mail(spring) mail(fair) read(m1)")) << asked_;
  const Json& citation = outcome["citations"][0];
  EXPECT_EQ(citation["tool"], Json("mail_search"));
  EXPECT_EQ(citation["id"], Json("m1"));
  EXPECT_EQ(citation["quotes"][0], Json("Dear all, the spring fair is on Saturday the 14th of May."));
}

TEST_F(ResearchTest, TheLikeliestSourceIsAskedFirstAndItsAnswerMayDo) {
  agent_.config.research.enough_at_least = 0.005;
  likely_ = {0.1, 0.9};
  Run("When is the spring fair?");
  EXPECT_EQ(asked_, "mail(spring) mail(fair) read(m1) ");
}

TEST_F(ResearchTest, SeveralQuestionsAreLookedUpEachAndCitedAcrossSources) {
  agent_.config.research.enough_at_least = 0.01, agent_.config.research.refuse_below = 0.002;
  const std::string text =
      Run("When does the museum open? How much was the invoice of the printer?")["text"].AsString();
  EXPECT_NE(text.find("The museum opens at nine in the morning. [1]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("The invoice of the printer is 230 euros. [2]"), std::string::npos) << text;
  EXPECT_NE(text.find("[1] search_docs: guide > Opening\n[2] mail_search: m2"), std::string::npos) << text;
}

TEST_F(ResearchTest, WhatNobodySaysIsNotAnswered) {
  docs_.clear();
  const Json outcome = Run("Which colour has Neptune?");
  EXPECT_EQ(outcome["text"].AsString(), "Nothing that was found answers this (searched: search_docs, mail_search).");
  EXPECT_EQ(outcome["citations"].size(), 0);
}

TEST_F(ResearchTest, OfAWrittenAnswerIsKeptWhatTheSourcesSupport) {
  agent_.config.research.answer = "write";
  agent_.config.research.refuse_below = 0.001;
  const Json outcome =
      Run("Tell me about the fair.", "The spring fair is on Saturday the 14th of May [2]. It costs 90 euros [2].");
  EXPECT_NE(read_.find("<data from="), std::string::npos);
  EXPECT_TRUE(outcome["text"].AsString().starts_with("The spring fair is on Saturday the 14th of May. [1]\n\n[1] mail"))
      << outcome["text"].AsString();
}

TEST_F(ResearchTest, IsReplayedWithoutTouchingAnything) {
  Run("When is the spring fair?");
  const std::string asked = asked_;
  const auto replayed = life_->Wait(life_->runs().Replay(Call(), run_id_));
  EXPECT_TRUE(replayed.ok()) << replayed.error().Message();
  EXPECT_EQ(asked_, asked);
}

TEST_F(ResearchTest, AToolThatFailsIsNoEvidence) {
  mails_ = {{"m1", "fair"}};
  Add(SpecOf("unused", "x"), [](const Json&) { return ToolOutput{}; });
  agent_.tools[2] = std::make_shared<FunctionTool>(SpecOf("mail_read", "id"), [](const ToolCallInfo&, const Json&) {
    return ToolOutput{.text = "the spring fair is never", .is_error = true};
  });
  const std::string text = Run("When is the spring fair?")["text"].AsString();
  EXPECT_EQ(text.find("never"), std::string::npos) << text;
}

TEST(SourceSearch, AsksForNamesAndNumbersFirst) {
  ToolSpec spec;
  spec.name = "find", spec.source = SourceSpec{.query = "text", .by_term = true};
  std::string asked;
  for (const GatheredCall& call :
       SearchCalls(spec, "What did Ms Okafor write about the 2024 budget and the weather?")) {
    asked += call.arguments;
  }
  EXPECT_EQ(asked, R"({"text":"Okafor"}{"text":"2024"}{"text":"weather"}{"text":"budget"})");
  EXPECT_TRUE(SearchCalls(spec, "?!").empty());
}

}  // namespace
}  // namespace atelier
