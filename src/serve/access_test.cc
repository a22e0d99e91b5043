// Who may see what, over HTTP: what is hidden is as if it were not there, in vector stores, their files and searches.
#include "app/access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "base/random.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

namespace fs = std::filesystem;

// Keys "k-root" of nobody's group, "k-ann" of staff, "k-bob".
Config ConfigWith(std::vector<AccessRule> rules) {
  Config config;
  config.server.keys.resize(3);
  config.server.keys[0].key = "k-root", config.server.keys[0].name = "root";
  config.server.keys[1].key = "k-ann", config.server.keys[1].name = "ann-laptop";
  config.server.keys[1].user = "ann", config.server.keys[1].groups = {"staff"};
  config.server.keys[2].key = "k-bob", config.server.keys[2].name = "bob";
  config.access = std::move(rules);
  return config;
}

AccessRule RuleFor(std::string to, Json filter = {}) {
  AccessRule rule;
  rule.to = {std::move(to)}, rule.filter = std::move(filter);
  return rule;
}

Json SideIs(std::string_view side) { return Json::Object({{"type", "eq"}, {"key", "side"}, {"value", side}}); }

// A server and those who ask it.
class Served {
 public:
  explicit Served(Config config) : app_(std::move(config)) {}

  static HttpHeaders As(const std::string& who) {
    HttpHeaders headers;
    headers.Set("Authorization", "Bearer k-" + who);
    return headers;
  }
  Answer Get(const std::string& who, const std::string& path) { return app_.Get(path, As(who)); }
  Answer Post(const std::string& who, const std::string& path, const Json& body) {
    return app_.Post(path, body, As(who));
  }
  Answer Delete(const std::string& who, const std::string& path) { return app_.Send("DELETE", path, "", As(who)); }

  std::string Upload(const std::string& who, const std::string& name, const std::string& text,
                     const std::string& purpose = "assistants") {
    HttpHeaders headers = As(who);
    headers.Set("Content-Type", "multipart/form-data; boundary=here");
    const std::string part = "--here\r\nContent-Disposition: form-data; name=";
    const std::string body = part + "\"purpose\"\r\n\r\n" + purpose + "\r\n" + part + "\"file\"; filename=\"" + name +
                             "\"\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n--here--\r\n";
    const Answer answer = app_.Send("POST", "/v1/files", body, std::move(headers));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json["id"].AsString();
  }
  std::string MakeStore(const std::string& who) {
    const Answer made = Post(who, "/v1/vector_stores", Json::Object({{"name", "s"}}));
    EXPECT_EQ(made.status, 200) << made.body;
    return made.json["id"].AsString();
  }
  void Attach(const std::string& who, const std::string& store, const std::string& file, const Json& attributes) {
    const Json body = Json::Object({{"file_id", file}, {"attributes", attributes}});
    const Answer attached = Post(who, "/v1/vector_stores/" + store + "/files", body);
    EXPECT_EQ(attached.status, 200) << attached.body;
  }
  void WaitUntilRead(const std::string& who, const std::string& store) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    while (Get(who, "/v1/vector_stores/" + store).json["status"] != Json("completed")) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  Answer Search(const std::string& who, const std::string& store, const std::string& query) {
    return Post(who, "/v1/vector_stores/" + store + "/search", Json::Object({{"query", query}}));
  }
  size_t NumFound(const std::string& who, const std::string& store, const std::string& query) {
    const Answer found = Search(who, store, query);
    EXPECT_EQ(found.status, 200) << found.body;
    return static_cast<size_t>(found.json["data"].size());
  }

