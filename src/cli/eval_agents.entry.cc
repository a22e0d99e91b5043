// atelier eval agents
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/session.h"
#include "cli/terminal_text.h"
#include "eval/agent_player.h"
#include "eval/agent_score.h"
#include "eval/agent_trial.h"

namespace atelier {
namespace {

constexpr uint64_t kBootstrapSeed = 1;
constexpr size_t kMaxShown = 160;  // bytes of a failure

// How tasks are done: by who knows the moves, by chance, by a model.
struct Player {
  std::string name;
  std::string policy;
  std::vector<AgentTrialResult> results = {};

  std::vector<bool> Passed() const {
    std::vector<bool> passed;
    for (const AgentTrialResult& result : results) passed.push_back(result.passed);
    return passed;
  }
  std::vector<double> Scores() const {
    std::vector<double> scores;
    for (const AgentTrialResult& result : results) scores.push_back(result.passed ? 1 : 0);
    return scores;
  }
};

class EvalAgentsCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("file", files_, "tasks (docs/agent_quality.md)");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    model_.Declare(options);
    options.Text("--policy", policy_, "of the model: guided, react, or own: that of each agent");
    options.Text("--players", players_, "who does the tasks: oracle, random, model, or several with commas");
    options.Texts("--task,-t", only_, "only this task; can be given several times");
    options.Integer("--seed", seed_, "of the random player");
    options.Flag("--failures", show_failures_, "say what the checks of tasks that were not done found");
  }

  Result<void> Run(const Invocation& invocation) override {
    std::vector<AgentSuite> suites;
    for (const std::string& file : files_) {
      TRY(AgentSuite suite, ReadAgentSuite(Files::Real(), file));
      if (!only_.empty()) {
        std::erase_if(suite.tasks,
                      [&](const AgentTask& task) { return std::ranges::find(only_, task.id) == only_.end(); });
      }
      num_tasks_ += suite.tasks.size();
      suites.push_back(std::move(suite));
    }
    if (num_tasks_ == 0) return Error::Invalid("task", "got none that the files have");
    TRY(const auto session, Session::Open(invocation, model_));
    std::vector<Player> players;
    for (const char* name : {"oracle", "random", "model"}) {
      if (("," + players_ + ",").find("," + std::string(name) + ",") == std::string::npos) continue;
      Player player{.name = name, .policy = std::string(name) == "model" ? policy_ : "react"};
      if (player.name == "model") {
        TRY(const ModelListing model, session->FindModel("chat"));
        player.name = model.id;
      }
      TRY_VOID(Play(*session, suites, player));
      players.push_back(std::move(player));
    }
    if (players.empty()) return Error::Invalid("players", "got '" + players_ + "', want oracle, random or model");
    invocation.json ? invocation.Print(Body(players)) : Show(players);
    return {};
  }

 private:
  Result<void> Play(Session& session, const std::vector<AgentSuite>& suites, Player& player) const {
    for (const AgentSuite& suite : suites) {
      for (const AgentTask& task : suite.tasks) {
        TRY(AgentTrialResult result, PlayOne(session, suite, task, player));
        if (show_failures_) ShowFailures(player, result);
        player.results.push_back(std::move(result));
      }
    }
    return {};
  }

  Result<AgentTrialResult> PlayOne(Session& session, const AgentSuite& suite, const AgentTask& task,
                                   const Player& player) const {
    App& app = session.app();
    std::unique_ptr<AgentPlayer> stand_in;
    if (player.name == "oracle") stand_in = std::make_unique<OraclePlayer>(app.loop(), task.moves);
    if (player.name == "random") {
      stand_in = std::make_unique<RandomPlayer>(app.loop(), static_cast<uint64_t>(seed_) + player.results.size());
    }
    LanguageModel& model = stand_in ? static_cast<LanguageModel&>(*stand_in) : app.language_model();
    AgentTrial::Parts parts{.loop = app.loop(), .pool = app.pool(), .clock = app.clock(), .model = model};
    parts.model_name = player.name, parts.policy = player.policy == "own" ? "" : player.policy;
    parts.folder = (std::filesystem::temp_directory_path() / ("atelier-eval-" + std::to_string(getpid()))).string();
    if (const auto embedding = app.FindModel("", "embedding"); embedding.ok()) {
      parts.embedder = &app.embedder(), parts.embedding_model = embedding->id;
    }
    TRY(const auto trial, AgentTrial::Create(std::move(parts), suite, task));
    Call call;
    call.stop = session.interrupt().token();
    auto result = session.Run(trial->Run(std::move(call)));
    if (!result.ok()) return std::move(result).error().Under(task.id);
    return result;
  }

