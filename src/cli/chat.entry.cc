// atelier chat
#include <unistd.h>

#include <cstdio>

#include "app/agent_library.h"
#include "cli/chat_commands.h"
#include "cli/line_reader.h"
#include "cli/terminal_text.h"
#include "serve/chat_body.h"

namespace atelier {
namespace {

// What the chat sees to itself, or has no use for.
const std::set<std::string_view> kLeftOut = {"model",
                                             "stream",
                                             "stream_options",
                                             "keep_alive",
                                             "cache_salt",
                                             "priority",
                                             "return_token_ids",
                                             "return_tokens_as_token_ids",
                                             "cache_prompt",
                                             "repeat_penalty",
                                             "n",
                                             "logprobs",
                                             "top_logprobs",
                                             "prompt_logprobs",
                                             "metadata",
                                             "messages",
                                             "add_generation_prompt",
                                             "continue_final_message",
                                             "add_special_tokens",
                                             "truncate_prompt_tokens"};

class ChatCommandLine final : public Command {
 public:
  void Declare(Options& options) override {
    model_.Declare(options);
    options.Text("--system", system_, "system message");
    options.Text("--load", load_, "go on with a conversation that /save wrote");
    options.Takes("FILE", Completion::kFiles);
    options.Flag("--stats", stats_, "say after each answer how fast it was");
    options.Section("Sampling and limits");
    described_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    out_ = invocation.json ? stderr : stdout;
    TRY(const std::unique_ptr<Session> session, Session::Open(invocation, model_));
    TRY(ModelListing model, session->FindModel("chat"));
    Conversation conversation(*session, std::move(model));
    TRY_VOID(conversation.SetModel(conversation.model().id));
    conversation.SetSystem(system_);
    TRY_VOID(conversation.SetAll(described_.Given()));
    if (!load_.empty()) TRY_VOID(conversation.Load(load_));
    ChatContext context{.conversation = conversation, .session = *session, .settings = described_};
    context.say = [this](const std::string& line) { std::fprintf(out_, "%s\n", SafeForTerminal(line).c_str()); };
    context.answer_anew = [&]() -> Result<void> {
      return Tell(conversation.Again([this](const GenerationDelta& delta) { Show(delta); }));
    };
    const Result<void> talked = Talk(context);
    FinishLearning(*session);
    TRY_VOID(talked);
    if (invocation.json) invocation.Print(conversation.Document());
    return {};
  }

 private:
  // An agent that remembers makes notes of what was said; Ctrl-C leaves that to the next time.
  static void FinishLearning(Session& session) {
    session.interrupt().Renew();
    Call call;
    call.stop = session.interrupt().token();
    session.Run(session.app().agents().keeper().UntilDone(std::move(call)));
  }

  Result<void> Talk(ChatContext& context) {
    LineReader reader(context.session.interrupt(), out_,
                      HomeDirectory(context.session.app().config()) + "/chat_history",
                      [&](std::string_view line, size_t start, std::string_view word) {
                        ChatCompletion found = CompleteChatLine(context, line, start, word);
                        return LineReader::Completions{std::move(found.words), found.files};
                      });
    if (reader.interactive()) {
      context.say(context.conversation.model().id + ". /help lists commands; Ctrl-D leaves.");
    }
    while (!context.ended) {
      std::string message;
      const LineReader::Got got = ReadMessage(reader, message);
      if (got == LineReader::Got::kEnd) break;
      if (got == LineReader::Got::kInterrupted) {
        if (!reader.interactive()) return Error::Cancelled("", "stopped by Ctrl-C");
        continue;
      }
      if (message.find_first_not_of(" \t\n") == std::string::npos) continue;
      const Result<void> done = message.starts_with('/') ? RunChatCommand(context, message) : Ask(context, message);
      if (done.ok()) continue;
      // A person mends it and goes on; a script must not go on as if nothing had happened.
      if (!reader.interactive()) return done.error();
      std::fprintf(stderr, "%s\n", done.error().Message().c_str());
    }
    return {};
  }

