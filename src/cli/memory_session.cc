#include "cli/memory_session.h"

#include <cstdio>

#include "cli/terminal_text.h"

namespace atelier {
namespace {

constexpr size_t kShownBytes = 160;

std::string OneLine(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + " …";
  return SafeForTerminal(text);
}

}  // namespace

void MemoryScopeOptions::Declare(Options& options) {
  options.Text("--user,-u", scope.user, "only of this person");
  options.Text("--agent,-a", scope.agent, "only of this agent");
  options.Text("--session,-s", scope.session, "only of this conversation");
}

Result<MemoryAccess> MemoryAccess::Open(const Invocation& invocation) {
  MemoryAccess opened;
  TRY(opened.session, AgentSession::Open(invocation));
  return opened;
}

void ShowTurn(const MemoryTurn& turn) {
  std::printf("%s  %-10s  %s\n", turn.id.c_str(), DayText(turn.said_ms).c_str(), OneLine(SpokenText(turn)).c_str());
}

void ShowFact(const MemoryFact& fact) {
  std::string when = DayText(fact.valid_from_ms);
  if (fact.valid_to_ms > 0) when += " to " + DayText(fact.valid_to_ms);
  if (fact.withdrawn_ms > 0) when += " (withdrawn)";
  std::printf("%s  %-9s  %-10s  %s\n", fact.id.c_str(), fact.kind.c_str(), when.c_str(), OneLine(fact.text).c_str());
}

}  // namespace atelier
