// Documents of OpenAPI become tools, whose calls become requests as the document says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "agent/tools/openapi_document.h"
#include "agent/tools/openapi_request.h"
#include "agent/tools/openapi_schema.h"
#include "agent/tools/tools_testing.h"
#include "base/net/faulty_server.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kShop = R"(
openapi: 3.1.0
info: {title: Shop, version: "1"}
servers: [{url: "{scheme}://127.0.0.1:PORT/v1", variables: {scheme: {default: http}}}]
security: [{key: []}]
paths:
  /items/{itemId}:
    parameters:
      - {name: itemId, in: path, required: true, schema: {type: string}}
    get:
      operationId: getItem
      summary: One item of the shop
      parameters:
        - {name: fields, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: "filter", in: query, style: deepObject, schema: {$ref: "#/components/schemas/Filter"}}
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
        - {$ref: "#/components/parameters/Trace"}
        - {name: session, in: cookie, schema: {type: string}}
      responses: {"200": {description: ok}}
    put:
      operationId: put item!
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}
      responses: {"200": {description: ok}}
    delete:
      security: []
      responses: {"204": {description: gone}}
  /orders:
    post:
      operationId: order
      parameters: [{name: Idempotency-Key, in: header, required: true, schema: {type: string}}]
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object}, encoding: {who: {style: deepObject}}}}}
      responses: {"200": {description: ok}}
  /upload:
    post:
      operationId: upload
      requestBody: {required: true, content: {image/png: {}}}
      responses: {"200": {description: ok}}
  /secret:
    get:
      operationId: secret
      security: [{other: []}]
      responses: {"200": {description: ok}}
components:
  parameters:
    Trace: {name: X-Trace, in: header, schema: {type: array, items: {type: integer}}}
  securitySchemes:
    key: {type: apiKey, in: query, name: api_key}
    other: {type: http, scheme: bearer}
  schemas:
    Filter: {type: object, properties: {parent: {$ref: "#/components/schemas/Filter"}, example: {type: string}}}
    Item: {type: object, required: [name], example: {name: x}, properties: {name: {type: string, nullable: true}}}
)";

class OpenApi : public testing::Test {
 protected:
  OpenApi() {
    setenv("OPENAPI_TEST_KEY", "s3cret&", 1);
    Write(std::string(kShop));
  }
  void Write(std::string text) {
    if (const size_t at = text.find("PORT"); at != std::string::npos) {
      text.replace(at, 4, std::to_string(server_.port()));
    }
    std::ofstream(path_) << text;
  }
  Json With() {
    return Json::Object({{"document", path_},
                         {"security", Json::Object({{"key", "env:OPENAPI_TEST_KEY"}})},
                         {"private", Json::Array({"127.0.0.1:*"})}});
  }
  std::shared_ptr<AgentTool> Tool(std::string_view name, Json with) {
    const AgentTools tools = bench_.Make("openapi", std::move(with)).value();
    for (const auto& tool : tools) {
      if (tool->spec().name == name) return tool;
    }
    ADD_FAILURE() << "no tool " << name;
    return nullptr;
  }
  std::string Call(std::string_view name, Json arguments) {
    const auto output = bench_.Run(*Tool(name, With()), std::move(arguments));
    return output ? output->text : output.error().Message();
  }
  std::string Error(Json with) {
    const auto tools = bench_.Make("openapi", std::move(with));
    return tools ? "none" : tools.error().Message();
  }

  std::vector<FaultyServer::Request> requests_;
  std::string answer_ = HttpAnswer(200, "application/json", R"({"name": "chair"})");
  FaultyServer server_{[this](const FaultyServer::Request& request) {
    requests_.push_back(request);
    return FaultyServer::Answer{answer_};
  }};
  ToolBench bench_;
  const std::string path_ = bench_.folder() + "/shop.yaml";
};

