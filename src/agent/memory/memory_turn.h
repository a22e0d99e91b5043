// What a memory holds of conversations: turns, verbatim, each with who said it, when, and whose it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace atelier {

// Whose a memory is. Of what is kept all three are told apart; of what is asked for, an empty one stands for any.
struct MemoryScope {
  std::string user = {};     // the person that is talked with
  std::string agent = {};    // who talks with the person
  std::string session = {};  // one conversation
  bool operator==(const MemoryScope&) const = default;
};

struct MemoryTurn {
  std::string id = {};  // the store's: turns of a session stand in order of their ids
  MemoryScope scope = {};
  std::string speaker = {};
  std::string text = {};
  int64_t said_ms = 0;         // since 1970; 0: nobody knows
  std::string reference = {};  // what the caller calls it; may be empty
  std::string work = {};       // where the journal tells how it came about (agent/run_trail.h); empty: nowhere
};

// A turn as it is embedded and as a model reads it: "Ana: I moved to Porto."
inline std::string SpokenText(const MemoryTurn& turn) {
  return turn.speaker.empty() ? turn.text : turn.speaker + ": " + turn.text;
}

}  // namespace atelier
