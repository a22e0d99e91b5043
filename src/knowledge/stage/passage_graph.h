// The graph that passages and the things they speak of make: a passage is joined with each thing that it names, and
// things with those that a passage relates them to. It is made of the passages that a search found, so whoever may not
// see a passage does not see its facts either.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "knowledge/corpus/corpus.h"

namespace atelier {

// What two names of one thing have in common: lower case, white space once, no article or sign around it.
std::string ThingKey(std::string_view name);

class PassageGraph {
 public:
  explicit PassageGraph(std::span<const Passage> passages);

  struct Thing {
    std::string name;              // as a passage has it first
    std::vector<size_t> passages;  // that name it, ascending
  };
  const std::vector<Thing>& things() const { return things_; }

  // How near each passage is to where walks begin: personalised PageRank.   [Page et al. 1999; HippoRAG,
  // arXiv:2405.14831]
  //   starts  of each passage, then of each thing; non-negative, not all 0
  // Returns the passages' shares; with the things' they sum to 1.   COST: rounds * edges.
  std::vector<double> NearTo(std::span<const double> starts) const;

  // The passages in groups that speak of the same things, largest first; those without a thing each alone, last. By
  // label propagation, in a fixed order.   [Raghavan, Albert, Kumara, arXiv:0709.2938]
  std::vector<std::vector<size_t>> Communities() const;

 private:
  size_t ThingOf(const std::string& name);
  void Join(size_t a, size_t b);
  size_t num_nodes() const { return num_passages_ + things_.size(); }

  size_t num_passages_ = 0;
  std::vector<Thing> things_;
  std::map<std::string, size_t> places_;     // of things, by key
  std::vector<std::vector<size_t>> joined_;  // by node: passages first, then things; an edge twice weighs twice
};

}  // namespace atelier