  // Waits for the end of a batch of these bodies for /v1/responses; the bodies of the answers, in order.
  std::vector<Json> AskInBatch(const std::string& who, const std::vector<Json>& bodies) {
    std::string lines;
    for (size_t i = 0; i < bodies.size(); ++i) {
      const Json line = Json::Object(
          {{"custom_id", std::to_string(i)}, {"method", "POST"}, {"url", "/v1/responses"}, {"body", bodies[i]}});
      lines += line.Dump() + "\n";
    }
    const Json batch = Json::Object({{"input_file_id", Upload(who, "in.jsonl", lines, "batch")},
                                     {"endpoint", "/v1/responses"},
                                     {"completion_window", "24h"}});
    const Answer made = Post(who, "/v1/batches", batch);
    EXPECT_EQ(made.status, 200) << made.body;
    last_batch = made.json["id"].AsString();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    Answer now = made;
    while (now.json["status"] != Json("completed") && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      now = Get(who, "/v1/batches/" + last_batch);
    }
    EXPECT_EQ(now.json["status"], Json("completed")) << now.body;
    std::vector<Json> answers(bodies.size());
    for (const char* file : {"output_file_id", "error_file_id"}) {
      if (!now.json[file].is_string()) continue;
      std::istringstream content(Get(who, "/v1/files/" + now.json[file].AsString() + "/content").body);
      for (std::string line; std::getline(content, line);) {
        const Json answer = ServedApp::Parsed(line);
        const Json& response = answer["response"];
        answers.at(std::stoul(answer["custom_id"].AsString())) =
            response.is_null() ? answer["error"] : response["body"];
      }
    }
    return answers;
  }
  // What lies in the files of the database.
  std::string DatabaseBytes() {
    std::string bytes;
    for (const char* tail : {"", "-wal"}) {
      std::ifstream file(app_.app().config().home + "/atelier.db" + tail, std::ios::binary);
      bytes += std::string(std::istreambuf_iterator<char>(file), {});
    }
    return bytes;
  }

  std::string last_batch;

 private:
  ServedApp app_;
};

std::string SomeWords(Random& random, int count) {
  constexpr std::string_view kWords[] = {"river",  "engine", "window", "signal",
                                         "garden", "matrix", "copper", "lantern"};
  std::string words;
  for (int i = 0; i < count; ++i) words += (i == 0 ? "" : " ") + std::string(kWords[random.Below(std::size(kWords))]);
  return words;
}

TEST(AccessOverHttp, WhatIsHiddenLeavesNoTraceInIdsScoresAndCounts) {
  Served served(ConfigWith({RuleFor("staff", SideIs("a"))}));
  Random random(20261128);
  const std::string both = served.MakeStore("root"), alone = served.MakeStore("root");
  for (int i = 0; i < 24; ++i) {
    const std::string side = i % 3 == 0 ? "a" : "b";
    const std::string file = served.Upload("root", "n" + std::to_string(i) + ".txt", SomeWords(random, 12));
    const Json attributes = Json::Object({{"side", side}, {"n", i}});
    served.Attach("root", both, file, attributes);
    if (side == "a") served.Attach("root", alone, file, attributes);
  }
  served.WaitUntilRead("root", both), served.WaitUntilRead("root", alone);
  const std::string at_both = "/v1/vector_stores/" + both, at_alone = "/v1/vector_stores/" + alone;
  for (int i = 0; i < 40; ++i) {
    Json body = Json::Object({{"query", SomeWords(random, 1 + static_cast<int>(random.Below(3)))},
                              {"max_num_results", 1 + static_cast<int64_t>(random.Below(12))}});
    if (i % 3 == 0) {
      body.Set("filters", Json::Object({{"type", i % 2 == 0 ? "gt" : "lte"}, {"key", "n"}, {"value", 11}}));
    }
    const Answer seen = served.Post("ann", at_both + "/search", body);
    ASSERT_EQ(seen.status, 200) << seen.body;
    EXPECT_EQ(seen.body, served.Post("root", at_alone + "/search", body).body) << body.Dump();
  }
  for (const std::string& word : {std::string(), std::string("river"), std::string("copper lantern")}) {
    const Json facets = Json::Object({{"keys", Json::Array({"side", "n"})}, {"query", word}, {"max_values", 100}});
    const Answer counted = served.Post("ann", at_both + "/facets", facets);
    ASSERT_EQ(counted.status, 200) << counted.body;
    EXPECT_EQ(counted.body, served.Post("root", at_alone + "/facets", facets).body) << word;
    EXPECT_EQ(counted.json["data"][0]["values"].size(), 1) << "of side a alone: " << counted.body;
    const Json typed = Json::Object({{"text", word.substr(0, 3)}});
    const Answer words = served.Post("ann", at_both + "/suggestions", typed);
    ASSERT_EQ(words.status, 200) << words.body;
    EXPECT_EQ(words.body, served.Post("root", at_alone + "/suggestions", typed).body) << word;
  }
  const Json store = served.Get("ann", at_both).json, wanted = served.Get("root", at_alone).json;
  EXPECT_EQ(store["file_counts"], wanted["file_counts"]);
  EXPECT_EQ(store["usage_bytes"], wanted["usage_bytes"]);
  const auto ids = [](const Answer& list) {
    std::vector<std::string> found;
    for (const Json& one : list.json["data"].items()) found.push_back(one["id"].AsString());
    return found;
  };
  EXPECT_EQ(ids(served.Get("ann", at_both + "/files?limit=5")), ids(served.Get("root", at_alone + "/files?limit=5")));
  EXPECT_EQ(ids(served.Get("ann", "/v1/vector_stores")), (std::vector{alone, both}));
  // Not even as the place in a list.
  for (const std::string& file : ids(served.Get("root", at_both + "/files?limit=100"))) {
    const bool is_seen = served.Get("root", at_alone + "/files/" + file).status == 200;
    for (const std::string& path : {"/files/" + file, "/files/" + file + "/content"}) {
      EXPECT_EQ(served.Get("ann", at_both + path).status, is_seen ? 200 : 404);
    }
    EXPECT_EQ(served.Get("ann", at_both + "/files?after=" + file).status, is_seen ? 200 : 400);
  }
}

