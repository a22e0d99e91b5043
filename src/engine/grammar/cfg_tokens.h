// Which tokens may come by a grammar that needs a stack, terminal by terminal: within a terminal a token is a matter of
// its language alone (LanguageTokens); where it goes on past the terminal's end, of what may follow there. So a mask is
// a search over the few places at which tokens pass from a terminal to the next, not a walk over the vocabulary.
//
// What follows a terminal's end is worked out once a mask, wherever in a token that end lies: frames made there are
// never changed, so they serve at all its ends. But ends that lead to one place by several ways stay several, where the
// machine would join them; an ambiguous grammar has too many, and is walked (kMaxVisits).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/grammar/arena.h"
#include "engine/grammar/cfg_machine.h"
#include "engine/grammar/language_tokens.h"

namespace atelier {

class CfgTokens {
 public:
  // Both outlive it.
  CfgTokens(const TokenTrie& trie, CfgMachine& machine) : machine_(&machine), sets_(trie, machine.languages()) {}

  // Adds the tokens under `node` that a document's thread may begin with, once it has read the byte.
  using AddDocument = std::function<void(const CfgThread& start, uint8_t byte, int32_t node)>;

  // Sets the bits of tokens that may come after `threads`, which stand in no document. False: some may be missing.
  bool Add(std::span<const CfgThread> threads, std::span<uint64_t> bits, const AddDocument& add_document);

 private:
  static constexpr size_t kMaxVisits = 2000;

  // A thread at a node of the trie.
  struct Visit {
    int32_t node;
    LanguageId language;
    int32_t to;
    const CfgFrame* frame;
    bool operator==(const Visit&) const = default;
  };
  struct HashOfVisit {
    size_t operator()(const Visit& visit) const;
  };
  // Where a terminal has ended.
  struct Place {
    std::vector<CfgThread> threads;
    ByteSet first;  // bytes that one of them may begin with
  };

  const Place& After(int32_t to, const CfgFrame* frame);
  void Leave(const TokenSet& set, const Place& place, const AddDocument& add_document);

  CfgMachine* machine_;
  LanguageTokens sets_;
  // Of one mask:
  Arena arena_;
  std::map<std::pair<int32_t, const CfgFrame*>, Place> places_;
  std::unordered_set<Visit, HashOfVisit> visited_;
  std::vector<Visit> open_;
};

}  // namespace atelier
