// The states of a NumberWriter as small numbers, with transitions kept once computed.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/grammar/number_writer.h"

namespace atelier {

class NumberTable {
 public:
  static constexpr int32_t kStart = 0;
  static constexpr int32_t kDead = -1;

  NumberTable(NumberSet set, NumberSpelling spelling) : writer_(std::move(set), spelling) { Intern(""); }

  // kDead for bytes that no number has.
  int32_t Next(int32_t state, uint8_t byte) {
    const int symbol = SymbolOf(byte);
    if (symbol < 0) return kDead;
    int32_t& known = rows_[static_cast<size_t>(state)][static_cast<size_t>(symbol)];
    if (known == kUnknown) {
      const auto next = writer_.Next(texts_[static_cast<size_t>(state)], static_cast<char>(byte));
      const int32_t made = next ? Intern(*next) : kDead;
      rows_[static_cast<size_t>(state)][static_cast<size_t>(symbol)] = made;  // Intern may have moved the rows
      return made;
    }
    return known;
  }
  bool Accepts(int32_t state) const { return accepts_[static_cast<size_t>(state)]; }
  bool AnyNext(int32_t state) {
    for (const char c : kSymbols) {
      if (Next(state, static_cast<uint8_t>(c)) != kDead) return true;
    }
    return false;
  }

 private:
  static constexpr std::string_view kSymbols = "0123456789+-.eE";
  static constexpr int32_t kUnknown = -2;

  static int SymbolOf(uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    switch (byte) {
      case '+': return 10;
      case '-': return 11;
      case '.': return 12;
      case 'e': return 13;
      case 'E': return 14;
      default: return -1;
    }
  }

  int32_t Intern(const std::string& text) {
    const auto [at, added] = ids_.try_emplace(text, static_cast<int32_t>(texts_.size()));
    if (added) {
      texts_.push_back(text);
      accepts_.push_back(writer_.Accepts(text));
      rows_.emplace_back().fill(kUnknown);
    }
    return at->second;
  }

  NumberWriter writer_;
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<std::string> texts_;
  std::vector<bool> accepts_;
  std::vector<std::array<int32_t, 15>> rows_;
};

}  // namespace atelier
