// Citations in a text that grows, filters of requests, and the events of a response that searched.
#include "serve/file_search.h"

#include <gtest/gtest.h>

#include "serve/attribute_filter.h"
#include "serve/citation_scanner.h"
#include "serve/response_writer.h"
#include "serve/serve_testing.h"

namespace atelier {
namespace {

std::string Spelt(const std::vector<FoundCitation>& found) {
  std::string spelt;
  for (const FoundCitation& one : found) spelt += std::to_string(one.number) + "@" + std::to_string(one.index) + " ";
  return spelt;
}

TEST(CitationScanner, FindsTheSameHoweverTheTextComes) {
  const std::string text = "é [1] and [2, 13] [x] [] [4 [5] a[0]=[99999] [1, y] [ 7 ] [12";
  const std::string wanted = "1@2 2@10 13@10 5@28 0@33 10000@37 7@52 ";
  CitationScanner whole;
  EXPECT_EQ(Spelt(whole.Scan(text)), wanted);
  for (size_t step = 1; step < 7; ++step) {
    CitationScanner scanner;
    std::string found;
    for (size_t end = 0; end < text.size() + step; end += step) {
      found += Spelt(scanner.Scan(std::string_view(text).substr(0, end)));
    }
    EXPECT_EQ(found, wanted) << step;
  }
}

TEST(CitationScanner, ALongTextOfBracketsIsReadOnce) {
  CitationScanner scanner;
  std::string text;
  size_t num_found = 0;
  for (int i = 0; i < 20'000; ++i) {
    text += i % 2 == 0 ? "[[[" : "[3]";
    num_found += scanner.Scan(text).size();
  }
  EXPECT_EQ(num_found, 10'000U);
}

ResponseWriter WriterWith(const std::string& own_tool = {}) {
  ResponseWriterOptions options;
  options.id = "resp_1";
  options.body = Json::Object();
  ResponseWriter writer(std::move(options));
  if (!own_tool.empty()) writer.AddOwnTools({own_tool});
  return writer;
}

std::string Types(const std::vector<Json>& events) {
  std::string types;
  for (const Json& event : events) types += event["type"].AsString().substr(9) + " ";  // without "response."
  return types;
}

TEST(ResponseWriter, CitesOnlySourcesThatThereAre) {
  ResponseWriter writer = WriterWith();
  writer.Begin();
  EXPECT_EQ(Types(writer.BeginSearch({"q"})),
            "output_item.added file_search_call.in_progress file_search_call.searching ");
  EXPECT_EQ(Types(writer.EndSearch(true, Json())), "file_search_call.completed output_item.done ");
  writer.AddSources({{1, "file-a", "a.txt"}, {2, "file-b", "b.txt"}});
  GenerationDelta delta;
  delta.text = "Ä [2";
  EXPECT_EQ(Types(writer.Take(delta)), "output_item.added content_part.added output_text.delta ");
  delta.text = "] and [3].";
  const std::vector<Json> events = writer.Take(delta);
  EXPECT_EQ(Types(events), "output_text.delta output_text.annotation.added ");
  EXPECT_EQ(events[1]["annotation"],
            ServedApp::Parsed(R"({"type": "file_citation", "index": 2, "file_id": "file-b", "filename": "b.txt"})"));
  writer.End(0, false);
  const Json& output = writer.response()["output"];
  EXPECT_EQ(output[0]["type"], Json("file_search_call"));
  EXPECT_EQ(output[1]["content"][0]["annotations"].size(), 1);
}

TEST(ResponseWriter, KeepsCallsOfItsOwnToolToItself) {
  ResponseWriter writer = WriterWith("file_search");
  writer.Begin();
  GenerationDelta delta;
  delta.tool_calls = {{0, "call_1", "file_search", false, "{\"quer"}};
  EXPECT_EQ(Types(writer.Take(delta)), "");
  delta.tool_calls = {{0, "", "", false, "ies\": [\"x\"]}"}, {1, "call_2", "other", false, "{}"}};
  EXPECT_EQ(Types(writer.Take(delta)), "output_item.added function_call_arguments.delta ");
  EXPECT_TRUE(writer.any_calls());
  const std::vector<ToolCallDelta> calls = writer.TakeOwnCalls();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(SearchQueries(calls[0].arguments), std::vector<std::string>{"x"});
  EXPECT_TRUE(writer.TakeOwnCalls().empty());
}

TEST(ResponseWriter, AddsUpWhatItsGenerationsUsed) {
  ResponseWriter writer = WriterWith("file_search");
  writer.Begin();
  GenerationEnd end;
  end.usage.prompt_tokens = 10, end.usage.completion_tokens = 3;
  writer.Take(end);
  writer.Take(end);
  EXPECT_EQ(writer.response()["usage"]["total_tokens"], Json(26));
}

TEST(AttributeFilter, ReadsComparisonsAndCombinations) {
  const auto read = [](std::string_view json) { return ReadAttributeFilter(ServedApp::Parsed(json), "filters"); };
  EXPECT_EQ(ReadAttributeFilter(Json(), "filters")->op, Filter::Op::kAll);
  const auto both = read(R"({"type": "and", "filters": [{"type": "eq", "key": "a", "value": 1},
                                                          {"type": "nin", "key": "b", "value": ["x", true]}]})");
  ASSERT_TRUE(both.ok()) << both.error().Message();
  EXPECT_EQ(both->op, Filter::Op::kAnd);
  EXPECT_EQ(both->parts[1].op, Filter::Op::kNin);
  EXPECT_EQ(both->parts[1].values.size(), 2U);
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {R"([])", "filters"},
      {R"({"type": "not", "filter": {"type": "eq", "key": "@source", "value": 1}})", "filters.filter.key"},
      {R"({"type": "and", "filters": []})", "filters.filters"},
      {R"({"type": "eq", "key": "", "value": 1})", "filters.key"},
      {R"({"type": "eq", "key": "$source", "value": 1})", "filters.key"},
      {R"({"type": "eq", "key": "a"})", "filters.value"},
      {R"({"type": "eq", "key": "a", "value": 1e999})", "filters.value"},
      {R"({"type": "in", "key": "a", "value": 1})", "filters.value"},
      {R"({"type": "nor", "filters": []})", "filters.type"},
      {R"({"type": "or", "filters": [{"type": "or"}]})", "filters.filters[0].filters"},
      {R"({"type": "eq", "key": "a", "value": 1, "values": 2})", "filters.values"},
  };
  for (const auto& [json, where] : wrong) {
    const auto refused = read(json);
    ASSERT_FALSE(refused.ok()) << json;
    EXPECT_EQ(refused.error().where, where) << json;
  }
  Json many = Json::Array();
  for (int i = 0; i < 600; ++i) many.Push(i);
  Json in = Json::Object({{"type", "in"}, {"key", "a"}});
  in.Set("value", std::move(many));
  EXPECT_FALSE(ReadAttributeFilter(in, "filters").ok());
}

}  // namespace
}  // namespace atelier
