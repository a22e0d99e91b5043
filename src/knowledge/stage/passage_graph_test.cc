#include "knowledge/stage/passage_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace atelier {
namespace {

using testing::ElementsAre;

Passage Naming(const std::vector<std::string>& names) {
  Passage passage;
  for (const std::string& name : names) passage.chunk.facts.entities.push_back({name, ""});
  return passage;
}

TEST(PassageGraphTest, NamesOfOneThingMeet) {
  EXPECT_EQ(ThingKey("The  KV-Cache!"), "kv cache");
  EXPECT_EQ(ThingKey("\xC3\x84rzte"), "\xC3\xA4rzte");
  EXPECT_EQ(ThingKey("..."), "");
  std::vector<Passage> passages = {Naming({"KV cache", "..."}), Naming({"the kv-cache", "scheduler"})};
  passages[1].chunk.facts.relations.push_back({"Scheduler", "fills", "KV cache"});
  const PassageGraph graph(passages);
  ASSERT_EQ(graph.things().size(), 2u);
  EXPECT_EQ(graph.things()[0].name, "KV cache");
  EXPECT_THAT(graph.things()[0].passages, ElementsAre(0, 1));
  EXPECT_THAT(graph.things()[1].passages, ElementsAre(1));
}

TEST(PassageGraphTest, WhatIsJoinedIsNearer) {
  // 0 - x - 1 - y - 2, and 3 alone with z.
  const std::vector<Passage> passages = {Naming({"x"}), Naming({"x", "y"}), Naming({"y"}), Naming({"z"})};
  const PassageGraph graph(passages);
  std::vector<double> starts(passages.size() + 3, 0);
  starts[0] = 2;
  const std::vector<double> near = graph.NearTo(starts);
  EXPECT_GT(near[0], near[1]);
  EXPECT_GT(near[1], near[2]);
  EXPECT_GT(near[2], 0);
  EXPECT_EQ(near[3], 0);

  const std::vector<Passage> lone = {Naming({}), Naming({"x"})};
  const std::vector<double> stays = PassageGraph(lone).NearTo(std::vector<double>{1, 0, 0});
  EXPECT_NEAR(stays[0], 1, 1e-12) << "a walk that cannot go on begins anew";
}

TEST(PassageGraphTest, CommunitiesAreWhatSharesThings) {
  const std::vector<Passage> passages = {Naming({"cat", "mouse"}), Naming({"tea"}),
                                         Naming({"cat", "mouse"}), Naming({}),
                                         Naming({"tea"}),          Naming({"mouse", "cat"})};
  EXPECT_THAT(PassageGraph(passages).Communities(),
              ElementsAre(ElementsAre(0, 2, 5), ElementsAre(1, 4), ElementsAre(3)));
  EXPECT_TRUE(PassageGraph({}).Communities().empty());
}

}  // namespace
}  // namespace atelier
