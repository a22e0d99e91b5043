#include "eval/notes_eval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<NotesSet> Load(std::string_view lines) {
  static SimFiles files;
  CHECK(WriteAtomically(files, "/set", std::string(lines)).ok());
  return LoadNotesSet(files, "/set");
}

MemoryFact Note(std::string text, std::vector<std::string> sources) {
  MemoryFact note;
  note.text = std::move(text), note.sources = std::move(sources);
  return note;
}

TEST(NotesSet, HasCasesOfEitherKindAndNamesWhatIsWrong) {
  const auto set = Load(R"({"turns": [{"speaker": "Ana", "text": "Hi."}], "facts": []}
{"known": "a", "note": "b", "relation": "forget"})");
  ASSERT_TRUE(set.ok()) << set.error().Message();
  EXPECT_EQ(set->notes.size(), 1u);
  EXPECT_EQ(set->relations.at(0).relation, NoteRelation::kForget);
  EXPECT_THAT(Load(R"({"known": "a", "note": "b", "relation": "odd"})").error().Message(), HasSubstr("got 'odd'"));
  EXPECT_THAT(
      Load(R"({"turns": [{"speaker": "A", "text": "b"}], "facts": [{"says": ["x"], "turns": [2]}]})").error().Message(),
      HasSubstr("want 1 to 1"));
  for (const char* line :
       {"{}", R"({"turns": []})", R"({"turns": [{"speaker": "A", "text": "b"}], "facts": [{"turns": [1]}]})"}) {
    EXPECT_FALSE(Load(line).ok()) << line;
  }
}

TEST(NotesScore, ANoteSaysAFactWhereItHasItsWordsInAnyOfTheirWays) {
  const WantedFact fact{.says = {"ana", "porto", "live|move"}, .says_not = {"rome"}};
  EXPECT_TRUE(Says("Ana moved to Porto.", fact));
  EXPECT_TRUE(Says("ANA LIVES IN PORTO", fact));
  EXPECT_FALSE(Says("Diana moved to Porto.", fact)) << "a name is not the end of another";
  EXPECT_FALSE(Says("Ana likes Porto.", fact));
  EXPECT_FALSE(Says("Ana moved from Rome to Porto.", fact));
}

TEST(NotesScore, CountsFactsNotesTurnsAndSilence) {
  NotesCase talk, small_talk;
  talk.facts = {{.says = {"ana", "porto"}, .turns = {1}}, {.says = {"ana", "cat"}, .turns = {3}}};
  const NotesScore score =
      ScoreNotes({talk, small_talk, small_talk},
                 {{Note("Ana is in Porto.", {"2"}), Note("It rains.", {"1"})}, {}, {Note("Hi.", {})}});
  EXPECT_THAT(score.recalled, ElementsAre(true, false));
  EXPECT_THAT(score.precise, ElementsAre(true, false, false));
  EXPECT_THAT(score.grounded, ElementsAre(false));
  EXPECT_THAT(score.silent, ElementsAre(true, false));
}

TEST(RelationScore, CountsWhatIsRightAndWhatWasHarmed) {
  using enum NoteRelation;
  const std::vector<RelationCase> cases = {{.relation = kSame}, {.relation = kReplaces}, {.relation = kUnrelated}};
  const RelationScore score = ScoreRelations(cases, {kSame, kCorrects, kForget});
  EXPECT_THAT(score.right, ElementsAre(true, false, false));
  EXPECT_EQ(score.num_harmed, 1) << "what is replaced had an end anyway";
  EXPECT_EQ(score.confusion[2][3], 1);
}

}  // namespace
}  // namespace atelier
