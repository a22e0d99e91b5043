#include "agent/agent_conversation.h"

#include <utility>

#include "base/io/sha256.h"

namespace atelier {

void AgentConversation::Add(Json message) {
  digest_ = Sha256Hex(digest_ + message.Dump());
  messages_.Push(std::move(message));
}

}  // namespace atelier
