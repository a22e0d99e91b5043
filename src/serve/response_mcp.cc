#include "serve/response_mcp.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/mcp_http_transport.h"
#include "agent/protocol/mcp_servers.h"
#include "app/agent_library.h"

namespace atelier {
namespace {

constexpr size_t kMaxServerTools = 128;       // of one server, that a model is shown
constexpr size_t kMaxOutputBytes = 64 << 10;  // of a call, that the model reads
constexpr std::chrono::seconds kCallTime{60};
constexpr int kProtocolFault = -32603;

std::string Word(const Json& object, std::string_view key) {
  return object[key].is_string() ? object[key].AsString() : std::string();
}

bool SaysReadOnly(const Json& tool) { return tool["annotations"]["readOnlyHint"] == Json(true); }

// As items of a response have it.
Json ListedTool(const Json& definition) {
  Json tool = Json::Object({{"name", definition["name"]}});
  tool.Set("description", definition["description"]);
  tool.Set("input_schema", definition["inputSchema"]);
  tool.Set("annotations", definition["annotations"]);
  return tool;
}

// Why no result came.
Json CallError(const Error& error) {
  const int64_t status = error.code.starts_with("http_") ? std::atoi(error.code.c_str() + 5) : 0;
  return Json::Object({{"type", status != 0 ? "http_error" : "mcp_protocol_error"},
                       {"code", status != 0 ? status : kProtocolFault},
                       {"message", error.Message()}});
}

std::string Cut(std::string text) {
  if (text.size() <= kMaxOutputBytes) return text;
  size_t end = kMaxOutputBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "\n(cut)";
}

}  // namespace

Task<Result<std::shared_ptr<McpClient>>> ResponseMcp::Reach(Call call, Server& server) {
  if (server.client) co_return server.client;
  const McpToolUse& use = *server.use;
  McpServers& configured = app_.agents().mcp_servers();
  if (!use.connector.empty()) {
    const McpServerConfig* config = configured.Find(use.connector);
    if (config == nullptr || !config->connector) {
      co_return Error::Invalid(
          "connector_id",
          "got '" + use.connector + "', want a server of atelier.yaml that is a connector, or server_url")
          .WithCode("invalid_value");
    }
    CO_TRY(server.client, co_await configured.Connect(std::move(call), use.connector));
    co_return server.client;
  }
  if (http_ == nullptr) http_ = std::make_unique<AsyncHttpClient>(app_.io_loop());
  McpHttpTransportOptions options;
  options.url = use.url, options.headers = use.headers, options.egress = app_.egress();
  auto transport = std::make_unique<McpHttpTransport>(app_.loop(), *http_, std::move(options));
  McpClientOptions client_options;
  client_options.server = use.label, client_options.request_time = kCallTime;
  auto connecting = McpClient::Connect(std::move(call), app_.loop(), std::move(transport), std::move(client_options));
  CO_TRY(server.client, co_await std::move(connecting));
  co_return server.client;
}

// Of a connector those that its owner has approved.
Task<Result<Json>> ResponseMcp::ListTools(Call call, Server& server) {
  CO_TRY(const auto client, co_await Reach(call, server));
  std::vector<Json> definitions;
  if (!server.use->connector.empty()) {
    CO_TRY(const auto view, co_await app_.agents().mcp_servers().Look(std::move(call), server.use->connector));
    for (const McpServers::View::Tool& tool : view.tools) {
      if (tool.standing == McpPins::Standing::kApproved) definitions.push_back(tool.definition);
    }
  } else {
    CO_TRY(definitions, co_await client->ListTools(std::move(call)));
  }
  Json tools = Json::Array();
  const auto& allowed = server.use->allowed;
  for (const Json& definition : definitions) {
    if (allowed && !allowed->Matches(Word(definition, "name"), SaysReadOnly(definition))) continue;
    if (tools.size() >= static_cast<int64_t>(kMaxServerTools)) {
      co_return Error::TooLarge(server.use->label, "the server has more than 128 tools; want fewer by allowed_tools");
    }
    tools.Push(ListedTool(definition));
  }
  co_return tools;
}

Result<void> ResponseMcp::AddFunction(Server& server, const Json& tool, ToolUse& use) {
  Function function{.server = &server, .tool = Word(tool, "name")};
  function.wants_approval = server.use->WantsApproval(function.tool, SaysReadOnly(tool));
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::find(use.tools, name, &Tool::name) != use.tools.end();
  };
  std::string name = function.tool;
  if (is_taken(name) || McpFunctionName("", name) != "__" + name) name = McpFunctionName(server.use->label, name);
  auto made = FunctionTool({name, Word(tool, "description"), tool["input_schema"], {}});
  if (made.ok()) {
    TRY_VOID(AddTool(*std::move(made), use));
    functions_.emplace(name, std::move(function));
    writer_.AddOwnTools({name});
    return {};
  }
  return std::move(made).error().Under(server.use->label + "." + function.tool);
}

