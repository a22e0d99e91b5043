#include "eval/tool_eval.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "agent/tool_vectors.h"
#include "eval/json_lines.h"
#include "eval/ranking_metrics.h"

namespace atelier {
namespace {

constexpr const char* kCategories[] = {"simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance"};
constexpr size_t kDepth = 10;

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

// What the person says, all of it.
std::string QuestionText(const Json& turns) {
  std::string text;
  if (!turns.is_array()) return text;
  for (const Json& turn : turns.items()) {
    if (!turn.is_array()) continue;
    for (const Json& message : turn.items()) {
      if (message["role"] == Json("user")) text += (text.empty() ? "" : "\n") + TextOf(message["content"]);
    }
  }
  return text;
}

class Reader {
 public:
  explicit Reader(ToolSet& set) : set_(set) {}

  Result<void> Take(const Json& line) {
    std::map<std::string, size_t> by_name;
    if (!line["function"].is_array()) return Error::Invalid("function", "want an array");
    for (const Json& function : line["function"].items()) by_name[TextOf(function["name"])] = Place(function);
    ToolQuestion question{.id = TextOf(line["id"]), .queries = ToolQueriesOf(QuestionText(line["question"]))};
    own_.emplace(question.id, std::move(by_name));
    asked_.emplace(question.id, std::move(question));
    return {};
  }
  Result<void> TakeAnswer(const Json& line) {
    const std::string id = TextOf(line["id"]);
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) return Error::Invalid("id", "got '" + id + "', want one of a question");
    std::set<size_t> golds;
    if (!line["ground_truth"].is_array()) return Error::Invalid("ground_truth", "want an array");
    for (const Json& call : line["ground_truth"].items()) {
      if (!call.is_object()) return Error::Invalid("ground_truth", "want objects");
      for (const JsonMember& member : call.members()) {
        const auto gold = own_[id].find(member.key);
        if (gold == own_[id].end()) return Error::Invalid("ground_truth", "got '" + member.key + "', want a function");
        golds.insert(gold->second);
      }
    }
    if (golds.empty()) return {};
    asked->second.golds.assign(golds.begin(), golds.end());
    set_.questions.push_back(asked->second);
    return {};
  }

 private:
  size_t Place(const Json& function) {
    const auto [at, is_new] = places_.emplace(function.Dump({.sort_keys = true}), set_.tools.size());
    if (is_new) {
      std::string name = TextOf(function["name"]), description = TextOf(function["description"]);
      set_.tools.push_back(ToolWords::Of(std::move(name), std::move(description), function["parameters"]));
    }
    return at->second;
  }

  ToolSet& set_;
  std::map<std::string, size_t> places_;  // of functions, by all that they are
  std::map<std::string, std::map<std::string, size_t>> own_;
  std::map<std::string, ToolQuestion> asked_;
};

double Share(const ToolQuestion& question, const std::vector<size_t>& found, size_t k) {
  double num = 0;
  for (const size_t gold : question.golds) {
    num += std::find(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min(k, found.size())), gold) !=
           found.begin() + static_cast<std::ptrdiff_t>(std::min(k, found.size()));
  }
  return num / static_cast<double>(question.golds.size());
}

double ShareOfNames(const ToolSet& set, const ToolQuestion& question, const std::vector<size_t>& found, size_t k) {
  std::set<std::string> names;
  for (size_t i = 0; i < std::min(k, found.size()); ++i) names.insert(set.tools[found[i]].name);
  double num = 0;
  for (const size_t gold : question.golds) num += names.contains(set.tools[gold].name) ? 1 : 0;
  return num / static_cast<double>(question.golds.size());
}

}  // namespace

Result<ToolSet> ReadToolSet(Files& files, const std::string& folder) {
  ToolSet set;
  Reader reader(set);
  for (const char* category : kCategories) {
    const std::string name = std::string("BFCL_v4_") + category + ".json";
    TRY_VOID(EachJsonLine(files, folder + "/" + name, [&](const Json& line) { return reader.Take(line); }));
    const std::string answers = folder + "/possible_answer/" + name;
    if (!FileExists(files, answers)) continue;  // of questions that nothing fits
    TRY_VOID(EachJsonLine(files, answers, [&](const Json& line) { return reader.TakeAnswer(line); }));
  }
  return set;
}

Result<ToolScores> ScoreTools(const ToolSet& set, bool words, bool likeness, const ToolFinderOptions& options) {
  TRY(const auto finder, ToolFinder::Create(set.tools, options));
  ToolScores scores;
  std::vector<double> first, tenth, names;
  for (const ToolQuestion& question : set.questions) {
    std::vector<ToolQuery> queries = question.queries;
    for (ToolQuery& query : queries) {
      if (!likeness) query.likeness.clear();
    }
    const auto found = finder->Find(queries, kDepth, words);
    first.push_back(Share(question, found, 1));
    scores.by_question.push_back(Share(question, found, 5));
    tenth.push_back(Share(question, found, kDepth));
    names.push_back(ShareOfNames(set, question, found, 5));
  }
  scores.recall_at_1 = Mean(first), scores.recall_at_5 = Mean(scores.by_question), scores.recall_at_10 = Mean(tenth);
  scores.name_recall_at_5 = Mean(names);
  return scores;
}

Task<Result<ToolSet>> Compare(Call call, ToolSet set, Embedder& embedder, std::string model) {
  ToolVectors vectors;
  std::vector<std::string> tools;
  for (const ToolWords& tool : set.tools) tools.push_back(tool.Meaning());
  for (ToolQuestion& question : set.questions) {
    auto comparing = vectors.Compare(call, embedder, model, std::move(question.queries), tools);
    CO_TRY(question.queries, co_await comparing);
  }
  co_return set;
}

}  // namespace atelier
