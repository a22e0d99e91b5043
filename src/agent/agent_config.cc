#include "agent/agent_config.h"

#include <algorithm>

#include "base/text/ecma_regex.h"
#include "base/text/json_schema.h"

namespace atelier {
namespace {

Result<void> CheckPattern(const std::string& key, const std::string& pattern) {
  if (pattern.empty()) return {};
  auto compiled = EcmaRegex::Compile(pattern);
  return compiled.ok() ? Result<void>() : std::move(compiled).error().Under(key);
}

Result<void> CheckSchema(const std::string& key, const Json& schema) {
  if (schema.is_null()) return {};
  auto read = SchemaDocument::Parse(schema);
  return read.ok() ? Result<void>() : std::move(read).error().Under(key);
}

Result<void> CheckGuard(const GuardConfig& guard) {
  TRY_VOID(CheckPattern("must_match", guard.must_match));
  TRY_VOID(CheckPattern("must_not_match", guard.must_not_match));
  TRY_VOID(CheckSchema("schema", guard.schema));
  if (guard.must_match.empty() && guard.must_not_match.empty() && guard.schema.is_null() && guard.statement.empty()) {
    return Error::Invalid("", "got nothing to look for, want must_match, must_not_match, schema or statement");
  }
  return {};
}

bool IsName(std::string_view name) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

Fields AgentLimits::Describe() {
  using C = AgentLimits;
  static constexpr Field fields[] = {
      Key<&C::max_steps>("max_steps", "answers of models").AtLeast(0),
      Key<&C::max_tokens>("max_tokens", "read and written").AtLeast(0),
      Key<&C::max_cost>("max_cost", "by `prices`").AtLeast(0),
      Key<&C::max_seconds>("max_seconds", "at work; waiting for a person doesn't count").AtLeast(0),
      Key<&C::max_tool_calls>("max_tool_calls", "of all tools").AtLeast(0),
      Key<&C::max_calls_of>("max_calls_of", "of a tool, by its name"),
      Key<&C::max_parallel>("max_parallel", "calls at once").Between(1, 64),
      Key<&C::max_depth>("max_depth", "agents that ask agents").Between(1, 16),
      Key<&C::max_repeats>("max_repeats", "of the same call with the same outcome: then it goes in circles").AtLeast(0),
      Key<&C::max_journal_mib>("max_journal_mib", "that the run may store").Between(1, 4096),
  };
  return fields;
}

Fields GuardConfig::Describe() {
  using C = GuardConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "told where it refuses").Required(),
      Key<&C::on>("on", "what it looks at").OneOf("input|output|arguments"),
      Key<&C::tool>("tool", "of arguments: a glob of tools"),
      Key<&C::must_match>("must_match", "a regular expression (ECMA-262) that is found in it"),
      Key<&C::must_not_match>("must_not_match", "a regular expression (ECMA-262) that is not"),
      Key<&C::schema>("schema", "a JSON Schema that it keeps, read as JSON"),
      Key<&C::statement>("statement", "about it, judged by the model: refused where likelier than at_most"),
      Key<&C::at_most>("at_most", "how likely the statement may be").Between(0, 1),
      Key<&C::then>("then", "what becomes of what it refuses").OneOf("refuse|ask"),
  };
  return fields;
}

Fields GuidedConfig::Describe() {
  using C = GuidedConfig;
  static constexpr Field fields[] = {
      Key<&C::rounds>("rounds", "tools that are called, at most").Between(0, 20),
      Key<&C::tool_at_least>("tool_at_least", "probability of the likeliest tool; below, the model answers at once")
          .Between(0, 1),
      Key<&C::enough_at_least>("enough_at_least",
                               "probability that what was found answers the question; below, another tool is called")
          .Between(0, 1),
  };
  return fields;
}

