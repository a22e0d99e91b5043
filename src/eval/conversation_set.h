// Conversations whose last turn cannot be searched without what was said before. Each ends in a question of a judged
// set: the set says which documents are right, and how the question reads where it stands alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "eval/judged_set.h"

namespace atelier {

struct JudgedConversation {
  std::string query;               // id in the judged set
  std::vector<std::string> turns;  // user and assistant in turns; both ends are the user's, the last one is asked
};

// A JSONL file of {"query", "turns"}; other keys are left alone. Errors name file and line.
Result<std::vector<JudgedConversation>> LoadConversations(Files& files, const std::string& path);

enum class ConversationWay : uint8_t {
  kLastTurn,     // as if nothing had been said before
  kWithHistory,  // the last turn, with the history beside it: for stages that read it
  kStandalone,   // the judged set's own question: the best rewriting that one can expect
};

// The queries to ask in place of those of `set`, with its judgements; no documents.
// REQUIRES: the set has every conversation's query.
JudgedSet ConversationQueries(const JudgedSet& set, const std::vector<JudgedConversation>& conversations,
                              ConversationWay way);

}  // namespace atelier
