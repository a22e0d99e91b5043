#include "agent/protocol/mcp_readers.h"

#include <utility>

namespace atelier {
namespace {

constexpr size_t kMaxListed = 200;  // of each list; a model cannot use more

std::string WordIn(const Json& object, std::string_view key) {
  return object[key].is_string() ? object[key].AsString() : std::string();
}

// "uri - name: description" a line.
void Tell(std::string& text, const std::vector<Json>& items, std::string_view kind, std::string_view key) {
  size_t num_told = 0;
  for (const Json& item : items) {
    if (++num_told > kMaxListed) {
      text += "(" + std::to_string(items.size() - kMaxListed) + " more)\n";
      return;
    }
    text += std::string(kind) + " " + WordIn(item, key);
    const std::string name = WordIn(item, "name"), about = WordIn(item, "description");
    if (key != "name" && !name.empty()) text += " - " + name;
    text += about.empty() ? "\n" : ": " + about + "\n";
  }
}

using Client = std::shared_ptr<McpClient>;

Task<Result<ToolOutput>> ListAll(Client client, Call call, Json) {
  ToolOutput output;
  if (client->capabilities().Has("resources")) {
    CO_TRY(const std::vector<Json> resources, co_await client->ListResources(call));
    Tell(output.text, resources, "resource", "uri");
    CO_TRY(const std::vector<Json> templates, co_await client->ListTemplates(call));
    Tell(output.text, templates, "template", "uriTemplate");
  }
  if (client->capabilities().Has("prompts")) {
    CO_TRY(const std::vector<Json> prompts, co_await client->ListPrompts(call));
    Tell(output.text, prompts, "prompt", "name");
  }
  if (output.text.empty()) output.text = "The server has no resources and no prompts.";
  co_return output;
}

Task<Result<ToolOutput>> ReadOne(Client client, Call call, Json arguments) {
  CO_TRY(const Json result, co_await client->ReadResource(std::move(call), arguments["uri"].AsString()));
  Json content = Json::Array();
  if (result["contents"].is_array()) {
    for (const Json& one : result["contents"].items()) {
      content.Push(Json::Object({{"type", "resource"}, {"resource", one}}));
    }
  }
  co_return ReadMcpResult(Json::Object({{"content", std::move(content)}}));
}

Task<Result<ToolOutput>> GetOne(Client client, Call call, Json arguments) {
  CO_TRY(const Json result,
         co_await client->GetPrompt(std::move(call), arguments["name"].AsString(), arguments["arguments"]));
  ToolOutput output;
  if (!result["messages"].is_array()) co_return Error::Invalid("prompts/get", "messages: want an array");
  for (const Json& message : result["messages"].items()) {
    const Json one = Json::Object({{"content", Json::Array({message["content"]})}});
    output.text += WordIn(message, "role") + ": " + ReadMcpResult(one).text + "\n";
  }
  co_return output;
}

struct Reader {
  const char* name;
  const char* description;
  const char* parameters;
  Task<Result<ToolOutput>> (*ask)(Client client, Call call, Json arguments);
};

constexpr Reader kReaders[] = {
    {"list_resources", "Lists the resources and prompts of this server.", R"({"type":"object","properties":{}})",
     ListAll},
    {"read_resource", "Reads one resource of this server.",
     R"({"type":"object","properties":{"uri":{"type":"string","description":"as list_resources gives it"}},
         "required":["uri"]})",
     ReadOne},
    {"get_prompt", "Reads one prompt of this server.",
     R"({"type":"object","properties":{"name":{"type":"string","description":"as list_resources gives it"},
         "arguments":{"type":"object","additionalProperties":{"type":"string"}}},"required":["name"]})",
     GetOne},
};

class McpReader final : public AgentTool {
 public:
  McpReader(McpReach reach, const Reader& reader, const McpToolPolicy& policy)
      : reach_(std::move(reach)), reader_(reader) {
    spec_.name = McpFunctionName(policy.server, reader.name);
    spec_.description = std::string(reader.description) + " The server is " + policy.server + ".";
    spec_.parameters = *Json::Parse(reader.parameters);
    spec_.read_only = true;
    spec_.needs_approval = policy.needs_approval;
    spec_.timeout = policy.timeout;
  }
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo, Json arguments) override {
    const std::string no_tool;
    CO_TRY(Client client, co_await reach_(call, no_tool));
    co_return co_await reader_.ask(std::move(client), std::move(call), std::move(arguments));
  }

 private:
  const McpReach reach_;
  const Reader& reader_;
  ToolSpec spec_;
};

}  // namespace

AgentTools MakeMcpReaders(McpReach reach, const McpToolPolicy& policy) {
  AgentTools tools;
  for (const Reader& reader : kReaders) tools.push_back(std::make_shared<McpReader>(reach, reader, policy));
  return tools;
}

}  // namespace atelier
