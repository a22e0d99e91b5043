#include "knowledge/corpus/chunk_extras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atelier {
namespace {

TEST(ChunkExtrasTest, WhatIsWrittenIsRead) {
  Chunk chunk;
  EXPECT_EQ(ExtrasOf(chunk).Dump(), "{}") << "most have none";
  chunk.sums_up = true;
  chunk.facts.entities = {{"Ada", "person"}, {"Z\xC3\xBCrich", "city"}};
  chunk.facts.relations = {{"Ada", "lives in", "Z\xC3\xBCrich"}};
  Chunk read;
  ASSERT_TRUE(ReadExtras("c", ExtrasOf(chunk), read).ok());
  EXPECT_TRUE(read.sums_up);
  EXPECT_EQ(read.facts, chunk.facts);
}

TEST(ChunkExtrasTest, WhatIsNotItsOwnIsCorrupt) {
  Chunk chunk;
  EXPECT_TRUE(ReadExtras("c", Json(), chunk).ok());
  for (const char* text : {"[]", R"({"entities": 3})", R"({"entities": [["a"]]})", R"({"relations": [["a", "b"]]})"}) {
    const auto read = ReadExtras("c/doc#1", Json::Parse(text).value(), chunk);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(read.error().Message(), testing::StartsWith("c/doc#1: extras"));
  }
}

}  // namespace
}  // namespace atelier
