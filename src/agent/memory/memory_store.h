// Where a memory lies: one HybridIndex in a folder. A turn is a record, found by its words and by its vector; beside it
// stands a window, the turn with the two before it, found likewise: what a turn is about is often said before it.
//
//   turn     "t/" + 16 hexadecimal digits of its session + "/" + 8 digits of its place.  texts: body, speaker
//   window   "w/…", the same place: the turns [place - 2, place].  texts: body.  None of a session's first turn.
//   session  "s/" + the 16 digits: how many turns it has had, and how many of these have been learnt from. No texts.
//   fact     "f/" + 24 letters and digits (memory_fact.h).  texts: body
//
// Attributes: @kind, user, agent, session; of turns speaker, said_ms, reference, of facts fact and source. Payloads are
// JSON. A turn and its window are one commit, so are all turns of a call. What Forget removes is in no file of the
// folder when it returns, nor is what was made of it: windows that hold a turn and facts that stand on it go too.
// Thread-safe; every call may block.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/memory/memory_fact.h"
#include "agent/memory/memory_turn.h"
#include "base/io/files.h"
#include "base/result.h"
#include "knowledge/index/hybrid_index.h"

namespace atelier {

struct MemoryStoreOptions {
  std::string embedder = {};  // empty: words alone
  int32_t dimensions = 0;
  std::string language = "en";
};

// Turns that have found their place and are not stored yet: what is to be embedded of them.
struct PlacedTurns {
  std::vector<MemoryTurn> turns;     // of one session, with their ids
  std::vector<std::string> windows;  // [turns]; empty: the turn has none
  int64_t first_place = 0;
};

// A conversation that the memory knows.
struct MemorySessionState {
  MemoryScope scope;
  int64_t num_places = 0;  // turns that it has had, forgotten ones too
  int64_t num_learnt = 0;  // of these, from the first
};

// What was found, by either way.
struct MemoryHit {
  std::string id;
  std::optional<double> words = {}, likeness = {};  // BM25, cosine
};
struct MemoryHits {
  std::vector<MemoryHit> turns, windows;  // those of windows under the ids of their turns
};

inline constexpr int32_t kWindowTurns = 3;
inline constexpr size_t kMaxTurnBytes = 256 << 10;  // of a text; a message of a chat is far below
inline constexpr size_t kMaxNameBytes = 256;        // of a user, an agent, a session, a speaker, a reference

class MemoryStore {
 public:
  // Opens or makes it. Errors: the index's; kConflict names the embedder that it was made with.
  static Result<std::unique_ptr<MemoryStore>> Open(Files& files, const std::string& folder, MemoryStoreOptions options);
  // With what it was made with, for reading alone, whoever writes it. kNotFound if there is none.
  static Result<std::unique_ptr<MemoryStore>> Follow(Files& files, const std::string& folder);

  const MemoryStoreOptions& options() const { return options_; }

  // Where turns said in the session `scope` belong. A turn with a reference that the session has already is left out:
  // recorded twice, it is there once. Errors: kInvalid names the turn that is too large.
  Result<PlacedTurns> Place(const MemoryScope& scope, std::vector<MemoryTurn> turns) const;
  // One commit. `turn_vectors` and `window_vectors` belong to the turns by place; empty without embedder.
  // False: the session has grown since Place, and nothing was stored.
  Result<bool> Put(const PlacedTurns& placed, std::vector<std::vector<float>> turn_vectors,
                   std::vector<std::vector<float>> window_vectors);

  // Of turns in `scope`, the best by words and by vector, `top_k` of each way.
  Result<MemoryHits> Search(const MemoryScope& scope, std::string_view words, const std::vector<float>& vector,
                            int32_t top_k) const;
  // Those that are there, in the order asked for; others are left out.
  Result<std::vector<MemoryTurn>> Turns(const std::vector<std::string>& ids) const;
  // Turns in `scope` in order of id, those after `after`.
  Result<std::vector<MemoryTurn>> List(const MemoryScope& scope, std::string_view after, int32_t limit) const;
  // Who has spoken in `scope`: most frequent first, at most 100.
  Result<std::vector<std::string>> Speakers(const MemoryScope& scope) const;

  // Sessions in `scope`, in order of id.
  Result<std::vector<MemorySessionState>> Sessions(const MemoryScope& scope) const;
  // How far one has come; of one that is not there, nothing.
  Result<MemorySessionState> StateOf(const MemoryScope& session) const;
  // The turns of a session from `place` on, `limit` places.
  Result<std::vector<MemoryTurn>> TurnsFrom(const MemoryScope& session, int64_t place, int32_t limit) const;

  // Facts are put as one commit, with their vectors ([facts]; without embedder empty; an empty one leaves what was
  // there). One without an id gets one. `learnt`: a session that has been learnt from up to a place.
  Result<std::vector<std::string>> PutFacts(std::vector<MemoryFact> facts, std::vector<std::vector<float>> vectors,
                                            std::optional<MemorySessionState> learnt = {});
  // Of facts of the scope's user and agent, whatever the session.
  Result<std::vector<MemoryHit>> SearchFacts(const MemoryScope& scope, std::string_view words,
                                             const std::vector<float>& vector, int32_t top_k) const;
  Result<std::vector<MemoryFact>> Facts(const std::vector<std::string>& ids) const;
  // In order of id, those after `after`; of one kind, or of any.
  Result<std::vector<MemoryFact>> ListFacts(const MemoryScope& scope, std::string_view kind, std::string_view after,
                                            int32_t limit) const;

  // Removes turns and facts for good, with what was made of them; how many there were.
  // COST: writes anew the segments that hold them.
  Result<int64_t> Forget(const std::vector<std::string>& ids);
  // All that is in `scope`; how many turns and facts went.
  Result<int64_t> ForgetAll(const MemoryScope& scope);

 private:
  MemoryStore(std::unique_ptr<HybridIndex> index, MemoryStoreOptions options)
      : index_(std::move(index)), options_(std::move(options)) {}

  std::unique_ptr<HybridIndex> index_;
  const MemoryStoreOptions options_;
  std::mutex writing_;  // between reading how many places a session has and taking the next
};

// An id for a fact that nobody has.
std::string NewFactId();

// The place of a turn in its session, and the id of the turn at another one.
int64_t PlaceOf(std::string_view turn_id);
std::string TurnIdAt(std::string_view turn_id, int64_t place);

}  // namespace atelier
