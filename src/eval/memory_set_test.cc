#include "eval/memory_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/text/unicode.h"
#include "base/tree_testing.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<MemorySet> Read(std::string_view evidence) {
  return ReadMemorySet(*Json::Parse(R"({"conversation": {"session_2": [{"speaker": "B", "dia_id": "D2:1", "text": "b"}],
    "session_1_date_time": "1:56 pm on 8 May, 2023",
    "session_1": [{"speaker": "A", "dia_id": "D1:1", "text": "a"},
                  {"speaker": "A", "dia_id": "D1:26", "text": "", "blip_caption": "a cat"}]},
    "qa": [{"question": "q", "category": 1, "evidence": )" +
                                    std::string(evidence) + "}]}"));
}

TEST(MemorySet, SessionsTurnsAndPicturesAreRead) {
  const MemorySet set = Read(R"(["D1:1"])").value();
  ASSERT_EQ(set.samples.size(), 1u);
  const std::vector<MemorySession>& sessions = set.samples[0].sessions;
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0].name, "session_1");
  EXPECT_EQ(sessions[0].turns[0].said_ms, 1'683'554'160'000);
  EXPECT_EQ(sessions[0].turns[1].text, "[shares a picture: a cat]");
  EXPECT_EQ(set.num_without_time, 1) << "of session 2";
}

// The file as it is published has more fields, answers that are numbers, times of sessions that are not there, turns
// with a picture alone, and questions without an answer.
TEST(MemorySet, ThePublishedLayoutIsReadAsItIs) {
  const MemorySet set = ReadMemorySet(*Json::Parse(R"([{"sample_id": "conv-26",
      "conversation": {"speaker_a": "Ana", "speaker_b": "Bo", "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [{"speaker": "Ana", "img_url": ["https://a.example/1.jpg"], "blip_caption": "a photo of a dog",
                       "query": "dog", "re-download": true, "dia_id": "D1:1", "text": "Look!"}],
        "session_2_date_time": "2:00 pm on 9 May, 2023", "session_2": [], "session_35_date_time": "1 June, 2023"},
      "event_summary": {"events_session_1": {"Ana": [], "date": "8 May, 2023"}},
      "observation": {"session_1_observation": {"Ana": [["Ana has a dog.", "D1:1"]]}},
      "session_summary": {"session_1_summary": "Ana shows a dog."},
      "qa": [{"question": "When?", "answer": 2022, "evidence": ["D1:1"], "category": 2},
             {"question": "Whose?", "evidence": ["D1:1"], "category": 5, "adversarial_answer": "Bo's"},
             {"question": "Why?", "evidence": [], "category": 3, "answer": "-"}]}])"))
                            .value();
  const MemorySample& sample = set.samples.at(0);
  EXPECT_EQ(sample.id, "conv-26");
  EXPECT_EQ(sample.num_turns(), 1);
  EXPECT_EQ(sample.sessions.at(0).turns.at(0).text, "Look! [shares a picture: a photo of a dog]");
  ASSERT_EQ(sample.questions.size(), 2u);
  EXPECT_EQ(sample.questions[0].answer, "2022");
  EXPECT_EQ(sample.questions[1].category, kAdversarial);
  EXPECT_EQ(sample.questions[1].answer, "") << "nobody said it";
  EXPECT_EQ(set.num_left_out, 1);
}

// As the ten conversations were published at first, one a file.
TEST(MemorySet, ASampleWhoseSessionsStandBesideItsQuestionsIsReadToo) {
  const MemorySet set = ReadMemorySet(*Json::Parse(R"({"speaker_a": "Ana", "session_1_date_time": "1 May, 2023",
      "session_1": [{"speaker": "Ana", "dia_id": "D1:1", "text": "I have a dog."}],
      "qa": [{"question": "Who has a dog?", "answer": "Ana", "evidence": ["D1:1"], "category": 4}]})"))
                            .value();
  EXPECT_EQ(set.samples.at(0).num_turns(), 1);
  EXPECT_EQ(set.samples.at(0).questions.size(), 1u);
}

TEST(MemorySet, EvidenceIsUnderstoodAsPeopleWriteIt) {
  const auto evidence = [](std::string_view json) { return Read(json).value().samples[0].questions.at(0).evidence; };
  EXPECT_THAT(evidence(R"(["D1:1; D2:1"])"), ElementsAre("D1:1", "D2:1"));
  EXPECT_THAT(evidence(R"(["D:1:26"])"), ElementsAre("D1:26"));
  EXPECT_THAT(evidence(R"(["D01:01", "D1:1"])"), ElementsAre("D1:1"));
  EXPECT_THAT(evidence(R"("D1:1 D2:1")"), ElementsAre("D1:1", "D2:1"));
  EXPECT_THAT(evidence("[[\"D1:1\"], \"(d2: 1)\"]"), ElementsAre("D2:1"));
}

