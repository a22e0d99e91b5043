#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include "fixture_features.h"

namespace atelier {
namespace {

using Handler = std::function<Task<Result<Json>>(McpContextPtr, Json arguments)>;

Json TextOf(std::string_view text) { return McpTextResult(text); }
Json Contents(std::initializer_list<Json> items) { return Json::Object({{"content", Json::Array(items)}}); }
Json Image() { return Json::Object({{"type", "image"}, {"data", kFixtureImage}, {"mimeType", "image/png"}}); }
Json Resource(std::string_view uri, std::string_view type, std::string_view text) {
  return Json::Object(
      {{"type", "resource"}, {"resource", Json::Object({{"uri", uri}, {"mimeType", type}, {"text", text}})}});
}

// "{…}" as it stands in this file.
Json Literal(std::string_view text) { return *Json::Parse(text); }

McpQuestion Elicit(std::string key, std::string_view message, Json schema) {
  return {std::move(key), "elicitation/create",
          Json::Object({{"message", message}, {"requestedSchema", std::move(schema)}})};
}
McpQuestion Form(std::string key, std::string_view message, std::string_view field, std::string_view type) {
  Json properties = Json::Object({{field, Json::Object({{"type", type}})}});
  Json schema =
      Json::Object({{"type", "object"}, {"properties", std::move(properties)}, {"required", Json::Array({field})}});
  return Elicit(std::move(key), message, std::move(schema));
}
McpQuestion Sample(std::string key, std::string_view text, int max_tokens) {
  Json message = Json::Object({{"role", "user"}, {"content", McpText(text)}});
  return {std::move(key), "sampling/createMessage",
          Json::Object({{"messages", Json::Array({std::move(message)})}, {"maxTokens", max_tokens}})};
}
McpQuestion Roots(std::string key) { return {std::move(key), "roots/list", {}}; }

std::string Field(const Json& answer, const char* name) {
  const Json& value = answer["content"][name];
  return value.is_string() ? value.AsString() : value.Dump();
}
std::string Said(const Json& answer) {
  const Json& text = answer["content"]["text"];
  return text.is_string() ? text.AsString() : "no response";
}
std::string Form(const Json& answer) {
  return "action=" + answer["action"].AsString() +
         ", content=" + (answer.Has("content") ? answer["content"].Dump() : "{}");
}

constexpr std::string_view kDefaults = R"({"type":"object","properties":{
  "name":{"type":"string","description":"User name","default":"John Doe"},
  "age":{"type":"integer","description":"User age","default":30},
  "score":{"type":"number","description":"User score","default":95.5},
  "status":{"type":"string","description":"User status","enum":["active","inactive","pending"],"default":"active"},
  "verified":{"type":"boolean","description":"Verification status","default":true}},"required":[]})";
