// /v1/chat/completions                                          [OpenAI API reference, "Chat completions"]
#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/chat_body.h"
#include "serve/generation_reply.h"
#include "serve/resource.h"
#include "serve/stored_completion.h"

namespace atelier {
namespace {

class ChatShape final : public ReplyShape {
 public:
  explicit ChatShape(const ChatBody& body)
      : return_token_ids_(body.generation.return_token_ids),
        tokens_as_ids_(body.generation.return_tokens_as_token_ids),
        include_reasoning_(body.include_reasoning),
        stop_token_ids_(body.generation.stop_token_ids.begin(), body.generation.stop_token_ids.end()) {}

  std::string_view id_prefix() const override { return "chatcmpl-"; }
  std::string_view operation() const override { return gen_ai::kChat; }
  std::string_view whole_object() const override { return "chat.completion"; }
  std::string_view event_object() const override { return "chat.completion.chunk"; }

  Json Whole(const ChoiceResult& choice) const override {
    Json body = Json::Object({
        {"index", choice.index},
        {"message", Message(choice)},
        {"logprobs", Logprobs(choice)},
        {"finish_reason", FinishName(choice.end.reason, !choice.tool_calls.empty())},
    });
    body.Set("stop_reason", StopReason(choice, stop_token_ids_));
    if (return_token_ids_) body.Set("token_ids", TokenIds(choice.tokens));
    return body;
  }

  std::optional<Json> Opening(const ChoiceResult& choice) const override {
    Json delta = Json::Object({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}});
    return Event(choice, std::move(delta), Json(), Json());
  }
  Json Delta(const ChoiceResult& delta) const override {
    Json news = Json::Object();
    const bool says_other = !delta.reasoning.empty() || !delta.tool_calls.empty();
    if (!delta.text.empty() || !says_other) news.Set("content", delta.text);
    SetReasoning(delta, news);
    if (!delta.tool_calls.empty()) news.Set("tool_calls", Calls(delta.tool_calls, true));
    Json event = Event(delta, std::move(news), Logprobs(delta), Json());
    if (return_token_ids_) event.Set("token_ids", TokenIds(delta.tokens));
    return event;
  }
  Json Closing(const ChoiceResult& choice) const override {
    Json event = Event(choice, Json::Object(), Json(), FinishName(choice.end.reason, !choice.tool_calls.empty()));
    event.Set("stop_reason", StopReason(choice, stop_token_ids_));
    return event;
  }
  void AddBeside(const ChoiceResult& first, Json& reply) const override {
    if (return_token_ids_) reply.Set("prompt_token_ids", TokenIds(first.generation->prompt_tokens));
    if (first.prompt_logprobs != nullptr) reply.Set("prompt_logprobs", PromptLogprobList(*first.prompt_logprobs));
  }

 private:
  Json Message(const ChoiceResult& choice) const {
    const bool says_nothing = choice.text.empty() && !choice.tool_calls.empty();
    Json message = Json::Object(
        {{"role", "assistant"}, {"content", says_nothing ? Json() : Json(choice.text)}, {"refusal", nullptr}});
    SetReasoning(choice, message);
    if (!choice.tool_calls.empty()) message.Set("tool_calls", Calls(choice.tool_calls, false));
    return message;
  }

  // Under the name of today's vLLM, and the one that came before it.
  void SetReasoning(const ChoiceResult& choice, Json& message) const {
    if (choice.reasoning.empty() || !include_reasoning_) return;
    message.Set("reasoning", choice.reasoning);
    message.Set("reasoning_content", choice.reasoning);
  }

  // `news`: deltas, of which the first of a call has its id, type and name.
  static Json Calls(const std::vector<ToolCallDelta>& calls, bool news) {
    Json list = Json::Array();
    for (const ToolCallDelta& call : calls) {
      Json inside = Json::Object();
      if (!call.name.empty()) inside.Set("name", call.name);
      inside.Set(call.custom ? "input" : "arguments", call.arguments);
      Json body = Json::Object();
      if (news) body.Set("index", call.index);
      const char* type = call.custom ? "custom" : "function";
      if (!call.name.empty()) {
        body.Set("id", call.id);
        body.Set("type", type);
      }
      body.Set(type, std::move(inside));
      list.Push(std::move(body));
    }
    return list;
  }

  static Json Event(const ChoiceResult& choice, Json delta, Json logprobs, Json finish_reason) {
    return Json::Object({{"index", choice.index},
                         {"delta", std::move(delta)},
                         {"logprobs", std::move(logprobs)},
                         {"finish_reason", std::move(finish_reason)}});
  }

  Json Logprobs(const ChoiceResult& choice) const {
    if (choice.logprobs.empty()) return {};
    Json content = Json::Array();
    for (const TokenChoice& entry : choice.logprobs) content.Push(LogprobBody(entry, tokens_as_ids_));
    return Json::Object({{"content", std::move(content)}, {"refusal", nullptr}});
  }

  const bool return_token_ids_;
  const bool tokens_as_ids_;
  const bool include_reasoning_;
  const std::vector<int32_t> stop_token_ids_;
};

Task<HttpResponse> CreateChatCompletion(HttpRequest http, App& app) {
  Result<Parsed<ChatBody>> parsed = ParseBody<ChatBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kChat, parsed.error());
  const ChatBody& body = parsed->body;
  Result<GenerationRequest> request = ChatRequest(body);
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());
  ReplyOptions options = ReplyOptionsOf(body.generation);
  options.unknown = parsed->unknown;
  if (!body.metadata.empty()) options.metadata = TextsBody(body.metadata);
  if (body.store) options.keep = KeepCompletion(app, body, http.call.principal);
  std::vector<GenerationRequest> requests;
  requests.push_back(std::move(*request));
  auto shape = std::make_shared<ChatShape>(body);
  std::string model = body.generation.model.value_or("");
  co_return co_await ReplyWith(app, std::move(http), std::move(model), std::move(requests), std::move(shape),
                               std::move(options));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/chat/completions", "Answer a conversation", CreateChatCompletion, JsonSchema<ChatBody>},
};

}  // namespace

extern const Resource resource_chat_completions{kRoutes};

}  // namespace atelier
