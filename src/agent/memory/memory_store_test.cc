#include "agent/memory/memory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MemoryTurn Said(std::string speaker, std::string text, int64_t said_ms = 0) {
  MemoryTurn turn;
  turn.speaker = std::move(speaker), turn.text = std::move(text), turn.said_ms = said_ms;
  return turn;
}

MemoryScope Of(std::string user, std::string session) {
  return {.user = std::move(user), .session = std::move(session)};
}

std::vector<std::string> TextsOf(const std::vector<MemoryTurn>& turns) {
  std::vector<std::string> texts;
  for (const MemoryTurn& turn : turns) texts.push_back(turn.text);
  return texts;
}

std::vector<std::string> Record(MemoryStore& store, const MemoryScope& scope, std::vector<MemoryTurn> turns) {
  const auto placed = store.Place(scope, std::move(turns));
  EXPECT_TRUE(placed.ok()) << placed.error().Message();
  EXPECT_TRUE(store.Put(*placed, {}, {}).value());
  std::vector<std::string> ids;
  for (const MemoryTurn& turn : placed->turns) ids.push_back(turn.id);
  return ids;
}

TEST(MemoryStore, TurnsStandInTheOrderTheyWereSaidVerbatim) {
  SimFiles files;
  const auto store = MemoryStore::Open(files, "/memory", {}).value();
  const MemoryScope scope = Of("ana", "monday");
  const auto ids = Record(*store, scope, {Said("Ana", "I moved to Porto.", 7), Said("Bot", "  Why?\n")});
  Record(*store, scope, {Said("Ana", "For the sea.")});
  const auto turns = store->List(scope, "", 10).value();
  EXPECT_THAT(TextsOf(turns), ElementsAre("I moved to Porto.", "  Why?\n", "For the sea."));
  EXPECT_EQ(turns[0].said_ms, 7);
  EXPECT_EQ(turns[0].speaker, "Ana");
  EXPECT_EQ(turns[0].scope, scope);
  EXPECT_THAT(TextsOf(store->List(scope, ids[0], 1).value()), ElementsAre("  Why?\n"));
}

TEST(MemoryStore, WhatIsInAnotherScopeIsNeitherFoundNorListed) {
  SimFiles files;
  const auto store = MemoryStore::Open(files, "/memory", {}).value();
  Record(*store, Of("ana", "one"), {Said("Ana", "My cat is called Saffron.")});
  Record(*store, Of("ben", "one"), {Said("Ben", "My cat is called Pepper.")});
  MemoryScope ana;
  ana.user = "ana";
  const MemoryHits hits = store->Search(ana, "what is the cat called", {}, 10).value();
  ASSERT_EQ(hits.turns.size(), 1u);
  EXPECT_THAT(TextsOf(store->Turns({hits.turns[0].id}).value()), ElementsAre("My cat is called Saffron."));
  EXPECT_THAT(store->Speakers(ana).value(), ElementsAre("Ana"));
}

TEST(MemoryStore, WindowsHoldTheTurnsBeforeAndAreFoundUnderTheirTurn) {
  SimFiles files;
  const auto store = MemoryStore::Open(files, "/memory", {}).value();
  const auto ids = Record(*store, Of("ana", "one"),
                          {Said("Bot", "What is your cat called?"), Said("Ana", "Saffron."), Said("Bot", "Nice."),
                           Said("Ana", "She is old.")});
  const MemoryHits hits = store->Search({}, "cat", {}, 10).value();
  ASSERT_EQ(hits.turns.size(), 1u);
  ASSERT_EQ(hits.windows.size(), 2u) << "of the second and of the third turn";
  EXPECT_TRUE(hits.windows[0].id == ids[1] || hits.windows[0].id == ids[2]);
}

