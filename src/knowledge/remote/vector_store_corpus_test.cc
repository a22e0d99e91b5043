#include "knowledge/remote/vector_store_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <thread>

#include "base/net/faulty_server.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/remote/store_config.h"

namespace atelier {
namespace {

using testing::HasSubstr;
using Answer = FaultyServer::Answer;
using Request = FaultyServer::Request;
using Op = Filter::Op;

Json Parsed(std::string_view text) {
  auto json = Json::Parse(text);
  CHECK_MSG(json.ok(), std::string(text));
  return std::move(*json);
}

Json ResultOf(std::string_view file, double score, std::string_view text, Json attributes = Json::Object()) {
  Json content = Json::Array({Json::Object({{"type", "text"}, {"text", text}})});
  Json result = Json::Object({{"file_id", file}, {"filename", std::string(file) + ".md"}, {"score", score}});
  result.Set("attributes", std::move(attributes));
  result.Set("content", std::move(content));
  return result;
}

Json PageOf(std::initializer_list<Json> results) {
  return Json::Object({{"object", "vector_store.search_results.page"}, {"data", Json::Array(results)}});
}

Answer JsonAnswer(const Json& json, int status = 200, std::string_view more = {}) {
  return {HttpAnswer(status, "application/json", json.Dump(), more)};
}

// A corpus before a server that answers with what it is told.
class Store {
 public:
  explicit Store(FaultyServer::Script script) : server_(std::move(script)) { Open(60); }

  void Open(double seconds) {
    VectorStoreConfig config;
    config.id = "vs_1", config.base_url = server_.url("/v1"), config.seconds = seconds;
    config.key = "env:STORE_TEST_KEY";
    setenv("STORE_TEST_KEY", "sk-secret-2", 1);
    auto upstream = UpstreamOf(config, {});
    CHECK_MSG(upstream.ok(), upstream.ok() ? "" : upstream.error().Message());
    upstream->name = "far";
    upstream->max_reply_bytes = 1 << 20;
    VectorStoreCorpusOptions options;
    options.id = "vs_1", options.limit = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
    auto corpus = VectorStoreCorpus::Create(std::move(*upstream), std::move(options));
    CHECK_MSG(corpus.ok(), corpus.ok() ? "" : corpus.error().Message());
    corpus_ = std::move(*corpus);
  }
  Result<std::vector<Found>> Search(const std::string& text, Filter filter = {}, Filter visible = {}) {
    CorpusQuery query;
    query.text = text, query.filter = std::move(filter), query.visible = std::move(visible), query.top_k = 7;
    return corpus_->Search(query);
  }
  std::string ErrorOf(const std::string& text = "engine", Filter filter = {}, Filter visible = {}) {
    const auto found = Search(text, std::move(filter), std::move(visible));
    return found.ok() ? "found " + std::to_string(found->size()) : found.error().Message();
  }

