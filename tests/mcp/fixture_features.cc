#include "fixture_features.h"

#include <algorithm>
#include <utility>

namespace atelier {
namespace {

Json TextContents(std::string_view uri, std::string_view type, std::string_view text) {
  Json one = Json::Object({{"uri", uri}, {"mimeType", type}, {"text", text}});
  return Json::Object({{"contents", Json::Array({std::move(one)})}});
}

class Resources final : public McpResources {
 public:
  std::vector<Json> List(const McpCaller&) override {
    const auto resource = [](std::string_view uri, std::string_view name, std::string_view type) {
      return Json::Object({{"uri", uri}, {"name", name}, {"description", "for tests"}, {"mimeType", type}});
    };
    return {resource("test://static-text", "static-text", "text/plain"),
            resource("test://static-binary", "static-binary", "image/png"),
            resource("test://watched-resource", "watched-resource", "text/plain")};
  }
  std::vector<Json> Templates(const McpCaller&) override {
    return {Json::Object({{"uriTemplate", "test://template/{id}/data"},
                          {"name", "template"},
                          {"description", "a resource of each id"},
                          {"mimeType", "application/json"}})};
  }
  Task<Result<Json>> Read(McpContextPtr, std::string uri) override {
    if (uri == "test://static-text") {
      co_return TextContents(uri, "text/plain", "This is the content of the static text resource.");
    }
    if (uri == "test://watched-resource") co_return TextContents(uri, "text/plain", "Watched resource content");
    if (uri == "test://static-binary") {
      Json one = Json::Object({{"uri", uri}, {"mimeType", "image/png"}, {"blob", kFixtureImage}});
      co_return Json::Object({{"contents", Json::Array({std::move(one)})}});
    }
    constexpr std::string_view kBegin = "test://template/", kEnd = "/data";
    if (uri.starts_with(kBegin) && uri.ends_with(kEnd) && uri.size() > kBegin.size() + kEnd.size()) {
      const std::string id = uri.substr(kBegin.size(), uri.size() - kBegin.size() - kEnd.size());
      const Json data = Json::Object({{"id", id}, {"templateTest", true}, {"data", "Data for ID: " + id}});
      co_return TextContents(uri, "application/json", data.Dump());
    }
    co_return Error::NotFound(uri, "there is no such resource");
  }
};

Json UserMessage(Json content) { return Json::Object({{"role", "user"}, {"content", std::move(content)}}); }

Json Messages(std::vector<Json> contents) {
  Json messages = Json::Array();
  for (Json& content : contents) messages.Push(UserMessage(std::move(content)));
  return Json::Object({{"messages", std::move(messages)}});
}

class Prompts final : public McpPrompts {
 public:
  std::vector<Json> List(const McpCaller&) override {
    const auto argument = [](std::string_view name) {
      return Json::Object({{"name", name}, {"description", "for tests"}, {"required", true}});
    };
    const auto prompt = [](std::string_view name, Json arguments) {
      Json one = Json::Object({{"name", name}, {"description", "for tests"}});
      if (!arguments.empty()) one.Set("arguments", std::move(arguments));
      return one;
    };
    return {prompt("test_simple_prompt", Json::Array()),
            prompt("test_prompt_with_arguments", Json::Array({argument("arg1"), argument("arg2")})),
            prompt("test_prompt_with_embedded_resource", Json::Array({argument("resourceUri")})),
            prompt("test_prompt_with_image", Json::Array()),
            prompt("test_input_required_result_prompt", Json::Array())};
  }
  Task<Result<Json>> Get(McpContextPtr context, std::string name, Json arguments) override {
    if (name == "test_simple_prompt") co_return Messages({McpText("This is a simple prompt for testing.")});
    if (name == "test_prompt_with_arguments") {
      co_return Messages({McpText("Prompt with arguments: arg1='" + arguments["arg1"].AsString() + "', arg2='" +
                                  arguments["arg2"].AsString() + "'")});
    }
    if (name == "test_prompt_with_image") {
      const Json image = Json::Object({{"type", "image"}, {"data", kFixtureImage}, {"mimeType", "image/png"}});
      co_return Messages({image, McpText("Please analyze the image above.")});
    }
    if (name == "test_prompt_with_embedded_resource") {
      Json resource = Json::Object({{"uri", arguments["resourceUri"]},
                                    {"mimeType", "text/plain"},
                                    {"text", "Embedded resource content for testing."}});
      const Json embedded = Json::Object({{"type", "resource"}, {"resource", std::move(resource)}});
      co_return Messages({embedded, McpText("Please process the embedded resource above.")});
    }
    Json schema = Json::Object({{"type", "object"},
                                {"properties", Json::Object({{"context", Json::Object({{"type", "string"}})}})},
                                {"required", Json::Array({"context"})}});
    McpQuestion question{
        "user_context", "elicitation/create",
        Json::Object({{"message", "What context should the prompt use?"}, {"requestedSchema", std::move(schema)}})};
    CO_TRY(const Json answer, co_await context->Ask(std::move(question)));
    const Json& told = answer["content"]["context"];
    co_return Messages({McpText("Prompt with context: " + (told.is_string() ? told.AsString() : "none"))});
  }
};

class Completion final : public McpCompletion {
 public:
  Task<Result<std::vector<std::string>>> Complete(McpContextPtr, Json, std::string, std::string value, Json) override {
    std::vector<std::string> fitting;
    for (const char* word : {"paris", "park", "party", "python", "testValue"}) {
      if (std::string_view(word).starts_with(value)) fitting.emplace_back(word);
    }
    co_return fitting;
  }
};

}  // namespace

McpFeatures FixtureFeatures(Loop& loop, std::shared_ptr<FixtureHooks> hooks) {
  McpFeatures features;
  features.name = "atelier-conformance";
  features.title = "Atelier, as the conformance suite wants it";
  features.tools = FixtureTools(loop, std::move(hooks));
  features.resources = std::make_shared<Resources>();
  features.prompts = std::make_shared<Prompts>();
  features.completion = std::make_shared<Completion>();
  features.lists_are_public = true;
  return features;
}

}  // namespace atelier
