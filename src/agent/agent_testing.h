// For tests of agents: a model that says what a function tells it to, tools made of functions, and a place to run both
// in: a database in a folder of the test's own, a loop and a pool.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/agent_runs.h"
#include "base/net/io_loop.h"
#include "base/store/database.h"
#include "provider/gathered.h"

namespace atelier {

// What a model is to say to one request.
struct Said {
  std::string text = {};
  std::vector<GatheredCall> calls = {};
  std::optional<Error> error = {};
  FinishReason reason = FinishReason::kStop;
  int64_t prompt_tokens = 10;

  static Said Calling(std::string name, std::string arguments, std::string id = "call_1") {
    Said said;
    said.calls.push_back({.id = std::move(id), .name = std::move(name), .arguments = std::move(arguments)});
    return said;
  }
};

class FunctionModel final : public LanguageModel {
 public:
  using Answer = std::function<Said(const GenerationRequest& request)>;
  FunctionModel(Loop& loop, Answer answer) : loop_(loop), answer_(std::move(answer)) {}

  Task<Result<Generation>> Generate(Call /*call*/, GenerationRequest request) override {
    ++num_asked;
    const Said said = answer_(request);
    if (said.error) co_return *said.error;
    Gathered gathered;
    gathered.choices.resize(1);
    gathered.choices[0].text = said.text, gathered.choices[0].calls = said.calls;
    gathered.choices[0].end.reason = said.reason;
    gathered.end.usage.prompt_tokens = said.prompt_tokens, gathered.end.usage.completion_tokens = 5;
    co_return Replay(loop_, EventsOf(gathered));
  }
  Task<Result<Decision>> Decide(Call /*call*/, DecisionRequest request) override {
    Decision decision;
    for (size_t i = 0; i < request.questions.size(); ++i) {
      const double likely = decide ? decide(request) : 0.5;
      decision.answers.push_back(
          DecisionAnswer::Of(decide_choice ? decide_choice(request) : std::vector<double>{1 - likely, likely}));
    }
    co_return decision;
  }
  Task<Result<Generation>> Prepare(Call, GenerationRequest) override { co_return Error::Unsupported("", "a test"); }
  Task<Result<ModelDetails>> Describe(Call, std::string) override {
    ModelDetails details;
    details.context_length = context_length;
    co_return details;
  }
  Task<Result<std::vector<TokenText>>> Spell(Call, std::string, std::vector<int32_t>) override {
    co_return Error::Unsupported("", "a test");
  }

  std::function<double(const DecisionRequest& request)> decide;                      // of statements
  std::function<std::vector<double>(const DecisionRequest& request)> decide_choice;  // of any question
  int64_t context_length = 0;
  int num_asked = 0;

 private:
  Loop& loop_;
  Answer answer_;
};

class FunctionTool final : public AgentTool {
 public:
  using Work = std::function<Result<ToolOutput>(const ToolCallInfo& info, const Json& arguments)>;
  FunctionTool(ToolSpec spec, Work work) : spec_(std::move(spec)), work_(std::move(work)) {}
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> Run(Call /*call*/, ToolCallInfo info, Json arguments) override {
    co_return work_(info, arguments);
  }

 private:
  ToolSpec spec_;
  Work work_;
};

struct AgentLifeOptions {
  const Clock* clock = &Clock::Real();
  std::function<double(const std::string& model, const Usage& usage)> cost = {};
  AgentMemory* memory = nullptr;  // null: agents remember nothing
  Embedder* embedder = nullptr;   // null: nothing is found by meaning
  const FilesVfs* vfs = nullptr;  // its database lies there, in a folder "/data"; null: in the life's folder
};

// One life of a process that runs agents.
class AgentLife {
 public:
  AgentLife(std::filesystem::path folder, Agent agent, FunctionModel::Answer answer, AgentLifeOptions options = {})
      : folder_(std::move(folder)),
        agent_(std::make_shared<const Agent>(std::move(agent))),
        model(loop, std::move(answer)) {
    std::filesystem::create_directories(folder_);
    const std::string path = options.vfs != nullptr ? "/data/atelier.db" : (folder_ / "atelier.db").string();
    database_ = std::move(Database::Open(path, options.vfs).value());
    journal_ = std::move(Journal::Open(*database_).value());
    runs_ = std::make_unique<AgentRuns>(
        AgentRuns::Parts{.loop = loop,
                         .pool = pool_,
                         .clock = *options.clock,
                         .journal = *journal_,
                         .model = model,
                         .lock_folder = folder_.string(),
                         .find_agent = [this](const std::string& name) { return Find(name); },
                         .cost = std::move(options.cost),
                         .embedder = options.embedder,
                         .embedding_model = "e",
                         .memory = options.memory});
  }

  // Beside the first, which answers to every other name.
  void AddAgent(Agent agent) {
    std::string name = agent.config.name;
    others_[std::move(name)] = std::make_shared<const Agent>(std::move(agent));
  }
  AgentRuns& runs() { return *runs_; }
  Journal& journal() { return *journal_; }
  template <class T>
  T Wait(Task<T> task) {
    return loop.RunTask(std::move(task));
  }
  // Started and run until it ends or waits.
  Result<RunRow> Start(std::string input, OnAgentEvent emit = {}) {
    AgentRuns::Start start{.agent = agent_->config.name, .input = std::move(input)};
    auto id = Wait(runs_->Create(std::move(start)));
    if (!id.ok()) return std::move(id).error();
    return Resume(*id, std::move(emit));
  }
  Result<RunRow> Resume(std::string run_id, OnAgentEvent emit = {}) {
    return Wait(runs_->Run(Call(), std::move(run_id), std::move(emit)));
  }

 private:
  Result<std::shared_ptr<const Agent>> Find(const std::string& name) const {
    const auto at = others_.find(name);
    return at == others_.end() ? agent_ : at->second;
  }

  std::filesystem::path folder_;
  std::shared_ptr<const Agent> agent_;
  std::map<std::string, std::shared_ptr<const Agent>> others_;

 public:
  IoLoop loop;
  FunctionModel model;

 private:
  Pool pool_{loop, 2};
  std::unique_ptr<Database> database_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AgentRuns> runs_;
};

// First "once" and "again" beside each other, then "once" alone, then the answer.
inline Said CallThreeTimes(const GenerationRequest& request) {
  const Json& messages = std::get<ChatPrompt>(request.prompt).messages;
  int num_answers = 0;
  for (const Json& message : messages.items()) num_answers += message["role"] == Json("assistant") ? 1 : 0;
  if (num_answers == 0) {
    Said said = Said::Calling("once", "{}", "a");
    said.calls.push_back({.id = "b", .name = "again", .arguments = "{}"});
    return said;
  }
  if (num_answers == 1) return Said::Calling("once", "{}", "c");
  return Said{.text = "all done"};
}

// A folder that goes with the test.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "agent_test_XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace atelier