  static void ShowFailures(const Player& player, const AgentTrialResult& result) {
    for (const std::string& failure : result.failures) {
      std::fprintf(stderr, "%s %s: %s\n", player.name.c_str(), result.id.c_str(),
                   SafeForTerminal(failure.substr(0, kMaxShown)).c_str());
    }
  }

  static Json OfInterval(const Interval& interval) {
    return Json::Object({{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}});
  }

  static Json Body(const std::vector<Player>& players) {
    Json rows = Json::Array();
    for (const Player& player : players) {
      Json tasks = Json::Array();
      for (const AgentTrialResult& result : player.results) {
        tasks.Push(Json::Object({{"id", result.id},
                                 {"passed", result.passed},
                                 {"status", RunStatusName(result.status)},
                                 {"answer", result.answer},
                                 {"calls", result.num_calls},
                                 {"seconds", result.seconds},
                                 {"failures", result.failures}}));
      }
      Json row = Json::Object({{"player", player.name}, {"policy", player.policy}});
      row.Set("done", OfInterval(WilsonInterval(player.Passed())));
      for (const Player& other : players) {
        if (&other == &player) break;
        row.Set("over_" + other.name, OfInterval(PairedDifference(player.Scores(), other.Scores(), kBootstrapSeed)));
      }
      row.Set("tasks", std::move(tasks));
      rows.Push(std::move(row));
    }
    return Json::Object({{"players", std::move(rows)}});
  }

  static void Show(const std::vector<Player>& players) {
    std::printf("%-28s %-7s %9s  %-18s %7s %7s  %s\n", "", "policy", "done", "95%", "calls", "s/task",
                "over each above, 95%");
    for (const Player& player : players) {
      const Interval done = WilsonInterval(player.Passed());
      double seconds = 0, calls = 0, num_done = 0;
      for (const AgentTrialResult& result : player.results) {
        seconds += result.seconds, calls += static_cast<double>(result.num_calls), num_done += result.passed ? 1 : 0;
      }
      const auto num_tasks = static_cast<double>(player.results.size());
      std::printf("%-28s %-7s %4.0f / %-4.0f [%.3f, %.3f] %9.2f %7.2f", player.name.c_str(), player.policy.c_str(),
                  num_done, num_tasks, done.low, done.high, calls / num_tasks, seconds / num_tasks);
      for (const Player& other : players) {
        if (&other == &player) break;
        const Interval of = PairedDifference(player.Scores(), other.Scores(), kBootstrapSeed);
        std::printf("  %+.3f [%+.3f, %+.3f]", of.mean, of.low, of.high);
      }
      std::printf("\n");
    }
  }

  ModelOptions model_;
  std::vector<std::string> files_, only_;
  std::string policy_ = "guided", players_ = "oracle,random,model";
  int64_t seed_ = 1;
  size_t num_tasks_ = 0;
  bool show_failures_ = false;
};

}  // namespace

extern const CommandEntry command_eval_agents{
    "eval agents", "Measure agents on tasks by what they leave behind",
    "Does each task of the files three times: by its own moves (which shows that tools and checks work), by random "
    "valid calls (the floor) and by a model, and looks at the files, databases, drafts and the journal afterwards. "
    "Prints the share of tasks done with its 95% interval (Wilson), and the difference between the players by paired "
    "bootstrap.\n"
    "\n"
    "  atelier eval agents tests/agents/tasks/*.yaml\n"
    "  atelier eval agents tests/agents/tasks/shop.yaml --model openai/gpt-5-mini --policy react --players model",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalAgentsCommand>(); }};

}  // namespace atelier
