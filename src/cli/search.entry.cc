// atelier search
#include <cstdio>

#include "base/text/describe_json.h"
#include "cli/corpus_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

Json HeadingsBody(const Chunk& chunk) { return Json(chunk.heading_path); }

class SearchCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("query", query_, "words, or a question");
    options.Required();
    corpus_.Declare(options);
    options.Integer("--top,-k", top_, "passages to print");
    options.OneOf("--by", by_, {"both", "words", "vectors"}, "how to search");
    filter_.Declare(options);
    rerank_.Declare(options);
    stages_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    if (top_ < 1) return Error::Invalid("--top", "got " + std::to_string(top_) + ", want 1 or more");
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::OpenCorpus(invocation, corpus_));
    RetrievalConfig config = session->config().retrieval;
    config.words = config.words && by_ != "vectors";
    config.vectors = config.vectors && by_ != "words";
    TRY_VOID(rerank_.Apply(config.rerank));
    TRY_VOID(stages_.Apply(config));
    const Retriever retriever = session->MakeRetriever(config);
    RetrievalRequest request;
    request.query = query_;
    TRY(request.filter, filter_.Read());
    request.top_k = static_cast<int32_t>(top_);
    request.history = stages_.Turns();
    TRY(const Retrieved retrieved, session->Run(retriever.Retrieve(session->MakeCall(), std::move(request))));
    if (invocation.json) {
      invocation.Print(Body(retrieved));
    } else {
      for (const std::string& why : retrieved.skipped) {
        std::fprintf(stderr, "not done: %s\n", SafeForTerminal(why).c_str());
      }
      Show(retrieved.passages);
    }
    return {};
  }

 private:
  static Json Body(const Retrieved& retrieved) {
    Json results = Json::Array();
    for (const Passage& passage : retrieved.passages) {
      results.Push(Json::Object({{"document", passage.document_id},
                                 {"title", passage.title},
                                 {"score", passage.score},
                                 {"span", Json::Array({passage.chunk.span.begin, passage.chunk.span.end})},
                                 {"page", passage.chunk.first_page},
                                 {"headings", HeadingsBody(passage.chunk)},
                                 {"attributes", passage.attributes},
                                 {"text", passage.text},
                                 {"shown", passage.shown}}));
    }
    Json queries = Json::Array();
    for (const SubQuery& query : retrieved.queries) {
      queries.Push(Json::Object({{"words", query.words}, {"meaning", query.meaning}, {"weight", query.weight}}));
    }
    Json body = Json::Object({{"results", std::move(results)}, {"queries", std::move(queries)}});
    if (!retrieved.skipped.empty()) body.Set("skipped", Json(retrieved.skipped));
    return body;
  }

  static void Show(const std::vector<Passage>& passages) {
    if (passages.empty()) std::fprintf(stderr, "nothing found\n");
    for (size_t i = 0; i < passages.size(); ++i) {
      const Passage& passage = passages[i];
      std::printf("%s%zu  %.3f  %s\n", i == 0 ? "" : "\n", i + 1, passage.score,
                  SafeForTerminal(PlaceText(passage)).c_str());
      std::string indented = "   ";
      for (const char c : SafeForTerminal(passage.text)) {
        indented += c;
        if (c == '\n') indented += "   ";
      }
      std::printf("%s\n", indented.c_str());
    }
  }

  CorpusOptions corpus_;
  FilterOption filter_;
  RerankOptions rerank_;
  StageOptions stages_;
  std::string query_, by_ = "both";
  int64_t top_ = 5;
};

}  // namespace

extern const CommandEntry command_search{
    "search", "Find passages of a corpus",
    "Prints the best passages with their scores, best first: by words (BM25) and by likeness of meaning, together.\n"
    "\n"
    "  atelier search 'prefix cache'\n"
    "  atelier search --by words --top 20 'error kExhausted' --json",
    []() -> std::unique_ptr<Command> { return std::make_unique<SearchCommand>(); }};

}  // namespace atelier
