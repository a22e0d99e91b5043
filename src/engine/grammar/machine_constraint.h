// A Constraint that follows its output with a machine of mask_walk.h.
//
// A machine's tables grow as outputs need them, and all outputs of one grammar share it: whoever uses it holds the
// lock.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/grammar/mask_walk.h"
#include "engine/grammar/token_bits.h"

namespace atelier {

template <class Machine>
struct SharedMachine {
  SharedMachine(std::shared_ptr<const GrammarVocabulary> words, std::unique_ptr<Machine> reader)
      : vocabulary(std::move(words)), machine(std::move(reader)) {}

  std::shared_ptr<const GrammarVocabulary> vocabulary;
  std::unique_ptr<Machine> machine;
  std::mutex mutex;
};

template <class Machine>
class MachineConstraint : public Constraint {
 public:
  using Thread = typename Machine::Thread;

  MachineConstraint(std::shared_ptr<SharedMachine<Machine>> shared, std::vector<Thread> start)
      : shared_(std::move(shared)), reader_(*shared_->machine, std::move(start)) {}

  void Mask(std::span<uint64_t> bits) final {
    std::ranges::fill(bits, 0);
    const std::lock_guard lock(shared_->mutex);
    AddAllowed(bits);
  }
  bool Accept(int32_t token) final {
    if (token < 0 || token >= trie().num_tokens()) return false;
    const std::string_view piece = trie().Piece(token);
    return !piece.empty() && AcceptBytes(piece);
  }
  bool AcceptBytes(std::string_view bytes) final {
    const std::lock_guard lock(shared_->mutex);
    return reader_.Read(bytes);
  }
  bool CanEnd() final {
    const std::lock_guard lock(shared_->mutex);
    return std::ranges::any_of(reader_.threads(), [&](const Thread& thread) { return machine().Accepts(thread); });
  }
  std::string Forced(size_t max_bytes) final {
    const std::lock_guard lock(shared_->mutex);
    return reader_.Forced(max_bytes);
  }
  bool MayGoOn(std::string_view bytes, std::string_view piece) final {
    const int32_t node = trie().Find(TokenTrie::kRoot, piece);
    if (node < 0) return true;
    const std::lock_guard lock(shared_->mutex);
    return reader_.CanReadOneOf(bytes, trie().child_bytes(node));
  }
  void LeaveOut(std::string_view text, int32_t token, std::span<uint64_t> bits) final {
    int32_t node = TokenTrie::kRoot;
    for (size_t i = 0; i < text.size() && node >= 0; ++i) {
      node = trie().Find(node, text.substr(i, 1));
      if (node < 0) return;
      for (const int32_t other : trie().tokens(node)) {
        if (other != token) bits[static_cast<size_t>(other) / 64] &= ~(uint64_t{1} << (other % 64));
      }
    }
  }
  std::optional<std::string> Closing(std::string_view bytes, size_t max_bytes) final {
    const std::lock_guard lock(shared_->mutex);
    return reader_.Completion(bytes, max_bytes, [&](const std::vector<Thread>& threads, std::string_view text) {
      return TowardsEnd(threads, text);
    });
  }
  int32_t LongestToken(std::string_view text) final {
    int32_t longest = -1;
    int32_t node = TokenTrie::kRoot;
    for (size_t i = 0; i < text.size(); ++i) {
      node = trie().Find(node, text.substr(i, 1));
      if (node < 0) break;
      if (!trie().tokens(node).empty()) longest = trie().tokens(node)[0];
    }
    return longest;
  }
  std::string_view Piece(int32_t token) const final { return trie().Piece(token); }

 protected:
  // What to write next on the way to an end; nothing where the output may end, or no way is known. The lock is held.
  virtual std::string TowardsEnd(const std::vector<Thread>& threads, std::string_view /*text*/) {
    if constexpr (requires(Machine& m) { m.TowardsEnd(threads); }) {
      return machine().TowardsEnd(threads);
    } else {
      return {};
    }
  }
  // Sets the bits of the tokens that may come. The lock is held.
  virtual void AddAllowed(std::span<uint64_t> bits) { Walk(reader_.threads(), bits); }
  void Walk(std::span<const Thread> threads, std::span<uint64_t> bits) {
    reader_.Walk(threads, trie(), [&](int32_t token) { SetTokenBit(bits, token); });
  }

  Machine& machine() { return *shared_->machine; }
  const TokenTrie& trie() const { return shared_->vocabulary->trie; }
  const GrammarVocabulary& vocabulary() const { return *shared_->vocabulary; }
  MachineReader<Machine>& reader() { return reader_; }

 private:
  std::shared_ptr<SharedMachine<Machine>> shared_;
  MachineReader<Machine> reader_;
};

}  // namespace atelier
