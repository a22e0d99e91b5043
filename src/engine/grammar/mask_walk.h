// Which tokens may come next: a trie is walked in depth-first order with a machine's threads, one list of them for each
// depth. A subtree is left out as soon as no thread is left.
//
// A Machine reads bytes with threads that are small values:
//   using Thread = …;
//   // Appends what `threads` become by `byte`. None: the byte cannot come.
//   //   text   all bytes read before
//   //   arena  where what threads point to lives
//   void StepAll(std::span<const Thread> threads, uint8_t byte, std::string_view text, Arena& arena,
//                std::vector<Thread>& out);
//   // Bytes that may come next, and perhaps some that may not: what is cheap to say.
//   ByteSet MayFollow(std::span<const Thread> threads);
//   bool Accepts(const Thread& thread);   // the output may end here
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/grammar/arena.h"
#include "engine/grammar/language.h"
#include "engine/grammar/token_trie.h"

namespace atelier {

// What an output is read with, and the place to look ahead from it. Nothing is allocated once it has grown.
template <class Machine>
class MachineReader {
 public:
  using Thread = typename Machine::Thread;

  MachineReader(Machine& machine, std::vector<Thread> start) : machine_(&machine), threads_(std::move(start)) {}

  const std::vector<Thread>& threads() const { return threads_; }
  const std::string& text() const { return text_; }
  Arena& arena() { return arena_; }

  // Stands where another reader does that has read `text`, of which this one knows the beginning.
  void Follow(std::string_view text) { text_.append(text.substr(text_.size())); }

  // Reads bytes, whole or not at all.
  bool Read(std::string_view bytes) {
    const size_t before = text_.size();
    const Arena::Mark mark = arena_.Now();
    read_ = threads_;
    for (const char byte : bytes) {
      next_.clear();
      machine_->StepAll(read_, static_cast<uint8_t>(byte), text_, arena_, next_);
      if (next_.empty()) {
        text_.resize(before);
        arena_.Reset(mark);
        return false;
      }
      text_.push_back(byte);
      std::swap(read_, next_);
    }
    std::swap(threads_, read_);
    return true;
  }

  // Calls each(threads) where `start` stand once they have read bytes; none: they cannot.
  template <class Each>
  void After(std::span<const Thread> start, std::string_view bytes, Each each) {
    const size_t before = text_.size();
    const Arena::Mark mark = arena_.Now();
    path_.assign(start.begin(), start.end());
    for (size_t i = 0; i < bytes.size() && !path_.empty(); ++i) {
      StepPath(static_cast<uint8_t>(bytes[i]));
      text_.push_back(bytes[i]);
    }
    each(std::span<const Thread>(path_));
    text_.resize(before);
    arena_.Reset(mark);
  }

  // Whether `start` may go on with these bytes.
  bool CanRead(std::span<const Thread> start, std::string_view bytes) {
    bool can = false;
    After(start, bytes, [&](std::span<const Thread> after) { can = !after.empty(); });
    return can;
  }

  // Bytes that come next whatever happens, at most `max_bytes`.
  std::string Forced(size_t max_bytes) {
    const size_t before = text_.size();
    const Arena::Mark mark = arena_.Now();
    path_ = threads_;
    for (int byte = 0; byte >= 0 && text_.size() - before < max_bytes;) {
      byte = ForcedByte();
      if (byte >= 0) text_.push_back(static_cast<char>(byte));
    }
    std::string forced = text_.substr(before);
    text_.resize(before);
    arena_.Reset(mark);
    return forced;
  }

  // Whether one of `last` may follow once `bytes` are read.
  bool CanReadOneOf(std::string_view bytes, std::span<const uint8_t> last) {
    bool can = false;
    After(threads_, bytes, [&](std::span<const Thread> after) {
      const ByteSet may_follow = machine_->MayFollow(after);
      can = std::ranges::any_of(last, [&](uint8_t byte) {
        next_.clear();
        if (may_follow.test(byte)) machine_->StepAll(after, byte, text_, arena_, next_);
        return !next_.empty();
      });
    });
    return can;
  }

  // What to write behind `bytes` so that the output may end: `next(threads, text)` says it piece by piece, and nothing
  // at the end. Nothing: it does not lead there within `max_bytes`.
  template <class Next>
  std::optional<std::string> Completion(std::string_view bytes, size_t max_bytes, Next next) {
    const size_t before = text_.size();
    const Arena::Mark mark = arena_.Now();
    path_ = threads_;
    const auto read = [&](std::string_view piece) {
      for (size_t i = 0; i < piece.size() && !path_.empty(); ++i) {
        StepPath(static_cast<uint8_t>(piece[i]));
        text_.push_back(piece[i]);
      }
      return !path_.empty();
    };
    const size_t end = before + bytes.size();
    bool goes_on = read(bytes);
    while (goes_on && text_.size() <= end + max_bytes) {
      const std::string piece = next(path_, text_);
      if (piece.empty()) break;
      goes_on = read(piece);
    }
    std::string completion = text_.substr(std::min(text_.size(), end));
    const bool may_end = std::ranges::any_of(path_, [&](const Thread& thread) { return machine_->Accepts(thread); });
    text_.resize(before);
    arena_.Reset(mark);
    if (!may_end || completion.size() > max_bytes) return std::nullopt;
    return completion;
  }

