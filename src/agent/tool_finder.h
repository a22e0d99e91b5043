// Which of many tools fit a text: by the words of their names, descriptions and parameters (BM25F) and by likeness, in
// one ranking (knowledge/retrieve/fusion.h). A task of several sentences may need a tool for each: they are asked apart
// and as a whole. docs/agent_quality.md has what was measured.
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
  double name_boost = 1.5, parameters_boost = 0.7;  // a word in the description counts 1
  FusionConfig fusion = {.vector_weight = 0.6, .quoted = 0};
  double sentence_weight = 2;  // of the sentence that a tool fits best, beside 1 of the whole text
};

struct ToolQuery {
  std::string text = {};
  std::vector<double> likeness = {};  // to each tool; empty: by words alone
};

// The text, then, where it has several, its sentences: the first kMaxToolQueries - 1 of some length.
inline constexpr size_t kMaxToolQueries = 17;
std::vector<ToolQuery> ToolQueriesOf(const std::string& text);

class ToolFinder {
 public:
  static Result<std::unique_ptr<ToolFinder>> Create(const std::vector<ToolWords>& tools,
                                                    ToolFinderOptions options = {});
  ~ToolFinder();

  // At most `limit` indices, best first, of ToolQueriesOf a text. With `words` off: by likeness alone.
  std::vector<size_t> Find(const std::vector<ToolQuery>& queries, size_t limit, bool words = true) const;

 private:
  std::vector<double> ScoresOf(const ToolQuery& query, bool words) const;
  struct State;
  explicit ToolFinder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace atelier
