#include "model/chat/chat_template.h"

#include <algorithm>
#include <array>

#include "base/text/unicode.h"

namespace atelier {
namespace {

// Names a message's reasoning goes under; templates read the first.
constexpr std::array<std::string_view, 3> kReasoningFields = {"reasoning_content", "thinking", "reasoning"};
// Appended to the text to continue, looked for in what the template made of it, and cut there.
constexpr std::string_view kContinueTag = "CONTINUE_FINAL_MESSAGE_TAG ";

Result<void> WantObjects(const Json& list, std::string_view name) {
  if (!list.is_array())
    return Error::Invalid(std::string(name), "got " + std::string(list.TypeName()) + ", want an array");
  for (int64_t i = 0; i < list.size(); ++i) {
    if (list[i].is_object()) continue;
    return Error::Invalid(std::string(name) + "[" + std::to_string(i) + "]",
                          "got " + std::string(list[i].TypeName()) + ", want an object");
  }
  return {};
}

// Reasoning under any of its names is also there under the first, and under "thinking", which comes first then.
Json WithReasoningNames(const Json& message) {
  const Json* reasoning = nullptr;
  for (const std::string_view field : kReasoningFields) {
    if (const Json* value = message.Find(field); value != nullptr && !value->is_null() && reasoning == nullptr)
      reasoning = value;
  }
  if (reasoning == nullptr) return message;
  Json named = Json::Object({{"thinking", *reasoning}});
  for (const JsonMember& member : message.members()) named.Set(member.key, member.value);
  named.Set("reasoning_content", *reasoning);
  return named;
}

Error CannotContinue(std::string what) { return Error::Invalid("continue_final_message", std::move(what)); }

// Marks the text to continue in the last message; returns it.
Result<std::string> MarkFinal(Json& messages, const std::string& field, const std::string& source) {
  if (messages.empty()) return CannotContinue("got no message, want one to continue");
  Json& last = messages[messages.size() - 1];
  Json* value = last.Find(field);
  if (value == nullptr || value->is_null())
    return CannotContinue("got a last message without \"" + field + "\", want one to continue");
  std::vector<std::string> fields = {field};
  if (std::find(kReasoningFields.begin(), kReasoningFields.end(), field) != kReasoningFields.end()) {
    fields.clear();
    for (const std::string_view name : kReasoningFields) {
      if (last[name] == *value) fields.emplace_back(name);
    }
  }
  const bool is_read = std::any_of(fields.begin(), fields.end(),
                                   [&](const std::string& name) { return source.find(name) != std::string::npos; });
  if (!is_read) return CannotContinue("got \"" + field + "\", want a field that the chat template reads");
  if (value->is_array()) {
    for (int64_t i = value->size() - 1; i >= 0; --i) {
      Json* text = (*value)[i].Find("text");
      if (text == nullptr || !text->is_string()) continue;
      std::string final_text = text->AsString();
      *text = final_text + std::string(kContinueTag);
      return final_text;
    }
    return CannotContinue("got a last message without text, want some to continue");
  }
  if (!value->is_string()) return CannotContinue("got " + std::string(value->TypeName()) + ", want text to continue");
  std::string final_text = value->AsString();
  for (const std::string& name : fields) last.Set(name, final_text + std::string(kContinueTag));
  return final_text;
}

Result<void> CutAtMark(RenderedChat& chat, const std::string& final_text) {
  const std::string_view mark = Trim(kContinueTag);
  const size_t at = chat.text.rfind(mark);
  if (at == std::string::npos || chat.text.find(Trim(final_text)) == std::string::npos) {
    return CannotContinue("got a chat template that changes or drops the last message, want one that shows it");
  }
  const bool kept_space = chat.text.compare(at, kContinueTag.size(), kContinueTag) == 0;
  chat.text.resize(at);
  if (!kept_space) chat.text.resize(TrimRight(chat.text).size());
  for (JinjaSpan& span : chat.generations) {
    span.begin = std::min(span.begin, chat.text.size());
    span.end = std::min(span.end, chat.text.size());
  }
  return {};
}

Result<Json> ContextOf(const ChatInput& input, Json messages) {
  Json context = Json::Object();
  context.Set("messages", std::move(messages));
  context.Set("tools", input.tools);
  context.Set("documents", input.documents);
  context.Set("add_generation_prompt", input.add_generation_prompt);
  const int64_t num_own = context.size();
  if (input.bos_token) context.Set("bos_token", *input.bos_token);
  if (input.eos_token) context.Set("eos_token", *input.eos_token);
  if (input.extra.is_null()) return context;
  if (!input.extra.is_object()) {
    return Error::Invalid("chat_template_kwargs", "got " + std::string(input.extra.TypeName()) + ", want an object");
  }
  for (const JsonMember& member : input.extra.members()) {
    const auto own = context.members().first(static_cast<size_t>(num_own));
    if (std::any_of(own.begin(), own.end(), [&](const JsonMember& one) { return one.key == member.key; })) {
      return Error::Invalid("chat_template_kwargs",
                            "got \"" + member.key + "\", want it given by the request's own field");
    }
    context.Set(member.key, member.value);
  }
  return context;
}

}  // namespace

Result<ChatTemplate> ChatTemplate::Parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return Error::TooLarge("chat template", "got " + std::to_string(source.size()) + " bytes, want at most " +
                                                std::to_string(kMaxSourceBytes));
  }
  auto parsed = JinjaTemplate::Parse(source);
  if (!parsed.ok()) return std::move(parsed).error().Under("chat template");
  return ChatTemplate(std::string(source), *std::move(parsed));
}

Result<RenderedChat> ChatTemplate::Render(const ChatInput& input) const {
  TRY_VOID(WantObjects(input.messages, "messages"));
  if (!input.tools.is_null()) TRY_VOID(WantObjects(input.tools, "tools"));
  if (!input.documents.is_null()) TRY_VOID(WantObjects(input.documents, "documents"));
  Json messages = Json::Array();
  for (const Json& message : input.messages.items()) messages.Push(WithReasoningNames(message));
  std::string final_text;
  if (!input.continue_field.empty()) {
    TRY(final_text, MarkFinal(messages, input.continue_field, source_));
  }
  TRY(const Json context, ContextOf(input, std::move(messages)));
  auto output = template_.Render(context, input.now);
  if (!output.ok()) return std::move(output).error().Under("chat template");
  RenderedChat chat{std::move(output->text), std::move(output->generations)};
  if (!input.continue_field.empty()) TRY_VOID(CutAtMark(chat, final_text));
  return chat;
}

}  // namespace atelier