Task<Result<void>> ResponseMcp::AddServer(Call call, Server& server, ToolUse& use) {
  // A list that an earlier response has made is the list.
  const Json* listed = nullptr;
  for (const Json& item : options_.items) {
    const bool is_it = item["type"] == Json("mcp_list_tools") && item["server_label"] == Json(server.use->label);
    if (is_it && item["tools"].is_array() && item["error"].is_null()) listed = item.Find("tools");
  }
  Json tools;
  if (listed != nullptr) {
    tools = *listed;
  } else {
    options_.emit(writer_.BeginMcpList(server.use->label));
    auto asked = co_await ListTools(std::move(call), server);
    Json error = asked.ok() ? Json() : Json(asked.error().Message());
    options_.emit(writer_.EndMcpList(asked.ok() ? *asked : Json::Array(), std::move(error)));
    if (!asked.ok()) co_return std::move(asked).error();
    tools = *std::move(asked);
  }
  for (const Json& tool : tools.items()) {
    const auto& allowed = server.use->allowed;
    if (allowed && !allowed->Matches(Word(tool, "name"), SaysReadOnly(tool))) continue;
    CO_TRY_VOID(AddFunction(server, tool, use));
  }
  co_return Result<void>();
}

Json ResponseMcp::NamedHere(const Json& choice) const {
  Json names = Json::Array();
  for (const auto& [name, function] : functions_) {
    if (choice["server_label"] != Json(function.server->use->label)) continue;
    if (choice["name"].is_string() && choice["name"] != Json(function.tool)) continue;
    names.Push(Json::Object({{"type", "function"}, {"name", name}}));
  }
  return names;
}

Result<void> ResponseMcp::Choose(ToolUse& use) const {
  Json choice = options_.tool_choice;
  if (choice["type"] == Json("mcp")) {
    // One is named by itself, which more providers can honour than a list.
    const Json named = NamedHere(choice);
    choice = named.size() == 1 ? named[0]
                               : Json::Object({{"type", "allowed_tools"}, {"mode", "required"}, {"tools", named}});
  } else if (choice["type"] == Json("allowed_tools") && choice["tools"].is_array()) {
    Json tools = Json::Array();
    for (const Json& tool : options_.tool_choice["tools"].items()) {
      const Json named = tool["type"] == Json("mcp") ? NamedHere(tool) : Json::Array({tool});
      for (const Json& one : named.items()) tools.Push(one);
    }
    choice.Set("tools", std::move(tools));
  }
  return SetToolChoice(NamedChoice(choice), use);
}

Task<Result<void>> ResponseMcp::Prepare(Call call, GenerationRequest& request) {
  ToolUse& use = std::get<ChatPrompt>(request.prompt).tool_use;
  for (const McpToolUse& one : options_.uses) {
    servers_.push_back(std::make_unique<Server>(Server{.use = &one, .client = nullptr}));
    CO_TRY_VOID(co_await AddServer(call, *servers_.back(), use));
  }
  CO_TRY_VOID(Choose(use));
  co_return co_await MakeApproved(std::move(call), request);
}

// Calls that the user has approved and that were not made yet.
Task<Result<void>> ResponseMcp::MakeApproved(Call call, GenerationRequest& request) {
  std::vector<Made> made;
  for (const Json& answer : options_.items) {
    if (answer["type"] != Json("mcp_approval_response") || answer["approve"] != Json(true)) continue;
    const Json& id = answer["approval_request_id"];
    const Json* asked = nullptr;
    bool is_made = false;
    for (const Json& item : options_.items) {
      if (item["type"] == Json("mcp_approval_request") && item["id"] == id) asked = &item;
      is_made = is_made || (item["type"] == Json("mcp_call") && item["approval_request_id"] == id);
    }
    if (is_made) continue;
    if (asked == nullptr) {
      co_return Error::Invalid("input", "approval_request_id: got " + id.Dump().substr(0, 100) +
                                            ", want that of an mcp_approval_request before it")
          .WithCode("invalid_value");
    }
    const auto is_it = [&](const auto& one) {
      return one.second.tool == Word(*asked, "name") && one.second.server->use->label == Word(*asked, "server_label");
    };
    const auto function = std::ranges::find_if(functions_, is_it);
    if (function == functions_.end()) {
      co_return Error::Invalid("input", "the approved tool '" + Word(*asked, "name") + "' is not among the tools")
          .WithCode("invalid_value");
    }
    ResponseWriter::McpCallStart start{Word(*asked, "server_label"), Word(*asked, "name"), Word(*asked, "arguments")};
    start.approval_request_id = id;
    Made one{.id = Word(*asked, "id"), .function = function->first, .arguments = start.arguments, .output = {}};
    one.output = co_await Make(call, *function->second.server, std::move(start));
    made.push_back(std::move(one));
  }
  if (!made.empty()) Tell(std::move(made), request);
  co_return Result<void>();
}