Fields ResearchConfig::Describe() {
  using C = ResearchConfig;
  static constexpr Field fields[] = {
      Key<&C::sources>("sources", "that a question is looked up in, at most").Between(1, 32),
      Key<&C::reads>("reads", "of what a source gave, that are read whole").Between(0, 20),
      Key<&C::enough_at_least>("enough_at_least", "confidence in an answer; below, the next source is searched")
          .Between(0, 1),
      Key<&C::refuse_below>("refuse_below", "confidence below which nothing is said").Between(0, 1),
      Key<&C::most_sentences>("most_sentences", "of the answer to a question").Between(1, 20),
      Key<&C::answer>("answer", "quote: sentences as they stand; write: by the model, what is supported is kept")
          .OneOf("quote|write"),
      Key<&C::support_at_least>("support_at_least", "of a written sentence that is kept").Between(0, 1),
  };
  return fields;
}

Fields MemoryConfig::Describe() {
  using C = MemoryConfig;
  static constexpr Field fields[] = {
      Key<&C::user>("user", "whose memory; without, that of whoever starts the run"),
      Key<&C::session>("session", "the conversation that goes on; without, one a day"),
      Key<&C::recent>("recent", "of the conversation's last turns that are told").Between(0, 100),
      Key<&C::recalled>("recalled", "turns of any time that bear on the input").Between(0, 100),
      Key<&C::facts>("facts", "that bear on the input").Between(0, 100),
      Key<&C::max_tokens>("max_tokens", "of all that is told, by and large").Between(50, 100'000),
      Key<&C::learn>("learn", "facts are made of what was said, after the answer"),
  };
  return fields;
}

Fields AgentConfig::Describe() {
  using C = AgentConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "as runs name it").Required(),
      Key<&C::description>("description", "told to whoever may ask it"),
      Key<&C::instructions>("instructions", "its system message"),
      Key<&C::model>("model", "that it asks; without, the default chat model"),
      Key<&C::policy>("policy", "how it works").OneOf("react|guided|research"),
      Key<&C::tools>("tools", "names of `tools`, or globs of them"),
      Key<&C::agents>("agents", "that it may ask, as tools ask_NAME"),
      Key<&C::handoffs>("handoffs", "that it may hand the conversation over to, by tools transfer_to_NAME"),
      Key<&C::ask_person>("ask_person", "it may ask a person, by a tool of this name"),
      Key<&C::memory>("memory", "what it remembers of its conversations; without, nothing"),
      Key<&C::output_schema>("output_schema", "a JSON Schema of its answer"),
      Key<&C::limits>("limits", "where a run has to stop"),
      Key<&C::guided>("guided", "of the policy guided"),
      Key<&C::research>("research", "of the policy research"),
      Key<&C::guards>("guards", "what is looked at before it goes on its way"),
      Key<&C::needs_approval>("needs_approval", "globs of tools that a person has to approve each call of"),
      Key<&C::show_tools>("show_tools",
                          "of its tools that the model is shown at once, those that fit; more by find_tools; 0: all")
          .AtLeast(0),
      Key<&C::max_answer_tokens>("max_answer_tokens", "of one answer of the model").Between(1, 1'000'000),
      Key<&C::temperature>("temperature", "0 is greedy").Between(0, 2),
      Key<&C::max_result_bytes>("max_result_bytes", "of a tool's result that the model is shown; the rest by a handle")
          .Between(200, 1'000'000),
      Key<&C::compact_above_tokens>("compact_above_tokens",
                                    "of the conversation: then its older part is summed up; 0: by the model's context")
          .AtLeast(0),
  };
  return fields;
}

Result<void> CheckAgent(const AgentConfig& config) {
  if (!IsName(config.name)) {
    return Error::Invalid("name", "got '" + config.name.substr(0, 80) + "', want 1 to 64 letters, digits, '_' or '-'");
  }
  TRY_VOID(CheckSchema("output_schema", config.output_schema));
  for (size_t i = 0; i < config.guards.size(); ++i) {
    auto fine = CheckGuard(config.guards[i]);
    if (!fine.ok()) return std::move(fine).error().Under("guards[" + std::to_string(i) + "]");
  }
  return {};
}

}  // namespace atelier
