#include "knowledge/stage/passage_graph.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "base/text/unicode.h"

namespace atelier {
namespace {

constexpr double kWalksOn = 0.5;  // a walk goes on with this chance, else begins anew: near things count most
constexpr int kRounds = 30;
constexpr int kLabelRounds = 20;

// The label that most neighbours have; of equal ones the smallest.
size_t CommonLabel(const std::vector<size_t>& neighbours, const std::vector<size_t>& labels) {
  std::map<size_t, size_t> counts;
  for (const size_t neighbour : neighbours) ++counts[labels[neighbour]];
  return std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; })->first;
}

}  // namespace

std::string ThingKey(std::string_view name) {
  std::string key;
  for (const char c : LowerCase(name)) {
    const bool is_sign = static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) == 0;
    if (!is_sign) key += c;
    if (is_sign && !key.empty() && key.back() != ' ') key += ' ';
  }
  while (key.ends_with(' ')) key.pop_back();
  for (const std::string_view article : {"the ", "a ", "an "}) {
    if (key.starts_with(article)) return key.substr(article.size());
  }
  return key;
}

size_t PassageGraph::ThingOf(const std::string& name) {
  const auto [place, is_new] = places_.try_emplace(ThingKey(name), things_.size());
  if (!is_new) return place->second;
  things_.push_back({name, {}});
  joined_.emplace_back();
  return things_.size() - 1;
}

void PassageGraph::Join(size_t a, size_t b) {
  joined_[a].push_back(b);
  joined_[b].push_back(a);
}

PassageGraph::PassageGraph(std::span<const Passage> passages)
    : num_passages_(passages.size()), joined_(passages.size()) {
  for (size_t i = 0; i < passages.size(); ++i) {
    const ChunkFacts& facts = passages[i].chunk.facts;
    std::vector<std::string> names;
    for (const auto& entity : facts.entities) names.push_back(entity.name);
    for (const auto& relation : facts.relations) names.insert(names.end(), {relation.source, relation.target});
    for (const std::string& name : names) {
      if (ThingKey(name).empty()) continue;
      const size_t thing = ThingOf(name);
      std::vector<size_t>& named_by = things_[thing].passages;
      if (!named_by.empty() && named_by.back() == i) continue;
      named_by.push_back(i);
      Join(i, num_passages_ + thing);
    }
    for (const auto& relation : facts.relations) {
      if (ThingKey(relation.source).empty() || ThingKey(relation.target).empty()) continue;
      const size_t source = ThingOf(relation.source), target = ThingOf(relation.target);
      if (source != target) Join(num_passages_ + source, num_passages_ + target);
    }
  }
}

std::vector<double> PassageGraph::NearTo(std::span<const double> starts) const {
  const double sum = std::accumulate(starts.begin(), starts.end(), 0.0);
  std::vector<double> begin;
  for (const double start : starts) begin.push_back(start / sum);
  std::vector<double> share = begin;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> next(num_nodes(), 0);
    double lost = 0;  // of walks that stand where no edge is: they begin anew
    for (size_t node = 0; node < num_nodes(); ++node) {
      if (joined_[node].empty()) lost += share[node];
      for (const size_t neighbour : joined_[node]) {
        next[neighbour] += share[node] / static_cast<double>(joined_[node].size());
      }
    }
    for (size_t node = 0; node < num_nodes(); ++node) {
      next[node] = kWalksOn * (next[node] + lost * begin[node]) + (1 - kWalksOn) * begin[node];
    }
    share = std::move(next);
  }
  share.resize(num_passages_);
  return share;
}

std::vector<std::vector<size_t>> PassageGraph::Communities() const {
  std::vector<size_t> labels(num_nodes());
  std::iota(labels.begin(), labels.end(), size_t{0});
  bool changed = true;
  for (int round = 0; round < kLabelRounds && changed; ++round) {
    changed = false;
    for (size_t node = 0; node < num_nodes(); ++node) {
      if (joined_[node].empty()) continue;
      const size_t label = CommonLabel(joined_[node], labels);
      changed |= std::exchange(labels[node], label) != label;
    }
  }
  std::map<size_t, std::vector<size_t>> by_label;
  for (size_t i = 0; i < num_passages_; ++i) by_label[labels[i]].push_back(i);
  std::vector<std::vector<size_t>> communities;
  for (auto& [label, members] : by_label) communities.push_back(std::move(members));
  std::ranges::stable_sort(communities, [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a.front() < b.front();
  });
  return communities;
}

}  // namespace atelier