// What the model is told of it: a call that fails is an answer.
Task<std::string> ResponseMcp::Make(Call call, Server& server, ResponseWriter::McpCallStart start) {
  ++num_calls_;
  options_.emit(writer_.BeginMcpCall(start));
  call.deadline = std::min(call.deadline, app_.loop().Now() + kCallTime);
  Result<Json> arguments = Json::Parse(start.arguments.empty() ? "{}" : start.arguments);
  Result<Json> result = Error::Invalid("arguments", "want a JSON object");
  if (arguments.ok() && arguments->is_object()) {
    const auto client = co_await Reach(call, server);
    if (client.ok()) {
      const McpClient::OnProgress silent;
      result = co_await (*client)->CallTool(std::move(call), start.name, *std::move(arguments), silent);
    } else {
      result = client.error();
    }
  }
  if (!result.ok()) {
    options_.emit(writer_.EndMcpCall(Json(), CallError(result.error())));
    co_return "The call failed: " + result.error().Message();
  }
  ToolOutput output = ReadMcpResult(*result);
  output.text = Cut(std::move(output.text));
  Json error;
  if (output.is_error) {
    error = Json::Object({{"type", "mcp_tool_execution_error"}, {"content", (*result)["content"]}});
  }
  options_.emit(writer_.EndMcpCall(output.is_error ? Json() : Json(output.text), std::move(error)));
  co_return output.is_error ? "The tool failed: " + output.text : output.text;
}

void ResponseMcp::Tell(std::vector<Made> made, GenerationRequest& request) const {
  Json& messages = std::get<ChatPrompt>(request.prompt).messages;
  Json calls = Json::Array();
  for (const Made& one : made) {
    Json function = Json::Object({{"name", one.function}, {"arguments", one.arguments}});
    calls.Push(Json::Object({{"id", one.id}, {"type", "function"}, {"function", std::move(function)}}));
  }
  Json asked = Json::Object({{"role", "assistant"}, {"content", ""}});
  asked.Set("tool_calls", std::move(calls));
  messages.Push(std::move(asked));
  for (const Made& one : made) {
    messages.Push(Json::Object({{"role", "tool"}, {"tool_call_id", one.id}, {"content", one.output}}));
  }
}

Task<Result<bool>> ResponseMcp::Answer(Call call, std::vector<ToolCallDelta> calls, GenerationRequest& request) {
  std::vector<Made> made;
  bool goes_on = true;
  for (const ToolCallDelta& one : calls) {
    const Function& function = functions_.at(one.name);
    ResponseWriter::McpCallStart start{function.server->use->label, function.tool, one.arguments};
    if (function.wants_approval) {
      options_.emit(writer_.AskApproval(start));
      goes_on = false;
      continue;
    }
    Made answered{.id = one.id, .function = one.name, .arguments = one.arguments, .output = {}};
    if (num_calls_ >= options_.max_calls) {
      answered.output = "It was not called: this response may make no more calls.";
    } else {
      answered.output = co_await Make(call, *function.server, std::move(start));
    }
    made.push_back(std::move(answered));
  }
  if (!made.empty()) Tell(std::move(made), request);
  ToolUse& use = std::get<ChatPrompt>(request.prompt).tool_use;
  use.choice = ToolUse::Choice::kAuto;  // a call that was demanded has been made
  if (options_.tool_choice["type"] != Json("allowed_tools")) use.allowed.clear();
  if (num_calls_ >= options_.max_calls) {
    std::erase_if(use.tools, [this](const Tool& tool) { return Owns(tool.name); });
    std::erase_if(use.allowed, [this](const std::string& name) { return Owns(name); });
    if (use.tools.empty()) use.choice = ToolUse::Choice::kNone;
  }
  co_return goes_on;
}

Task<void> ResponseMcp::Close() {
  for (const auto& server : servers_) {
    const auto client = std::exchange(server->client, nullptr);
    if (client && server->use->connector.empty()) co_await client->Close();
  }
}

}  // namespace atelier
