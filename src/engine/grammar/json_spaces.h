// White space between JSON's tokens, where an expression says what it may be: a small automaton over the four bytes
// that JSON calls white space. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/grammar/language.h"

namespace atelier {

inline bool IsJsonSpace(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

class JsonSpaces {
 public:
  static constexpr uint8_t kStart = 0;
  static constexpr uint8_t kDead = 255;

  // What of the pattern is white space of JSON's, or empty. Errors: Invalid where it is malformed or nothing of it is;
  // TooLarge where it counts too far.
  static Result<JsonSpaces> Create(std::string_view pattern, Languages& languages);

  // REQUIRES: IsJsonSpace(byte).
  uint8_t Next(uint8_t state, uint8_t byte) const { return states_[state].next[Column(byte)]; }
  bool Accepts(uint8_t state) const { return states_[state].shortest.empty(); }
  // A shortest text from here that the pattern takes.
  const std::string& Shortest(uint8_t state) const { return states_[state].shortest; }

 private:
  struct State {
    std::array<uint8_t, 4> next = {kDead, kDead, kDead, kDead};
    std::string shortest;
  };
  static size_t Column(uint8_t byte) { return byte == ' ' ? 0 : byte == '\n' ? 1 : byte == '\t' ? 2 : 3; }

  std::vector<State> states_;
};

}  // namespace atelier