// Asks over a store, with an answer that cites the first two sources there may be.
Json AskOver(const std::string& store) {
  Json body = ServedApp::Parsed(R"({"input": "What is the code of the river engine?", "temperature": 0,
      "max_output_tokens": 40, "include": ["file_search_call.results"], "text": {"format": {"type": "json_schema",
      "name": "x", "strict": true, "schema": {"type": "object", "properties": {"a": {"const": "[1] [2]"}},
      "required": ["a"], "additionalProperties": false}}}})");
  body.Set("model", kChatModel);
  body.Set("tools", Json::Array({Json::Object({{"type", "file_search"}, {"vector_store_ids", Json::Array({store})}})}));
  return body;
}

// The ids of files in results and in annotations of a response, in order: "file-1 | file-1 ".
std::string FilesIn(const Json& response) {
  std::string results, annotations;
  for (const Json& item : response["output"].items()) {
    if (item["type"] == Json("file_search_call")) {
      for (const Json& result : item["results"].items()) results += result["file_id"].AsString() + " ";
    } else if (item["type"] == Json("message")) {
      for (const Json& one : item["content"][0]["annotations"].items()) annotations += one["file_id"].AsString() + " ";
    }
  }
  return results + "| " + annotations;
}

std::string TextOf(const Json& response) {
  for (const Json& item : response["output"].items()) {
    if (item["type"] == Json("message")) return item["content"][0]["text"].AsString();
  }
  return "";
}

