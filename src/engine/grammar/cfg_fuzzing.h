// For fuzzers of grammars: bytes up to the first NUL are a grammar, those after it a text.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "engine/grammar/cfg_testing.h"
#include "engine/grammar/cfg_tokens.h"
#include "engine/grammar/token_bits.h"

namespace atelier {

// Single bytes, and what stands in the text and the grammar, in pieces of two to six bytes.
inline TokenTrie PiecesOf(std::string_view input) {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
  for (size_t i = 0; i < std::min<size_t>(input.size(), 400); ++i) pieces.emplace_back(input.substr(i, 2 + i % 5));
  return TokenTrie(std::move(pieces));
}

// Tokens found by terminals are those that a walk over the vocabulary finds.
inline void CheckTokens(CfgMachine& machine, MachineReader<CfgMachine>& reader, const TokenTrie& trie,
                        CfgTokens& tokens) {
  const auto in_document = [](const CfgThread& thread) { return thread.language == CfgThread::kInJson; };
  if (std::ranges::any_of(reader.threads(), in_document)) return;
  const size_t num_words = (static_cast<size_t>(trie.num_tokens()) + 63) / 64;
  std::vector<uint64_t> found(num_words), walked(num_words);
  const auto add_document = [&](const CfgThread& start, uint8_t byte, int32_t node) {
    const char first = static_cast<char>(byte);
    reader.WalkPath({&start, 1}, trie, node, {&first, 1}, [&](int32_t token) { SetTokenBit(found, token); });
  };
  const bool all = tokens.Add(reader.threads(), found, add_document);
  reader.Walk(reader.threads(), trie, [&](int32_t token) { SetTokenBit(walked, token); });
  if (machine.languages().over_budget()) return;
  for (size_t i = 0; i < num_words; ++i) CHECK(all ? found[i] == walked[i] : (found[i] & ~walked[i]) == 0);
}

// Whatever the grammar, it compiles or is refused in bounded time; and where a beginning of the text can be read, it is
// whole or can be gone on with, and two ways find the same tokens there.
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
  const TokenTrie trie = PiecesOf(input);
  CfgTokens tokens(trie, machine);
  size_t num_read = 0;
  do {
    CHECK(is_alive() || machine.languages().over_budget());
    if (num_read % 4 == 0) CheckTokens(machine, reader, trie, tokens);
  } while (num_read < std::min<size_t>(text.size(), 64) && reader.Read(text.substr(num_read++, 1)));
}

}  // namespace atelier
