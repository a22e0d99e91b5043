#include "eval/agent_suite.h"

#include <set>
#include <utility>

#include "base/yaml/yaml.h"

namespace atelier {
namespace {

constexpr int64_t kMaxSuiteBytes = 16 << 20;

Result<void> Complete(const AgentSuite& suite, AgentTask& task) {
  task.world.files.insert(suite.world.files.begin(), suite.world.files.end());
  task.world.databases.insert(suite.world.databases.begin(), suite.world.databases.end());
  task.actions.insert(task.actions.end(), suite.actions.begin(), suite.actions.end());
  if (task.agents.empty()) task.agents = suite.agents;
  if (task.agents.empty()) return Error::Invalid("agents", "got none, here or for the whole file");
  for (const AgentConfig& agent : task.agents) {
    if (auto fine = CheckAgent(agent); !fine.ok()) return std::move(fine).error().Under("agents." + agent.name);
  }
  for (const auto* paths : {&task.world.files, &task.world.databases}) {
    for (const auto& [path, content] : *paths) {
      if (!IsSafeRelativePath(path)) return Error::Invalid("world", "got the path '" + path + "', want one within");
    }
  }
  if (task.checks.empty()) return Error::Invalid("checks", "got none");
  return {};
}

}  // namespace

Fields AgentWorldConfig::Describe() {
  using C = AgentWorldConfig;
  static constexpr Field fields[] = {
      Key<&C::files>("files", "path to content"),
      Key<&C::databases>("databases", "path to the statements that make it"),
  };
  return fields;
}

Fields ActionConfig::Describe() {
  using C = ActionConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "of the tool").Required(),
      Key<&C::description>("description", "told to the model"),
      Key<&C::database>("database", "of the world").Required(),
      Key<&C::parameters>("parameters", "a schema of each"),
      Key<&C::order>("order", "of parameters, as the statement numbers them"),
      Key<&C::optional>("optional", "parameters that need not be given"),
      Key<&C::sql>("sql", "one statement").Required(),
      Key<&C::sensitive>("sensitive", "text from outside may not steer it without a person's yes"),
      Key<&C::needs_approval>("needs_approval", "a person is asked before each call"),
      Key<&C::outside>("outside", "what it says may come from strangers"),
  };
  return fields;
}

Fields AgentMove::Describe() {
  using C = AgentMove;
  static constexpr Field fields[] = {
      Key<&C::call>("call", "a tool"),
      Key<&C::arguments>("arguments", "of the call"),
      Key<&C::answer>("answer", "where nothing is called"),
      Key<&C::agent>("agent", "whose move it is"),
  };
  return fields;
}

Fields AgentCheck::Describe() {
  using C = AgentCheck;
  static constexpr Field fields[] = {
      Key<&C::answer>("answer", "a text that it has"),
      Key<&C::answer_lacks>("answer_lacks", "a text that it has not"),
      Key<&C::file>("file", "its path, or a glob"),
      Key<&C::holds>("holds", "a text that the file has"),
      Key<&C::lacks>("lacks", "a text that the file has not"),
      Key<&C::equals>("equals", "the whole file"),
      Key<&C::absent>("absent", "there is no such file"),
      Key<&C::database>("database", "of the world"),
      Key<&C::query>("query", "on it"),
      Key<&C::gives>("gives", "what it gives: columns joined by '|', rows by a new line"),
      Key<&C::called>("called", "a tool that was"),
      Key<&C::not_called>("not_called", "a tool that was not"),
      Key<&C::arguments>("arguments", "members that the call's had"),
      Key<&C::times>("times", "that it was called, exactly"),
      Key<&C::status>("status", "of the run"),
      Key<&C::waits_for>("waits_for", "the tool that a person has to approve"),
      Key<&C::changed>("changed", "all files that are not as they were"),
  };
  return fields;
}

Fields AgentPersonConfig::Describe() {
  using C = AgentPersonConfig;
  static constexpr Field fields[] = {
      Key<&C::decision>("decision", "on what waits").OneOf("approve|edit|reject"),
      Key<&C::text>("text", "the answer, where a question was asked"),
  };
  return fields;
}

Fields AgentTask::Describe() {
  using C = AgentTask;
  static constexpr Field fields[] = {
      Key<&C::id>("id", "unlike every other of the file").Required(),
      Key<&C::what>("what", "it is about"),
      Key<&C::input>("input", "a text or messages").Required(),
      Key<&C::world>("world", "beside the file's"),
      Key<&C::actions>("actions", "beside the file's"),
      Key<&C::agents>("agents", "in place of the file's"),
      Key<&C::moves>("moves", "of somebody who knows how"),
      Key<&C::checks>("checks", "of the world afterwards"),
      Key<&C::person>("person", "what a person says where the run waits"),
  };
  return fields;
}

Fields AgentSuite::Describe() {
  using C = AgentSuite;
  static constexpr Field fields[] = {
      Key<&C::world>("world", "that every task begins in"),
      Key<&C::tools>("tools", "as in atelier.yaml; {world} stands for the world's folder"),
      Key<&C::actions>("actions", "tools made of one statement each"),
      Key<&C::agents>("agents", "as in atelier.yaml; the first is asked"),
      Key<&C::tasks>("tasks", "each with checks").Required(),
  };
  return fields;
}

Result<AgentSuite> ReadAgentSuite(Files& files, const std::string& path) {
  TRY(const std::string text, ReadWholeFile(files, path, kMaxSuiteBytes));
  const auto yaml = ParseYaml(text);
  if (!yaml.ok()) return Error(yaml.error()).Under(path);
  auto suite = ReadJson<AgentSuite>(yaml->json);
  if (!suite.ok()) return std::move(suite).error().Under(path);
  std::set<std::string> ids;
  for (AgentTask& task : suite->tasks) {
    auto complete = ids.insert(task.id).second ? Complete(*suite, task) : Error::Invalid("id", "stands twice");
    if (!complete.ok()) return std::move(complete).error().Under(path + ": " + task.id);
  }
  return suite;
}

}  // namespace atelier
