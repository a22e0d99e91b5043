// How turns, windows, sessions and facts are records of the index (memory_store.h tells which).
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "agent/memory/memory_store.h"

namespace atelier {

inline constexpr std::string_view kTurnKind = "turn", kWindowKind = "window", kSessionKind = "session",
                                  kFactKind = "fact";
inline constexpr int32_t kAllRecords = std::numeric_limits<int32_t>::max();

// All that is in `scope` and, unless `kind` is empty, of that kind.
Filter WithinScope(const MemoryScope& scope, std::string_view kind);
// Of this user, agent and session, where an empty one stands for itself.
Filter ExactlyIn(const MemoryScope& scope, std::string_view kind);
Filter AttributeIs(std::string_view key, std::string_view value);

std::string SessionRecordId(const MemoryScope& scope);
std::string TurnIdOf(const MemoryScope& scope, int64_t place);
bool IsTurnId(std::string_view id);
bool IsFactId(std::string_view id);
// Of the window that ends with the turn.
std::string WindowIdOf(std::string_view turn_id);

IndexRecord TurnRecord(const MemoryTurn& turn);
IndexRecord WindowRecord(const MemoryTurn& turn, std::string text);
IndexRecord SessionRecord(const MemorySessionState& state);
IndexRecord FactRecord(const MemoryFact& fact);
// Errors: kCorrupt for what these do not write.
Result<MemoryTurn> ReadTurn(const IndexRecord& record);
Result<MemorySessionState> ReadSession(const IndexRecord& record);
Result<MemoryFact> ReadFact(const IndexRecord& record);

// Errors: kInvalid: too long, or empty where it must not be.
Result<void> CheckScope(const MemoryScope& scope);
Result<void> CheckTurn(const MemoryTurn& turn);
Result<void> CheckFact(const MemoryFact& fact);

// Of what people ask, words alone: quotes, stars and signs mean something to the index.
std::string QuestionWords(std::string_view text);

}  // namespace atelier