TEST(MemorySet, WhatNamesNoTurnIsCountedAndItsQuestionLeftOut) {
  for (const char* evidence : {R"(["D9:9"])", R"(["D"])", R"([""])", R"([7])", R"("D1:99999999999999999999")"}) {
    const MemorySet set = Read(evidence).value();
    EXPECT_EQ(set.num_unknown, 1) << evidence;
    EXPECT_EQ(set.num_left_out, 1) << evidence;
    EXPECT_TRUE(set.samples[0].questions.empty()) << evidence;
  }
  EXPECT_EQ(Read("[]").value().num_left_out, 1);
}

TEST(MemorySet, WhatIsNoSetIsRefusedByName) {
  EXPECT_THAT(ReadMemorySet(*Json::Parse("[{}]")).error().Message(), HasSubstr("[0].conversation: got null"));
  EXPECT_THAT(ReadMemorySet(*Json::Parse("[]")).error().Message(), HasSubstr("got no conversation"));
  EXPECT_THAT(ReadMemorySet(*Json::Parse(R"({"conversation": {}})")).error().Message(), HasSubstr("got no turns"));
}

TEST(MemorySet, TimesAreReadAsPeopleWriteThem) {
  constexpr int64_t kMay8 = 1'683'504'000'000;
  EXPECT_EQ(SessionTimeMs("8 May, 2023"), kMay8);
  EXPECT_EQ(SessionTimeMs("May 8, 2023"), kMay8);
  EXPECT_EQ(SessionTimeMs("2023-05-08"), kMay8);
  EXPECT_EQ(SessionTimeMs("2023-05-08T01:00:00Z"), kMay8 + 3'600'000);
  EXPECT_EQ(SessionTimeMs("12:30 am on 8 May, 2023"), kMay8 + 1'800'000);
  EXPECT_EQ(SessionTimeMs("12:30 pm on 8 May, 2023"), kMay8 + 45'000'000);
  for (const char* none :
       {"", "soon", "31 February, 2023", "8 May", "99:99 pm on 8 May, 2023", "9999999999999999999999"}) {
    EXPECT_EQ(SessionTimeMs(none), 0) << none;
  }
}

// The conversations that the project is measured on.
class OwnSetTest : public testing::Test {
 protected:
  const MemorySet set_ = LoadMemorySet(Files::Real(), SourcePath("/tests/memory/conversations.json")).value();
};

TEST_F(OwnSetTest, IsWhole) {
  EXPECT_EQ(set_.samples.size(), 10u);
  EXPECT_EQ(set_.num_unknown + set_.num_left_out + set_.num_without_time + set_.num_without_words, 0);
  std::map<int, int> categories;
  for (const MemorySample& sample : set_.samples) {
    EXPECT_GE(sample.sessions.size(), 8u) << sample.id;
    int64_t before = 0;
    for (const MemorySession& session : sample.sessions) {
      EXPECT_GT(session.turns.front().said_ms, before) << sample.id << " " << session.name;
      before = session.turns.front().said_ms;
    }
    std::set<std::string> asked;
    for (const MemoryQuestion& question : sample.questions) {
      ++categories[question.category];
      EXPECT_TRUE(asked.insert(question.text).second) << question.text;
    }
  }
  for (int category = 1; category <= kNumMemoryCategories; ++category) EXPECT_GE(categories[category], 25) << category;
}

TEST_F(OwnSetTest, EvidenceOfOneTurnSaysTheAnswer) {
  int num_said = 0, num_asked = 0;
  for (const MemorySample& sample : set_.samples) {
    std::map<std::string, std::string> said;
    for (const MemorySession& session : sample.sessions) {
      for (const MemoryTurn& turn : session.turns) said[turn.reference] = LowerCase(SpokenText(turn));
    }
    for (const MemoryQuestion& question : sample.questions) {
      if (question.category != 4 || question.evidence.size() != 1) continue;
      const std::string answer = LowerCase(question.answer), &turn = said[question.evidence[0]];
      bool found = turn.find(answer) != std::string::npos;
      for (size_t begin = 0; begin < answer.size() && !found;) {
        const size_t end = std::min(answer.find_first_of(" ,;", begin), answer.size());
        // The first letters, so that another form of the word is the same.
        found =
            end - begin >= 4 && turn.find(answer.substr(begin, std::min<size_t>(5, end - begin))) != std::string::npos;
        begin = end + 1;
      }
      num_said += found ? 1 : 0, ++num_asked;
    }
  }
  EXPECT_GT(num_asked, 150);
  EXPECT_GE(num_said, num_asked * 95 / 100) << "others are said in other words";
}

}  // namespace
}  // namespace atelier