  // Calls found(token) for each token of the trie that may come after `start`; those under a node of which skip(node)
  // says so are left out.
  template <class Found, class Skip>
  void Walk(std::span<const Thread> start, const TokenTrie& trie, Found found, Skip skip) {
    WalkUnder(start, trie, TokenTrie::kRoot, found, skip);
  }
  template <class Found>
  void Walk(std::span<const Thread> start, const TokenTrie& trie, Found found) {
    Walk(start, trie, found, [](int32_t) { return false; });
  }

  // Of the tokens that begin with `prefix`, whose node in the trie is given, those that may come.
  template <class Found>
  void WalkPath(std::span<const Thread> start, const TokenTrie& trie, int32_t node, std::string_view prefix,
                Found found) {
    After(start, prefix, [&](std::span<const Thread> after) {
      if (after.empty()) return;
      for (const int32_t token : trie.tokens(node)) found(token);
      WalkUnder(after, trie, node, found, [](int32_t) { return false; });
    });
  }

 private:
  void StepPath(uint8_t byte) {
    next_.clear();
    machine_->StepAll(path_, byte, text_, arena_, next_);
    std::swap(path_, next_);
  }

  // The one byte that may follow `path_`, which then has read it; -1: none, several, or the output may end.
  int ForcedByte() {
    if (std::ranges::any_of(path_, [&](const Thread& thread) { return machine_->Accepts(thread); })) return -1;
    const ByteSet may_follow = machine_->MayFollow(path_);
    int found = -1;
    for (int byte = 0; byte < 256; ++byte) {
      if (!may_follow.test(static_cast<size_t>(byte))) continue;
      next_.clear();
      machine_->StepAll(path_, static_cast<uint8_t>(byte), text_, arena_, next_);
      if (next_.empty()) continue;
      if (found >= 0) return -1;
      found = byte;
      std::swap(read_, next_);
    }
    if (found >= 0) std::swap(path_, read_);
    return found;
  }

  // What is under `top`, where `start` stand.
  template <class Found, class Skip>
  void WalkUnder(std::span<const Thread> start, const TokenTrie& trie, int32_t top, Found found, Skip skip) {
    const size_t before = text_.size();
    const auto depths = static_cast<size_t>(trie.max_depth() - trie.depth(top)) + 1;
    if (levels_.size() < depths) levels_.resize(depths);
    levels_[0].threads.assign(start.begin(), start.end());
    Enter(levels_[0], trie, top);
    for (size_t depth = 0;;) {
      Level& at = levels_[depth];
      while (at.child < at.bytes.size() && !at.may_follow.test(at.bytes[at.child])) ++at.child;
      if (at.child == at.bytes.size()) {
        if (depth == 0) break;
        --depth;
        continue;
      }
      const uint8_t byte = at.bytes[at.child];
      const int32_t node = at.children[at.child++];
      if (skip(node)) continue;
      arena_.Reset(at.mark);
      text_.resize(before + depth);
      Level& next = levels_[depth + 1];
      next.threads.clear();
      machine_->StepAll(at.threads, byte, text_, arena_, next.threads);
      if (next.threads.empty()) continue;
      for (const int32_t token : trie.tokens(node)) found(token);
      if (trie.children(node).empty()) continue;
      text_.push_back(static_cast<char>(byte));
      Enter(next, trie, node);
      ++depth;
    }
    arena_.Reset(levels_[0].mark);
    text_.resize(before);
  }

  struct Level {
    std::vector<Thread> threads;
    ByteSet may_follow;
    Arena::Mark mark;
    std::span<const uint8_t> bytes;  // of the node's children
    std::span<const int32_t> children;
    size_t child = 0;  // the next one
  };
  void Enter(Level& level, const TokenTrie& trie, int32_t node) {
    level.may_follow = machine_->MayFollow(level.threads);
    level.mark = arena_.Now();
    level.bytes = trie.child_bytes(node);
    level.children = trie.children(node);
    level.child = 0;
  }

  Machine* machine_;
  std::string text_;
  Arena arena_;
  std::vector<Thread> threads_, read_, next_, path_;
  std::vector<Level> levels_;  // by depth below where a walk begins
};

}  // namespace atelier
