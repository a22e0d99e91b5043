// Facts for a graph: `base` cuts, then a model names the things that each chunk speaks of and how they relate, under a
// schema. The stages graph and graph_global of retrieval walk along them (knowledge/stage).
#include <algorithm>
#include <utility>

#include "knowledge/chunk/asking.h"

namespace atelier {
namespace {

constexpr int64_t kDefaultFactTokens = 300;
constexpr size_t kMostChunkBytes = 6000;  // that the model reads of one
constexpr int64_t kMostFacts = 8;         // of each kind
constexpr int64_t kMostNameBytes = 60;

Json NamesSchema(const std::vector<std::string>& keys) {
  Json properties = Json::Object(), required = Json::Array();
  for (const std::string& key : keys) {
    properties.Set(key, Json::Object({{"type", "string"}, {"minLength", 1}, {"maxLength", kMostNameBytes}}));
    required.Push(key);
  }
  const Json item = Json::Object({{"type", "object"},
                                  {"properties", std::move(properties)},
                                  {"required", std::move(required)},
                                  {"additionalProperties", false}});
  return Json::Object({{"type", "array"}, {"items", item}, {"maxItems", kMostFacts}});
}

GrammarSpec FactsGrammar() {
  GrammarSpec grammar;
  grammar.kind = GrammarSpec::Kind::kJsonSchema;
  grammar.schema =
      Json::Object({{"type", "object"},
                    {"properties", Json::Object({{"entities", NamesSchema({"name", "kind"})},
                                                 {"relations", NamesSchema({"source", "relation", "target"})}})},
                    {"required", Json::Array({"entities", "relations"})},
                    {"additionalProperties", false}});
  return grammar;
}

std::string PromptOf(std::string_view text) {
  return "A passage:\n\n" + CutToBytes(text, kMostChunkBytes) +
         "\n\nName the things that it speaks of (persons, places, organisations, products, ideas), each with its kind, "
         "and how they relate to each other, in JSON with \"entities\" and \"relations\". Use the passage's own names.";
}

std::string TextAt(const Json& fact, std::string_view key) {
  const Json* text = fact.Find(key);
  return text != nullptr && text->is_string() ? WhitespaceTidied(text->AsString()) : "";
}

// Of what is no such JSON, nothing.
ChunkFacts FactsOf(const std::string& said) {
  ChunkFacts facts;
  const Result<Json> json = Json::Parse(said);
  if (!json.ok() || !json->is_object()) return facts;
  for (const Json& fact : (*json)["entities"].items()) {
    ChunkFacts::Entity entity{TextAt(fact, "name"), TextAt(fact, "kind")};
    const bool is_new = std::ranges::find(facts.entities, entity) == facts.entities.end();
    if (!entity.name.empty() && is_new) facts.entities.push_back(std::move(entity));
  }
  for (const Json& fact : (*json)["relations"].items()) {
    ChunkFacts::Relation relation{TextAt(fact, "source"), TextAt(fact, "relation"), TextAt(fact, "target")};
    const bool is_whole = !relation.source.empty() && !relation.target.empty() && relation.source != relation.target;
    const bool is_new = std::ranges::find(facts.relations, relation) == facts.relations.end();
    if (is_whole && is_new) facts.relations.push_back(std::move(relation));
  }
  return facts;
}

Task<Result<Chunking>> SplitWithFacts(Call call, ChunkInput input) {
  CO_TRY(Chunking chunking, ChunksToAskAbout(input, "graph"));
  const int64_t tokens = input.options.context_tokens.value_or(kDefaultFactTokens);
  std::vector<Asked> asked;
  for (const Chunk& chunk : chunking.chunks) {
    asked.push_back({"", PromptOf(TextOf(input.document.text, chunk.span)), tokens, FactsGrammar()});
  }
  auto asking = AskAll(std::move(call), input, std::move(asked), chunking);
  CO_TRY(const std::vector<std::string> said, co_await asking);
  for (size_t i = 0; i < said.size(); ++i) chunking.chunks[i].facts = FactsOf(said[i]);
  co_return chunking;
}

constexpr std::string_view kKeys[] = {"base", "context_tokens", "overlap_sentences", "separators"};

}  // namespace

extern const ChunkerEntry chunker_graph{
    "graph", "a model names the things in each chunk and how they relate", kKeys, 0, nullptr, SplitWithFacts};

}  // namespace atelier
