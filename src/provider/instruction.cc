#include "provider/instruction.h"

#include <utility>

namespace atelier {

void AddInstruction(Json& messages, const std::string& instruction) {
  if (!messages.empty() && messages[0]["role"].is_string() && messages[0]["role"].AsString() == "system" &&
      messages[0]["content"].is_string()) {
    messages[0].Set("content", messages[0]["content"].AsString() + "\n\n" + instruction);
    return;
  }
  Json all = Json::Array();
  all.Push(Json::Object({{"role", "system"}, {"content", instruction}}));
  for (Json& message : messages.items()) all.Push(std::move(message));
  messages = std::move(all);
}

}  // namespace atelier
