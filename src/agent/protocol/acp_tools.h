// The editor's own files and terminal as tools of an agent, where the editor offers them: what stands unsaved in a
// buffer is read, what is written shows as a difference, a command runs where the person sees it.
//
//   editor_read_file   fs/read_text_file
//   editor_write_file  fs/write_text_file               a person is asked
//   editor_run         terminal/create, …               a person is asked
//   update_plan        what the agent means to do, shown beside the conversation
//
// Paths are within the session's folders: the editor may allow more, an agent does not ask for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/acp_connection.h"
#include "agent/tools/tool.h"

namespace atelier {

inline constexpr std::string_view kEditorReadFile = "editor_read_file";
inline constexpr std::string_view kEditorWriteFile = "editor_write_file";
inline constexpr std::string_view kEditorRun = "editor_run";
inline constexpr std::string_view kUpdatePlan = "update_plan";

// Where a session's tools work.
struct AcpWorkplace {
  std::weak_ptr<AcpClient> client;
  std::string session_id;
  std::string folder;                     // absolute
  std::vector<std::string> further = {};  // absolute
};

// Those that the editor can carry out, and update_plan.
AgentTools MakeEditorTools(const AcpWorkplace& place);
// Of a call that is to write: how the file would change, as content of the question to the person. Null: not known.
Task<Json> AcpDifference(Call call, AcpWorkplace place, Json arguments);

// What calls of these tools touch: [{"path", "line"}]; empty of others. `folder`: that paths are relative to.
Json AcpLocations(std::string_view tool, const Json& arguments, const std::string& folder);
// The tool tells the editor itself what it does.
bool AcpShowsItself(std::string_view tool);
// A tool of this file.
bool IsEditorTool(std::string_view tool);
// What update_plan's arguments are as an update.
Json AcpPlan(const Json& arguments);

}  // namespace atelier
