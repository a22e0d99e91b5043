// `mixtures` in atelier.yaml: names that stand for several models whose answers become one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/text/describe.h"

namespace atelier {

struct ProposerConfig {
  std::string model = {};                  // "provider/model", a route, or one of this machine
  int32_t samples = 1;                     // answers that it gives
  std::optional<double> temperature = {};  // instead of the request's
  std::string instructions = {};           // added to the system message
  static Fields Describe();
};

struct MixtureLayerConfig {
  std::vector<ProposerConfig> proposers = {};
  static Fields Describe();
};

struct AggregatorConfig {
  std::string how = "write";      // "write", "vote", "choose", "identity"
  std::string model = {};         // that writes or judges
  std::string instructions = {};  // of write: added to the system message; of choose: the statement that is judged
  static Fields Describe();
};

struct MixtureConfig {
  std::string name = {};  // as requests name it
  std::vector<MixtureLayerConfig> layers = {};
  AggregatorConfig aggregator = {};
  int32_t min_proposals = 1;           // of a layer; with fewer the request fails
  int64_t max_proposal_tokens = 1024;  // of what is only read by the next layer
  double proposer_seconds = 0;         // of one proposal; 0: no bound
  static Fields Describe();
};

// Errors under the key that is wrong: what an aggregator needs and has not, or has and does not need.
Result<void> CheckMixture(const MixtureConfig& config);

}  // namespace atelier
