#include "provider/local_prompt.h"

#include <algorithm>

#include "base/text/unicode.h"
#include "model/chat/chat_template.h"
#include "model/tokenizer/tokenizer.h"
#include "provider/tool_prompt.h"

namespace atelier {
namespace {

// A template's fault as that of the parameter it came from; the place in the template goes into the sentence.
Error OfParameter(Error error, std::string parameter) {
  if (!error.where.empty()) error.what = error.where + ": " + error.what;
  error.where = std::move(parameter);
  return std::move(error).WithCode("chat_template_error");
}

// Where the rendered text leaves the model's reasoning.
ReasoningState StateOf(const ChatSyntax& syntax, const Tokenizer& tokenizer, std::string_view text, bool continues) {
  constexpr size_t kTail = 512;  // more than any mark
  if (!syntax.reasoning || continues) return ReasoningState::kNone;
  text = TrimRight(text);
  const std::string tail = MarkControlTokens(tokenizer, text.substr(text.size() - std::min(text.size(), kTail)));
  if (tail.ends_with(syntax.reasoning->begin)) return ReasoningState::kOpened;
  return tail.ends_with(syntax.reasoning->end) ? ReasoningState::kNone : ReasoningState::kMayBegin;
}

Result<PreparedPrompt> Prepare(const LocalModel& model, const ChatPrompt& prompt, const Clock& clock) {
  std::optional<ChatTemplate> own;
  const ChatTemplate* chat_template = model.chat_template();
  if (prompt.chat_template) {
    auto parsed = ChatTemplate::Parse(*prompt.chat_template);
    if (!parsed.ok()) return OfParameter(std::move(parsed).error(), "chat_template");
    own = std::move(*parsed);
    chat_template = &*own;
  }
  if (chat_template == nullptr) {
    return Error::Invalid("messages", "got a conversation for '" + model.name() +
                                          "', which has no chat template; want chat_template, or /v1/completions")
        .WithCode("no_chat_template");
  }
  const Tokenizer& tokenizer = *model.tokenizer();
  const auto syntax = own ? std::make_shared<const ChatSyntax>(ReadChatSyntax(*own, tokenizer)) : model.chat_syntax();
  TRY(ToolPrompt with_tools, PrepareToolPrompt(*syntax, prompt.messages, prompt.tool_use));
  ChatInput input;
  input.messages = std::move(with_tools.messages);
  input.tools = std::move(with_tools.tools);
  input.documents = prompt.documents;
  input.extra = prompt.template_kwargs;
  input.add_generation_prompt = prompt.add_generation_prompt;
  if (prompt.continue_final_message) input.continue_field = "content";
  if (tokenizer.special().bos >= 0) input.bos_token = tokenizer.Spelling(tokenizer.special().bos);
  if (tokenizer.special().eos >= 0) input.eos_token = tokenizer.Spelling(tokenizer.special().eos);
  const std::time_t seconds = clock.UnixNanos() / 1'000'000'000;
  localtime_r(&seconds, &input.now);
  auto rendered = chat_template->Render(input);
  if (!rendered.ok()) return OfParameter(std::move(rendered).error(), "messages");
  PreparedPrompt prepared;
  prepared.text = std::move(rendered->text);
  prepared.tokens = tokenizer.Encode(prepared.text, {.add_special = prompt.add_special_tokens, .parse_special = true});
  prepared.syntax = syntax;
  if (!prompt.tool_use.tools.empty() && !syntax->calls) {
    auto with_calls = std::make_shared<ChatSyntax>(*syntax);
    with_calls->calls = ChatSyntax::DefaultCalls();
    prepared.syntax = std::move(with_calls);
  }
  prepared.reasoning = StateOf(*syntax, tokenizer, prepared.text, prompt.continue_final_message);
  return prepared;
}

Result<PreparedPrompt> Prepare(const LocalModel& model, const TextPrompt& prompt) {
  PreparedPrompt prepared;
  prepared.text = prompt.text;
  prepared.tokens = model.tokenizer()->Encode(
      prompt.text, {.add_special = prompt.add_special_tokens, .parse_special = prompt.parse_special});
  return prepared;
}

Result<PreparedPrompt> Prepare(const LocalModel& model, const TokenPrompt& prompt) {
  for (const int32_t id : prompt.tokens) {
    if (!model.tokenizer()->Contains(id)) {
      return Error::Invalid("prompt", "got the token " + std::to_string(id) + ", want an id below " +
                                          std::to_string(model.tokenizer()->vocab_size()))
          .WithCode("invalid_value");
    }
  }
  PreparedPrompt prepared;
  prepared.tokens = prompt.tokens;
  return prepared;
}

// Other files first, each under its name, as models that know repositories are trained.   [arXiv:2409.12186]
void AddExtras(const Tokenizer& tokenizer, const std::vector<InfillPrompt::File>& extras, std::vector<int32_t>& out) {
  if (extras.empty()) return;
  const EncodeOptions plain{.add_special = false};
  const SpecialTokens& special = tokenizer.special();
  if (special.fim_repo >= 0) {
    out.push_back(special.fim_repo);
    tokenizer.EncodeTo("project\n", plain, out);
  }
  for (const InfillPrompt::File& file : extras) {
    if (special.fim_file >= 0) {
      out.push_back(special.fim_file);
      tokenizer.EncodeTo(file.name + "\n", plain, out);
    }
    tokenizer.EncodeTo(file.text + "\n", plain, out);
  }
  if (special.fim_file < 0) return;
  out.push_back(special.fim_file);
  tokenizer.EncodeTo("file\n", plain, out);
}

// prefix, suffix, middle: the order that models with these tokens are trained on.   [arXiv:2207.14255]
Result<PreparedPrompt> Prepare(const LocalModel& model, const InfillPrompt& prompt) {
  const Tokenizer& tokenizer = *model.tokenizer();
  const SpecialTokens& special = tokenizer.special();
  if (special.fim_prefix < 0 || special.fim_suffix < 0 || special.fim_middle < 0) {
    return Error::Unsupported("suffix", "got a gap to fill, and '" + model.name() +
                                            "' has no tokens for that; want a model that fills in the middle")
        .WithCode("unsupported_parameter");
  }
  const EncodeOptions plain{.add_special = false};
  PreparedPrompt prepared;
  if (tokenizer.adds_bos()) prepared.tokens.push_back(special.bos);
  AddExtras(tokenizer, prompt.extras, prepared.tokens);
  prepared.tokens.push_back(special.fim_prefix);
  tokenizer.EncodeTo(prompt.prefix, plain, prepared.tokens);
  prepared.tokens.push_back(special.fim_suffix);
  tokenizer.EncodeTo(prompt.suffix, plain, prepared.tokens);
  prepared.tokens.push_back(special.fim_middle);
  tokenizer.EncodeTo(prompt.middle, plain, prepared.tokens);
  for (const int32_t id : prepared.tokens) {
    prepared.text += tokenizer.IsControl(id) ? tokenizer.Spelling(id) : tokenizer.Piece(id);
  }
  return prepared;
}

}  // namespace

Result<PreparedPrompt> PreparePrompt(const LocalModel& model, const Prompt& prompt, const Clock& clock) {
  Result<PreparedPrompt> prepared = Error::Internal("", "");
  if (const auto* chat = std::get_if<ChatPrompt>(&prompt)) prepared = Prepare(model, *chat, clock);
  if (const auto* text = std::get_if<TextPrompt>(&prompt)) prepared = Prepare(model, *text);
  if (const auto* tokens = std::get_if<TokenPrompt>(&prompt)) prepared = Prepare(model, *tokens);
  if (const auto* infill = std::get_if<InfillPrompt>(&prompt)) prepared = Prepare(model, *infill);
  if (prepared.ok() && prepared->tokens.empty()) {
    return Error::Invalid("prompt", "got no token, want at least one").WithCode("invalid_value");
  }
  return prepared;
}

int64_t PromptBytes(const Prompt& prompt) {
  if (const auto* chat = std::get_if<ChatPrompt>(&prompt)) {
    int64_t num_bytes = 0;
    for (const Json& message : chat->messages.items()) {
      const Json& content = message["content"];
      num_bytes += content.is_string() ? static_cast<int64_t>(content.AsString().size()) : 0;
    }
    return num_bytes;
  }
  if (const auto* text = std::get_if<TextPrompt>(&prompt)) return static_cast<int64_t>(text->text.size());
  if (const auto* infill = std::get_if<InfillPrompt>(&prompt)) {
    size_t num_bytes = infill->prefix.size() + infill->suffix.size() + infill->middle.size();
    for (const InfillPrompt::File& file : infill->extras) num_bytes += file.name.size() + file.text.size();
    return static_cast<int64_t>(num_bytes);
  }
  return 0;
}

}  // namespace atelier
