// atelier a2a card
#include <cstdio>

#include "cli/a2a_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class A2aCardCommand final : public Command {
 public:
  void Declare(Options& options) override { peer_.Declare(options); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, A2aSession::Open(peer_));
    const Json& card = session->peer().card;
    if (invocation.json) {
      invocation.Print(card);
      return {};
    }
    std::printf("%s %s: %s\n", TextAt(card, "name").c_str(), TextAt(card, "version").c_str(),
                TextAt(card, "description").c_str());
    const A2aPeer& peer = session->peer();
    std::printf("asked at %s, %s, A2A %s\n", SafeForTerminal(peer.url).c_str(), peer.rest ? "HTTP+JSON" : "JSON-RPC",
                std::string(A2aVersionName(peer.version)).c_str());
    std::printf("signature: %s\n", Signature(card));
    if (!card["skills"].is_array()) return {};
    for (const Json& skill : card["skills"].items()) {
      std::printf("  %-20s %s\n", TextAt(skill, "name").c_str(), TextAt(skill, "description").c_str());
    }
    return {};
  }

 private:
  static std::string TextAt(const Json& object, std::string_view key) {
    const Json& value = object[key];
    return value.is_string() ? SafeForTerminal(value.AsString()) : std::string();
  }
  const char* Signature(const Json& card) const {
    if (!peer_.card_keys.empty()) return "by a key of --card-keys";
    return card.Has("signatures") ? "there, not checked" : "none";
  }

  A2aPeerOptions peer_;
};

}  // namespace

extern const CommandEntry command_a2a_card{
    "a2a card", "Show what a foreign agent says of itself",
    "Its card, from URL/.well-known/agent-card.json. With --card-keys it must be signed by one of those keys, and "
    "what\n"
    "is shown is what the signature covers.\n"
    "\n"
    "  atelier a2a card http://127.0.0.1:8910",
    []() -> std::unique_ptr<Command> { return std::make_unique<A2aCardCommand>(); }};

}  // namespace atelier
