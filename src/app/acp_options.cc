#include "app/acp_options.h"

#include <algorithm>
#include <utility>

#include "app/agent_library.h"

namespace atelier {
namespace {

constexpr char kOwnModel[] = "default";

struct Mode {
  std::string_view id, name, description;
};
constexpr Mode kModes[] = {
    {"default", "As configured", "Asks as atelier.yaml says, and before the editor's files and terminal are used"},
    {"ask", "Ask", "Asks before every tool that changes something"},
    {"accept", "Accept", "The editor's files and terminal, and the tools it brought, need no asking"},
    {"read", "Read only", "Only tools that change nothing"},
};

Json Choice(std::string_view value, std::string_view name, std::string_view description) {
  Json choice = Json::Object({{"value", value}, {"name", name}});
  if (!description.empty()) choice.Set("description", description);
  return choice;
}

Json Select(std::string_view id, std::string_view name, std::string_view category, std::string_view current,
            Json options) {
  return Json::Object({{"type", "select"},
                       {"id", id},
                       {"name", name},
                       {"category", category},
                       {"currentValue", current},
                       {"options", std::move(options)}});
}

Json AgentChoices(App& app) {
  Json choices = Json::Array();
  for (const AgentConfig& agent : app.agents().configs()) {
    choices.Push(Choice(agent.name, agent.name, agent.description));
  }
  return choices;
}

Json ModelChoices(App& app) {
  Json choices = Json::Array({Choice(kOwnModel, "The agent's own", "")});
  for (const ModelListing& model : app.ListModels()) {
    if (model.kind == "chat") choices.Push(Choice(model.id, model.id, ""));
  }
  return choices;
}

Json ModeChoices() {
  Json choices = Json::Array();
  for (const Mode& mode : kModes) choices.Push(Choice(mode.id, mode.name, mode.description));
  return choices;
}

Result<void> Check(const Json& choices, const Json& value) {
  std::string known;
  for (const Json& choice : choices.items()) {
    if (choice["value"] == value) return {};
    known += (known.empty() ? "" : ", ") + choice["value"].AsString();
  }
  return Error::Invalid("value", "got " + value.Dump().substr(0, 64) + ", want one of " + known);
}

}  // namespace

Json AcpModes(const AcpSettings& settings) {
  Json modes = Json::Array();
  for (const Mode& mode : kModes) {
    modes.Push(Json::Object({{"id", mode.id}, {"name", mode.name}, {"description", mode.description}}));
  }
  return Json::Object({{"currentModeId", settings.mode}, {"availableModes", std::move(modes)}});
}

Json AcpConfigOptions(App& app, const AcpSettings& settings, bool booleans) {
  const std::string model = settings.model.empty() ? kOwnModel : settings.model;
  Json options = Json::Array({Select("mode", "Mode", "mode", settings.mode, ModeChoices()),
                              Select("model", "Model", "model", model, ModelChoices(app)),
                              Select("agent", "Agent", "_agent", settings.agent, AgentChoices(app))});
  if (booleans) {
    options.Push(Json::Object({{"type", "boolean"},
                               {"id", "editor_tools"},
                               {"name", "Editor's tools"},
                               {"description", "The agent may use the editor's files and terminal"},
                               {"currentValue", settings.editor_tools}}));
  }
  return options;
}

Result<void> SetAcpMode(AcpSettings& settings, const std::string& mode) {
  TRY_VOID(Check(ModeChoices(), mode));
  settings.mode = mode;
  return {};
}

Result<void> SetAcpOption(App& app, AcpSettings& settings, const std::string& id, const Json& value) {
  if (id == "mode") {
    TRY_VOID(Check(ModeChoices(), value));
    settings.mode = value.AsString();
  } else if (id == "model") {
    TRY_VOID(Check(ModelChoices(app), value));
    settings.model = value == Json(kOwnModel) ? "" : value.AsString();
  } else if (id == "agent") {
    TRY_VOID(Check(AgentChoices(app), value));
    settings.agent = value.AsString();
  } else if (id == "editor_tools") {
    if (!value.is_bool()) return Error::Invalid("value", "got " + value.Dump().substr(0, 64) + ", want true or false");
    settings.editor_tools = value == Json(true);
  } else {
    return Error::Invalid("configId", "got '" + id + "', want mode, model, agent or editor_tools");
  }
  return {};
}

Result<std::shared_ptr<const Agent>> MakeAcpAgent(App& app, const AcpSettings& settings, const std::string& session_id,
                                                  const AgentTools& more) {
  TRY(const auto base, app.agents().Find(settings.agent));
  auto agent = std::make_shared<Agent>(*base);
  agent->config.name = settings.agent + "@" + session_id;
  if (!settings.model.empty()) {
    TRY(const ModelListing model, app.FindModel(settings.model, "chat"));
    agent->config.model = model.id;
  }
  agent->tools.insert(agent->tools.end(), more.begin(), more.end());
  if (settings.mode == "read") {
    std::erase_if(agent->tools, [](const auto& tool) { return !tool->spec().read_only; });
  }
  if (settings.mode == "ask") {
    for (const auto& tool : agent->tools) {
      if (!tool->spec().read_only) agent->config.needs_approval.push_back(tool->spec().name);
    }
  }
  return std::shared_ptr<const Agent>(std::move(agent));
}

}  // namespace atelier
