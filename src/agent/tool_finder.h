// Which of many tools fit a text: by the words of their names, descriptions and parameters (BM25F) and by likeness, in
// one ranking (knowledge/retrieve/fusion.h). docs/agent_quality.md has what was measured.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools/tool.h"
#include "base/result.h"
#include "knowledge/retrieve/retrieval_config.h"

namespace atelier {

// What is known of a tool before it is called.
struct ToolWords {
  std::string name = {}, description = {};
  std::string parameters = {};  // their names and what is said of them

  static ToolWords Of(std::string name, std::string description, const Json& parameters);
  // What is embedded.
  std::string Meaning() const;
};

struct ToolFinderOptions {
  double name_boost = 1.5, parameters_boost = 0.3;  // a word in the description counts 1
  FusionConfig fusion = {.vector_weight = 0.65, .stand_out = 0};
};

class ToolFinder {
 public:
  static Result<std::unique_ptr<ToolFinder>> Create(const std::vector<ToolWords>& tools,
                                                    ToolFinderOptions options = {});
  ~ToolFinder();

  // At most `limit` indices, best first. `likeness` of the text to each tool; empty: by words alone. With `words` off:
  // by likeness alone.
  std::vector<size_t> Find(std::string_view text, const std::vector<double>& likeness, size_t limit,
                           bool words = true) const;

 private:
  struct State;
  explicit ToolFinder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace atelier
