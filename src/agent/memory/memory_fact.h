// What was made of turns: facts, each with the turns that it stands on and with two times [bi-temporal, as in
// Snodgrass, "Developing Time-Oriented Database Applications in SQL", 1999]: when it is so in the world (valid_from,
// valid_to), and when the memory learnt and gave up that it is so (recorded, withdrawn). Nothing is overwritten: what
// has changed gets an end and a successor, what was wrong is withdrawn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/memory/memory_turn.h"
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

struct MemoryFact {
  std::string id = {};  // "f/…", the store's
  std::string user = {}, agent = {}, session = {};
  // "fact"; "profile": what a person is and wants at all times; "procedure": what worked; "episode": what a session
  // was.
  std::string kind = "fact";
  std::string text = {};
  std::vector<std::string> sources = {};  // turns
  double importance = 0.5;                // 0 to 1
  int64_t valid_from_ms = 0;              // since 1970; 0: not known
  int64_t valid_to_ms = 0;                // 0: still
  int64_t recorded_ms = 0;
  int64_t withdrawn_ms = 0;      // 0: believed
  std::string replaced_by = {};  // a fact; empty: nothing did
  static Fields Describe();

  bool holds(int64_t at_ms) const {
    return withdrawn_ms == 0 && valid_from_ms <= at_ms && (valid_to_ms == 0 || valid_to_ms > at_ms);
  }
  MemoryScope scope() const { return {.user = user, .agent = agent, .session = session}; }
};

inline constexpr std::string_view kFactKinds = "fact|profile|procedure|episode";
inline constexpr size_t kMaxFactBytes = 4 << 10;
inline constexpr size_t kMaxFactSources = 256;

}  // namespace atelier
