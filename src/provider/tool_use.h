// What a model may call, and whether it must.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text/json.h"
#include "engine/grammar/grammar.h"

namespace atelier {

struct Tool {
  std::string name;
  // As templates show it: {"type": "function", "function": {"name", "description", "parameters"}}.
  Json definition;
  Json parameters = Json::Object({{"type", "object"}});  // a schema, kept whether or not it is called strict
  // Custom tools take a text in place of arguments: any text, or one of a grammar (kRegex or kGrammar).
  bool custom = false;
  std::optional<GrammarSpec> input = {};
};

struct ToolUse {
  enum class Choice { kAuto, kNone, kRequired };

  std::vector<Tool> tools;
  Choice choice = Choice::kAuto;
  std::vector<std::string> allowed;  // names; empty: all
  bool parallel = true;              // several calls in one answer

  bool MayCall() const { return !tools.empty() && choice != Choice::kNone; }
  bool IsAllowed(const std::string& name) const {
    return allowed.empty() || std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  }
};

}  // namespace atelier