constexpr std::string_view kEnums = R"({"type":"object","properties":{
  "untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
  "titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},
    {"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
  "legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
  "untitledMulti":{"type":"array","minItems":1,"maxItems":3,
    "items":{"type":"string","enum":["option1","option2","option3"]}},
  "titledMulti":{"type":"array","minItems":1,"maxItems":3,"items":{"anyOf":[{"const":"value1","title":"First Choice"},
    {"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}},"required":[]})";
constexpr std::string_view kSchema2020 = R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
  "$defs":{"address":{"$anchor":"addressDef","type":"object",
    "properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
  "properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},
    "contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
  "allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
  "if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
  "then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})";

class Tools final : public McpTools {
 public:
  Tools(Loop& loop, std::shared_ptr<FixtureHooks> hooks) : loop_(loop), hooks_(std::move(hooks)) {
    AddContent();
    AddTelling();
    AddAsking();
    AddInputRequired();
    AddChanging();
    AddTasks();
  }
  std::vector<Json> List(const McpCaller&) override {
    std::vector<Json> shown = definitions_;
    if (shows_more_) shown.push_back(Definition("test_dynamic_tool", Literal(R"({"type":"object"})")));
    return shown;
  }
  Task<Result<Json>> Call(McpContextPtr context, std::string name, Json arguments) override {
    const auto found = handlers_.find(name);
    if (found == handlers_.end()) co_return TextOf("There for now.");
    co_return co_await found->second(std::move(context), std::move(arguments));
  }
  TaskUse TaskUseOf(const std::string& name) override {
    const auto found = task_use_.find(name);
    return found == task_use_.end() ? TaskUse::kNever : found->second;
  }
  Task<Result<Json>> BeforeTask(McpContextPtr context, std::string name, Json arguments) override {
    if (name != "test_tool_with_task") co_return arguments;
    CO_TRY(const Json answer, co_await context->Ask(Form("user_name", "What is your name?", "name", "string")));
    arguments.Set("name", Field(answer, "name"));
    co_return arguments;
  }

 private:
  static Json Definition(std::string_view name, Json schema) {
    return Json::Object({{"name", name}, {"description", "for tests"}, {"inputSchema", std::move(schema)}});
  }
  void Add(std::string name, Handler handler, Json schema = Literal(R"({"type":"object","properties":{}})")) {
    definitions_.push_back(Definition(name, std::move(schema)));
    handlers_.emplace(std::move(name), std::move(handler));
  }
  void AddFixed(std::string name, Json result) {
    Add(std::move(name), [result = std::move(result)](McpContextPtr, Json) -> Task<Result<Json>> { co_return result; });
  }
  void AddContent();
  void AddTelling();
  void AddAsking();
  void AddInputRequired();
  void AddChanging();
  void AddTasks();

  Loop& loop_;
  const std::shared_ptr<FixtureHooks> hooks_;
  std::vector<Json> definitions_;
  std::map<std::string, Handler> handlers_;
  std::map<std::string, TaskUse> task_use_;
  bool shows_more_ = false;
};

void Tools::AddContent() {
  AddFixed("test_simple_text", TextOf("This is a simple text response for testing."));
  AddFixed("test_image_content", Contents({Image()}));
  AddFixed("test_audio_content",
           Contents({Json::Object({{"type", "audio"}, {"data", kFixtureAudio}, {"mimeType", "audio/wav"}})}));
  AddFixed("test_embedded_resource",
           Contents({Resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")}));
  AddFixed("test_multiple_content_types",
           Contents({McpText("Multiple content types test:"), Image(),
                     Resource("test://mixed-content-resource", "application/json", R"({"test":"data","value":123})")}));
  Add("test_error_handling", [](McpContextPtr, Json) -> Task<Result<Json>> {
    co_return Error::Internal({}, "This tool intentionally returns an error for testing");
  });
  Add(
      "json_schema_2020_12_tool",
      [](McpContextPtr, Json arguments) -> Task<Result<Json>> { co_return TextOf("called with " + arguments.Dump()); },
      Literal(kSchema2020));
  Add(
      "test_mirrored_parameter",
      [](McpContextPtr, Json arguments) -> Task<Result<Json>> { co_return TextOf("called with " + arguments.Dump()); },
      Literal(R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},
                 "priority":{"type":"integer","x-mcp-header":"Priority"}}})"));
}

void Tools::AddTelling() {
  Add("test_tool_with_logging", [this](McpContextPtr context, Json) -> Task<Result<Json>> {
    for (const char* text : {"Tool execution started", "Tool processing data", "Tool execution completed"}) {
      context->Log(McpLogLevel::kInfo, text);
      co_await SleepFor(loop_, std::chrono::milliseconds(50), context->call().stop);
    }
    co_return TextOf("Tool with logging executed successfully");
  });
  Add("test_logging_tool", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    context->Log(McpLogLevel::kInfo, "Logging evaluated");
    co_return TextOf("Logging evaluated");
  });
  Add("test_tool_with_progress", [this](McpContextPtr context, Json) -> Task<Result<Json>> {
    for (const int done : {0, 50, 100}) {
      context->Progress(done, 100, "Completed step " + std::to_string(done) + " of 100");
      co_await SleepFor(loop_, std::chrono::milliseconds(50), context->call().stop);
    }
    co_return TextOf("done");
  });
  Add("test_reconnection", [this](McpContextPtr context, Json) -> Task<Result<Json>> {
    co_await SleepFor(loop_, std::chrono::milliseconds(50), context->call().stop);
    context->LetGo(std::chrono::milliseconds(500));
    co_await SleepFor(loop_, std::chrono::milliseconds(100), context->call().stop);
    co_return TextOf("Reconnection test completed successfully.");
  });
}

void Tools::AddAsking() {
  Add(
      "test_sampling",
      [](McpContextPtr context, Json arguments) -> Task<Result<Json>> {
        CO_TRY(const Json answer, co_await context->Ask(Sample("sample", arguments["prompt"].AsString(), 100)));
        co_return TextOf("LLM response: " + Said(answer));
      },
      Literal(R"({"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]})"));
  Add(
      "test_elicitation",
      [](McpContextPtr context, Json arguments) -> Task<Result<Json>> {
        const std::string message = arguments["message"].AsString();
        CO_TRY(const Json answer, co_await context->Ask(Form("elicit", message, "response", "string")));
        co_return TextOf("User response: " + Form(answer));
      },
      Literal(R"({"type":"object","properties":{"message":{"type":"string"}},"required":["message"]})"));
  const auto ask_form = [](std::string_view message, std::string_view schema) -> Handler {
    return [message, schema](McpContextPtr context, Json) -> Task<Result<Json>> {
      CO_TRY(const Json answer, co_await context->Ask(Elicit("elicit", message, Literal(schema))));
      co_return TextOf("Elicitation completed: " + Form(answer));
    };
  };
  Add("test_elicitation_sep1034_defaults",
      ask_form("Please review and update the form fields with defaults", kDefaults));
  Add("test_elicitation_sep1330_enums", ask_form("Please select options from the enum fields", kEnums));
  Add("test_streaming_elicitation", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    context->Progress(50, 100);
    CO_TRY(const Json answer, co_await context->Ask(Form("elicit", "Go on?", "go_on", "boolean")));
    co_return TextOf("Streaming complete: " + Form(answer));
  });
  Add("test_missing_capability", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json answer, co_await context->Ask(Sample("sample", "Say something.", 10)));
    co_return TextOf(Said(answer));
  });
}

void Tools::AddInputRequired() {
  Add("test_input_required_result_elicitation", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json answer, co_await context->Ask(Form("user_name", "What is your name?", "name", "string")));
    co_return TextOf("Hello, " + Field(answer, "name") + "!");
  });
  Add("test_input_required_result_sampling", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json answer, co_await context->Ask(Sample("sample_request", "What is the capital of France?", 100)));
    co_return TextOf("Sampling result: " + Said(answer));
  });
  Add("test_input_required_result_list_roots", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json answer, co_await context->Ask(Roots("roots_request")));
    co_return TextOf("Found " + std::to_string(answer["roots"].size()) + " root(s)");
  });
  Add("test_input_required_result_request_state", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json answer, co_await context->Ask(Form("confirm", "Please confirm", "ok", "boolean")));
    co_return TextOf("state-ok: requestState validated, ok is " + Field(answer, "ok"));
  });
  Add("test_input_required_result_tampered_state", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json answer, co_await context->Ask(Form("confirm", "Please confirm", "ok", "boolean")));
    co_return TextOf("integrity-ok: state verified, ok is " + Field(answer, "ok"));
  });
  Add("test_input_required_result_multiple_inputs", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    std::vector<McpQuestion> questions;
    questions.push_back(Form("user_name", "What is your name?", "name", "string"));
    questions.push_back(Sample("greeting", "Generate a greeting", 50));
    questions.push_back(Roots("client_roots"));
    CO_TRY(const auto answers, co_await context->AskAll(std::move(questions)));
    co_return TextOf("Name: " + Field(answers[0], "name") + "; Greeting: " + Said(answers[1]) +
                     "; Roots: " + std::to_string(answers[2]["roots"].size()));
  });
  Add("test_input_required_result_multi_round", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    CO_TRY(const Json name, co_await context->Ask(Form("step1", "Step 1: What is your name?", "name", "string")));
    CO_TRY(const Json color,
           co_await context->Ask(Form("step2", "Step 2: What is your favorite color?", "color", "string")));
    co_return TextOf("Multi-round complete for " + Field(name, "name") + " who likes " + Field(color, "color"));
  });
  Add("test_input_required_result_capabilities", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    std::vector<McpQuestion> questions;
    if (context->caller().Can("elicitation")) {
      questions.push_back(Form("elicit_input", "Elicitation input", "value", "string"));
    }
    if (context->caller().Can("sampling")) questions.push_back(Sample("sample_input", "Sample request", 50));
    if (questions.empty()) co_return TextOf("No supported capabilities declared");
    CO_TRY(const auto answers, co_await context->AskAll(std::move(questions)));
    co_return TextOf("capabilities-ok: received " + std::to_string(answers.size()));
  });
}

