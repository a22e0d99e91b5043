// The tables of parameters against what today's SDK can send, and what is printed of them.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "base/tree_testing.h"
#include "serve/chat_body.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

Json Golden(const std::string& name) {
  std::ifstream in(SourcePath("/tests/golden/serve/") + name, std::ios::binary);
  return ServedApp::Parsed(std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
}

std::set<std::string> Known(const Json& schema) {
  std::set<std::string> names;
  for (const JsonMember& member : schema["properties"].members()) names.insert(member.key);
  return names;
}

void ExpectAllKnown(const Json& golden, const std::set<std::string>& known) {
  EXPECT_GT(golden.size(), 0);
  for (const Json& name : golden.items()) EXPECT_TRUE(known.contains(name.AsString())) << name.AsString();
}

TEST(Parameters, AllThatTheSdkCanSendAreInTheTables) {
  const Json golden = Golden("openai_parameters.json");
  ServedApp server;
  const Json document = server.Get("/openapi.json").json;
  const auto schema = [&](const char* path) {
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
  };
  const Json chat = schema("/v1/chat/completions");
  ExpectAllKnown(golden["chat"], Known(chat));
  ExpectAllKnown(golden["messages"], Known(chat["properties"]["messages"]["items"]));
  ExpectAllKnown(golden["stream_options"], Known(chat["properties"]["stream_options"]));
  ExpectAllKnown(golden["completions"], Known(schema("/v1/completions")));
  ExpectAllKnown(golden["embeddings"], Known(schema("/v1/embeddings")));
  ExpectAllKnown(golden["vector_stores"], Known(schema("/v1/vector_stores")));
  ExpectAllKnown(golden["vector_stores.update"], Known(schema("/v1/vector_stores/{id}")));
  ExpectAllKnown(golden["vector_stores.search"], Known(schema("/v1/vector_stores/{id}/search")));
  ExpectAllKnown(golden["vector_stores.files"], Known(schema("/v1/vector_stores/{id}/files")));
  ExpectAllKnown(golden["vector_stores.file_batches"], Known(schema("/v1/vector_stores/{id}/file_batches")));
  const Json tool = schema("/v1/responses")["properties"]["tools"]["items"];
  ExpectAllKnown(golden["file_search"], Known(tool));
  ExpectAllKnown(golden["ranking_options"], Known(tool["properties"]["ranking_options"]));
}

TEST(Parameters, EveryFateIsPrintedInTheReference) {
  ServedApp server;
  const std::string page = server.Get("/reference").body;
  const Json document = server.Get("/openapi.json").json;
  for (const JsonMember& path : document["paths"].members()) {
    for (const JsonMember& operation : path.value.members()) {
      const Json& body = operation.value["requestBody"];
      if (!body.is_object()) continue;
      for (const std::string& name : Known(body["content"]["application/json"]["schema"])) {
        EXPECT_NE(page.find("<code>" + name + "</code>"), std::string::npos) << path.key << " " << name;
      }
    }
  }
  for (const char* fate : {"honoured", "accepted, no effect", "refused"}) EXPECT_NE(page.find(fate), std::string::npos);
  // Fields within fields too.
  EXPECT_NE(page.find("<code>messages[].tool_call_id</code>"), std::string::npos);
  EXPECT_NE(page.find("<code>stream_options.include_usage</code>"), std::string::npos);
}

TEST(Parameters, WhatHasNoEffectIsAcceptedAndWhatIsRefusedIsNamed) {
  REQUIRE_INSTALLED(kChatModel);
  ServedApp server;
  const Answer accepted = server.Post("/v1/chat/completions", ChatBodyOf("x", R"("max_tokens": 1, "user": "u",
      "safety_identifier": "s", "prompt_cache_key": "k", "prompt_cache_retention": "24h", "service_tier": "auto",
      "prediction": {"type": "content", "content": "x"}, "tools": [],
      "tool_choice": "none", "response_format": {"type": "text"}, "modalities": ["text"], "audio": null)"));
  EXPECT_EQ(accepted.status, 200) << accepted.body;
  for (const char* more :
       {R"("audio": {"voice": "x"})", R"("modalities": ["text", "audio"])", R"("functions": [{"name": "f"}])",
        R"("web_search_options": {})", R"("moderation": {"model": "m"})"}) {
    const Answer refused = server.Post("/v1/chat/completions", ChatBodyOf("x", more));
    EXPECT_EQ(refused.status, 400) << more;
    EXPECT_EQ(refused.code(), "unsupported_parameter") << refused.body;
    EXPECT_NE(std::string(more).find("\"" + refused.param() + "\""), std::string::npos) << refused.body;
  }
}

TEST(Parameters, OpenApiNamesEveryRoute) {
  ServedApp server;
  const Json document = server.Get("/openapi.json").json;
  EXPECT_EQ(document["openapi"].AsString(), "3.1.0");
  for (const char* path : {"/v1/models", "/v1/models/{id}", "/v1/chat/completions", "/v1/completions", "/v1/embeddings",
                           "/v1/rerank", "/tokenize", "/detokenize", "/health", "/metrics", "/openapi.json", "/props",
                           "/slots", "/apply-template", "/infill"}) {
    EXPECT_TRUE(document["paths"].Has(path)) << path;
  }
}

}  // namespace
}  // namespace atelier
