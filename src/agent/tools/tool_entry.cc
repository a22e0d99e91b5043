#include "agent/tools/tool_entry.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/text/json_schema.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

constexpr double kMaxTimeoutSeconds = 86'400;

// A tool that says other things of itself, and ends when its timeout says.
class OverriddenTool final : public AgentTool {
 public:
  OverriddenTool(std::shared_ptr<AgentTool> inner, ToolSpec spec, const Clock& clock)
      : inner_(std::move(inner)), spec_(std::move(spec)), clock_(clock) {}
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo info, Json arguments) override {
    call.deadline = std::min(call.deadline, clock_.Now() + spec_.timeout);
    return inner_->Run(std::move(call), std::move(info), std::move(arguments));
  }

 private:
  const std::shared_ptr<AgentTool> inner_;
  const ToolSpec spec_;
  const Clock& clock_;
};

Result<const ToolEntry*> FindType(const std::string& type) {
  std::vector<std::string_view> names;
  std::string all;
  for (const ToolEntry* entry : ToolTypes()) {
    if (entry->type == type) return entry;
    names.push_back(entry->type);
    all += (all.empty() ? "" : ", ") + std::string(entry->type);
  }
  const std::string_view near = Nearest(type, names);
  return Error::Invalid("type", "got '" + type + "', want one of " + all +
                                    (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
}

using MadeTools = std::vector<std::shared_ptr<AgentTool>>;

ToolSpec Override(ToolSpec spec, const ToolConfig& config, const MadeTools& made) {
  const bool one_of_several = made.size() > 1;
  const auto renamed = [&](const std::string& name) { return one_of_several ? config.name + "_" + name : config.name; };
  if (!config.name.empty()) {
    spec.name = renamed(spec.name);
    const auto reads = [&](const auto& tool) { return spec.source && tool->spec().name == spec.source->read_by; };
    if (std::ranges::any_of(made, reads)) spec.source->read_by = renamed(spec.source->read_by);
  }
  if (!config.description.empty()) {
    spec.description = one_of_several ? config.description + " " + spec.description : config.description;
  }
  spec.sensitive = config.sensitive.value_or(spec.sensitive);
  spec.needs_approval = config.needs_approval.value_or(spec.needs_approval);
  spec.outside = config.outside.value_or(spec.outside);
  if (config.trusted) spec.author.clear();
  if (config.timeout_seconds > 0) {
    spec.timeout = std::chrono::milliseconds(std::max<int64_t>(1, static_cast<int64_t>(config.timeout_seconds * 1000)));
  }
  return spec;
}

bool IsToolName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, allowed);
}

Result<void> CheckSchema(const Json& schema) {
  TRY(auto document, SchemaDocument::Parse(schema));
  TRY(const auto validator, JsonSchemaValidator::Create(std::move(document), FormatPolicy::kAnnotate));
  static_cast<void>(validator);
  return {};
}

Error Under(Result<void> result, std::string_view part) { return std::move(result).error().Under(part); }

}  // namespace

Fields ToolConfig::Describe() {
  using C = ToolConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "of the tool, or before the names of several; without, the tool's own"),
      Key<&C::type>("type", "what it is: one of the types in docs/tools.md").Required(),
      Key<&C::description>("description", "what the model is told of it; without, the tool's own"),
      Key<&C::sensitive>("sensitive", "whether text from outside may not steer it without a person's yes"),
      Key<&C::needs_approval>("needs_approval", "whether a person is asked before each call"),
      Key<&C::outside>("outside", "whether what it says may come from strangers"),
      Key<&C::trusted>("trusted", "its definition is to be followed like our own, whoever wrote it"),
      Key<&C::timeout_seconds>("timeout_seconds", "a call may take; 0: the tool's own").Between(0, kMaxTimeoutSeconds),
      Key<&C::with>("with", "what the type has to be told"),
  };
  return fields;
}

Result<void> CheckToolSpec(const ToolSpec& spec) {
  if (!IsToolName(spec.name)) {
    return Error::Invalid("name", "got '" + spec.name + "', want 1 to 64 of A-Z a-z 0-9 _ -");
  }
  if (spec.timeout.count() <= 0) return Error::Invalid("timeout", "got none, want a time above 0");
  if (!spec.parameters.is_object() || spec.parameters["type"] != Json("object")) {
    return Error::Invalid("parameters", "got something else, want a JSON Schema with \"type\": \"object\"");
  }
  if (auto good = CheckSchema(spec.parameters); !good.ok()) return Under(std::move(good), "parameters");
  if (spec.output_schema.is_null()) return {};
  if (auto good = CheckSchema(spec.output_schema); !good.ok()) return Under(std::move(good), "output_schema");
  return {};
}

Result<AgentTools> MakeTools(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(const ToolEntry* const entry, FindType(config.type));
  if (!config.with.is_null() && !config.with.is_object()) {
    return Error::Invalid("with", "got " + std::string(config.with.TypeName()) + ", want an object");
  }
  auto made = entry->make(config, environment);
  if (!made.ok()) return std::move(made).error().Under("with");
  AgentTools tools;
  std::vector<std::string> names;
  for (const auto& tool : *made) {
    ToolSpec spec = Override(tool->spec(), config, *made);
    TRY_VOID(CheckToolSpec(spec));
    if (std::ranges::find(names, spec.name) != names.end()) {
      return Error::Invalid("with", "makes two tools of the name '" + spec.name + "'");
    }
    names.push_back(spec.name);
    tools.push_back(std::make_shared<OverriddenTool>(tool, std::move(spec), *environment.clock));
  }
  return tools;
}

}  // namespace atelier