TEST(AccessOverHttp, FileSearchAnswersAKeyFromItsDocumentsAlone) {
  REQUIRE_INSTALLED(kChatModel);
  Served served(ConfigWith({RuleFor("staff", SideIs("a"))}));
  const std::string both = served.MakeStore("root"), alone = served.MakeStore("root");
  const std::string seen = served.Upload("root", "a.txt", "The code of the river engine is ALPHA.");
  const std::string hidden = served.Upload("root", "b.txt", "The code of the river engine is BRAVO, says the river.");
  served.Attach("root", both, seen, Json::Object({{"side", "a"}}));
  served.Attach("root", both, hidden, Json::Object({{"side", "b"}}));
  served.Attach("root", alone, seen, Json::Object({{"side", "a"}}));
  served.WaitUntilRead("root", both), served.WaitUntilRead("root", alone);

  const Answer root = served.Post("root", "/v1/responses", AskOver(both));
  ASSERT_EQ(root.status, 200) << root.body;
  EXPECT_TRUE(root.body.find("BRAVO") != std::string::npos && root.body.find(hidden) != std::string::npos);
  const Answer ann = served.Post("ann", "/v1/responses", AskOver(both));
  ASSERT_EQ(ann.status, 200) << ann.body;
  EXPECT_EQ(FilesIn(ann.json), seen + " | " + seen + " ");
  for (const std::string& secret : {std::string("BRAVO"), hidden, std::string("b.txt")}) {
    EXPECT_EQ(ann.body.find(secret), std::string::npos) << ann.body;
  }
  // What the model is shown is no more than that: the same answer, of as many tokens, as without the other document.
  Json free = AskOver(both), free_alone = AskOver(alone);
  free.Erase("text"), free_alone.Erase("text");
  const Json over_both = served.Post("ann", "/v1/responses", free).json;
  const Json over_alone = served.Post("root", "/v1/responses", free_alone).json;
  EXPECT_EQ(TextOf(over_both), TextOf(over_alone));
  EXPECT_EQ(over_both["usage"]["input_tokens"], over_alone["usage"]["input_tokens"]);
  // Streamed too.
  Json streamed = AskOver(both);
  streamed.Set("stream", true);
  const Answer events = served.Post("ann", "/v1/responses", streamed);
  EXPECT_NE(events.body.find("response.output_text.annotation.added"), std::string::npos);
  EXPECT_EQ(events.body.find(hidden), std::string::npos);
  // Bob may not see the store at all.
  const Answer bob = served.Post("bob", "/v1/responses", AskOver(both));
  EXPECT_EQ(bob.status, 404) << bob.body;
}

TEST(AccessOverHttp, LinesOfABatchSeeWhatItsMakerSees) {
  REQUIRE_INSTALLED(kChatModel);
  Served served(ConfigWith({RuleFor("staff", SideIs("a"))}));
  const std::string store = served.MakeStore("root");
  const std::string seen = served.Upload("root", "a.txt", "The code of the river engine is ALPHA.");
  const std::string hidden = served.Upload("root", "b.txt", "The code of the river engine is BRAVO, says the river.");
  served.Attach("root", store, seen, Json::Object({{"side", "a"}}));
  served.Attach("root", store, hidden, Json::Object({{"side", "b"}}));
  served.WaitUntilRead("root", store);
  const Json ann = served.AskInBatch("ann", {AskOver(store)}).at(0);
  EXPECT_EQ(FilesIn(ann), seen + " | " + seen + " ") << ann.Dump();
  EXPECT_EQ(ann.Dump().find("BRAVO"), std::string::npos);
  const std::string anns = served.last_batch;
  // What a line stored is its maker's.
  EXPECT_EQ(served.Get("ann", "/v1/responses/" + ann["id"].AsString()).status, 200);
  EXPECT_EQ(served.Get("bob", "/v1/responses/" + ann["id"].AsString()).status, 404);
  EXPECT_NE(FilesIn(served.AskInBatch("root", {AskOver(store)}).at(0)).find(hidden), std::string::npos);
  const Json bob = served.AskInBatch("bob", {AskOver(store)}).at(0);
  EXPECT_NE(bob.Dump().find(store), std::string::npos) << bob.Dump();
  EXPECT_TRUE(bob["error"].is_object()) << bob.Dump();
  // Batches are their maker's alone.
  EXPECT_EQ(served.Get("bob", "/v1/batches/" + anns).status, 404);
  EXPECT_EQ(served.Post("bob", "/v1/batches/" + anns + "/cancel", Json::Object()).status, 404);
  EXPECT_EQ(served.Get("bob", "/v1/batches").json["data"].size(), 1);
  EXPECT_EQ(served.Get("ann", "/v1/batches").json["data"][0]["id"], Json(anns));
  // Whose they are is kept by the key's name.
  const std::string kept = served.DatabaseBytes();
  EXPECT_NE(kept.find("ann-laptop"), std::string::npos);
  for (const char* key : {"k-ann", "k-bob", "k-root"}) EXPECT_EQ(kept.find(key), std::string::npos);
}

