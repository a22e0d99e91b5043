// Whether an answer is what the request said it must be, told after the fact: for upstreams that may break a
// description without a word. Shares the schema's reader with the generator and nothing else (json_schema_validator.h).
// Immutable; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/text/json_schema_validator.h"
#include "engine/grammar/grammar.h"
#include "provider/gathered.h"
#include "provider/tool_use.h"

namespace atelier {

class OutputCheck {
 public:
  // Errors name what of the description nothing can keep: Invalid, Unsupported, TooLarge, as CompileGrammar.
  //   COST: that of compiling all schemas and the grammar.
  static Result<std::shared_ptr<const OutputCheck>> Create(const std::optional<GrammarSpec>& grammar,
                                                           const ToolUse& tools);

  // What is wrong with an answer; nothing where it keeps its description. JSON within a code fence is taken
  // out of it: `choice.text` is then the JSON alone.
  std::optional<std::string> Violation(GatheredChoice& choice) const;

 private:
  struct OfTool {
    std::optional<JsonSchemaValidator> arguments;
    std::shared_ptr<const Grammar> input;
    bool custom = false;
  };
  std::optional<std::string> OfCalls(const GatheredChoice& choice) const;
  std::optional<std::string> OfCall(const GatheredCall& call) const;
  std::optional<std::string> OfText(std::string& text) const;

  std::optional<JsonSchemaValidator> schema_;
  std::shared_ptr<const Grammar> grammar_;
  bool allows_any_text_ = true;
  ToolUse::Choice choice_ = ToolUse::Choice::kAuto;
  bool parallel_ = true;
  std::map<std::string, OfTool> tools_;  // those that may be called
};

}  // namespace atelier
