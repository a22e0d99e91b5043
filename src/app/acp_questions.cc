// The part of AcpSession that asks the person: where a run waits for a word.
#include <algorithm>
#include <utility>

#include "agent/protocol/acp_tools.h"
#include "app/acp_session.h"
#include "app/agent_library.h"
#include "app/agent_view.h"
#include "base/task/pool.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr char kAllow[] = "allow", kAllowAlways[] = "allow_always", kReject[] = "reject";

std::string TextAt(const Json& json, std::string_view key) {
  return json[key].is_string() ? json[key].AsString() : std::string();
}

Json Option(std::string_view id, std::string_view name, std::string_view kind) {
  return Json::Object({{"optionId", id}, {"name", name}, {"kind", kind}});
}

// Only what a person may wave through for good is offered so: not what comes from outside, or what a guard stopped.
bool MayBeAlways(const Json& question) { return question["reason"] == Json("approval"); }

Json OptionsOf(const Json& question) {
  Json options = Json::Array({Option(kAllow, "Allow", "allow_once")});
  if (MayBeAlways(question)) {
    options.Push(Option(kAllowAlways, "Always allow " + TextAt(question, "tool") + " in this session", "allow_always"));
  }
  options.Push(Option(kReject, "Reject", "reject_once"));
  return options;
}

Json FormOf(const std::string& session_id, const std::string& call_id, const std::string& message) {
  Json answer = Json::Object({{"type", "string"}, {"title", "Answer"}});
  Json schema = Json::Object({{"type", "object"},
                              {"properties", Json::Object({{"answer", std::move(answer)}})},
                              {"required", Json::Array({"answer"})}});
  return Json::Object({{"sessionId", session_id},
                       {"toolCallId", call_id},
                       {"mode", "form"},
                       {"message", message},
                       {"requestedSchema", std::move(schema)}});
}

PersonAnswer Answered(std::string decision) {
  PersonAnswer answer{.decision = std::move(decision)};
  answer.by = "editor";
  return answer;
}

}  // namespace

bool AcpSession::NeedsNoAsking(const Json& question) const {
  if (!MayBeAlways(question)) return false;
  const std::string tool = TextAt(question, "tool");
  const AcpSettings& now = stored_.settings;
  if (std::ranges::find(now.accepted, tool) != now.accepted.end()) return true;
  return now.mode == "accept" && (IsEditorTool(tool) || servers_.Has(tool));
}

Task<Result<bool>> AcpSession::AnswerQuestions(std::string run_id, std::shared_ptr<AcpUpdates> updates) {
  CO_TRY(const std::vector<OpenQuestion> open, co_await app_.agents().runs().Questions(run_id));
  for (const OpenQuestion& question : open) {
    CO_TRY(std::optional<PersonAnswer> answer, co_await AskPerson(question, updates));
    if (!answer || turn_->cancelled) co_return false;
    const bool refused = answer->decision == "reject" && question.question.Has("arguments");
    CO_TRY_VOID(co_await app_.agents().runs().Answer(run_id, question.path, *std::move(answer)));
    if (refused) updates->Refused(question.path, "You refused this call.");
  }
  co_return !open.empty();
}

// Nothing: it stays open.
Task<Result<std::optional<PersonAnswer>>> AcpSession::AskPerson(OpenQuestion question,
                                                                std::shared_ptr<AcpUpdates> updates) {
  if (NeedsNoAsking(question.question)) co_return Answered("approve");
  if (question.question["reason"] == Json("question")) {
    co_return co_await AskForm(std::move(question), std::move(updates));
  }
  co_return co_await AskPermission(std::move(question), std::move(updates));
}

Task<Result<std::optional<PersonAnswer>>> AcpSession::AskForm(OpenQuestion question,
                                                              std::shared_ptr<AcpUpdates> updates) {
  const auto client = client_.lock();
  const std::string message = TextAt(question.question, "question");
  if (client && client->can().elicit_forms) {
    Json form = FormOf(stored_.id, updates->CallId(question.path), message);
    const Result<Json> said = co_await client->Ask(CallOfTurn(), "elicitation/create", std::move(form));
    if (!said.ok() && said.error().code != "acp_fault") co_return said.error();
    const std::string action = said.ok() ? TextAt(*said, "action") : "";
    if (action == "decline") co_return Answered("reject");
    if (action == "accept" && (*said)["content"]["answer"].is_string()) {
      PersonAnswer answer = Answered("approve");
      answer.text = (*said)["content"]["answer"].AsString();
      co_return answer;
    }
  }
  updates->Say(message + "\n[Your next message answers this.]");
  co_return std::nullopt;
}

