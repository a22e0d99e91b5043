// How well the tool that a question needs is found among many: the Berkeley Function Calling Leaderboard's files as a
// judged set. Every distinct function of all its questions is a tool; a question's golds are those of its own functions
// that its possible answer calls.
//
//   FOLDER/BFCL_v4_CATEGORY.json    a line each: {"id", "question": [[{"role", "content"}]], "function": [...]}
//   FOLDER/possible_answer/(same)   a line each: {"id", "ground_truth": [{NAME: {…}}]}
//
// Functions are one where name, description and parameters are. Many names have several functions, which say the same
// in other words: so what is found is judged twice, as the very function, and as one of its name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/tool_finder.h"
#include "base/io/files.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "provider/language_model.h"

namespace atelier {

struct ToolQuestion {
  std::string id = {};
  std::vector<ToolQuery> queries = {};  // of what is asked
  std::vector<size_t> golds = {};       // of ToolSet::tools; at least one
};

struct ToolSet {
  std::vector<ToolWords> tools = {};
  std::vector<ToolQuestion> questions = {};
};

// Errors name file and line.
Result<ToolSet> ReadToolSet(Files& files, const std::string& folder);

// Shares of golds, by question, then the mean.
struct ToolScores {
  double recall_at_1 = 0, recall_at_5 = 0, recall_at_10 = 0;
  double name_recall_at_5 = 0;      // of golds, whose name is among the first five
  std::vector<double> by_question;  // recall at 5
};

// `words`, `likeness`: what is looked at; the likeness of those that Compare has given one.
Result<ToolScores> ScoreTools(const ToolSet& set, bool words, bool likeness, const ToolFinderOptions& options);

// The set, its queries compared with each tool. Errors: the embedder's.
Task<Result<ToolSet>> Compare(Call call, ToolSet set, Embedder& embedder, std::string model);

}  // namespace atelier
