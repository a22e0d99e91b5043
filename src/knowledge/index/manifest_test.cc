#include "knowledge/index/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io/sim_files.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

IndexManifest Example() {
  IndexManifest manifest;
  manifest.version = 7;
  manifest.identity = 0xFEED;
  manifest.first_log = 3;
  manifest.next_file = 9;
  manifest.schema.embedder = "minilm";
  manifest.schema.dimensions = 384;
  manifest.segments = {{.number = 4, .num_records = 1000, .size_bytes = 12345, .deleted = {0, 1, 500, 999}},
                       {.number = 8, .num_records = 1, .size_bytes = 99, .deleted = {}}};
  manifest.problems = {{.file = "aside-seg-00000002", .what = "flipped", .num_records = 5, .deleted = {2}}};
  return manifest;
}

TEST(IndexManifest, IsReadAsItWasWritten) {
  const IndexManifest want = Example();
  const IndexManifest got = ParseIndexManifest(ManifestBytes(want)).value();
  EXPECT_EQ(ManifestBytes(got), ManifestBytes(want));
  EXPECT_EQ(got.segments[0].deleted, want.segments[0].deleted);
  EXPECT_TRUE(CheckSameSchema(got.schema, want.schema).ok());
}

TEST(IndexManifest, EveryFlippedBitAndEveryCutIsFound) {
  const std::string bytes = ManifestBytes(Example());
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(ParseIndexManifest(flipped).ok()) << i;
  }
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(ParseIndexManifest(bytes.substr(0, size)).ok()) << size;
}

TEST(IndexManifest, OneDamagedCopyIsReplacedByTheOther) {
  for (const std::string_view name : {"MANIFEST", "MANIFEST.copy"}) {
    SimFiles files;
    ASSERT_TRUE(files.MakeFolders("/x").ok());
    ASSERT_TRUE(WriteIndexManifest(files, "/x", Example()).ok());
    files.FlipBit(JoinPath("/x", name), 30, 2);
    const FoundManifest found = FindManifest(files, "/x").value();
    EXPECT_EQ(found.manifest->version, 7u);
    EXPECT_THAT(found.damaged, HasSubstr(name));
  }
}

TEST(IndexManifest, WithoutAnyCopyThereIsNoIndexAndWithTwoDamagedOnesAnError) {
  SimFiles files;
  ASSERT_TRUE(files.MakeFolders("/x").ok());
  EXPECT_FALSE(FindManifest(files, "/x").value().manifest.has_value());
  ASSERT_TRUE(WriteIndexManifest(files, "/x", Example()).ok());
  files.FlipBit("/x/MANIFEST", 30, 2);
  files.FlipBit("/x/MANIFEST.copy", 31, 2);
  EXPECT_EQ(FindManifest(files, "/x").error().kind, ErrorKind::kCorrupt);
}

TEST(Schema, WhatDiffersIsNamedWithBoth) {
  IndexSchema stored = Example().schema, asked = stored;
  asked.embedder = "bge";
  const Error error = CheckSameSchema(stored, asked).error();
  EXPECT_EQ(error.kind, ErrorKind::kConflict);
  EXPECT_EQ(error.Message(), "embedder: the index was made with 'minilm', got 'bge'");
  asked = stored;
  asked.dimensions = 768;
  EXPECT_THAT(CheckSameSchema(stored, asked).error().Message(), HasSubstr("384 of embedder 'minilm', got 768"));
}

}  // namespace
}  // namespace atelier
