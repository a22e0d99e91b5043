// An editor's session: a conversation of turns, each a run of an agent. The run is in the journal as any other's, so a
// turn survives kill -9 and waits for a person for days; what the editor was told of it can be told again.
//
//   prompt -> a run, which begins with what was said before -> updates -> questions to the person -> how it ended
//
// A run that needs a person's word is stored as waiting, and the editor is asked (session/request_permission,
// elicitation/create). An answer is the run's next life. Where none comes the run stays: a question of the agent's is
// answered by the next prompt, the rest by /continue, which also goes on with a turn that a crash or a leaving editor
// interrupted. Any other prompt ends what was left.
//
// The session lends its runs an agent of its own (NAME@SESSION): the one that was chosen, with the editor's tools.
//
// Loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/protocol/acp_connection.h"
#include "app/acp_options.h"
#include "app/acp_servers.h"
#include "app/acp_store.h"
#include "app/acp_updates.h"
#include "app/app.h"

namespace atelier {

class AcpSession : public std::enable_shared_from_this<AcpSession> {
 public:
  // What all sessions of a connection share; it outlives them.
  struct Shop {
    App& app;
    AcpStore& store;
    McpPins& pins;
    std::weak_ptr<AcpClient> client;
  };
  AcpSession(const Shop& shop, StoredAcpSession stored, std::vector<AcpMcpServer> servers);
  ~AcpSession();

  const StoredAcpSession& stored() const { return stored_; }
  // {"modes", "configOptions"}
  Json State() const;
  // Kept, told, and in force from the next turn on; questions that come up are dealt with by them at once.
  Task<Result<void>> Change(AcpSettings settings);

  // Tells what has been said and done so far, and the commands that there are.
  Task<Result<void>> Replay();
  void TellCommands();
  // How the turn ended: a stop reason. Errors: another prompt is under way; a run that failed.
  Task<Result<std::string>> Prompt(Call call, std::string text);
  // Ends the turn under way for good.
  void Cancel();

 private:
  struct Turn {
    std::stop_source stop;
    bool cancelled = false;
    std::string run_id;
    AcpSettings settings;
  };
  struct Begun {
    std::string run_id;  // empty: there is nothing to run
    AcpSettings settings;
  };
  Call CallOfTurn() const;
  std::string AgentName(const AcpSettings& settings) const { return settings.agent + "@" + stored_.id; }
  std::shared_ptr<AcpUpdates> UpdatesOf(const std::string& run_id, std::shared_ptr<const Agent> agent) const;
  void Stopped();
  void Say(const std::string& text);

  Task<Result<std::string>> RunTurn(std::string text);
  // The editor's MCP servers, and the person's word on what they offer.
  Task<Result<void>> BringServers();
  Task<Result<void>> AskAboutTools(std::string server, std::vector<Json> definitions);
  AgentTools MakeTools(const AcpSettings& settings) const;
  Task<Result<Begun>> Begin(std::string text);
  // Goes on with the last turn, where there is something to go on with.
  Task<Result<std::optional<Begun>>> GoOn(const std::string& text, const std::vector<StoredAcpTurn>& turns);
  Task<Result<Json>> InputOf(std::string text, const std::vector<StoredAcpTurn>& turns);
  Task<Result<std::string>> Follow(std::string run_id, AcpSettings settings);
  Result<std::string> Ended(const RunRow& run, AcpUpdates& updates);
  // Whether all were answered.
  Task<Result<bool>> AnswerQuestions(std::string run_id, std::shared_ptr<AcpUpdates> updates);
  Task<Result<std::optional<PersonAnswer>>> AskPerson(OpenQuestion question, std::shared_ptr<AcpUpdates> updates);
  Task<Result<std::optional<PersonAnswer>>> AskForm(OpenQuestion question, std::shared_ptr<AcpUpdates> updates);
  Task<Result<std::optional<PersonAnswer>>> AskPermission(OpenQuestion question, std::shared_ptr<AcpUpdates> updates);
  bool NeedsNoAsking(const Json& question) const;
  Task<Result<void>> Save();

  App& app_;
  AcpStore& store_;
  const std::weak_ptr<AcpClient> client_;
  StoredAcpSession stored_;
  AcpServers servers_;
  std::unique_ptr<Turn> turn_;
};

}  // namespace atelier