Task<Result<std::optional<PersonAnswer>>> AcpSession::AskPermission(OpenQuestion question,
                                                                    std::shared_ptr<AcpUpdates> updates) {
  const auto client = client_.lock();
  if (!client) co_return std::nullopt;
  const std::string tool = TextAt(question.question, "tool");
  Json shown = updates->CallOf(question);
  Json content = Json::Array();
  if (tool == kEditorWriteFile) {
    AcpWorkplace place{client_, stored_.id, stored_.cwd, stored_.directories};
    Json difference = co_await AcpDifference(CallOfTurn(), std::move(place), question.question["arguments"]);
    if (!difference.is_null()) content.Push(std::move(difference));
  }
  if (const std::string why = WhyAsked(question.question); !why.empty()) {
    content.Push(Json::Object({{"type", "content"}, {"content", AcpText(why)}}));
  }
  if (!content.empty()) shown.Set("content", std::move(content));
  Json params = Json::Object(
      {{"sessionId", stored_.id}, {"toolCall", std::move(shown)}, {"options", OptionsOf(question.question)}});
  const Result<Json> said = co_await client->Ask(CallOfTurn(), "session/request_permission", std::move(params));
  if (!said.ok() && said.error().code != "acp_fault") co_return said.error();
  if (!said.ok()) {
    updates->Say("[This waits for your word: " + said.error().Message() + ". /continue asks again.]");
    co_return std::nullopt;
  }
  const Json& outcome = (*said)["outcome"];
  const std::string option = TextAt(outcome, "optionId");
  if (TextAt(outcome, "outcome") == "cancelled") turn_->cancelled = true;
  if (TextAt(outcome, "outcome") != "selected") co_return std::nullopt;
  if (option == kAllowAlways && MayBeAlways(question.question)) {
    stored_.settings.accepted.push_back(tool);
    CO_TRY_VOID(co_await Save());
    co_return Answered("approve");
  }
  co_return Answered(option == kAllow ? "approve" : "reject");
}

Task<Result<void>> AcpSession::BringServers() {
  const std::vector<std::string> problems = co_await servers_.Connect(CallOfTurn());
  const auto client = client_.lock();
  for (const std::string& problem : problems) {
    LogWarn(problem);
    if (client && client->can().notices) {
      client->Update(stored_.id, AcpNotice("warning", "An MCP server is not there", problem));
    }
  }
  for (const auto& [server, definitions] : servers_.Unapproved()) {
    if (turn_->cancelled) break;
    CO_TRY_VOID(co_await AskAboutTools(server, definitions));
  }
  co_return Result<void>();
}

Task<Result<void>> AcpSession::AskAboutTools(std::string server, std::vector<Json> definitions) {
  const auto client = client_.lock();
  if (!client) co_return Result<void>();
  std::string text;
  for (const Json& definition : definitions) {
    text += "- " + TextAt(definition, "name") + ": " + TextAt(definition, "description") + "\n";
  }
  Json block = Json::Object({{"type", "content"}, {"content", AcpText(std::move(text))}});
  Json call = Json::Object({{"toolCallId", stored_.id + "/tools/" + server},
                            {"title", "Offer the tools of the MCP server " + server + " to the agent"},
                            {"kind", "other"},
                            {"status", "pending"},
                            {"content", Json::Array({std::move(block)})}});
  Json options = Json::Array({Option(kAllow, "In this session", "allow_once"),
                              Option(kAllowAlways, "Always, until they change", "allow_always"),
                              Option(kReject, "No", "reject_once")});
  Json params =
      Json::Object({{"sessionId", stored_.id}, {"toolCall", std::move(call)}, {"options", std::move(options)}});
  const Result<Json> said = co_await client->Ask(CallOfTurn(), "session/request_permission", std::move(params));
  if (!said.ok() && said.error().code != "acp_fault") co_return said.error();
  const std::string option = said.ok() ? TextAt((*said)["outcome"], "optionId") : "";
  if (option == kAllow || option == kAllowAlways) {
    co_return servers_.Approve(server, definitions, option == kAllowAlways);
  }
  servers_.Refuse(server);
  co_return Result<void>();
}

}  // namespace atelier
