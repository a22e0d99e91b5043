// atelier rerank
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "cli/input.h"
#include "cli/session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class RerankCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("query", query_, "what the documents are compared with");
    options.Required();
    options.Texts("document", texts_, "documents; without, each line of standard input is one");
    options.Flag("--jsonl", jsonl_, "lines of standard input are JSON: a string, or an object with \"text\"");
    options.Integer("--top-n", top_n_, "print the best so many; 0: all");
    options.Flag("--no-truncate", no_truncate_, "an error for documents over the model's context instead of a cut");
    model_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    if (top_n_ < 0) return Error::Invalid("--top-n", "got " + std::to_string(top_n_) + ", want 0 or more");
    TRY(const std::unique_ptr<Session> session, Session::Open(invocation, model_));
    TRY(const std::vector<InputText> documents, ReadDocuments(session->interrupt()));
    if (session->interrupt().requested()) return Error::Cancelled("", "stopped by Ctrl-C; nothing was ranked");
    if (documents.empty()) return Error::Invalid("document", "got none, want at least one");
    TRY(const ModelListing model, FindModel(*session));
    RerankingRequest request;
    request.query = query_;
    request.truncate = !no_truncate_;
    for (const InputText& document : documents) request.documents.push_back(document.text);
    Result<Reranking> reranking = session->Rerank(model, std::move(request));
    if (session->interrupt().requested()) return Error::Cancelled("", "stopped by Ctrl-C; nothing was ranked");
    if (!reranking.ok()) return std::move(reranking).error();
    Show(invocation, model, documents, *reranking);
    return {};
  }

 private:
  Result<std::vector<InputText>> ReadDocuments(const Interrupt& interrupt) const {
    std::vector<InputText> documents;
    for (const std::string& text : texts_) documents.emplace_back().text = text;
    if (!texts_.empty()) return documents;
    SayWhatIsAwaited("documents, one a line");
    InputReader reader(jsonl_ ? InputForm::kJsonl : InputForm::kLines, interrupt);
    for (;;) {
      TRY(std::optional<InputText> next, reader.Next());
      if (!next) return documents;
      documents.push_back(std::move(*next));
    }
  }

  // A cross-encoder, else an embedding model by its similarity, as the server does.
  Result<ModelListing> FindModel(Session& session) const {
    Result<ModelListing> model = session.FindModel("rerank");
    if (!model.ok() && model_.model.empty()) model = session.FindModel("embedding");
    return model;
  }

  void Show(const Invocation& invocation, const ModelListing& model, const std::vector<InputText>& documents,
            const Reranking& reranking) const {
    std::vector<size_t> order(documents.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return reranking.scores[a] > reranking.scores[b]; });
    if (top_n_ > 0 && top_n_ < static_cast<int64_t>(order.size())) order.resize(static_cast<size_t>(top_n_));
    Json results = Json::Array();
    for (const size_t i : order) {
      Json result = documents[i].given.is_object() ? documents[i].given : Json::Object({{"text", documents[i].text}});
      result.Set("index", static_cast<int64_t>(i));
      result.Set("relevance_score", reranking.scores[i]);
      if (jsonl_ && !invocation.json) std::printf("%s\n", result.Dump().c_str());
      if (!jsonl_ && !invocation.json) {
        std::printf("%.4f  %4zu  %s\n", reranking.scores[i], i, SafeForTerminal(documents[i].text).c_str());
      }
      results.Push(std::move(result));
    }
    if (!invocation.json) return;
    invocation.Print(Json::Object({{"model", model.id},
                                   {"results", std::move(results)},
                                   {"usage", Json::Object({{"prompt_tokens", reranking.usage.prompt_tokens}})}}));
  }

  ModelOptions model_;
  std::string query_;
  std::vector<std::string> texts_;
  bool jsonl_ = false, no_truncate_ = false;
  int64_t top_n_ = 0;
};

}  // namespace

extern const CommandEntry command_rerank{
    "rerank", "Sort texts by how well they answer a query",
    "Prints score, place in the input, and text, best first. Scores are from 0 to 1: a cross-encoder's where there is "
    "one, else the cosine similarity of an embedding model's vectors.\n"
    "\n"
    "  atelier rerank 'how to feed a cat' 'Cats eat meat.' 'The moon is far.'\n"
    "  atelier rerank --top-n 3 'error handling' < paragraphs.txt\n"
    "  atelier rerank --jsonl 'error handling' < documents.jsonl",
    []() -> std::unique_ptr<Command> { return std::make_unique<RerankCommand>(); }};

}  // namespace atelier
