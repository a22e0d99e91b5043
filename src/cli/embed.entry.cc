// atelier embed
#include <charconv>
#include <cstdio>

#include "cli/input.h"
#include "cli/session.h"

namespace atelier {
namespace {

// The shortest text that reads back as the same float.
Json NumberOf(float x) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, x).ptr;
  return Json::NumberOf(std::string(text, end));
}

constexpr size_t kTextsAtOnce = 64;  // fills the engine's steps; results come while later texts are read

class EmbedCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Texts("text", texts_, "texts; without, each line of standard input is one");
    options.Flag("--jsonl", jsonl_, "lines of standard input are JSON: a string, or an object with \"text\"");
    options.Flag("--truncate", truncate_, "cut texts over the model's context instead of an error");
    options.Integer("--skip", skip_, "leave out so many texts: where an interrupted run ended");
    model_.Declare(options);
  }

  Result<void> Run(const Invocation& invocation) override {
    if (skip_ < 0) return Error::Invalid("--skip", "got " + std::to_string(skip_) + ", want 0 or more");
    num_done_ = skip_;
    TRY(session_, Session::Open(invocation, model_));
    TRY(listing_, session_->FindModel("embedding"));
    if (texts_.empty()) SayWhatIsAwaited("texts, one a line");
    InputReader reader(jsonl_ ? InputForm::kJsonl : InputForm::kLines, session_->interrupt());
    for (;;) {
      TRY(const std::vector<InputText> batch, NextBatch(reader));
      if (session_->interrupt().requested()) return Stopped();
      if (batch.empty()) break;
      TRY_VOID(EmbedBatch(invocation, batch));
    }
    if (num_read_ == 0) return Error::Invalid("text", "got none, want at least one");
    if (invocation.json) {
      invocation.Print(Json::Object({{"model", listing_.id},
                                     {"data", std::move(data_)},
                                     {"usage", Json::Object({{"prompt_tokens", num_tokens_}})}}));
    }
    return {};
  }

 private:
  Result<std::vector<InputText>> NextBatch(InputReader& reader) {
    std::vector<InputText> batch;
    while (batch.size() < kTextsAtOnce) {
      std::optional<InputText> next;
      if (!texts_.empty()) {
        if (num_read_ < static_cast<int64_t>(texts_.size())) {
          next.emplace();
          next->text = texts_[static_cast<size_t>(num_read_)];
        }
      } else {
        TRY(next, reader.Next());
      }
      if (!next) break;
      if (num_read_++ >= skip_) batch.push_back(std::move(*next));
    }
    return batch;
  }

  Result<void> EmbedBatch(const Invocation& invocation, const std::vector<InputText>& batch) {
    EmbeddingRequest request;
    request.truncate = truncate_;
    for (const InputText& input : batch) request.inputs.emplace_back(TextPrompt{input.text});
    Result<Embeddings> embeddings = session_->Embed(listing_, std::move(request));
    if (session_->interrupt().requested()) return Stopped();
    if (!embeddings.ok()) return std::move(embeddings).error();
    num_tokens_ += embeddings->usage.prompt_tokens;
    for (size_t i = 0; i < batch.size(); ++i) Give(invocation, batch[i], embeddings->vectors[i]);
    std::fflush(stdout);
    return {};
  }

  Error Stopped() const {
    const std::string done = std::to_string(num_done_);
    return Error::Cancelled("", "stopped by Ctrl-C after " + done + " texts; --skip " + done + " goes on there");
  }

  // A vector to the document, or at once: as JSON where the text came so, else as numbers.
  void Give(const Invocation& invocation, const InputText& input, const std::vector<float>& vector) {
    const int64_t index = num_done_++;
    Json numbers = Json::Array();
    for (const float x : vector) numbers.Push(NumberOf(x));
    if (invocation.json || jsonl_) {
      Json item = invocation.json ? Json::Object({{"index", index}}) : Json::Object();
      if (input.given.is_object()) {
        for (const JsonMember& member : input.given.members()) item.Set(member.key, member.value);
      }
      item.Set("embedding", std::move(numbers));
      invocation.json ? void(data_.Push(std::move(item))) : void(std::printf("%s\n", item.Dump().c_str()));
      return;
    }
    std::string line;
    for (const Json& number : numbers.items()) line += (line.empty() ? "" : " ") + number.NumberText();
    std::printf("%s\n", line.c_str());
  }

  ModelOptions model_;
  std::vector<std::string> texts_;
  bool jsonl_ = false, truncate_ = false;
  int64_t skip_ = 0;
  std::unique_ptr<Session> session_;
  ModelListing listing_;
  Json data_ = Json::Array();
  int64_t num_read_ = 0, num_done_ = 0, num_tokens_ = 0;
};

}  // namespace

extern const CommandEntry command_embed{
    "embed", "Turn texts into vectors",
    "Prints one line of numbers for each text, in their order, as they are made. With --jsonl each line is the object "
    "that came, with \"embedding\" added. With --json all stand in one document.\n"
    "\n"
    "Ctrl-C stops and says how to go on: --skip leaves out what is done.\n"
    "\n"
    "  atelier embed 'a small dog' 'a puppy'\n"
    "  atelier embed --jsonl < documents.jsonl > vectors.jsonl",
    []() -> std::unique_ptr<Command> { return std::make_unique<EmbedCommand>(); }};

}  // namespace atelier
