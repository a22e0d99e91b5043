// atelier corpus reembed
#include "app/corpus_reembed.h"

#include <unistd.h>

#include <cstdio>

#include "cli/corpus_session.h"

namespace atelier {
namespace {

class ReembedCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("corpus", corpus_.corpus, "which corpus; without, the only one");
    options.Takes("NAME", Completion::kNothing);
    options.Text("--embedder,-e", embedder_, "an embedding model; \"none\": search by words alone");
    options.Takes("NAME", Completion::kModels);
    options.Required();
    options.Integer("--threads", corpus_.threads, "threads that compute; 0: one for each core");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, corpus_));
    TRY(const std::string name, session->app().corpora().NameOf(corpus_.corpus));
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const auto show = [terminal](const ReembedProgress& progress) {
      if (!terminal) return;
      std::fprintf(stderr, "\r%lld records, %lld left\033[K", static_cast<long long>(progress.num_done),
                   static_cast<long long>(progress.num_left));
    };
    Result<ReembedReport> report =
        session->Run(ReembedCorpus(session->MakeCall(), session->app(), name, embedder_, show));
    if (terminal) std::fprintf(stderr, "\r\033[K");
    if (session->interrupt().requested()) {
      return Error::Cancelled("", "stopped by Ctrl-C; the same command goes on where it stopped");
    }
    if (!report.ok()) return std::move(report).error();
    if (invocation.json) {
      invocation.Print(Json::Object({{"corpus", name},
                                     {"embedder", report->embedder},
                                     {"records", report->num_records},
                                     {"kept", report->num_kept}}));
    } else {
      std::printf("%s: now embedded by %s; %lld records made, %lld kept from an earlier run\n", name.c_str(),
                  report->embedder.c_str(), static_cast<long long>(report->num_records),
                  static_cast<long long>(report->num_kept));
    }
    return {};
  }

 private:
  CorpusOptions corpus_;
  std::string embedder_;
};

}  // namespace

extern const CommandEntry command_corpus_reembed{
    "corpus reembed", "Give a corpus the vectors of another embedder",
    "They are made beside the ones that are searched meanwhile, and take their place at the end, in one step. Ctrl-C "
    "stops; "
    "the same command goes on where it stopped. What the corpus was read from is not read again. At the end no other "
    "process may be writing the corpus.\n"
    "\n"
    "  atelier corpus reembed docs --embedder bge-small-en-v1.5",
    []() -> std::unique_ptr<Command> { return std::make_unique<ReembedCommand>(); }};

}  // namespace atelier
