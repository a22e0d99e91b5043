#include "knowledge/sentence_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atelier {
namespace {

Passage PassageOfText(const std::string& document, int64_t begin, const std::string& text, double score = 1) {
  Passage passage;
  passage.document_id = document;
  passage.title = "Engine";
  passage.text = passage.shown = text;
  passage.chunk.span = {begin, begin + static_cast<int64_t>(text.size())};
  passage.chunk.heading_path = {"Engine", "Scheduling"};
  passage.score = score;
  return passage;
}

std::vector<std::string> Texts(const std::vector<Quotable>& candidates) {
  std::vector<std::string> texts;
  for (const Quotable& candidate : candidates) texts.push_back(candidate.text);
  return texts;
}

TEST(SentenceChoice, CandidatesAreSentencesRowsAndItems) {
  const std::vector<Passage> passages = {PassageOfText("a.md", 100,
                                                       "## Scheduling\n"
                                                       "A step takes rows. It never waits\nfor clients.\n\n"
                                                       "```\nint code = 1;  // no prose here\n```\n"
                                                       "| what | bound |\n|---|---|\n| the queue | 4,096 requests |\n"
                                                       "- An item of a list.\n---\n")};
  const std::vector<Quotable> candidates = QuotablesOf(passages);
  EXPECT_THAT(Texts(candidates),
              testing::ElementsAre("A step takes rows.", "It never waits\nfor clients.", "| what | bound |",
                                   "| the queue | 4,096 requests |", "- An item of a list."));
  for (const Quotable& candidate : candidates) {
    const auto at = static_cast<size_t>(candidate.span.begin - 100);
    EXPECT_EQ(passages[0].text.substr(at, candidate.text.size()), candidate.text) << "spans are the document's";
  }
  EXPECT_EQ(candidates[0].said, "Engine > Scheduling: A step takes rows.");
}

TEST(SentenceChoice, WhatOverlappingPassagesShareComesOnce) {
  const std::vector<Passage> passages = {PassageOfText("a.md", 0, "The first sentence. The second sentence."),
                                         PassageOfText("a.md", 20, "The second sentence. The third sentence."),
                                         PassageOfText("b.md", 20, "The second sentence.")};
  EXPECT_THAT(Texts(QuotablesOf(passages)), testing::ElementsAre("The first sentence.", "The second sentence.",
                                                                 "The third sentence.", "The second sentence."))
      << "another document's is another";
}

TEST(SentenceChoice, TheQuestionsRarestWordsWeighMost) {
  const std::vector<Passage> passages = {
      PassageOfText("a.md", 0, "The cache holds blocks. The cache is shared. The cache evicts the oldest.", 0.8)};
  const std::vector<Quotable> candidates = QuotablesOf(passages);
  const Analyzer analyzer = *Analyzer::Create("en");
  const auto figures = FiguresOf(candidates, passages, "When does the cache evict?", analyzer);
  ASSERT_EQ(figures.size(), 3u);
  EXPECT_GT(figures[2].share, 0.99) << "stems meet: evict, evicts";
  EXPECT_LT(figures[0].share, 0.3) << "every sentence has the cache";
  EXPECT_GT(figures[1].share_in_place, 0.99) << "its neighbour says the rest";
  EXPECT_DOUBLE_EQ(figures[0].passage, 1) << "of the best passage";
}

TEST(SentenceChoice, RelevanceRisesWithEveryFigure) {
  const QuotableFigures least{};
  const QuotableFigures most{1, 1, 1, 1, 1};
  EXPECT_LT(Relevance(least), 0.05);
  EXPECT_GT(Relevance(most), 0.9);
}

}  // namespace
}  // namespace atelier
