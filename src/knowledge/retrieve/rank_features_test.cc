#include "knowledge/retrieve/rank_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "knowledge/retrieve/question_match.h"

namespace atelier {
namespace {

using testing::ElementsAre;

Passage PassageOf(const std::string& text, double score) {
  Passage passage;
  passage.document_id = text;
  passage.text = text;
  passage.score = score;
  return passage;
}

class RankFeaturesTest : public testing::Test {
 protected:
  std::vector<double> Of(RankFeature feature, const std::string& question) const {
    std::vector<double> values;
    for (const RankFeatures& row : RankFeaturesOf(analyzer_, question, passages_, max_sim_)) {
      values.push_back(row[static_cast<size_t>(feature)]);
    }
    return values;
  }
  void Put(const std::vector<std::string>& texts) {
    passages_.clear();
    for (const std::string& text : texts) passages_.push_back(PassageOf(text, 1 - 0.1 * passages_.size()));
  }

  Analyzer analyzer_ = *Analyzer::Create("en");
  std::vector<Passage> passages_;
  std::vector<double> max_sim_;
};

TEST_F(RankFeaturesTest, EveryNameIsOneFigure) {
  ASSERT_EQ(RankFeatureNames().size(), kNumRankFeatures);
  for (size_t f = 0; f < kNumRankFeatures; ++f) {
    EXPECT_FALSE(RankFeatureNames()[f].empty());
    EXPECT_EQ(RankFeatureOf(RankFeatureNames()[f]), static_cast<RankFeature>(f));
  }
  EXPECT_EQ(RankFeatureOf("max_sim"), RankFeature::kMaxSim);
  EXPECT_EQ(RankFeatureOf("maxsim"), std::nullopt);
}

TEST_F(RankFeaturesTest, ScoresGoFromTheListsLeastToItsGreatest) {
  Put({"a", "b", "c", "d"});
  passages_[0].text_score = 12, passages_[1].text_score = 7, passages_[3].text_score = 2;
  passages_[1].vector_score = 0.5;
  max_sim_ = {-0.5, 0.5, 0, 0.25};
  EXPECT_THAT(Of(RankFeature::kBm25, "q"), ElementsAre(1, 0.5, 0, 0)) << "the third was not found by words";
  EXPECT_THAT(Of(RankFeature::kBm25Rank, "q"), ElementsAre(1, 1 / std::log2(3), 0, 0.5));
  EXPECT_THAT(Of(RankFeature::kCosine, "q"), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(Of(RankFeature::kMaxSim, "q"), ElementsAre(0, 1, 0.5, 0.75));
  max_sim_ = {};
  EXPECT_THAT(Of(RankFeature::kMaxSim, "q"), ElementsAre(0, 0, 0, 0));
}

TEST_F(RankFeaturesTest, AnotherScaleOfScoresGivesTheSameFigures) {
  Put({"tea", "tea time", "time"});
  for (size_t i = 0; i < 3; ++i) passages_[i].text_score = 3.0 - static_cast<double>(i);
  const auto before = RankFeaturesOf(analyzer_, "tea time", passages_, {});
  for (Passage& passage : passages_) passage.score = passage.score * 8 + 4, *passage.text_score *= 16;
  const auto after = RankFeaturesOf(analyzer_, "tea time", passages_, {});
  for (size_t i = 0; i < 3; ++i) {
    for (size_t f = 0; f < kNumRankFeatures; ++f) EXPECT_NEAR(before[i][f], after[i][f], 1e-12);
  }
}

TEST_F(RankFeaturesTest, SharesWeighTermsByTheirRarity) {
  Put({"The green teas", "a green hill", "a river"});
  const double green = std::log(1 + 1.5 / 2.5), tea = std::log(1 + 2.5 / 1.5);
  EXPECT_THAT(Of(RankFeature::kShare, "What is green tea?"),
              ElementsAre(testing::DoubleEq(1), testing::DoubleNear(green / (green + tea), 1e-12), 0));
  passages_[2].title = "Teas", passages_[2].chunk.heading_path = {"Green ones"};
  EXPECT_THAT(Of(RankFeature::kTitleShare, "green tea"), ElementsAre(0, 0, testing::DoubleEq(1)));
  EXPECT_EQ(Of(RankFeature::kShare, "green tea")[2], 1);
}

TEST_F(RankFeaturesTest, TheShareOfAQuestionThatTextsSay) {
  QuestionMatch question(analyzer_, "How is the green tea brewed, tea?");
  const std::vector<std::string_view> texts = {"Green leaves", "brewing"};
  EXPECT_DOUBLE_EQ(question.ShareIn(texts, 0), 2.0 / 3) << "green, brewed; not tea";
  EXPECT_DOUBLE_EQ(question.ShareIn(texts, 1), 2.0 / 4);
  EXPECT_EQ(QuestionMatch(analyzer_, "?").ShareIn(texts, 0), 0);
}

TEST_F(RankFeaturesTest, TheSmallestStretchThatHoldsAllTermsCounts) {
  // Both terms are in both: equal weights. In the first they stand 1 apart the second time, in the second 5 apart.
  Put({"green x x x x tea x green tea", "green x x x tea", "green green"});
  const std::vector<double> window = Of(RankFeature::kWindow, "green tea");
  EXPECT_DOUBLE_EQ(window[0], 1);
  EXPECT_DOUBLE_EQ(window[1], 2.0 / 5);
  EXPECT_EQ(window[2], 0) << "one term alone is near nothing";
}

TEST_F(RankFeaturesTest, PairsOfNeighboursInOrderAndTogether) {
  Put({"cup of tea", "cup with hot tea", "tea cup", "cup x x x x x x x tea", "cup"});
  EXPECT_THAT(Of(RankFeature::kOrdered, "a cup of tea"), ElementsAre(1, 0, 0, 0, 0)) << "two places apart, no more";
  EXPECT_THAT(Of(RankFeature::kTogether, "a cup of tea"), ElementsAre(1, 1, 1, 0, 0));
}

TEST_F(RankFeaturesTest, IdentifiersAndNumbersAreWantedAsWritten) {
  Put({"PTEN and p53", "p53 in mice", "pens", "x"});
  passages_[3].title = "pten";
  EXPECT_THAT(Of(RankFeature::kExact, "does PTEN act on p53"), ElementsAre(1, 0.5, 0, 0.5));
  EXPECT_THAT(Of(RankFeature::kExact, "Does it act"), ElementsAre(0, 0, 0, 0));
}

TEST_F(RankFeaturesTest, OtherPassagesOfTheDocumentCount) {
  Put({"green", "tea", "hill", "green"});
  for (size_t i = 0; i < 3; ++i) passages_[i].document_id = "one";
  const std::vector<double> share = Of(RankFeature::kDocumentShare, "green tea");
  EXPECT_DOUBLE_EQ(share[2], 1) << "two others have all terms between them";
  EXPECT_LT(share[3], 0.5);
}

TEST_F(RankFeaturesTest, LengthIsOverTheMedian) {
  Put({"a b c d", "a b", "a", "a b c d e f g h i j k l m n o p"});
  EXPECT_THAT(Of(RankFeature::kLength, "q"), ElementsAre(0, -0.5, -1, 1)) << "from a quarter to four times";
}

TEST_F(RankFeaturesTest, AnyQuestionAndAnyTextHasFiniteFigures) {
  const std::string terms = [] {
    std::string many;
    for (int i = 0; i < 300; ++i) many += "word" + std::to_string(i) + "X ";
    return many;
  }();
  for (const std::string& question : {std::string(), std::string("the of"), std::string("\xff\xfe"), terms,
                                      std::string("緑茶を飲む"), std::string("HybridIndex hybrid_index 3.14")}) {
    Put({"", question, question + " " + question, "the \xff", "HybridIndex 3.14 緑茶"});
    for (const RankFeatures& row : RankFeaturesOf(analyzer_, question, passages_, {})) {
      for (const double value : row) EXPECT_TRUE(value >= -1 && value <= 1 + 1e-9) << question << ": " << value;
    }
  }
  EXPECT_TRUE(RankFeaturesOf(analyzer_, "q", {}, {}).empty());
}

}  // namespace
}  // namespace atelier