TEST_F(OpenApi, OperationsBecomeToolsThatSayWhatTheyDo) {
  std::vector<std::string> names;
  const AgentTools tools = bench_.Make("openapi", With()).value();
  for (const auto& tool : tools) names.push_back(tool->spec().name);
  // "upload" wants a PNG, and there is no key for "secret".
  EXPECT_THAT(names, ElementsAre("getItem", "put_item", "delete_items_itemId", "order"));
  const auto flags = [&](size_t i) {
    const ToolSpec& spec = tools[i]->spec();
    return std::string(spec.read_only ? "r" : "") + (spec.idempotent ? "i" : "") + (spec.sensitive ? "s" : "") +
           (spec.outside ? "o" : "");
  };
  EXPECT_EQ(flags(0), "rio");
  EXPECT_EQ(flags(1), "iso");
  EXPECT_EQ(flags(2), "iso");
  EXPECT_EQ(flags(3), "iso") << "it takes an idempotency key";
  const Json& schema = tools[0]->spec().parameters;
  EXPECT_EQ(schema["required"].Dump(), R"(["itemId"])");
  EXPECT_EQ(schema["properties"]["filter"].Dump(), R"({"$ref":"#/$defs/Filter"})");
  EXPECT_EQ(schema["$defs"].Dump(), R"({"Filter":{"type":"object","properties":{"parent":{"$ref":"#/$defs/Filter"},)"
                                    R"("example":{"type":"string"}}}})");
  EXPECT_THAT(tools[0]->spec().description, HasSubstr("One item of the shop\nGET /items/{itemId}"));
  EXPECT_FALSE(tools[3]->spec().parameters["properties"].Has("Idempotency-Key"));
  ToolConfig named;
  named.type = "openapi";
  named.name = "shop";
  named.with = With();
  EXPECT_EQ(bench_.Make(named)->front()->spec().name, "shop_getItem");
}

TEST_F(OpenApi, ParametersTravelInTheirStyles) {
  const std::string said =
      Call("getItem", *Json::Parse(R"({"itemId": "a/b ?", "fields": ["x", "y,z"], "tags": ["1", "2"],
      "filter": {"a": 1, "b": "c&d"}, "X-Trace": [1, 2], "session": "s;1"})"));
  EXPECT_EQ(said, "HTTP 200 OK\n\n{\"name\": \"chair\"}");
  ASSERT_EQ(requests_.size(), 1U);
  const std::string& head = requests_[0].head;
  EXPECT_THAT(head,
              HasSubstr("GET /v1/items/a%2Fb%20%3F?fields=x,y%2Cz&filter%5Ba%5D=1&filter%5Bb%5D=c%26d&tags=1&tags=2"
                        "&api_key=s3cret%26 HTTP/1.1"));
  EXPECT_THAT(head, HasSubstr("X-Trace: 1,2\r\n"));
  EXPECT_THAT(head, HasSubstr("Cookie: session=s%3B1\r\n"));
}

TEST_F(OpenApi, BodiesTravelAsTheDocumentSays) {
  Call("put_item", *Json::Parse(R"({"itemId": "1", "body": {"name": "x"}})"));
  EXPECT_EQ(requests_.back().body, R"({"name":"x"})");
  EXPECT_THAT(requests_.back().head, HasSubstr("Content-Type: application/json\r\n"));
  Call("order", *Json::Parse(R"({"body": {"n": 1, "who": {"name": "A B"}}})"));
  EXPECT_EQ(requests_.back().body, "n=1&who%5Bname%5D=A%20B");
  EXPECT_THAT(requests_.back().head, HasSubstr("Idempotency-Key: key\r\n"));
  EXPECT_EQ(Call("put_item", *Json::Parse(R"({"itemId": "1"})")), "body: got none, want a value");
}

TEST_F(OpenApi, ArgumentsCannotLeaveTheirPath) {
  for (const char* id : {"..", ".", ""}) {
    EXPECT_THAT(Call("getItem", Json::Object({{"itemId", id}})), HasSubstr("want a part of a path"));
  }
  EXPECT_THAT(Call("getItem", Json::Object({{"itemId", "1"}, {"X-Trace", Json::Array({"a\r\nHost: evil"})}})),
              HasSubstr("line break"));
  EXPECT_TRUE(requests_.empty());
}

// The address of a GET of `path`, whose parameters are `a` and `b`.
Result<std::string> AddressOf(const char* path, const char* a, const char* b, bool allow_reserved) {
  ApiOperation operation;
  operation.path = path;
  operation.method = "GET";
  for (const char* name : {"a", "b"}) {
    ApiParameter& parameter = operation.parameters.emplace_back();
    parameter.name = name;
    parameter.in = ApiParameter::In::kPath;
    parameter.allow_reserved = allow_reserved;
  }
  const ApiArguments names{{}, {{"a", 0}, {"b", 1}}, ""};
  const Json arguments = Json::Object({{"a", a}, {"b", b}});
  TRY(const AsyncRequest request, BuildApiRequest(operation, names, {"https://api.example", {}, ""}, arguments));
  return request.url;
}

TEST_F(OpenApi, WhatMayBeReservedStaysInItsPartOfThePathToo) {
  EXPECT_EQ(*AddressOf("/{a}/{b}", "../x?y#z", "1:2", true), "https://api.example/..%2Fx%3Fy%23z/1:2");
}

TEST_F(OpenApi, PartsOfThePathThatAreDotsAreTheDocumentsAlone) {
  EXPECT_EQ(*AddressOf("/../{a}{b}", "1", ".x", false), "https://api.example/../1.x");
  EXPECT_FALSE(AddressOf("/{a}/{b}", "%2E%2e", "1", true).ok());
  EXPECT_FALSE(AddressOf("/{a}{b}", ".%2e", "", true).ok());
  EXPECT_FALSE(AddressOf("/{a}.", "%2e", "1", true).ok()) << "together with the document's";
  EXPECT_EQ(AddressOf("/x/.{a}", ".x", "1", false)->substr(19), "/x/..x");
}

TEST_F(OpenApi, PathStylesAreThoseOfTheSpecification) {
  const auto path = [](const char* style, bool explode, const char* value) {
    ApiOperation operation;
    operation.path = "/{color}";
    operation.method = "GET";
    ApiParameter parameter;
    parameter.name = "color";
    parameter.in = ApiParameter::In::kPath;
    parameter.explode = explode;
    parameter.style = style[0] == 'l'   ? ApiParameter::Style::kLabel
                      : style[0] == 'm' ? ApiParameter::Style::kMatrix
                                        : ApiParameter::Style::kSimple;
    operation.parameters.push_back(parameter);
    const ApiArguments names{{}, {{"color", 0}}, ""};
    const Json arguments = Json::Object({{"color", *Json::Parse(value)}});
    return BuildApiRequest(operation, names, {"", {}, ""}, arguments)->url;
  };
  constexpr const char *kOne = R"("blue")", *kList = R"(["blue","black"])", *kMap = R"({"R":100,"G":200})";
  EXPECT_EQ(path("simple", false, kOne), "/blue");
  EXPECT_EQ(path("simple", false, kList), "/blue,black");
  EXPECT_EQ(path("simple", false, kMap), "/R,100,G,200");
  EXPECT_EQ(path("simple", true, kMap), "/R=100,G=200");
  EXPECT_EQ(path("label", false, kOne), "/.blue");
  EXPECT_EQ(path("label", false, kList), "/.blue,black");
  EXPECT_EQ(path("label", true, kList), "/.blue.black");
  EXPECT_EQ(path("label", true, kMap), "/.R=100.G=200");
  EXPECT_EQ(path("matrix", false, kOne), "/;color=blue");
  EXPECT_EQ(path("matrix", false, kList), "/;color=blue,black");
  EXPECT_EQ(path("matrix", true, kList), "/;color=blue;color=black");
  EXPECT_EQ(path("matrix", true, kMap), "/;R=100;G=200");
}

TEST_F(OpenApi, AnswersAreToldWithinLimits) {
  answer_ = HttpAnswer(422, "application/problem+json", R"({"detail": "no"})");
  const auto failed = bench_.Run(*Tool("getItem", With()), Json::Object({{"itemId", "1"}}));
  EXPECT_TRUE(failed->is_error);
  EXPECT_EQ(failed->structured.Dump(), R"({"status":422,"body":{"detail":"no"}})");
  answer_ = HttpAnswer(200, "image/png", "abc");
  EXPECT_EQ(Call("getItem", Json::Object({{"itemId", "1"}})),
            "HTTP 200 OK\n\n[3 bytes that are not shown: Content-Type: got image/png, want HTML, text, JSON or XML]");
  answer_ = HttpAnswer(200, "application/json", "[" + std::string(30'000, ' ') + "]");
  EXPECT_THAT(Call("getItem", Json::Object({{"itemId", "1"}})), HasSubstr("more bytes left out]"));
  answer_ = HttpAnswer(200, "application/json", "{wrong");
  EXPECT_EQ(Call("getItem", Json::Object({{"itemId", "1"}})), "HTTP 200 OK\n\n{wrong");
  answer_ = HttpAnswer(302, "text/plain", "", "Location: http://169.254.169.254/\r\n");
  EXPECT_THAT(Call("getItem", Json::Object({{"itemId", "1"}})), HasSubstr("link-local"));
  answer_ = HttpAnswer(302, "text/plain", "", "Location: " + server_.url("/x") + "\r\n");
  const std::string looped = Call("getItem", Json::Object({{"itemId", "1"}}));
  EXPECT_THAT(looped, HasSubstr("redirects"));
  EXPECT_THAT(looped, Not(HasSubstr("s3cret")));
}

TEST_F(OpenApi, OnlyTheSettingsLeadToPrivateServers) {
  Json with = With();
  with.Erase("private");
  const auto refused = bench_.Run(*Tool("getItem", with), Json::Object({{"itemId", "1"}}));
  EXPECT_EQ(refused.error().kind, ErrorKind::kDenied) << "the document alone names a server on loopback";
  with.Set("server", server_.url("/base/"));
  EXPECT_TRUE(bench_.Run(*Tool("getItem", with), Json::Object({{"itemId", "1"}})).ok());
  EXPECT_THAT(requests_.back().head, HasSubstr("GET /base/items/1?"));
}

TEST_F(OpenApi, DocumentsComeByUrlToo) {
  std::string text(kShop);
  text.replace(text.find("{scheme}://127.0.0.1:PORT"), 25, "");
  answer_ = HttpAnswer(200, "application/yaml", text);
  Json with = With();
  with.Erase("private");
  with.Set("document", server_.url("/api/shop.yaml"));
  const auto tool = Tool("getItem", with);
  EXPECT_TRUE(bench_.Run(*tool, Json::Object({{"itemId", "1"}})).ok());
  EXPECT_THAT(requests_.back().head, HasSubstr("GET /v1/items/1?"));
}

TEST_F(OpenApi, FiltersChooseOperations) {
  const auto names = [&](const char* key, Json globs) {
    Json with = With();
    with.Set(key, std::move(globs));
    std::string all;
    const AgentTools tools = bench_.Make("openapi", with).value();
    for (const auto& tool : tools) all += tool->spec().name + " ";
    return all;
  };
  EXPECT_EQ(names("operations", Json::Array({"get*", "order"})), "getItem order ");
  EXPECT_EQ(names("operations", Json::Array({"DELETE **"})), "delete_items_itemId ");
  EXPECT_EQ(names("except", Json::Array({"* /items/**"})), "order ");
}

TEST_F(OpenApi, WhatIsWrongIsNamed) {
  Json with = With();
  with.Set("operations", Json::Array({"nothing"}));
  EXPECT_THAT(Error(with), HasSubstr("with.operations"));
  with = With();
  with.Set("security", Json::Object());
  with.Set("operations", Json::Array({"getItem"}));
  EXPECT_THAT(Error(with), HasSubstr("with.security: got no key, want one for one of: key"));
  with.Set("security", Json::Object({{"odd", "env:OPENAPI_TEST_KEY"}}));
  EXPECT_THAT(Error(with), HasSubstr("want one of: key, other"));
  const auto parse = [&](std::string text) {
    Write(std::move(text));
    return Error(With());
  };
  EXPECT_THAT(parse("{\"swagger\": \"2.0\"}"), HasSubstr("got Swagger \"2.0\", want OpenAPI 3.0 or 3.1"));
  EXPECT_THAT(parse("a: [1"), HasSubstr("line 1"));
  EXPECT_THAT(parse("[]"), HasSubstr("want an object"));
  EXPECT_THAT(parse("openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: 'b.yaml#/x'}]}}}"),
              HasSubstr("paths: /a: get.parameters[0].$ref: got 'b.yaml#/x', want one within the document"));
  EXPECT_THAT(parse("openapi: 3.0.0\npaths: {/a: {$ref: '#/paths/~1a'}}"), HasSubstr("lead to each other"));
  EXPECT_THAT(parse("openapi: 3.0.0\npaths: {/a: {get: {parameters: [{name: a, in: body}]}}}"), HasSubstr("want path"));
  Write("openapi: 3.0.0\npaths: {/a: {get: {}}}\n");
  EXPECT_THAT(Error(Json::Object({{"document", path_}})), HasSubstr("with.server: got none"));
  EXPECT_THAT(parse(""), HasSubstr("document"));
}

TEST_F(OpenApi, SchemasThatAreNoneAreLeftOpen) {
  Write(
      "openapi: 3.0.0\nservers: [{url: 'http://a.test'}]\npaths: {/a: {get: {operationId: a, parameters: ["
      "{name: 'x[y]', in: query, description: D, schema: {type: strange}}, {name: x_y, in: query}]}}}\n");
  Json with = Json::Object({{"document", path_}});
  const auto tool = Tool("a", with);
  EXPECT_EQ(tool->spec().parameters["properties"].Dump(), R"({"x_y":{"description":"D"},"x_y_2":{}})");
}

// Documents of others, where somebody has put some: ATELIER_OPENAPI_DOCUMENTS is a folder of them.
TEST_F(OpenApi, PublishedDocumentsBecomeValidTools) {
  const char* folder = std::getenv("ATELIER_OPENAPI_DOCUMENTS");
  if (folder == nullptr) GTEST_SKIP() << "ATELIER_OPENAPI_DOCUMENTS is not set";
  const std::vector<std::string> names = Files::Real().List(folder).value();
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string text = ReadWholeFile(Files::Real(), JoinPath(folder, name), 64 << 20).value();
    const auto document = ApiDocument::Parse(text);
    ASSERT_TRUE(document.ok()) << document.error().Message();
    if (document->operations.empty()) continue;  // webhooks alone
    Json security = Json::Object();
    for (const auto& [scheme, place] : document->schemes) security.Set(scheme, "env:OPENAPI_TEST_KEY");
    const auto tools = bench_.Make("openapi", Json::Object({{"document", JoinPath(folder, name)},
                                                            {"server", "https://example.org"},
                                                            {"security", security}}));
    ASSERT_TRUE(tools.ok()) << tools.error().Message();
    size_t largest = 0, open = 0;
    for (const auto& tool : *tools) {
      largest = std::max(largest, tool->spec().parameters.Dump().size());
      const Json& properties = tool->spec().parameters["properties"];
      for (const JsonMember& member : properties.members()) open += member.value.size() == 0;
    }
    std::printf("%-40s %5zu operations, %5zu tools, largest parameters %zu bytes, %zu left open\n", name.c_str(),
                document->operations.size(), tools->size(), largest, open);
    EXPECT_LT(largest, 3 * kMaxSchemaBytes);
  }
}

}  // namespace
}  // namespace atelier
