#include "app/acp_session.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/acp_tools.h"
#include "app/agent_library.h"
#include "base/task/pool.h"

namespace atelier {
namespace {

constexpr std::string_view kContinue = "/continue";
constexpr size_t kMaxTitleBytes = 80;
constexpr int64_t kMinHistoryBytes = 4096;

std::string TextAt(const Json& json, std::string_view key) {
  return json[key].is_string() ? json[key].AsString() : std::string();
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Its first line, not cut within a character.
std::string TitleOf(const std::string& prompt) {
  std::string title = Trimmed(prompt);
  title = title.substr(0, title.find_first_of("\r\n"));
  if (title.size() <= kMaxTitleBytes) return title;
  size_t size = kMaxTitleBytes;
  while (size > 0 && (static_cast<unsigned char>(title[size]) & 0xC0) == 0x80) --size;
  return title.substr(0, size) + "…";
}

std::string_view StopReasonOf(const std::string& limit) {
  return limit == "answer_tokens" || limit == "tokens" ? kAcpMaxTokens : kAcpMaxTurnRequests;
}

// What is said of a turn in the turns after it; nothing of one that was refused or failed.
std::optional<std::string> SaidIn(const RunRow& run) {
  if (run.status == RunStatus::kCompleted || run.status == RunStatus::kLimited) return TextAt(run.outcome, "text");
  if (run.status == RunStatus::kCancelled) return "[This answer was stopped.]";
  return std::nullopt;
}

}  // namespace

AcpSession::AcpSession(const Shop& shop, StoredAcpSession stored, std::vector<AcpMcpServer> servers)
    : app_(shop.app),
      store_(shop.store),
      client_(shop.client),
      stored_(std::move(stored)),
      servers_({app_.io_loop(), shop.pins, app_.egress(), stored_.cwd}, std::move(servers)) {}

AcpSession::~AcpSession() { app_.agents().Return(AgentName(stored_.settings)); }

Json AcpSession::State() const {
  const auto client = client_.lock();
  const bool booleans = client && client->can().boolean_options;
  return Json::Object(
      {{"modes", AcpModes(stored_.settings)}, {"configOptions", AcpConfigOptions(app_, stored_.settings, booleans)}});
}

Task<Result<void>> AcpSession::Save() {
  stored_.updated_ms = app_.clock().UnixNanos() / 1'000'000;
  auto put = [this, stored = stored_] { return store_.Put(stored); };
  co_return co_await OnPool(app_.pool(), put);
}

Task<Result<void>> AcpSession::Change(AcpSettings settings) {
  const auto self = shared_from_this();
  const bool other_mode = settings.mode != stored_.settings.mode;
  stored_.settings = std::move(settings);
  CO_TRY_VOID(co_await Save());
  const auto client = client_.lock();
  if (!client) co_return Result<void>();
  if (other_mode) {
    client->Update(stored_.id,
                   Json::Object({{"sessionUpdate", "current_mode_update"}, {"currentModeId", stored_.settings.mode}}));
  }
  client->Update(stored_.id, Json::Object({{"sessionUpdate", "config_option_update"},
                                           {"configOptions", State()["configOptions"]}}));
  co_return Result<void>();
}

void AcpSession::TellCommands() {
  const auto client = client_.lock();
  if (!client) return;
  Json command = Json::Object(
      {{"name", "continue"}, {"description", "Go on with a turn that was interrupted, or waits for your word"}});
  client->Update(stored_.id, Json::Object({{"sessionUpdate", "available_commands_update"},
                                           {"availableCommands", Json::Array({std::move(command)})}}));
}

std::shared_ptr<AcpUpdates> AcpSession::UpdatesOf(const std::string& run_id, std::shared_ptr<const Agent> agent) const {
  AcpUpdates::Of of{.run_id = run_id, .agent = agent, .context = 0, .folder = stored_.cwd};
  const auto model = app_.FindModel(agent ? agent->config.model : "", "chat");
  if (model.ok()) of.context = model->context_length;
  return std::make_shared<AcpUpdates>(std::move(of), [client = client_, id = stored_.id](Json update) {
    if (const auto at = client.lock()) at->Update(id, std::move(update));
  });
}

void AcpSession::Say(const std::string& text) { UpdatesOf(stored_.id, nullptr)->Say(text); }

Task<Result<void>> AcpSession::Replay() {
  const auto self = shared_from_this();
  auto read = [this] { return store_.Turns(stored_.id); };
  CO_TRY(const std::vector<StoredAcpTurn> turns, co_await OnPool(app_.pool(), read));
  for (const StoredAcpTurn& turn : turns) {
    const auto client = client_.lock();
    if (!client) co_return Result<void>();
    client->Update(stored_.id, AcpChunk("user_message_chunk", turn.prompt, turn.run_id + "/prompt"));
    auto get = [&] { return app_.agents().journal().Get(turn.run_id); };
    const Result<RunRow> run = co_await OnPool(app_.pool(), get);
    if (!run.ok()) continue;  // somebody deleted it: what was asked is still told
    auto steps_of = [&] { return app_.agents().journal().Steps(turn.run_id); };
    CO_TRY(const std::vector<StepRow> steps, co_await OnPool(app_.pool(), steps_of));
    const auto agent = app_.agents().Find(turn.settings.agent);
    const auto updates = UpdatesOf(turn.run_id, agent.ok() ? *agent : nullptr);
    updates->TellSteps(steps);
    updates->TellAnswer(TextAt(run->outcome, "text"));
    if (!HasEnded(run->status)) updates->Say("[This turn was interrupted: /continue goes on with it.]");
  }
  co_return Result<void>();
}

Call AcpSession::CallOfTurn() const {
  Call call;
  call.stop = turn_->stop.get_token();
  return call;
}

void AcpSession::Stopped() {
  if (!turn_) return;
  const auto client = client_.lock();
  // Who left has not said that it shall end: it stays as a crash would leave it.
  if (!client || client->gone()) {
    turn_->stop.request_stop();
  } else {
    Cancel();
  }
}

void AcpSession::Cancel() {
  if (!turn_ || turn_->cancelled) return;
  turn_->cancelled = true;
  if (app_.agents().runs().IsRunning(turn_->run_id)) {
    Spawn(app_.agents().runs().Cancel(turn_->run_id), [](const Result<void>&) {});
  } else {
    turn_->stop.request_stop();
  }
}

Task<Result<std::string>> AcpSession::Prompt(Call call, std::string text) {
  const auto self = shared_from_this();
  if (turn_) co_return Error::Conflict("session/prompt", "a prompt of this session is under way");
  turn_ = std::make_unique<Turn>();
  Result<std::string> reason = std::string(kAcpEndTurn);
  {
    const std::stop_callback on_stop(call.stop, [this] { Stopped(); });
    reason = co_await RunTurn(std::move(text));
  }
  const std::unique_ptr<Turn> turn = std::move(turn_);
  if (!turn->cancelled) co_return reason;
  // Whatever the turn was at: it ends for good.
  if (!turn->run_id.empty()) (void)co_await app_.agents().runs().Cancel(turn->run_id);
  co_return std::string(kAcpCancelled);
}

Task<Result<std::string>> AcpSession::RunTurn(std::string text) {
  CO_TRY_VOID(co_await BringServers());
  if (turn_->cancelled) co_return std::string(kAcpCancelled);
  CO_TRY(Begun begun, co_await Begin(std::move(text)));
  if (begun.run_id.empty()) co_return std::string(kAcpEndTurn);
  turn_->run_id = begun.run_id;
  if (turn_->cancelled) co_return std::string(kAcpCancelled);
  co_return co_await Follow(std::move(begun.run_id), std::move(begun.settings));
}

Task<Result<std::optional<AcpSession::Begun>>> AcpSession::GoOn(const std::string& text,
                                                                const std::vector<StoredAcpTurn>& turns) {
  if (turns.empty()) co_return std::nullopt;
  const StoredAcpTurn& last = turns.back();
  auto get = [&] { return app_.agents().journal().Get(last.run_id); };
  const Result<RunRow> run = co_await OnPool(app_.pool(), get);
  if (!run.ok()) co_return std::nullopt;
  AgentRuns& runs = app_.agents().runs();
  Begun again{.run_id = last.run_id, .settings = last.settings};
  const bool is_left = !HasEnded(run->status) || run->status == RunStatus::kFailed;
  if (Trimmed(text) == kContinue) co_return is_left ? std::optional(again) : std::nullopt;
  if (HasEnded(run->status)) co_return std::nullopt;
  CO_TRY(const std::vector<OpenQuestion> open, co_await runs.Questions(last.run_id));
  if (open.size() == 1 && open[0].question["reason"] == Json("question")) {
    PersonAnswer answer{.decision = "approve", .text = text};
    answer.by = "editor";
    CO_TRY_VOID(co_await runs.Answer(last.run_id, open[0].path, std::move(answer)));
    co_return again;
  }
  CO_TRY_VOID(co_await runs.Cancel(last.run_id));
  co_return std::nullopt;
}

Task<Result<AcpSession::Begun>> AcpSession::Begin(std::string text) {
  auto read = [this] { return store_.Turns(stored_.id); };
  CO_TRY(const std::vector<StoredAcpTurn> turns, co_await OnPool(app_.pool(), read));
  CO_TRY(std::optional<Begun> left, co_await GoOn(text, turns));
  if (left) co_return *left;
  Begun begun{.run_id = {}, .settings = stored_.settings};
  if (Trimmed(text) == kContinue) {
    Say("There is nothing to go on with.");
    co_return begun;
  }
  // Named before the agent is made: the row holds the name alone.
  CO_TRY(const auto agent, MakeAcpAgent(app_, begun.settings, stored_.id, {}));
  app_.agents().Lend(agent);
  CO_TRY(Json input, co_await InputOf(text, turns));
  AgentRuns::Start start{.agent = agent->config.name, .input = std::move(input)};
  start.conversation = stored_.id;
  CO_TRY(begun.run_id, co_await app_.agents().runs().Create(std::move(start)));
  const bool is_first = stored_.title.empty();
  if (is_first) stored_.title = TitleOf(text);
  stored_.updated_ms = app_.clock().UnixNanos() / 1'000'000;
  auto add = [this, stored = stored_, turn = StoredAcpTurn{text, begun.run_id, begun.settings}] {
    return store_.AddTurn(stored, turn);
  };
  CO_TRY_VOID(co_await OnPool(app_.pool(), add));
  const auto client = client_.lock();
  if (is_first && client) {
    client->Update(stored_.id, Json::Object({{"sessionUpdate", "session_info_update"},
                                             {"title", stored_.title},
                                             {"updatedAt", UtcText(stored_.updated_ms * 1'000'000)}}));
  }
  co_return begun;
}

// The turns before as messages, as many of the last as fit into some three eighths of the context (3 bytes a token are
// few), and the prompt. A run never sums its input up, so it must not fill the context.
Task<Result<Json>> AcpSession::InputOf(std::string text, const std::vector<StoredAcpTurn>& turns) {
  CO_TRY(const auto agent, app_.agents().Find(stored_.settings.agent));
  const std::string name = stored_.settings.model.empty() ? agent->config.model : stored_.settings.model;
  const auto model = app_.FindModel(name, "chat");
  int64_t bytes = std::max(kMinHistoryBytes, model.ok() ? model->context_length * 9 / 8 : int64_t{0});
  std::vector<Json> newest_first;
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    auto get = [&] { return app_.agents().journal().Get(turn->run_id); };
    const Result<RunRow> run = co_await OnPool(app_.pool(), get);
    const std::optional<std::string> said = run.ok() ? SaidIn(*run) : std::nullopt;
    if (!said) continue;
    bytes -= static_cast<int64_t>(said->size() + turn->prompt.size());
    if (bytes < 0) break;
    newest_first.push_back(Json::Object({{"role", "assistant"}, {"content", *said}}));
    newest_first.push_back(Json::Object({{"role", "user"}, {"content", turn->prompt}}));
  }
  if (newest_first.empty()) co_return Json(std::move(text));
  Json messages = Json::Array();
  for (auto message = newest_first.rbegin(); message != newest_first.rend(); ++message) messages.Push(*message);
  messages.Push(Json::Object({{"role", "user"}, {"content", std::move(text)}}));
  co_return messages;
}

AgentTools AcpSession::MakeTools(const AcpSettings& settings) const {
  AgentTools tools = servers_.Tools();
  if (!settings.editor_tools) return tools;
  AcpWorkplace place{client_, stored_.id, stored_.cwd, stored_.directories};
  const AgentTools of_editor = MakeEditorTools(place);
  tools.insert(tools.end(), of_editor.begin(), of_editor.end());
  return tools;
}

Task<Result<std::string>> AcpSession::Follow(std::string run_id, AcpSettings settings) {
  CO_TRY(const auto agent, MakeAcpAgent(app_, settings, stored_.id, MakeTools(settings)));
  app_.agents().Lend(agent);
  const auto updates = UpdatesOf(run_id, agent);
  while (true) {
    OnAgentEvent emit = [updates](const AgentEvent& event) { updates->Tell(event); };
    auto running = app_.agents().runs().Run(CallOfTurn(), run_id, std::move(emit));
    CO_TRY(const RunRow run, co_await running);
    if (turn_->cancelled || run.status != RunStatus::kWaiting) co_return Ended(run, *updates);
    CO_TRY(const bool answered, co_await AnswerQuestions(run_id, updates));
    if (turn_->cancelled || !answered) co_return std::string(kAcpEndTurn);
  }
}

Result<std::string> AcpSession::Ended(const RunRow& run, AcpUpdates& updates) {
  app_.agents().keeper().Ended(run);
  if (run.status == RunStatus::kCancelled || turn_->cancelled) return std::string(kAcpCancelled);
  if (run.status == RunStatus::kFailed) {
    return Error::Unavailable("run " + run.id, TextAt(run.outcome["error"], "message"));
  }
  updates.TellAnswer(TextAt(run.outcome, "text"));
  if (run.status == RunStatus::kCompleted) return std::string(kAcpEndTurn);
  updates.Say("\n[" + TextAt(run.outcome, "what") + "]");
  if (run.status == RunStatus::kRefused) return std::string(kAcpRefusal);
  return std::string(StopReasonOf(TextAt(run.outcome, "reason")));
}

}  // namespace atelier
