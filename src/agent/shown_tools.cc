#include "agent/shown_tools.h"

#include <utility>

#include "agent/tool_finder.h"
#include "agent/tool_vectors.h"
#include "base/io/sha256.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr int64_t kFoundAtOnce = 8;           // by find_tools
constexpr size_t kMaxDescriptionBytes = 300;  // of one tool that was found; its definition is shown whole after
constexpr size_t kMaxTaskBytes = 4000;        // of a task that tools are found for

// The beginning, whole characters.
std::string Beginning(const std::string& text, size_t max_bytes) {
  return text.substr(0, ValidUtf8Prefix(std::string_view(text).substr(0, max_bytes)));
}

std::vector<ToolWords> WordsOf(const Agent& agent) {
  std::vector<ToolWords> words;
  for (const auto& tool : agent.tools) {
    const ToolSpec& spec = tool->spec();
    words.push_back(ToolWords::Of(spec.name, spec.description, spec.parameters));
  }
  return words;
}

Task<Result<Performed>> Search(Call call, AgentWork& work, const Agent& agent, std::string text, int64_t limit) {
  const std::vector<ToolWords> words = WordsOf(agent);
  std::vector<ToolQuery> queries = ToolQueriesOf(text);
  if (work.embedder && work.tool_vectors) {
    std::vector<std::string> meanings;
    for (const ToolWords& tool : words) meanings.push_back(tool.Meaning());
    auto comparing =
        work.tool_vectors->Compare(std::move(call), *work.embedder, work.embedding_model, std::move(queries), meanings);
    CO_TRY(queries, co_await comparing);
  }
  CO_TRY(const auto finder, ToolFinder::Create(words));
  Json names = Json::Array({});
  for (const size_t place : finder->Find(queries, static_cast<size_t>(limit))) names.Push(words[place].name);
  Performed performed{.result = std::move(names)};
  co_return performed;
}

class FindToolsTool final : public AgentTool {
 public:
  FindToolsTool(AgentWork& work, std::shared_ptr<const Agent> agent, std::set<std::string>& shown)
      : work_(work), agent_(std::move(agent)), shown_(shown) {
    spec_.name = kFindTools;
    spec_.description = "Finds further tools by what they do. There are " + std::to_string(agent_->tools.size()) +
                        "; only some are shown. What it finds can be called from then on.";
    Json query = Json::Object({{"type", "string"}, {"description", "what the tool is to do"}});
    spec_.parameters = Json::Object({{"type", "object"},
                                     {"properties", Json::Object({{"query", std::move(query)}})},
                                     {"required", Json::Array({"query"})},
                                     {"additionalProperties", false}});
    spec_.composed = true, spec_.read_only = true, spec_.outside = false;
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    auto finding = FindTools(std::move(call), work_, *agent_, StepScope::Within(info.path).Next(),
                             arguments["query"].AsString(), kFoundAtOnce);
    CO_TRY(const std::vector<std::string> names, co_await finding);
    ToolOutput output;
    for (const std::string& name : names) {
      const AgentTool* tool = agent_->FindTool(name);
      if (!tool) continue;
      shown_.insert(name);
      output.text += name + ": " + Beginning(tool->spec().description, kMaxDescriptionBytes) + "\n";
    }
    if (output.text.empty()) output.text = "No tool fits.";
    co_return output;
  }

 private:
  AgentWork& work_;
  const std::shared_ptr<const Agent> agent_;
  std::set<std::string>& shown_;
  ToolSpec spec_;
};

}  // namespace

bool HasManyTools(const Agent& agent) {
  return agent.config.show_tools > 0 && static_cast<int64_t>(agent.tools.size()) > agent.config.show_tools;
}

Task<Result<std::vector<std::string>>> FindTools(Call call, AgentWork& work, const Agent& agent, std::string path,
                                                 std::string text, int64_t limit) {
  Json known = Json::Array({});
  for (const ToolWords& tool : WordsOf(agent)) {
    known.Push(Json::Array({tool.name, tool.description, tool.parameters}));
  }
  text = Beginning(text, kMaxTaskBytes);
  StepSpec spec{.path = std::move(path), .kind = RunStepKind::kDecision, .name = "tools"};
  spec.request = Json::Object({{"text", Sha256Hex(text)}, {"tools", Sha256Hex(known.Dump())}, {"limit", limit}});
  RunLog::Perform perform = [&](Call searching) { return Search(std::move(searching), work, agent, text, limit); };
  auto stepping = work.log.Step(std::move(call), std::move(spec), std::move(perform));
  CO_TRY(const StepResult step, co_await stepping);
  work.meter.AddSeconds(step.seconds);
  std::vector<std::string> names;
  if (!step.value.is_array()) co_return Error::Corrupt("tools", "got no names");
  for (const Json& name : step.value.items()) {
    if (name.is_string()) names.push_back(name.AsString());
  }
  co_return names;
}

std::shared_ptr<AgentTool> MakeFindTools(AgentWork& work, std::shared_ptr<const Agent> agent,
                                         std::set<std::string>& shown) {
  return std::make_shared<FindToolsTool>(work, std::move(agent), shown);
}

}  // namespace atelier
