// What is remembered of earlier conversations: search in it, keep something, forget something. Each only for the person
// that the run is for, unless the settings name another.
#include <utility>

#include "agent/tools/tool_entry.h"

namespace atelier {
namespace {

struct MemoryToolOptions {
  std::string user;
  int32_t limit = 8;
  bool write = true;
  static Fields Describe();
};
Fields MemoryToolOptions::Describe() {
  using O = MemoryToolOptions;
  static constexpr Field fields[] = {
      Key<&O::user>("user", "whose memory; without, that of whoever the run is for"),
      Key<&O::limit>("limit", "of what is found").Between(1, 50),
      Key<&O::write>("write", "also memory_remember and memory_forget"),
  };
  return fields;
}

Json TextProperty(std::string_view description, int64_t max_length) {
  return Json::Object({{"type", "string"}, {"minLength", 1}, {"maxLength", max_length}, {"description", description}});
}
Json ParametersOf(std::string_view name, Json property) {
  return Json::Object({{"type", "object"},
                       {"properties", Json::Object({{name, std::move(property)}})},
                       {"required", Json::Array({name})},
                       {"additionalProperties", false}});
}

class MemoryTool : public AgentTool {
 public:
  MemoryTool(MemoryToolOptions options, const ToolEnvironment& environment)
      : options_(std::move(options)), environment_(environment) {}
  const ToolSpec& spec() const override { return spec_; }

 protected:
  Result<const ToolMemory*> MemoryHere() const {
    if (environment_.memory) return &*environment_.memory;
    return Error::Unsupported("memory", "there is none here");
  }
  std::string UserOf(const ToolCallInfo& info) const {
    return !options_.user.empty() ? options_.user : !info.principal.empty() ? info.principal : "me";
  }

  const MemoryToolOptions options_;
  const ToolEnvironment& environment_;
  ToolSpec spec_;
};

class MemorySearch final : public MemoryTool {
 public:
  MemorySearch(MemoryToolOptions options, const ToolEnvironment& environment)
      : MemoryTool(std::move(options), environment) {
    spec_.name = "memory_search";
    spec_.description = "Searches what was said in earlier conversations and the facts that are known from them.";
    spec_.parameters = ParametersOf("query", TextProperty("what to look for", 4'000));
    spec_.read_only = true;
    spec_.source = SourceSpec{.query = "query", .found = "found", .id = "id", .title = "day", .text = "text"};
  }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    CO_TRY(const ToolMemory* memory, MemoryHere());
    CO_TRY(const auto found,
           co_await memory->search(std::move(call), UserOf(info), arguments["query"].AsString(), options_.limit));
    ToolOutput output;
    Json list = Json::Array({});
    for (const RememberedItem& item : found) {
      output.text += item.day + (item.day.empty() ? "" : " ") + item.text + "  (" + item.id + ")\n";
      list.Push(Json::Object({{"id", item.id}, {"day", item.day}, {"text", item.text}}));
    }
    if (found.empty()) output.text = "Nothing is remembered of that.";
    output.structured = Json::Object({{"found", std::move(list)}});
    co_return output;
  }
};

class MemoryRemember final : public MemoryTool {
 public:
  MemoryRemember(MemoryToolOptions options, const ToolEnvironment& environment)
      : MemoryTool(std::move(options), environment) {
    spec_.name = "memory_remember";
    spec_.description = "Keeps a fact for later conversations: one sentence that is understood alone.";
    spec_.parameters = ParametersOf("fact", TextProperty("what to keep", 2'000));
    spec_.idempotent = true, spec_.outside = false;
    // What comes from outside is not to be believed in later runs.
    spec_.sensitive = true;
  }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    CO_TRY(const ToolMemory* memory, MemoryHere());
    CO_TRY(const std::string id, co_await memory->remember(std::move(call), UserOf(info), arguments["fact"].AsString(),
                                                           info.idempotency_key));
    ToolOutput output;
    output.text = "Kept as " + id + ".", output.structured = Json::Object({{"id", id}});
    co_return output;
  }
};

class MemoryForget final : public MemoryTool {
 public:
  MemoryForget(MemoryToolOptions options, const ToolEnvironment& environment)
      : MemoryTool(std::move(options), environment) {
    spec_.name = "memory_forget";
    spec_.description = "Forgets something for good, by the id that memory_search gives.";
    spec_.parameters = ParametersOf("id", TextProperty("of what is to be forgotten", 100));
    spec_.idempotent = true, spec_.sensitive = true, spec_.outside = false;
  }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    CO_TRY(const ToolMemory* memory, MemoryHere());
    CO_TRY(const int64_t num_gone, co_await memory->forget(std::move(call), UserOf(info), arguments["id"].AsString()));
    ToolOutput output;
    output.text = num_gone > 0 ? "Forgotten." : "Nothing of that id is remembered of this person.";
    output.structured = Json::Object({{"forgotten", num_gone}});
    co_return output;
  }
};

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const MemoryToolOptions options, ReadToolOptions<MemoryToolOptions>(config));
  AgentTools tools = {std::make_shared<MemorySearch>(options, environment)};
  if (options.write) {
    tools.push_back(std::make_shared<MemoryRemember>(options, environment));
    tools.push_back(std::make_shared<MemoryForget>(options, environment));
  }
  return tools;
}

}  // namespace

extern const ToolEntry tool_memory{"memory", "searches, keeps and forgets what is known of earlier conversations",
                                   Make};

}  // namespace atelier