  FaultyServer server_;
  std::unique_ptr<VectorStoreCorpus> corpus_;
};

TEST(VectorStoreCorpus, AsksAsTheApiSaysAndKeepsTheStoresOrder) {
  std::string head;
  Json body;
  Store store([&](const Request& request) {
    head = request.head, body = Parsed(request.body);
    return JsonAnswer(PageOf(
        {ResultOf("file-1", 0.25, "the engine"), ResultOf("file-2", 0.75, "an engine", Parsed(R"({"year": 2024})"))}));
  });
  const auto found = store.Search("engine");
  ASSERT_TRUE(found.ok()) << found.error().Message();
  EXPECT_THAT(head, HasSubstr("POST /v1/vector_stores/vs_1/search HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("Authorization: Bearer sk-secret-2\r\n"));
  EXPECT_EQ(body, Parsed(R"({"query": "engine", "max_num_results": 7})"));
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].own_score, 0.75);
  const auto passages = store.corpus_->Passages({(*found)[0].chunk_id, (*found)[1].chunk_id, "none"}, {});
  ASSERT_TRUE(passages.ok());
  ASSERT_EQ(passages->size(), 2U);
  const Passage& best = (*passages)[0];
  EXPECT_THAT(best.document_id, testing::StartsWith("file-2/file-2.md!/"));
  EXPECT_EQ(best.title, "file-2.md");
  EXPECT_EQ(best.text, "an engine");
  EXPECT_EQ(best.attributes, Parsed(R"({"year": 2024})"));
  EXPECT_EQ(store.corpus_->Read(best.document_id, {3, 9}, {}).value(), "engine");
  EXPECT_EQ(store.corpus_->Read(best.document_id, {3, 900}, {}).value(), "engine");
  EXPECT_EQ(store.corpus_->Read("file-2/file-2.md", {3, 9}, {}).error().kind, ErrorKind::kNotFound);
}

TEST(VectorStoreCorpus, FiltersAreAskedForAndWhatComesIsHeldAgainstThem) {
  Json body;
  int num_asked = 0;
  // It does not care for filters.
  Store store([&](const Request& request) {
    body = Parsed(request.body), ++num_asked;
    return JsonAnswer(PageOf({ResultOf("file-1", 0.9, "old", Parsed(R"({"year": 1999, "group": "staff"})")),
                              ResultOf("file-2", 0.8, "new", Parsed(R"({"year": 2024, "group": "staff"})")),
                              ResultOf("file-3", 0.7, "other", Parsed(R"({"year": 2024, "group": "board"})"))}));
  });
  const Filter newer = Filter::Compare(Op::kGte, "year", 2020), mine = Filter::In("group", {Json("staff"), Json("me")});
  const auto found = store.Search("x", newer, mine);
  ASSERT_TRUE(found.ok()) << found.error().Message();
  EXPECT_EQ(body["filters"], Parsed(R"({"type": "and", "filters": [{"type": "gte", "key": "year", "value": 2020},
      {"type": "in", "key": "group", "value": ["staff", "me"]}]})"));
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(store.corpus_->Passages({(*found)[0].chunk_id}, mine).value()[0].text, "new");
  // What one asker was shown is not there for another.
  const Filter theirs = Filter::In("group", {Json("board")});
  EXPECT_TRUE(store.corpus_->Passages({(*found)[0].chunk_id}, theirs).value().empty());
  EXPECT_EQ(store.corpus_->Read((*found)[0].chunk_id, {0, 3}, theirs).error().kind, ErrorKind::kNotFound);
  // Nothing can pass: nobody is asked.
  EXPECT_EQ(store.ErrorOf("x", Filter::Or({})), "found 0");
  EXPECT_EQ(num_asked, 1);
}

TEST(VectorStoreCorpus, WhatItLacksIsAnErrorByName) {
  Store store([](const Request&) { return JsonAnswer(PageOf({})); });
  EXPECT_EQ(store.ErrorOf("x", Filter::Not(Filter::Compare(Op::kEq, "a", 1))),
            "filter: got \"not\", which vector stores elsewhere do not know");
  EXPECT_EQ(store.ErrorOf("x", {}, Filter::Or({Filter::Compare(Op::kGlob, "@document", "docs/**")})),
            "filter: got a glob over '@document', which vector stores elsewhere do not know");
  EXPECT_EQ(store.ErrorOf("x", Filter::Compare(Op::kEq, "@source", "a")),
            "filter: got '@source', which only documents on this machine have");
  CorpusQuery query;
  query.vector = {1, 2};
  EXPECT_EQ(store.corpus_->Search(query).error().Message(),
            "query: got search by vectors that are made here, which vector store vs_1 at far lacks");
  query.text = "x", query.vector = {}, query.top_k = 51;
  EXPECT_EQ(store.corpus_->Search(query).error().where, "top_k");
  for (const Result<void>& written : {store.corpus_->Replace({"a"}, {}), store.corpus_->Touch({}),
                                      store.corpus_->SetAttributes("a", Json::Object())}) {
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().Message(), "corpus: got being written, which vector store vs_1 at far lacks");
  }
  EXPECT_EQ(store.corpus_->List({}, {}, "", 10).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(store.corpus_->Vectors("a").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(store.corpus_->Facets("x", {}, {}, {"a"}, 3).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(store.corpus_->Suggest("x", {}, 3).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(store.server_.num_requests(), 0);
}

TEST(VectorStoreCorpus, RefusalsSayWhoAndWhyAndNeverTheKey) {
  Answer answer;
  Store store([&](const Request&) { return answer; });
  const auto with = [&](int status, std::string_view message) {
    Json error = Json::Object({{"message", message}, {"type", "x"}, {"code", nullptr}, {"param", nullptr}});
    store.server_.Change([&] { answer = JsonAnswer(Json::Object({{"error", error}}), status); });
    return store.Search("x").error();
  };
  const Error missing = with(404, "No vector store found with id 'vs_1'.");
  EXPECT_EQ(missing.kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.code, "vector_store_not_found");
  EXPECT_EQ(missing.Message(), "provider far: got status 404: No vector store found with id 'vs_1'.");
  EXPECT_EQ(store.corpus_->Stats().error().Message(), missing.Message());
  const Error denied = with(401, "Incorrect API key provided: sk-secret-2.");
  EXPECT_EQ(denied.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(denied.Message(), "provider far: got status 401: Incorrect API key provided: [key].");
  EXPECT_EQ(with(500, "oops").Message(), "provider far: got status 500: oops");
  EXPECT_EQ(with(400, "filters.type: bad").kind, ErrorKind::kInvalid);
}

TEST(VectorStoreCorpus, WaitsWhereThereIsNoRoomAndAsksAgain) {
  int num_asked = 0;
  Store store([&](const Request&) {
    if (++num_asked <= 2) return JsonAnswer(Json::Object(), num_asked == 1 ? 429 : 503, "retry-after-ms: 5\r\n");
    return JsonAnswer(PageOf({ResultOf("file-1", 0.5, "text")}));
  });
  EXPECT_EQ(store.ErrorOf(), "found 1");
  EXPECT_EQ(num_asked, 3);
}

TEST(VectorStoreCorpus, AnswersThatAreNoneAreToldByTheirPart) {
  Answer answer;
  Store store([&](const Request&) { return answer; });
  const auto with = [&](std::string_view body) {
    store.server_.Change([&] { answer = {HttpAnswer(200, "application/json", body)}; });
    return store.ErrorOf();
  };
  EXPECT_THAT(with("{"), HasSubstr("provider far: got no JSON: line 1"));
  EXPECT_THAT(with("<html>"), HasSubstr("provider far: got no JSON"));
  EXPECT_EQ(with("[]"), "provider far: data: got nothing, want an array of results");
  EXPECT_EQ(with(R"({"data": 5})"), "provider far: data: got a number, want an array of results");
  EXPECT_EQ(with(R"({"data": [5]})"), "provider far: data[0]: got a number, want an object");
  EXPECT_EQ(with(R"({"data": [{"filename": "a"}]})"), "provider far: data[0].file_id: got nothing, want a text");
  const auto result = [&](std::string_view more) {
    return with(R"({"data": [{"file_id": "f", "filename": "a", )" + std::string(more) + "}]}");
  };
  EXPECT_EQ(result(R"("score": "high", "content": [])"), "provider far: data[0].score: got a string, want a number");
  EXPECT_EQ(result(R"("score": 1e999, "content": [])"),
            "provider far: data[0].score: got a number, want a number that is finite");
  EXPECT_EQ(result(R"("score": 1)"), "provider far: data[0].content: got nothing, want an array of texts");
  EXPECT_EQ(result(R"("score": 1, "content": [{"type": "text"}])"),
            "provider far: data[0].content[0].text: got nothing, want a text");
  EXPECT_EQ(result(R"("score": 1, "content": [], "attributes": [])"),
            "provider far: data[0].attributes: got an array, want an object");
  // What is no text is nobody's fault, and what is said twice is found once.
  EXPECT_EQ(
      result(R"("score": 1, "content": [{"type": "image"}, {"type": "text", "text": "a"}, {"type": "text", "text": "a"},
      {"type": "text", "text": ""}, 7], "attributes": {"@document": "x", "list": [1]})"),
      "found 1");
  EXPECT_EQ(with(R"({"data": []})"), "found 0");
}

TEST(VectorStoreCorpus, ALongAnswerIsCutOffAndASilentOneGivenUp) {
  Store store([](const Request&) {
    return Answer{.bytes =
                      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "1000\r\n" +
                      std::string(4096, ' ') + "\r\n",
                  .endless = true};
  });
  const auto giant = store.Search("x");
  ASSERT_FALSE(giant.ok());
  EXPECT_EQ(giant.error().kind, ErrorKind::kTooLarge);
  EXPECT_THAT(giant.error().Message(), HasSubstr("provider far"));

  Store hanging([](const Request&) { return Answer{.bytes = "HTTP/1.1 200 OK\r\n", .end = FaultyServer::End::kHang}; });
  hanging.Open(0.05);
  const auto silent = hanging.Search("x");
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().kind, ErrorKind::kTimeout) << silent.error().Message();
  EXPECT_THAT(silent.error().Message(), HasSubstr("provider far"));
  EXPECT_EQ(hanging.corpus_->Stats().error().kind, ErrorKind::kTimeout);
}

TEST(VectorStoreCorpus, AStopEndsTheWaitAtOnce) {
  std::stop_source stop;
  Store store([&](const Request&) {
    stop.request_stop();
    return Answer{.bytes = "", .end = FaultyServer::End::kHang};
  });
  CorpusQuery query;
  query.text = "x", query.stop = stop.get_token();
  const auto found = store.corpus_->Search(query);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().kind, ErrorKind::kCancelled);
}

TEST(VectorStoreCorpus, MayBeClosedAsSoonAsItIsOpen) {
  Store store([](const Request&) { return JsonAnswer(PageOf({})); });
  for (int i = 0; i < 200; ++i) store.Open(60);
  EXPECT_EQ(store.ErrorOf(), "found 0");
}

TEST(VectorStoreCorpus, ManyAskAtOnce) {
  Store store([](const Request& request) {
    return JsonAnswer(PageOf({ResultOf("file-1", 0.5, Parsed(request.body)["query"].AsString())}));
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&store, i] {
      for (int k = 0; k < 20; ++k) {
        const std::string text = std::to_string(i) + " " + std::to_string(k);
        const auto found = store.Search(text);
        ASSERT_TRUE(found.ok()) << found.error().Message();
        EXPECT_EQ(store.corpus_->Passages({(*found)[0].chunk_id}, {}).value().at(0).text, text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(VectorStoreCorpus, TellsWhatTheStoreSaysOfItself) {
  Json told = Parsed(R"({"id": "vs_1", "usage_bytes": 123, "file_counts": {"completed": 4, "failed": 1}})");
  Store store([&](const Request& request) {
    EXPECT_THAT(request.head, HasSubstr("GET /v1/vector_stores/vs_1 HTTP/1.1\r\n"));
    return JsonAnswer(told);
  });
  const auto stats = store.corpus_->Stats();
  ASSERT_TRUE(stats.ok()) << stats.error().Message();
  EXPECT_EQ(stats->num_documents, 4);
  EXPECT_EQ(stats->bytes_on_disk, 123);
  EXPECT_FALSE(stats->num_chunks);
  store.server_.Change([&] { told = Parsed(R"({"file_counts": {"completed": "many"}})"); });
  EXPECT_EQ(store.corpus_->Stats().error().Message(),
            "provider far: file_counts.completed: got a string, want a whole number");
}

TEST(Excerpts, TheLatestThatFitStay) {
  Excerpts excerpts(10'000);
  const auto passage = [](const std::string& id, size_t size) {
    Passage made;
    made.chunk_id = id, made.text = std::string(size, 'x');
    return made;
  };
  excerpts.Put(passage("a", 1000)), excerpts.Put(passage("b", 1000)), excerpts.Put(passage("c", 1000));
  EXPECT_TRUE(excerpts.Find("a"));
  excerpts.Put(passage("d", 1000));  // b was asked for longest ago
  EXPECT_TRUE(excerpts.Find("a"));
  EXPECT_FALSE(excerpts.Find("b"));
  excerpts.Put(passage("a", 20));
  EXPECT_EQ(excerpts.Find("a")->text.size(), 20U);
  excerpts.Put(passage("huge", 100'000));
  EXPECT_FALSE(excerpts.Find("huge"));
}

TEST(AskedFilter, OnlyWhatCanDecideIsAsked) {
  const auto asked = [](const Filter& filter) {
    const auto made = AskedFilterOf(filter);
    if (!made.ok()) return made.error().Message();
    if (made->kind == AskedFilter::Kind::kSome) return made->json.Dump();
    return std::string(made->kind == AskedFilter::Kind::kAll ? "all" : "nothing");
  };
  const Filter one = Filter::Compare(Op::kEq, "a", 1);
  EXPECT_EQ(asked({}), "all");
  EXPECT_EQ(asked(Filter::And({})), "all");
  EXPECT_EQ(asked(Filter::Or({})), "nothing");
  EXPECT_EQ(asked(Filter::And({{}, one, {}})), asked(one));
  EXPECT_EQ(asked(Filter::Or({one, {}})), "all");
  EXPECT_EQ(asked(Filter::And({one, Filter::In("a", {})})), "nothing");
  EXPECT_EQ(asked(Filter::Or({one, Filter::In("a", {})})), asked(one));
}

TEST(VectorStoreConfig, IsCheckedByItsKeys) {
  ProviderConfig openai, anthropic;
  openai.name = "openai", openai.base_url = "https://api.openai.com/v1";
  anthropic.name = "claude", anthropic.api = "anthropic";
  const std::vector<ProviderConfig> providers = {openai, anthropic};
  const auto error = [&](std::string id, std::string provider, std::string url, std::string key = "") {
    VectorStoreConfig config;
    config.id = std::move(id), config.provider = std::move(provider), config.base_url = std::move(url);
    config.key = std::move(key);
    const auto checked = CheckVectorStore(config, providers);
    return checked.ok() ? "" : checked.error().where;
  };
  EXPECT_EQ(error("vs_1", "openai", ""), "");
  EXPECT_EQ(error("docs", "", "http://127.0.0.1:1/v1", "env:X"), "");
  EXPECT_EQ(error("../x", "openai", ""), "id");
  EXPECT_EQ(error("", "openai", ""), "id");
  EXPECT_EQ(error("vs_1", "", ""), "provider");
  EXPECT_EQ(error("vs_1", "openai", "http://a/v1"), "provider");
  EXPECT_EQ(error("vs_1", "opemai", ""), "provider");
  EXPECT_EQ(error("vs_1", "claude", ""), "provider");
  EXPECT_EQ(error("vs_1", "", "ftp://a"), "base_url.URL");
  EXPECT_EQ(error("vs_1", "openai", "", "env:X"), "key");
}

}  // namespace
}  // namespace atelier
