// Where a memory lies: one HybridIndex in a folder. A turn is a record, found by its words and by its vector; beside it
// stands a window, the turn with the two before it, found likewise: what a turn is about is often said before it.
//
//   turn     "t/" + 16 hexadecimal digits of its session + "/" + 8 digits of its place.  texts: body, speaker
//   window   "w/…", the same place: the turns [place - 2, place].  texts: body.  None of a session's first turn.
//   session  "s/" + the 16 digits: how many turns it has had. No texts.
//
// Attributes: @kind, user, agent, session, speaker, said_ms. Payload of a turn: JSON. A turn and its window are one
// commit, so are all turns of a call. What Forget removes is in no file of the folder when it returns.
// Thread-safe; every call may block.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

  const MemoryStoreOptions& options() const { return options_; }

  // Where turns said in the session `scope` belong. Errors: kInvalid names the turn that is too large.
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

  // Removes these records for good.   COST: writes anew the segments that hold them.
  Result<void> Forget(const std::vector<std::string>& ids);
  // All that is in `scope`; how many turns went.
  Result<int64_t> ForgetAll(const MemoryScope& scope);

 private:
  MemoryStore(std::unique_ptr<HybridIndex> index, MemoryStoreOptions options)
      : index_(std::move(index)), options_(std::move(options)) {}
  Result<int64_t> NumPlaces(const std::string& session_record) const;
  Result<std::vector<MemoryHit>> SearchKind(const IndexQuery& query) const;

  std::unique_ptr<HybridIndex> index_;
  const MemoryStoreOptions options_;
  std::mutex writing_;  // between reading how many places a session has and taking the next
};

// The place of a turn in its session, and the id of the turn at another one.
int64_t PlaceOf(std::string_view turn_id);
std::string TurnIdAt(std::string_view turn_id, int64_t place);

}  // namespace atelier
