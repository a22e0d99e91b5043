// `agents` in atelier.yaml: what an agent is told, what it may do, and where it has to stop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/describe.h"
#include "base/text/json.h"

namespace atelier {

// Of one run, with all agents that it asks. 0: no bound.
struct AgentLimits {
  int64_t max_steps = 24;    // answers of models
  int64_t max_tokens = 0;    // read and written
  double max_cost = 0;       // in the unit of `prices`
  double max_seconds = 600;  // at work; waiting for a person doesn't count
  int64_t max_tool_calls = 100;
  std::map<std::string, int64_t> max_calls_of;  // of a tool, by name
  int32_t max_parallel = 8;                     // calls at once
  int32_t max_depth = 4;                        // agents that ask agents
  int32_t max_repeats = 3;                      // of the same call with the same outcome: then it goes in circles
  int64_t max_journal_mib = 64;                 // that the run may store
  static Fields Describe();
};

// Looks at a text, or at the arguments of a tool's call, before it goes on its way.
struct GuardConfig {
  std::string name = {};        // told where it refuses
  std::string on = "output";    // "input", "output", "arguments"
  std::string tool = "*";       // of arguments: a glob of tools
  std::string must_match = {};  // a regular expression (ECMA-262); empty: none
  std::string must_not_match = {};
  Json schema = {};            // that it must keep, read as JSON; null: none
  std::string statement = {};  // about the text, judged by the model; it refuses what is likelier than `at_most`
  double at_most = 0.5;
  std::string then = "refuse";  // "refuse": ends the run, or the call; "ask": a person decides
  static Fields Describe();
};

// Of the policy "guided".
struct GuidedConfig {
  int32_t rounds = 2;            // tools that are called, at most
  double tool_at_least = 0.3;    // probability of the likeliest tool; below, the model answers at once
  double enough_at_least = 0.5;  // that what was found answers the question; below, another tool is called
  static Fields Describe();
};

// Of the policy "research".
struct ResearchConfig {
  int32_t sources = 4;            // that a question is looked up in, at most
  int32_t reads = 3;              // of what a source gave, that are read whole
  double enough_at_least = 0.25;  // confidence that what was read answers; below, the next source is searched
  double refuse_below = 0.02;     // confidence, after all sources; docs/knowledge.md has how it was chosen
  int32_t most_sentences = 3;     // of the answer to a question
  std::string answer = "quote";   // "quote": sentences as they stand; "write": by the model, what is supported is kept
  double support_at_least = 0.7;  // of a written sentence that is kept
  static Fields Describe();
};

// What an agent remembers of its conversations, and how much of it is put before its input.
struct MemoryConfig {
  std::string user = {};       // whose memory; empty: the run's principal, else "me"
  std::string session = {};    // the conversation that goes on; empty: one a day
  int32_t recent = 6;          // of its last turns
  int32_t recalled = 6;        // turns of any time that bear on the input
  int32_t facts = 6;           // that do
  int64_t max_tokens = 1'000;  // of all of it
  bool learn = true;           // facts are made of what was said, after the answer
  static Fields Describe();
};

struct AgentConfig {
  std::string name;
  std::string description;   // told to whoever may ask it
  std::string instructions;  // its system message
  std::string model;         // empty: the default chat model
  std::string policy = "react";
  std::vector<std::string> tools;      // names of `tools`, or globs of them
  std::vector<std::string> agents;     // that it may ask, as tools "ask_NAME"
  std::vector<std::string> handoffs;   // that it may hand the conversation over to, by tools "transfer_to_NAME"
  bool ask_person = false;             // it may ask a person, by a tool of this name
  std::optional<MemoryConfig> memory;  // none: it remembers nothing
  Json output_schema;                  // of its answer; null: text
  AgentLimits limits;
  GuidedConfig guided;
  ResearchConfig research;
  std::vector<GuardConfig> guards;
  std::vector<std::string> needs_approval;  // globs of tools, beside those that say so themselves
  int64_t show_tools = 24;                  // that its model is shown at once, of its own; others are found; 0: all
  int64_t max_answer_tokens = 1024;         // of one answer of the model
  double temperature = 0;                   // greedy: an agent is to do the same thing again
  int64_t max_result_bytes = 16'000;        // a result above is shown in part, with a handle to read on
  int64_t compact_above_tokens = 0;  // of the conversation: then its older part is summed up; 0: by the model's context
  static Fields Describe();
};

// Errors under the key that is wrong: patterns, schemas, names.
Result<void> CheckAgent(const AgentConfig& config);

}  // namespace atelier
