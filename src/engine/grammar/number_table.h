// The states of a NumberWriter as small numbers, with transitions kept once computed. Where integers are written
// otherwise than the rest (number_sides.h) there are two writers, and a state is one of each.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/grammar/number_sides.h"
#include "engine/grammar/number_writer.h"

namespace atelier {

class NumberTable {
 public:
  static constexpr int32_t kStart = 0;
  static constexpr int32_t kDead = -1;

  // REQUIRES: sides are apart.
  NumberTable(const NumberSides& numbers, NumberSpelling spelling)
      : writer_(numbers.whole, numbers.other ? NumberSpelling::kPlain : spelling) {
    if (numbers.other) others_.emplace(*numbers.other, spelling);
    Intern(others_ ? std::string(1, kBetween) : "");
  }

  // kDead for bytes that no number has.
  int32_t Next(int32_t state, uint8_t byte) {
    const int symbol = SymbolOf(byte);
    if (symbol < 0) return kDead;
    int32_t& known = rows_[static_cast<size_t>(state)][static_cast<size_t>(symbol)];
    if (known == kUnknown) {
      const auto next = Written(texts_[static_cast<size_t>(state)], static_cast<char>(byte));
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
      accepts_.push_back(IsMember(text));
      rows_.emplace_back().fill(kUnknown);
    }
    return at->second;
  }

  static constexpr char kBetween = '/';  // the states of the two writers
  static constexpr std::string_view kNoWay = "!";

  std::optional<std::string> Written(std::string_view state, char byte) const {
    if (!others_) return writer_.Next(state, byte);
    const size_t between = state.find(kBetween);
    const auto next = [&](const NumberWriter& writer, std::string_view own) -> std::optional<std::string> {
      return own == kNoWay ? std::nullopt : writer.Next(own, byte);
    };
    const auto whole = next(writer_, state.substr(0, between));
    const auto other = next(*others_, state.substr(between + 1));
    if (!whole && !other) return std::nullopt;
    return whole.value_or(std::string(kNoWay)) + kBetween + other.value_or(std::string(kNoWay));
  }
  bool IsMember(std::string_view state) const {
    if (!others_) return writer_.Accepts(state);
    const size_t between = state.find(kBetween);
    const auto accepts = [](const NumberWriter& writer, std::string_view own) {
      return own != kNoWay && writer.Accepts(own);
    };
    return accepts(writer_, state.substr(0, between)) || accepts(*others_, state.substr(between + 1));
  }

  NumberWriter writer_;
  std::optional<NumberWriter> others_;
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<std::string> texts_;
  std::vector<bool> accepts_;
  std::vector<std::array<int32_t, 15>> rows_;
};

}  // namespace atelier
