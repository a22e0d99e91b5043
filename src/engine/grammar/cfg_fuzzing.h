// For fuzzers of grammars: bytes up to the first NUL are a grammar, those after it a text.
#pragma once

#include <algorithm>
#include <string_view>

#include "engine/grammar/cfg_testing.h"

namespace atelier {

// Whatever the grammar, it compiles or is refused in bounded time; and where a beginning of the text can be read, it is
// whole or can be gone on with.
inline void FuzzGrammar(TestGrammar::Reader read, std::string_view input) {
  if (input.size() > 1 << 12) return;
  const size_t end = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(std::min(end + 1, input.size()));
  auto grammar = TestGrammar::Create(read, input.substr(0, end));
  if (!grammar.ok()) return;
  CfgMachine& machine = grammar->machine();
  MachineReader<CfgMachine> reader(machine, machine.Start());
  const auto is_alive = [&] {
    const auto may_end = [&](const CfgThread& thread) { return machine.Accepts(thread); };
    if (std::ranges::any_of(reader.threads(), may_end)) return true;
    const ByteSet may_follow = machine.MayFollow(reader.threads());
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      if (may_follow[static_cast<size_t>(byte)] && reader.CanRead(reader.threads(), {&c, 1})) return true;
    }
    return false;
  };
  CHECK(is_alive() || machine.languages().over_budget());
  for (size_t i = 0; i < std::min<size_t>(text.size(), 64) && reader.Read(text.substr(i, 1)); ++i) {
    CHECK(is_alive() || machine.languages().over_budget());
  }
}

}  // namespace atelier
