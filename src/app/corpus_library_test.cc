#include "app/corpus_library.h"

#include <gtest/gtest.h>

#include "app/corpus_care.h"
#include "base/io/sim_files.h"

namespace atelier {
namespace {

const std::string kHome = "/home/corpora";

CorpusConfig ConfigOf(const std::string& name) {
  CorpusConfig config;
  config.name = name, config.embedder = "none";
  return config;
}

Result<void> Put(Corpus& corpus, const std::string& id, const std::string& text) {
  IndexedDocument indexed;
  indexed.source_id = indexed.document.id = id;
  indexed.document.text = text;
  Chunk chunk;
  chunk.span = chunk.shown = {0, static_cast<int64_t>(text.size())};
  indexed.parts = {{chunk, {}, "h"}};
  return corpus.Replace({id}, {std::move(indexed)});
}

// The text of document "d"; empty if there is none.
std::string TextOfD(CorpusLibrary& library, const std::string& name) {
  const auto opened = library.Read(name);
  EXPECT_TRUE(opened.ok()) << opened.error().Message();
  if (!opened.ok()) return "";
  const auto text = (*opened)->corpus->Read("d", {0, 100}, {});
  return text.ok() ? *text : "";
}

TEST(CorpusLibrary, ReadersInOtherProcessesSeeWhatOneWrites) {
  SimFiles files;
  CorpusLibrary writing(files, kHome, {}), reading(files, kHome, {});
  const auto writer = writing.Make(ConfigOf("docs"), 0).value();
  const auto reader = reading.Read("docs").value();
  ASSERT_TRUE(Put(*writer->corpus, "d", "one").ok());
  EXPECT_EQ(reader->corpus->Read("d", {0, 100}, {}).value(), "one");
  ASSERT_TRUE(Put(*writer->corpus, "d", "two").ok());
  EXPECT_EQ(TextOfD(reading, "docs"), "two");
  EXPECT_EQ(reading.Open("docs").error().kind, ErrorKind::kConflict) << "one writes";
  EXPECT_EQ(reading.Remove("docs").error().kind, ErrorKind::kConflict);
}

TEST(CorpusLibrary, ACorpusMadeAnewUnderTheSameNameIsReadAsItIs) {
  SimFiles files;
  CorpusLibrary writing(files, kHome, {}), reading(files, kHome, {});
  ASSERT_TRUE(Put(*writing.Make(ConfigOf("docs"), 0).value()->corpus, "d", "one").ok());
  EXPECT_EQ(TextOfD(reading, "docs"), "one");
  ASSERT_TRUE(writing.Remove("docs").ok());
  EXPECT_EQ(reading.Read("docs").error().kind, ErrorKind::kNotFound);
  CorpusConfig german = ConfigOf("docs");
  german.language = "de";
  ASSERT_TRUE(Put(*writing.Make(german, 0).value()->corpus, "d", "zwei").ok());
  EXPECT_EQ(TextOfD(reading, "docs"), "zwei");
  ASSERT_TRUE(writing.Remove("docs").ok());
  ASSERT_TRUE(Put(*writing.Make(german, 0).value()->corpus, "d", "drei").ok());
  EXPECT_EQ(TextOfD(reading, "docs"), "drei");
}

TEST(CorpusLibrary, ACorpusOfAnotherVersionOpens) {
  SimFiles files;
  CorpusLibrary library(files, kHome, {});
  ASSERT_TRUE(Put(*library.Make(ConfigOf("docs"), 0).value()->corpus, "d", "one").ok());
  const std::string path = kHome + "/docs/corpus.json";
  std::string text = ReadWholeFile(files, path, 1 << 20).value();
  const std::string_view setting = "\"candidates\"";
  text.insert(text.find(setting), "\"a_setting_of_another_version\": 0.7, ");
  ASSERT_TRUE(WriteAtomically(files, path, text).ok());
  CorpusLibrary later(files, kHome, {});
  EXPECT_EQ(TextOfD(later, "docs"), "one");
}

TEST(CorpusLibrary, ASnapshotIsOfItsMomentAndARestoreTakesThePlaceInOneStep) {
  SimFiles files;
  CorpusLibrary library(files, kHome, {}), other(files, kHome, {});
  auto writer = library.Make(ConfigOf("docs"), 0).value();
  ASSERT_TRUE(Put(*writer->corpus, "d", "one").ok());
  ASSERT_TRUE(SnapshotCorpus(files, other, "docs", "/backup").ok());
  EXPECT_EQ(SnapshotCorpus(files, other, "docs", "/backup").error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(Put(*writer->corpus, "d", "two").ok());
  EXPECT_EQ(RestoreCorpus(files, other, "/backup", "", false).error().kind, ErrorKind::kConflict) << "it is there";
  EXPECT_EQ(RestoreCorpus(files, other, "/backup", "", true).error().kind, ErrorKind::kConflict) << "it is written";
  EXPECT_EQ(TextOfD(other, "docs"), "two");
  writer.reset();
  const auto held = other.Read("docs").value();
  EXPECT_EQ(RestoreCorpus(files, library, "/backup", "", true).value(), "docs");
  EXPECT_EQ(TextOfD(other, "docs"), "one");
  EXPECT_EQ(held->corpus->Read("d", {0, 100}, {}).value(), "two") << "who has it open reads on";
  EXPECT_EQ(RestoreCorpus(files, library, "/backup", "copy", false).value(), "copy");
  EXPECT_EQ(TextOfD(other, "copy"), "one");
  ASSERT_TRUE(Put(*library.Open("copy").value()->corpus, "d", "three").ok());
  EXPECT_EQ(TextOfD(other, "docs"), "one");
}

TEST(CorpusLibrary, ADamagedSnapshotIsRefusedAndTheCorpusStaysAsItWas) {
  SimFiles files;
  CorpusLibrary library(files, kHome, {});
  ASSERT_TRUE(Put(*library.Make(ConfigOf("docs"), 0).value()->corpus, "d", "one").ok());
  ASSERT_TRUE(SnapshotCorpus(files, library, "docs", "/backup").ok());
  ASSERT_TRUE(Put(*library.Open("docs").value()->corpus, "d", "two").ok());
  EXPECT_TRUE(VerifyCorpus(library, "docs").value().empty());
  files.FlipBit("/backup/index/seg-00000001", 200, 1);
  EXPECT_EQ(RestoreCorpus(files, library, "/backup", "", true).error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(RestoreCorpus(files, library, "/backup", "new", false).error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(TextOfD(library, "docs"), "two");
  EXPECT_EQ(library.List().value().size(), 1u);
}

TEST(CorpusLibrary, WhereverThePowerGoesDuringARestoreTheOldOrTheNewIsThere) {
  int64_t num_calls = 1;
  for (bool is_done = false; !is_done; ++num_calls) {
    SimFiles files({.seed = static_cast<uint64_t>(num_calls)});
    {
      CorpusLibrary library(files, kHome, {});
      auto writer = library.Make(ConfigOf("docs"), 0).value();
      ASSERT_TRUE(Put(*writer->corpus, "d", "one").ok());
      ASSERT_TRUE(SnapshotCorpus(files, library, "docs", "/home/backup").ok());
      ASSERT_TRUE(Put(*writer->corpus, "d", "two").ok());
      writer.reset();
      ASSERT_TRUE(files.SyncFolder("/").ok());
      files.CutPowerAfter(num_calls);
      is_done = RestoreCorpus(files, library, "/home/backup", "", true).ok() && !files.power_is_off();
      files.CutPowerAfter(0);
    }
    if (files.power_is_off()) files.Restart();
    CorpusLibrary library(files, kHome, {});
    const std::string text = TextOfD(library, "docs");
    ASSERT_TRUE(text == "one" || (text == "two" && !is_done)) << "call " << num_calls << ": got '" << text << "'";
    ASSERT_TRUE(RestoreCorpus(files, library, "/home/backup", "", true).ok()) << "call " << num_calls;
    ASSERT_EQ(TextOfD(library, "docs"), "one");
  }
  EXPECT_GT(num_calls, 10);
}

}  // namespace
}  // namespace atelier
