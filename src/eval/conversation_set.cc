#include "eval/conversation_set.h"

#include <map>
#include <set>
#include <utility>

#include "eval/json_lines.h"

namespace atelier {
namespace {

Result<JudgedConversation> ReadConversation(const Json& json) {
  JudgedConversation conversation;
  TRY(conversation.query, TextMember(json, "query"));
  const Json& turns = json["turns"];
  if (!turns.is_array() || turns.size() % 2 == 0 || turns.size() < 3) {
    return Error::Invalid("turns", "want an odd number of texts, at least three: user, assistant, ..., user");
  }
  for (const Json& turn : turns.items()) {
    if (!turn.is_string()) {
      return Error::Invalid("turns[" + std::to_string(conversation.turns.size()) + "]",
                            "got " + turn.Dump() + ", want a text");
    }
    conversation.turns.push_back(turn.AsString());
  }
  return conversation;
}

std::vector<HistoryTurn> HistoryOf(const JudgedConversation& conversation) {
  std::vector<HistoryTurn> history;
  for (size_t i = 0; i + 1 < conversation.turns.size(); ++i) {
    history.push_back({i % 2 == 0 ? "user" : "assistant", conversation.turns[i]});
  }
  return history;
}

}  // namespace

Result<std::vector<JudgedConversation>> LoadConversations(Files& files, const std::string& path) {
  std::vector<JudgedConversation> conversations;
  std::set<std::string> queries;
  TRY_VOID(EachJsonLine(files, path, [&](const Json& json) -> Result<void> {
    TRY(JudgedConversation conversation, ReadConversation(json));
    if (!queries.insert(conversation.query).second) {
      return Error::Invalid("query", "got " + conversation.query + " twice");
    }
    conversations.push_back(std::move(conversation));
    return {};
  }));
  return conversations;
}

JudgedSet ConversationQueries(const JudgedSet& set, const std::vector<JudgedConversation>& conversations,
                              ConversationWay way) {
  std::map<std::string_view, const JudgedSet::Text*> asked;
  for (const JudgedSet::Text& query : set.queries) asked[query.id] = &query;
  JudgedSet queries;
  queries.judgements = set.judgements;
  for (const JudgedConversation& conversation : conversations) {
    JudgedSet::Text query = *asked.at(conversation.query);
    if (way != ConversationWay::kStandalone) query.text = conversation.turns.back();
    if (way == ConversationWay::kWithHistory) queries.histories[query.id] = HistoryOf(conversation);
    queries.queries.push_back(std::move(query));
  }
  return queries;
}

}  // namespace atelier
