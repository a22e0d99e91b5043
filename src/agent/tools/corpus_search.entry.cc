// Searches a corpus: what its documents say, with the place of each passage.
#include <utility>

#include "agent/tools/tool_entry.h"

namespace atelier {
namespace {

struct Options {
  std::string corpus;
  int32_t limit = 5;
  static Fields Describe();
};
Fields Options::Describe() {
  static constexpr Field fields[] = {
      Key<&Options::corpus>("corpus", "its name").Required(),
      Key<&Options::limit>("limit", "passages of an answer").Between(1, 50),
  };
  return fields;
}

std::string PlaceOf(const FoundPassage& passage) {
  std::string place = passage.document_id;
  if (passage.first_page > 0) place += ", page " + std::to_string(passage.first_page);
  for (const std::string& heading : passage.heading_path) place += " > " + heading;
  return place;
}

class CorpusSearch final : public AgentTool {
 public:
  CorpusSearch(Options options, const ToolEnvironment& environment)
      : options_(std::move(options)), environment_(environment) {
    spec_.name = "search_" + options_.corpus;
    spec_.description = "Searches the documents of '" + options_.corpus + "' and gives passages with their places.";
    Json query = Json::Object({{"type", "string"}, {"minLength", 1}, {"description", "what to look for"}});
    spec_.parameters = Json::Object({{"type", "object"},
                                     {"properties", Json::Object({{"query", std::move(query)}})},
                                     {"required", Json::Array({"query"})},
                                     {"additionalProperties", false}});
    spec_.read_only = true;
    spec_.source = SourceSpec{.query = "query", .found = "passages", .id = "place", .title = "place", .text = "text"};
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> Run(Call call, ToolCallInfo /*info*/, Json arguments) override {
    if (!environment_.search_corpus) co_return Error::Unsupported("corpus_search", "there are no corpora here");
    PassageQuery query;
    query.corpus = options_.corpus, query.limit = options_.limit;
    query.text = arguments["query"].AsString();
    CO_TRY(const auto found, co_await environment_.search_corpus(std::move(call), std::move(query)));
    ToolOutput output;
    Json passages = Json::Array({});
    for (size_t i = 0; i < found.size(); ++i) {
      output.text += "[" + std::to_string(i + 1) + "] " + PlaceOf(found[i]) + "\n" + found[i].text + "\n\n";
      passages.Push(Json::Object({{"document", found[i].document_id},
                                  {"place", PlaceOf(found[i])},
                                  {"score", found[i].score},
                                  {"text", found[i].text}}));
    }
    if (found.empty()) output.text = "Nothing was found.";
    output.structured = Json::Object({{"passages", std::move(passages)}});
    co_return output;
  }

 private:
  const Options options_;
  const ToolEnvironment& environment_;
  ToolSpec spec_;
};

Result<AgentTools> Make(const ToolConfig& config, const ToolEnvironment& environment) {
  TRY(Options options, ReadToolOptions<Options>(config));
  AgentTools tools;
  tools.push_back(std::make_shared<CorpusSearch>(std::move(options), environment));
  return tools;
}

}  // namespace

extern const ToolEntry tool_corpus_search{"corpus_search", "searches a corpus of atelier.yaml", Make};

}  // namespace atelier
