// atelier complete
#include <unistd.h>

#include <cstdio>

#include "base/text/describe_json.h"
#include "cli/described_options.h"
#include "cli/input.h"
#include "cli/session.h"
#include "cli/terminal_text.h"
#include "serve/chat_body.h"

namespace atelier {
namespace {

constexpr int64_t kPlainMaxTokens = 256;  // plain text has no end of its own

// What the command sees to itself, or has no use for here.
const std::set<std::string_view> kLeftOut = {
    "model",        "stream",        "stream_options",   "keep_alive",
    "cache_salt",   "priority",      "return_token_ids", "return_tokens_as_token_ids",
    "cache_prompt", "repeat_penalty"};

class CompleteCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("prompt", words_, "the prompt; words are joined with blanks; without, or as -, standard input");
    options.Flag("--chat", chat_, "the prompt is a message: apply the model's chat template and print its answer");
    options.Text("--system", system_, "system message before it (implies --chat)");
    options.Text("--suffix", suffix_, "text after the gap, for models that fill in the middle");
    options.Flag("--echo", echo_, "print the prompt in front of the text");
    options.Flag("--stats", stats_, "say on stderr how fast it was");
    options.Flag("--token-ids", token_ids_, "with --json: the ids of the tokens too");
    options.Integer("--logprobs", logprobs_, "with --json: log probability of each token and of so many alternatives");
    model_.Declare(options);
    options.Section("Sampling and limits");
    described_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(GenerationRequest request, Request());
    TRY(const std::unique_ptr<Session> session, Session::Open(invocation, model_));
    TRY(const ModelListing model, session->FindModel("chat"));
    const bool streams = !invocation.json && request.options.request.n == 1;
    if (!invocation.json && echo_) std::printf("%s", prompt_.c_str());
    TRY(const Outcome outcome,
        session->Generate(model, chat_ ? "chat" : "text_completion", std::move(request),
                          [streams, terminal = isatty(STDOUT_FILENO) == 1](const GenerationDelta& delta) {
                            if (!streams) return;
                            const std::string shown = terminal ? SafeForTerminal(delta.text) : delta.text;
                            std::fwrite(shown.data(), 1, shown.size(), stdout);
                            std::fflush(stdout);
                          }));
    if (invocation.json) {
      invocation.Print(OutcomeBody(model, outcome, token_ids_));
    } else if (streams) {
      std::printf("\n");
    } else {
      for (const ChoiceResult& choice : outcome.choices) {
        std::printf("--- choice %d\n%s\n", choice.index, choice.text.c_str());
      }
    }
    if (stats_) std::fprintf(stderr, "%s\n", SpeedText(outcome).c_str());
    if (outcome.interrupted) return Error::Cancelled("", "stopped by Ctrl-C; the text so far is above");
    return {};
  }

 private:
  Result<GenerationRequest> Request() {
    chat_ = chat_ || !system_.empty();
    TRY(prompt_, ReadText(words_, "the prompt"));
    // A file's last line end is the editor's, not the author's.
    if (chat_ && prompt_.ends_with('\n')) prompt_.pop_back();
    if (prompt_.empty()) return Error::Invalid("prompt", "got an empty text, want at least one character");
    const Json given = described_.Given();
    TRY(const GenerationBody body, ReadJson<GenerationBody>(given));
    if (chat_) return ChatRequestOf(body);
    GenerationRequest request;
    TRY(request.options, body.Options());
    if (!request.options.request.max_tokens) request.options.request.max_tokens = kPlainMaxTokens;
    SetLogprobs(request);
    if (suffix_.empty()) {
      request.prompt = TextPrompt{prompt_};
    } else {
      request.prompt = InfillPrompt{.prefix = prompt_, .suffix = suffix_, .middle = {}, .extras = {}};
    }
    return request;
  }

  Result<GenerationRequest> ChatRequestOf(const GenerationBody& generation) {
    ChatBody body;
    body.generation = generation;
    if (!system_.empty()) body.messages.push_back(ChatMessage::Of("system", system_));
    body.messages.push_back(ChatMessage::Of("user", prompt_));
    TRY(GenerationRequest request, ChatRequest(body));
    SetLogprobs(request);
    return request;
  }

  void SetLogprobs(GenerationRequest& request) const {
    if (logprobs_ >= 0) request.options.request.logprobs = static_cast<int32_t>(logprobs_);
  }

  ModelOptions model_;
  std::vector<std::string> words_;
  std::string system_, suffix_, prompt_;
  int64_t logprobs_ = -1;
  bool chat_ = false, echo_ = false, stats_ = false, token_ids_ = false;
  GenerationBody defaults_ = GenerationBody::Defaults();
  DescribedOptions described_{GenerationBody::Describe(), &defaults_, kLeftOut};
};

}  // namespace

extern const CommandEntry command_complete{
    "complete", "Continue a text, or answer one message",
    "Prints what the model writes as it comes. A plain prompt is continued as it stands, for at most 256 tokens unless "
    "--max-tokens says otherwise; with --chat it is a message, answered through the model's chat template until the "
    "model ends its turn.\n"
    "\n"
    "Without sampling options the model's own distribution is sampled: temperature 1, nothing cut off. The same --seed "
    "gives the same text, whatever else is running. Ctrl-C ends the text where it is.\n"
    "\n"
    "  atelier complete 'The capital of France is'\n"
    "  atelier complete --chat --temperature 0 'Name three rivers.'\n"
    "  git diff | atelier complete --system 'Write a commit message for this change.'\n"
    "  atelier complete --json --logprobs 5 --max-tokens 8 'Once upon'",
    []() -> std::unique_ptr<Command> { return std::make_unique<CompleteCommand>(); }};

}  // namespace atelier