  // One line, or several between """ and """ or joined by \ at their ends.
  static LineReader::Got ReadMessage(LineReader& reader, std::string& message) {
    constexpr std::string_view kFence = "\"\"\"";
    std::string line;
    LineReader::Got got = reader.Read("> ", line);
    if (got != LineReader::Got::kLine) return got;
    if (line.starts_with(kFence)) {
      line.erase(0, kFence.size());
      while (!line.ends_with(kFence)) {
        message += line + "\n";
        got = reader.Read(". ", line);
        if (got != LineReader::Got::kLine) return got;
      }
      message += line.substr(0, line.size() - kFence.size());
      return got;
    }
    while (line.ends_with('\\')) {
      line.back() = '\n';
      message += line;
      got = reader.Read(". ", line);
      if (got != LineReader::Got::kLine) return got;
    }
    message += line;
    return got;
  }

  Result<void> Ask(ChatContext& context, const std::string& message) {
    return Tell(context.conversation.Ask(message, [this](const GenerationDelta& delta) { Show(delta); }));
  }

  // In a terminal what the model thinks first is shown dim, above the answer; elsewhere the answer alone.
  void Show(const GenerationDelta& delta) {
    const bool terminal = isatty(fileno(out_)) == 1;
    if (terminal && !delta.reasoning.empty()) {
      std::fprintf(out_, "\x1b[2m%s\x1b[0m", SafeForTerminal(delta.reasoning).c_str());
      thinking_ = true;
    }
    if (!delta.text.empty()) {
      if (std::exchange(thinking_, false)) std::fputs("\n", out_);
      const std::string safe = terminal ? SafeForTerminal(delta.text) : delta.text;
      std::fwrite(safe.data(), 1, safe.size(), out_);
    }
    std::fflush(out_);
  }

  Result<void> Tell(const Result<Outcome>& outcome) {
    thinking_ = false;
    if (!outcome.ok()) return outcome.error();
    std::fprintf(out_, outcome->interrupted ? " [stopped]\n" : "\n");
    std::fflush(out_);
    if (stats_) std::fprintf(stderr, "%s\n", SpeedText(*outcome).c_str());
    return {};
  }

  ModelOptions model_;
  std::string system_, load_;
  bool stats_ = false;
  bool thinking_ = false;  // the last that was shown is no answer
  std::FILE* out_ = stdout;
  ChatBody defaults_ = [] {
    ChatBody body;
    body.generation = GenerationBody::Defaults();
    return body;
  }();
  DescribedOptions described_{ChatBody::Describe(), &defaults_, kLeftOut};
};

}  // namespace

extern const CommandEntry command_chat{
    "chat", "Talk with a model in the terminal",
    "Lines are edited with readline's keys and remembered in $ATELIER_HOME/chat_history. An answer streams as it is "
    "made, what a model thinks before it dim; Ctrl-C stops it and keeps what came, and the chat goes on. Lines that "
    "begin with / are commands: /help "
    "lists "
    "them, Tab completes them. A message of several lines stands between \"\"\" and \"\"\", or has \\ at the end of "
    "each "
    "line but the last.\n"
    "\n"
    "An agent of atelier.yaml is a model too: with --model agent/NAME it answers with its tools and its memory.\n"
    "\n"
    "Where standard input is no terminal, each line is a message, answered in turn; the first that fails ends the "
    "program. With --json the conversation is printed at the end, as /save writes it, and all else goes to stderr.\n"
    "\n"
    "Without sampling options the model's own distribution is sampled: temperature 1, nothing cut off.\n"
    "\n"
    "  atelier chat\n"
    "  atelier chat --model smollm2-135m-instruct --temperature 0.2 --system 'Answer in one sentence.'\n"
    "  printf 'Hello\\nWhat did I say?\\n' | atelier chat --json",
    []() -> std::unique_ptr<Command> { return std::make_unique<ChatCommandLine>(); }};

}  // namespace atelier
