// Graph retrieval, local: from the passages that were found along the things they name to other passages, and from
// there on. Wants chunks with facts (chunking: graph); others keep their order.
#include <algorithm>
#include <set>
#include <utility>

#include "knowledge/stage/passage_graph.h"
#include "knowledge/stage/stage.h"

namespace atelier {
namespace {

// The things that are looked for further: those that the question names first, then by how much the passages that name
// them were worth.
std::vector<std::string> ThingsWorthFollowing(const PassageGraph& graph, const StageState& state, size_t most) {
  const std::string question = " " + ThingKey(state.question) + " ";
  struct Worth {
    bool asked;
    double score;
    std::string name;
  };
  std::vector<Worth> worths;
  for (const PassageGraph::Thing& thing : graph.things()) {
    double score = 0;
    for (const size_t passage : thing.passages) score += state.passages[passage].score;
    worths.push_back({question.find(" " + ThingKey(thing.name) + " ") != std::string::npos, score, thing.name});
  }
  std::ranges::stable_sort(
      worths, [](const Worth& a, const Worth& b) { return a.asked != b.asked ? a.asked : a.score > b.score; });
  std::vector<std::string> names;
  for (Worth& worth : worths) {
    if (names.size() < most) names.push_back(std::move(worth.name));
  }
  return names;
}

// Adds what a search for each thing finds and is joined with it, behind the passages there are.
Task<Result<void>> Follow(Call call, std::vector<std::string> names, const StageTools& tools, StageState& state) {
  std::set<std::string> there;
  for (const Passage& passage : state.passages) there.insert(passage.chunk_id);
  for (const std::string& name : names) {
    std::vector<SubQuery> query;
    query.push_back({name, "", false, 1});
    auto searching = tools.search(call, std::move(query));
    CO_TRY(std::vector<Passage> found, co_await searching);
    for (Passage& passage : found) {
      const PassageGraph alone(std::span(&passage, 1));
      const bool names_it = std::ranges::any_of(
          alone.things(), [&](const auto& thing) { return ThingKey(thing.name) == ThingKey(name); });
      if (!names_it || !there.insert(passage.chunk_id).second) continue;
      passage.score = 0;  // of this question; nearness is what it gets
      state.passages.push_back(std::move(passage));
    }
  }
  co_return Result<void>();
}

Task<Result<void>> WalkGraph(Call call, StageConfig config, StageTools tools, StageState& state) {
  const PassageGraph found(state.passages);
  if (found.things().empty()) co_return Result<void>();
  auto names = ThingsWorthFollowing(found, state, static_cast<size_t>(config.count));
  auto following = Follow(std::move(call), std::move(names), tools, state);
  CO_TRY_VOID(co_await following);
  const PassageGraph graph(state.passages);
  std::vector<double> starts(state.passages.size() + graph.things().size(), 0);
  double best = 0, nearest = 0;
  for (size_t i = 0; i < state.passages.size(); ++i) {
    starts[i] = std::max(0.0, state.passages[i].score);
    best = std::max(best, starts[i]);
  }
  if (best <= 0) co_return Result<void>();
  const std::vector<double> near = graph.NearTo(starts);
  for (const double one : near) nearest = std::max(nearest, one);
  for (size_t i = 0; i < state.passages.size(); ++i) {
    Passage& passage = state.passages[i];
    passage.score = (starts[i] / best + config.weight * near[i] / nearest) / (1 + config.weight);
  }
  std::ranges::stable_sort(state.passages, std::greater<>(), &Passage::score);
  co_return Result<void>();
}

}  // namespace

extern const StageEntry stage_graph{"graph", "finds further passages along the things that passages name",
                                    StagePlace::kPassages, WalkGraph, 2};

}  // namespace atelier
