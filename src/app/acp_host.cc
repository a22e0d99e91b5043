#include "app/acp_host.h"

#include <utility>

#include "app/agent_library.h"
#include "base/object_id.h"
#include "base/task/pool.h"

namespace atelier {
namespace {

constexpr size_t kMaxOpen = 64;  // sessions of one editor
constexpr int64_t kPageSize = 50;

Result<void> CheckFolders(const AcpSessionSetup& setup) {
  const auto check = [](const std::string& where, const std::string& path) -> Result<void> {
    if (path.starts_with('/')) return {};
    return Error::Invalid(where, "got '" + path.substr(0, 128) + "', want an absolute path");
  };
  TRY_VOID(check("cwd", setup.cwd));
  for (const std::string& directory : setup.additional_directories) {
    TRY_VOID(check("additionalDirectories", directory));
  }
  return {};
}

Error NotOpen(const std::string& id) {
  return Error::NotFound("sessionId", "got '" + id + "', want a session that is open: session/load opens one again");
}

Json InfoOf(const StoredAcpSession& session) {
  Json info = Json::Object({{"sessionId", session.id}, {"cwd", session.cwd}});
  if (!session.directories.empty()) {
    Json directories = Json::Array();
    for (const std::string& directory : session.directories) directories.Push(directory);
    info.Set("additionalDirectories", std::move(directories));
  }
  if (!session.title.empty()) info.Set("title", session.title);
  info.Set("updatedAt", UtcText(session.updated_ms * 1'000'000));
  return info;
}

}  // namespace

Result<std::shared_ptr<AcpConnection>> AcpHost::Connect(App& app, RpcPeer::Write write) {
  auto stores = std::make_shared<Stores>();
  TRY(stores->sessions, AcpStore::Open(app.database()));
  TRY(stores->pins, McpPins::Open(Files::Real(), HomeDirectory(app.config()) + "/mcp-pins.json"));
  AcpConnection::MakeAgent make = [&app, stores](std::weak_ptr<AcpClient> client) {
    return std::make_shared<AcpHost>(app, stores, std::move(client));
  };
  return AcpConnection::Create(app.loop(), std::move(write), std::move(make));
}

Result<std::shared_ptr<AcpSession>> AcpHost::Find(const std::string& id) const {
  const auto at = open_.find(id);
  if (at == open_.end()) return NotOpen(id);
  return at->second;
}

std::shared_ptr<AcpSession> AcpHost::Open(StoredAcpSession stored, std::vector<AcpMcpServer> servers) {
  const std::string id = stored.id;
  const AcpSession::Shop shop{app_, store(), *stores_->pins, client_};
  auto session = std::make_shared<AcpSession>(shop, std::move(stored), std::move(servers));
  open_[id] = session;
  return session;
}

// After the answer: before it the editor doesn't know the session.
void AcpHost::TellLater(const std::shared_ptr<AcpSession>& session) {
  app_.loop().Post([weak = std::weak_ptr(session)] {
    if (const auto at = weak.lock()) at->TellCommands();
  });
}

Task<Result<Json>> AcpHost::NewSession(Call /*call*/, AcpSessionSetup setup) {
  CO_TRY_VOID(CheckFolders(setup));
  if (open_.size() >= kMaxOpen) {
    co_return Error::Exhausted("session/new", "got " + std::to_string(kMaxOpen) + " sessions open, want fewer");
  }
  StoredAcpSession stored;
  stored.id = NewObjectId("sess_"), stored.cwd = setup.cwd;
  stored.directories = setup.additional_directories;
  stored.settings.agent = app_.agents().configs().front().name;
  stored.created_ms = stored.updated_ms = app_.clock().UnixNanos() / 1'000'000;
  auto put = [this, stored] { return store().Put(stored); };
  CO_TRY_VOID(co_await OnPool(app_.pool(), put));
  const auto session = Open(std::move(stored), std::move(setup.mcp_servers));
  TellLater(session);
  Json answer = Json::Object({{"sessionId", session->stored().id}});
  const Json state = session->State();
  for (const JsonMember& member : state.members()) answer.Set(member.key, member.value);
  co_return answer;
}

Task<Result<Json>> AcpHost::OpenSession(Call /*call*/, AcpSessionSetup setup, bool replay) {
  CO_TRY_VOID(CheckFolders(setup));
  auto get = [this, &setup] { return store().Get(setup.session_id); };
  CO_TRY(StoredAcpSession stored, co_await OnPool(app_.pool(), get));
  if (setup.cwd != stored.cwd) {
    co_return Error::Invalid("cwd", "got '" + setup.cwd + "', want the session's: " + stored.cwd);
  }
  stored.directories = setup.additional_directories;
  std::shared_ptr<AcpSession> session;
  if (const auto open = open_.find(stored.id); open != open_.end()) {
    session = open->second;
  } else if (open_.size() >= kMaxOpen) {
    co_return Error::Exhausted("sessionId", "got " + std::to_string(kMaxOpen) + " sessions open, want fewer");
  } else {
    session = Open(std::move(stored), std::move(setup.mcp_servers));
  }
  if (replay) CO_TRY_VOID(co_await session->Replay());
  TellLater(session);
  co_return session->State();
}

Task<Result<Json>> AcpHost::ListSessions(Call /*call*/, AcpListSessions list) {
  auto read = [this, &list] { return store().List(list.cwd.value_or(""), list.cursor.value_or(""), kPageSize); };
  CO_TRY(const AcpStore::Page page, co_await OnPool(app_.pool(), read));
  Json sessions = Json::Array();
  for (const StoredAcpSession& session : page.sessions) sessions.Push(InfoOf(session));
  Json answer = Json::Object({{"sessions", std::move(sessions)}});
  if (!page.next_cursor.empty()) answer.Set("nextCursor", page.next_cursor);
  co_return answer;
}

Task<Result<Json>> AcpHost::CloseSession(Call /*call*/, AcpSessionId id) {
  CO_TRY(const auto session, Find(id.session_id));
  session->Cancel();
  open_.erase(id.session_id);
  co_return Json::Object();
}

Task<Result<Json>> AcpHost::DeleteSession(Call /*call*/, AcpSessionId id) {
  if (const auto session = Find(id.session_id); session.ok()) (*session)->Cancel();
  open_.erase(id.session_id);
  Journal& journal = app_.agents().journal();
  auto erase = [this, &journal, id]() -> Result<void> {
    TRY(const std::vector<StoredAcpTurn> turns, store().Turns(id.session_id));
    TRY_VOID(store().Delete(id.session_id));
    for (const StoredAcpTurn& turn : turns) {
      const Result<void> gone = journal.Delete(turn.run_id);
      if (!gone.ok() && gone.error().kind != ErrorKind::kNotFound) return gone;
    }
    return {};
  };
  CO_TRY_VOID(co_await OnPool(app_.pool(), erase));
  co_return Json::Object();
}

Task<Result<Json>> AcpHost::SetMode(Call /*call*/, AcpSetMode set) {
  CO_TRY(const auto session, Find(set.session_id));
  AcpSettings settings = session->stored().settings;
  Result<void> done = SetAcpMode(settings, set.mode_id);
  if (!done.ok()) co_return Error::Invalid("modeId", done.error().what);
  CO_TRY_VOID(co_await session->Change(std::move(settings)));
  co_return Json::Object();
}

Task<Result<Json>> AcpHost::SetConfigOption(Call /*call*/, AcpSetConfigOption set) {
  CO_TRY(const auto session, Find(set.session_id));
  AcpSettings settings = session->stored().settings;
  CO_TRY_VOID(SetAcpOption(app_, settings, set.config_id, set.value));
  CO_TRY_VOID(co_await session->Change(std::move(settings)));
  co_return Json::Object({{"configOptions", session->State()["configOptions"]}});
}

Task<Result<Json>> AcpHost::Prompt(Call call, AcpPrompt prompt) {
  CO_TRY(const auto session, Find(prompt.session_id));
  CO_TRY(std::string text, AcpPromptText(prompt.prompt));
  CO_TRY(std::string reason, co_await session->Prompt(std::move(call), std::move(text)));
  co_return Json::Object({{"stopReason", std::move(reason)}});
}

void AcpHost::Cancel(const std::string& session_id) {
  if (const auto session = Find(session_id); session.ok()) (*session)->Cancel();
}

}  // namespace atelier