void Tools::AddTasks() {
  using std::chrono::milliseconds;
  const auto seconds = [](const Json& given) { return given.is_number() ? given.AsDouble() : 0; };
  Add(
      "greet",
      [](McpContextPtr, Json arguments) -> Task<Result<Json>> {
        co_return TextOf("Hello, " + arguments["name"].AsString() + "!");
      },
      Literal(R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})"));
  Add(
      "slow_compute",
      [this, seconds](McpContextPtr context, Json arguments) -> Task<Result<Json>> {
        const milliseconds time(static_cast<int64_t>(1000 * seconds(arguments["seconds"])));
        const std::stop_token stop = context->call().stop;
        if (!co_await SleepFor(loop_, time, stop)) co_return Error::Cancelled("slow_compute", "it was stopped");
        co_return TextOf("computed " + arguments["label"].Dump());
      },
      Literal(R"({"type":"object","properties":{"seconds":{"type":"number"},"label":{"type":"string"}}})"));
  Add("failing_job", [this](McpContextPtr, Json) -> Task<Result<Json>> {
    co_await SleepFor(loop_, milliseconds(500));
    co_return McpTextResult("The job failed.", true);
  });
  Add("protocol_error_job", [this](McpContextPtr, Json) -> Task<Result<Json>> {
    co_await SleepFor(loop_, milliseconds(500));
    co_return Error::Internal("job", "the protocol failed").WithCode(kMcpProtocolFault);
  });
  Add(
      "confirm_delete",
      [](McpContextPtr context, Json arguments) -> Task<Result<Json>> {
        const std::string message = "Delete " + arguments["filename"].Dump() + "?";
        CO_TRY(const Json answer, co_await context->Ask(Form("confirm", message, "confirm", "boolean")));
        co_return TextOf("confirmed: " + Form(answer));
      },
      Literal(R"({"type":"object","properties":{"filename":{"type":"string"}}})"));
  Add("multi_input", [](McpContextPtr context, Json) -> Task<Result<Json>> {
    std::vector<McpQuestion> questions;
    questions.push_back(Form("first", "What is your name?", "name", "string"));
    questions.push_back(Form("second", "Sure?", "confirm", "boolean"));
    CO_TRY(const auto answers, co_await context->AskAll(std::move(questions)));
    co_return TextOf(Form(answers[0]) + "; " + Form(answers[1]));
  });
  Add("test_tool_with_task", [this](McpContextPtr, Json arguments) -> Task<Result<Json>> {
    co_await SleepFor(loop_, milliseconds(500));
    co_return TextOf("Hello, " + arguments["name"].AsString() + "!");
  });
  for (const char* name : {"slow_compute", "protocol_error_job", "confirm_delete", "multi_input"}) {
    task_use_[name] = TaskUse::kMay;
  }
  for (const char* name : {"failing_job", "test_tool_with_task"}) task_use_[name] = TaskUse::kMust;
}

void Tools::AddChanging() {
  Add("test_trigger_tool_change", [this](McpContextPtr, Json) -> Task<Result<Json>> {
    shows_more_ = !shows_more_;
    hooks_->tools_changed();
    co_return TextOf("Mutation triggered");
  });
  Add("test_trigger_prompt_change", [this](McpContextPtr, Json) -> Task<Result<Json>> {
    hooks_->prompts_changed();
    co_return TextOf("Mutation triggered");
  });
}

}  // namespace

std::shared_ptr<McpTools> FixtureTools(Loop& loop, std::shared_ptr<FixtureHooks> hooks) {
  return std::make_shared<Tools>(loop, std::move(hooks));
}

}  // namespace atelier