TEST(AccessOverHttp, AStoreThatAKeyMayNotSeeIsNotThere) {
  Served served(ConfigWith({RuleFor("staff")}));
  const std::string file = served.Upload("root", "a.txt", "river"), store = served.MakeStore("root");
  served.Attach("root", store, file, Json::Object());
  served.WaitUntilRead("root", store);
  const std::string missing = "vs_" + std::string(24, 'x');
  const auto same_as_missing = [&](auto ask) {
    const Answer hidden = ask(store), none = ask(missing);
    EXPECT_EQ(hidden.status, 404);
    std::string words = hidden.body;
    for (size_t at = 0; (at = words.find(store, at)) != std::string::npos;) words.replace(at, store.size(), missing);
    EXPECT_EQ(words, none.body);
  };
  const Json attach = Json::Object({{"file_id", served.Upload("bob", "b.txt", "river")}});
  const Json batch = Json::Object({{"file_ids", Json::Array({attach["file_id"]})}});
  const auto path = [](const std::string& id) { return "/v1/vector_stores/" + id; };
  for (const std::string& tail : {std::string(), std::string("/files"), "/files/" + file, "/files/" + file + "/content",
                                  std::string("/file_batches/vsfb_1"), std::string("/file_batches/vsfb_1/files")}) {
    same_as_missing([&](const std::string& id) { return served.Get("bob", path(id) + tail); });
  }
  same_as_missing([&](const std::string& id) { return served.Search("bob", id, "river"); });
  same_as_missing([&](const std::string& id) {
    return served.Post("bob", path(id) + "/facets", Json::Object({{"keys", Json::Array({"a"})}}));
  });
  same_as_missing([&](const std::string& id) {
    return served.Post("bob", path(id) + "/suggestions", Json::Object({{"text", "ri"}}));
  });
  same_as_missing([&](const std::string& id) { return served.Delete("bob", path(id)); });
  same_as_missing([&](const std::string& id) { return served.Delete("bob", path(id) + "/files/" + file); });
  same_as_missing([&](const std::string& id) { return served.Post("bob", path(id), Json::Object({{"name", "x"}})); });
  same_as_missing([&](const std::string& id) { return served.Post("bob", path(id) + "/files", attach); });
  same_as_missing([&](const std::string& id) { return served.Post("bob", path(id) + "/file_batches", batch); });
  EXPECT_EQ(served.Get("bob", "/v1/vector_stores").json["data"].size(), 0);
  EXPECT_EQ(served.Get("bob", "/v1/vector_stores?after=" + store).status, 400);
  // Files are their sender's alone.
  EXPECT_EQ(served.Get("bob", "/v1/files").json["data"].size(), 1);
  for (const char* tail : {"", "/content"}) EXPECT_EQ(served.Get("bob", "/v1/files/" + file + tail).status, 404);
  EXPECT_EQ(served.Delete("bob", "/v1/files/" + file).status, 404);
  EXPECT_EQ(served.Post("bob", path(served.MakeStore("bob")) + "/files", Json::Object({{"file_id", file}})).status,
            404);
  // Who may read may not change.
  EXPECT_EQ(served.NumFound("ann", store, "river"), 1U);
  EXPECT_EQ(served.Delete("ann", path(store)).status, 403);
  EXPECT_EQ(served.Delete("root", path(store)).status, 200);
}

