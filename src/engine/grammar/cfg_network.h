// A folded Cfg as networks of states, one for each rule that is no terminal.          [Woods 1970, transition networks]
// Steps without a byte are worked out: a state lists what may begin there, past everything that may be empty.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/grammar/cfg.h"

namespace atelier {

struct CfgMove {
  enum class Kind : uint8_t { kTerminal, kCall, kJson };
  Kind kind = Kind::kTerminal;
  int32_t value = 0;  // a LanguageId, a network, an index of documents
  int32_t to = 0;     // the state after it
  bool operator==(const CfgMove&) const = default;
};

struct CfgState {
  std::vector<CfgMove> moves;
  bool is_final = false;  // the network may end here
};

struct CfgNetwork {
  int32_t start = 0;
  bool accepts_empty = false;
};

struct CfgNetworks {
  static constexpr int32_t kReturn = 0;  // a state that is final and has no moves
  static constexpr int32_t kDone = 1;    // the state after the root
  std::vector<CfgState> states;
  std::vector<CfgNetwork> networks;
  int32_t root = 0;

  // REQUIRES: cfg is folded.   Errors: TooLarge over kMaxCfgStates.
  static Result<CfgNetworks> Create(Cfg& cfg, int32_t root);
};

}  // namespace atelier
