// What an agent's model reads: messages in OpenAI's shape, and a digest of them that grows with them, so that a long
// conversation is hashed once and not once a step.
#pragma once

#include <cstdint>
#include <string>

#include "base/text/json.h"

namespace atelier {

class AgentConversation {
 public:
  void Add(Json message);
  const Json& messages() const { return messages_; }
  // Of all messages and their order; 64 hexadecimal digits.
  const std::string& digest() const { return digest_; }
  size_t size() const { return static_cast<size_t>(messages_.size()); }

  static Json System(std::string text) { return Json::Object({{"role", "system"}, {"content", std::move(text)}}); }
  static Json User(std::string text) { return Json::Object({{"role", "user"}, {"content", std::move(text)}}); }

 private:
  Json messages_ = Json::Array({});
  std::string digest_;
};

}  // namespace atelier