TEST(AccessOverHttp, AttributesAndNamesOfFilesSayWhoReads) {
  AccessRule by_readers = RuleFor("*"), by_name = RuleFor("bob");
  by_readers.readers = "readers";
  by_name.documents = {"*/open-*"};
  Served served(ConfigWith({by_readers, by_name}));
  const std::string store = served.MakeStore("root");
  const std::string file = served.Upload("root", "a.txt", "river"), open = served.Upload("root", "open-b.txt", "river");
  served.Attach("root", store, file, Json::Object({{"readers", "staff"}}));
  served.Attach("root", store, open, Json::Object());
  served.WaitUntilRead("root", store);
  EXPECT_EQ(served.NumFound("ann", store, "river"), 1U);
  EXPECT_EQ(served.Search("bob", store, "river").json["data"][0]["file_id"], Json(open));
  EXPECT_EQ(served.NumFound("root", store, "river"), 2U);
  const Json to_bob = Json::Object({{"attributes", Json::Object({{"readers", "bob"}})}});
  EXPECT_EQ(served.Post("root", "/v1/vector_stores/" + store + "/files/" + file, to_bob).status, 200);
  EXPECT_EQ(served.NumFound("ann", store, "river"), 0U);
  EXPECT_EQ(served.NumFound("bob", store, "river"), 2U);
}

TEST(AccessOverHttp, ANewConfigurationHoldsFromTheNextQueryOn) {
  const fs::path file = fs::temp_directory_path() / ("access_test_" + std::to_string(getpid()) + ".yaml");
  int64_t num_written = 0;
  const auto write = [&](const std::string& text) {
    std::ofstream(file) << text << "# " << std::string(static_cast<size_t>(++num_written), '.') << "\n";
  };
  const std::string keys =
      "server:\n  keys:\n    - {key: k-root, name: root}\n    - {key: k-bob, name: bob, groups: [guests]}\n";
  const std::string ann = "    - {key: k-ann, name: ann}\n";
  write(keys + ann + "access:\n  - {to: [ann]}\n");
  Result<Config> config = LoadConfig(file.string());
  ASSERT_TRUE(config.ok()) << config.error().Message();
  Served served(std::move(*config));
  const std::string store = served.MakeStore("root");
  served.Attach("root", store, served.Upload("root", "a.txt", "river"), Json::Object());
  served.WaitUntilRead("root", store);
  EXPECT_EQ(served.NumFound("ann", store, "river"), 1U);
  EXPECT_EQ(served.Search("bob", store, "river").status, 404);
  write(keys + ann + "access:\n  - {to: [guests], corpora: [" + store + "]}\n");
  EXPECT_EQ(served.NumFound("bob", store, "river"), 1U);
  EXPECT_EQ(served.Search("ann", store, "river").status, 404);
  write(keys + "access:\n  - {to: [guests], corpora: [docs]}\n");
  EXPECT_EQ(served.Search("bob", store, "river").status, 404);
  EXPECT_EQ(served.Search("ann", store, "river").status, 401);  // her key is gone
  // What cannot be followed changes nothing.
  for (const std::string& wrong : {std::string("access: ["), std::string(), keys, keys + "access:\n  - {to: []}\n"}) {
    write(wrong);
    EXPECT_EQ(served.Search("bob", store, "river").status, 404) << wrong;
    EXPECT_EQ(served.NumFound("root", store, "river"), 1U) << wrong;
  }
  fs::remove(file);
}

TEST(Access, RulesThatCannotHoldAreRefused) {
  const auto refused = [](const AccessRule& rule) {
    const Config config = ConfigWith({rule});
    const auto access = Access::Create(config.server.keys, config.access);
    return access.ok() ? "" : access.error().where;
  };
  EXPECT_EQ(refused(RuleFor("staff")), "");
  EXPECT_EQ(refused(AccessRule()), "access[0].to");
  EXPECT_EQ(refused(RuleFor("staff", ServedApp::Parsed(R"({"type": "is"})"))), "access[0].filter.type");
  AccessRule change = RuleFor("staff", SideIs("a"));
  change.change = true;
  EXPECT_EQ(refused(change), "access[0].change");
  EXPECT_EQ(Access::Create({}, {RuleFor("staff")}).error().where, "access");
}

}  // namespace
}  // namespace atelier