TEST(MemoryStore, ASessionThatHasGrownMeanwhileIsNotWrittenOver) {
  SimFiles files;
  const auto store = MemoryStore::Open(files, "/memory", {}).value();
  const MemoryScope scope = Of("ana", "one");
  const PlacedTurns first = store->Place(scope, {Said("Ana", "one")}).value();
  const PlacedTurns second = store->Place(scope, {Said("Ana", "two")}).value();
  EXPECT_TRUE(store->Put(first, {}, {}).value());
  EXPECT_FALSE(store->Put(second, {}, {}).value());
  EXPECT_THAT(TextsOf(store->List(scope, "", 10).value()), ElementsAre("one"));
}

TEST(MemoryStore, WhatIsTooLargeOrEmptyIsRefusedByName) {
  SimFiles files;
  const auto store = MemoryStore::Open(files, "/memory", {}).value();
  const auto empty = store->Place(Of("ana", "one"), {Said("Ana", "one"), Said("Ana", "")});
  ASSERT_FALSE(empty.ok());
  EXPECT_THAT(empty.error().Message(), testing::HasSubstr("turns[1].text: got 0 bytes"));
  EXPECT_FALSE(store->Place(Of("ana", "one"), {Said("Ana", std::string(kMaxTurnBytes + 1, 'a'))}).ok());
  EXPECT_FALSE(store->Place(Of(std::string(kMaxNameBytes + 1, 'a'), "one"), {Said("Ana", "a")}).ok());
}

TEST(MemoryStore, WordsOfAQuestionAreNoQueryLanguage) {
  SimFiles files;
  const auto store = MemoryStore::Open(files, "/memory", {}).value();
  Record(*store, Of("ana", "one"), {Said("Ana", "I can't eat nuts.")});
  EXPECT_EQ(store->Search({}, "\"nuts -eat* body:+nuts~2\" can't?", {}, 10).value().turns.size(), 1u);
}

class ForgettingTest : public testing::Test {
 protected:
  ForgettingTest() : folder_(testing::TempDir() + "/memory_forgetting_" + std::to_string(getpid())) {
    std::filesystem::remove_all(folder_);
    store_ = MemoryStore::Open(Files::Real(), folder_, {}).value();
  }
  ~ForgettingTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  bool AnyFileHolds(const std::string& canary) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), {});
      if (bytes.find(canary) != std::string::npos) return true;
    }
    return false;
  }

  const std::string folder_;
  std::unique_ptr<MemoryStore> store_;
};

TEST_F(ForgettingTest, OfAForgottenTurnNoByteIsLeftAndItsNeighboursStay) {
  const MemoryScope scope = Of("ana", "one");
  const auto ids = Record(*store_, scope,
                          {Said("Ana", "Hello."), Said("Ana", "My code is zebracanary."), Said("Bot", "I see."),
                           Said("Ana", "Forget that."), Said("Bot", "Done.")});
  ASSERT_TRUE(AnyFileHolds("zebracanary"));
  ASSERT_TRUE(store_->Forget({ids[1]}).ok());
  EXPECT_FALSE(AnyFileHolds("zebracanary"));
  EXPECT_THAT(TextsOf(store_->List(scope, "", 10).value()), ElementsAre("Hello.", "I see.", "Forget that.", "Done."));
  EXPECT_THAT(store_->Search({}, "zebracanary", {}, 10).value().windows, IsEmpty());
}

TEST_F(ForgettingTest, OfAForgottenUserNoByteIsLeftAndOthersStay) {
  Record(*store_, Of("zebracanary", "one"), {Said("zebracanary", "I am zebracanary."), Said("Bot", "Hello.")});
  Record(*store_, Of("ben", "one"), {Said("Ben", "I am Ben.")});
  MemoryScope user;
  user.user = "zebracanary";
  EXPECT_EQ(store_->ForgetAll(user).value(), 2);
  EXPECT_FALSE(AnyFileHolds("zebracanary"));
  EXPECT_THAT(TextsOf(store_->List({}, "", 10).value()), ElementsAre("I am Ben."));
}

}  // namespace
}  // namespace atelier
