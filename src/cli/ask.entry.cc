// atelier ask
#include <cstdio>

#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/terminal_text.h"
#include "knowledge/answerer.h"

namespace atelier {
namespace {

Json CitationBody(const Citation& citation) {
  return Json::Object({{"number", citation.number},
                       {"document", citation.document_id},
                       {"title", citation.title},
                       {"span", Json::Array({citation.span.begin, citation.span.end})},
                       {"page", citation.first_page},
                       {"headings", Json(citation.heading_path)},
                       {"quote", citation.quote}});
}

Json AnswerBody(const CitedAnswer& answer) {
  Json claims = Json::Array();
  for (const CitedClaim& claim : answer.claims) {
    Json numbers = Json::Array();
    for (const int32_t number : claim.citations) numbers.Push(number);
    claims.Push(Json::Object({{"text", claim.text}, {"citations", std::move(numbers)}, {"support", claim.support}}));
  }
  Json citations = Json::Array();
  for (const Citation& citation : answer.citations) citations.Push(CitationBody(citation));
  return Json::Object({{"refused", answer.refused},
                       {"confidence", answer.confidence},
                       {"unsupported", answer.num_unsupported},
                       {"claims", std::move(claims)},
                       {"citations", std::move(citations)}});
}

// A sentence of a wrapped source on one line.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : SafeForTerminal(text)) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.ends_with(' ')) line += ' ';
  }
  return line;
}

class AskCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("question", question_, "what to answer from the documents");
    options.Required();
    corpus_.Declare(options);
    filter_.Declare(options);
    options.OneOf("--mode", mode_, {"auto", "extractive", "abstractive"},
                  "extractive: sentences are quoted; abstractive: a model writes, and is checked");
    options.Text("--model", model_, "that writes (default: the one that answers chats)");
    options.Takes("MODEL", Completion::kModels);
    stages_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::OpenCorpus(invocation, corpus_));
    RetrievalConfig retrieval = session->config().retrieval;
    TRY_VOID(stages_.Apply(retrieval));
    const Retriever retriever = session->MakeRetriever(std::move(retrieval));
    AnswerConfig config = session->config().answers;
    if (!mode_.empty()) config.mode = mode_;
    if (!model_.empty()) config.model = model_;
    TRY(config, AnswersFor(session->app(), std::move(config)));
    const Answerer answerer(session->corpus(), retriever, AnswerToolsFor(session->app()), std::move(config));
    Question question;
    question.text = question_;
    question.history = stages_.Turns();
    TRY(question.filter, filter_.Read());
    OnClaim on_claim;
    if (!invocation.json) on_claim = ShowClaim;
    TRY(const CitedAnswer answer,
        session->Run(answerer.Ask(session->MakeCall(), std::move(question), std::move(on_claim))));
    if (invocation.json) {
      invocation.Print(AnswerBody(answer));
    } else {
      ShowSources(answer);
    }
    return {};
  }

 private:
  static void ShowClaim(const CitedAnswer& answer) {
    const CitedClaim& claim = answer.claims.back();
    std::string numbers;
    for (const int32_t number : claim.citations) numbers += " [" + std::to_string(number) + "]";
    std::printf("%s%s\n", OneLine(claim.text).c_str(), numbers.c_str());
    std::fflush(stdout);
  }

  static void ShowSources(const CitedAnswer& answer) {
    if (answer.refused) std::printf("The documents don't say.\n");
    if (answer.num_unsupported > 0) {
      std::printf("(%lld sentences that the documents do not support were left out)\n",
                  static_cast<long long>(answer.num_unsupported));
    }
    if (answer.refused) return;
    std::printf("\n");
    for (const Citation& citation : answer.citations) {
      Passage place;
      place.document_id = citation.document_id;
      place.chunk.first_page = citation.first_page, place.chunk.last_page = citation.last_page;
      place.chunk.heading_path = citation.heading_path;
      std::printf("[%d] %s\n", citation.number, SafeForTerminal(PlaceText(place)).c_str());
    }
  }

  CorpusOptions corpus_;
  StageOptions stages_;
  FilterOption filter_;
  std::string question_, mode_, model_;
};

}  // namespace

extern const CommandEntry command_ask{"ask", "Answer a question from a corpus, with sources",
                                      "Every sentence carries the number of the place in the documents that it stands "
                                      "at. Where the documents don't say, the "
                                      "answer says so. With --mode abstractive a model writes, and "
                                      "what it writes is kept only where the documents support it.\n"
                                      "\n"
                                      "  atelier index docs/ && atelier ask 'How does the scheduler preempt?'\n"
                                      "  atelier ask --json 'Which formats can be imported?'",
                                      []() -> std::unique_ptr<Command> { return std::make_unique<AskCommand>(); }};

}  // namespace atelier
