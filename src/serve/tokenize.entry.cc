// /tokenize, /detokenize and /apply-template             [vLLM "Tokenizer API"; llama.cpp server README]
#include "serve/chat_body.h"
#include "serve/errors.h"
#include "serve/generation_reply.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct TokenizeBody {
  std::optional<std::string> model, prompt, content, chat_template;
  std::optional<bool> add_special_tokens;
  std::optional<std::vector<ChatMessage>> messages;
  bool add_generation_prompt = true, continue_final_message = false;
  bool return_token_strs = false, with_pieces = false, parse_special = true;
  std::optional<bool> add_special;
  Json chat_template_kwargs;
  static Fields Describe();
};

Fields TokenizeBody::Describe() {
  using B = TokenizeBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "whose tokenizer; without, the default model's"),
      Key<&B::prompt>("prompt", "a text (vLLM's name)"),
      Key<&B::content>("content", "a text (llama-server's name)"),
      Key<&B::messages>("messages", "a conversation, through the chat template"),
      Key<&B::chat_template>("chat_template", "in place of the model's own"),
      Key<&B::chat_template_kwargs>("chat_template_kwargs", "further variables of the template"),
      Key<&B::add_special_tokens>("add_special_tokens", "what the tokenizer puts around a text"),
      Key<&B::add_generation_prompt>("add_generation_prompt", "open the assistant's turn"),
      Key<&B::continue_final_message>("continue_final_message", "go on with the last message"),
      Key<&B::return_token_strs>("return_token_strs", "token_strs beside the ids (vLLM)"),
      Key<&B::with_pieces>("with_pieces", "tokens as {id, piece} (llama-server)"),
      Key<&B::add_special>("add_special",
                           "the same as llama-server names it; there, and with content, false by default"),
      Key<&B::parse_special>("parse_special", "texts that spell control tokens become them"),
      Ignored("user", "accepted without effect"),
  };
  return fields;
}

struct DetokenizeBody {
  std::optional<std::string> model;
  std::vector<int64_t> tokens;
  static Fields Describe();
};

Fields DetokenizeBody::Describe() {
  using B = DetokenizeBody;
  static constexpr Field fields[] = {
      Key<&B::tokens>("tokens", "token ids").Required().Between(0, 2147483647),
      Key<&B::model>("model", "whose tokenizer; without, the default model's"),
  };
  return fields;
}

// Any kind of model has a tokenizer: a chat model where none is named.
Result<ModelListing> FindAnyModel(const App& app, const std::optional<std::string>& id) {
  if (!id) return app.FindModel("", "chat");
  return app.FindModel(*id, "");
}

Result<GenerationRequest> TokenizeRequest(const TokenizeBody& body) {
  const int num_given = (body.prompt ? 1 : 0) + (body.content ? 1 : 0) + (body.messages ? 1 : 0);
  if (num_given != 1) {
    return Error::Invalid("prompt", "got " + std::to_string(num_given) + " of prompt, content and messages, want one")
        .WithCode("invalid_value");
  }
  if (body.messages) {
    ChatBody chat;
    chat.messages = *body.messages;
    chat.chat_template = body.chat_template;
    chat.chat_template_kwargs = body.chat_template_kwargs;
    chat.add_generation_prompt = body.add_generation_prompt && !body.continue_final_message;
    chat.continue_final_message = body.continue_final_message;
    chat.add_special_tokens = body.add_special_tokens.value_or(false);
    return ChatRequest(chat);
  }
  GenerationRequest request;
  TextPrompt prompt;
  prompt.text = body.prompt ? *body.prompt : *body.content;
  // vLLM adds what the model wants unless told otherwise, llama-server does not.
  prompt.add_special_tokens = body.add_special_tokens.value_or(body.add_special.value_or(body.prompt.has_value()));
  prompt.parse_special = body.parse_special;
  request.prompt = std::move(prompt);
  return request;
}

// A text piece, or its bytes where it is not UTF-8 by itself.
Json PieceBody(const TokenText& token) {
  const Result<Json> as_text = Json::Parse(Json(token.bytes).Dump());
  if (as_text.ok() && as_text->AsString() == token.bytes) return token.bytes;
  Json bytes = Json::Array();
  for (const char byte : token.bytes) bytes.Push(static_cast<int>(static_cast<unsigned char>(byte)));
  return bytes;
}

Task<HttpResponse> Tokenize(HttpRequest http, App& app) {
  Result<Parsed<TokenizeBody>> parsed = ParseBody<TokenizeBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const TokenizeBody& body = parsed->body;
  const Result<ModelListing> model = FindAnyModel(app, body.model);
  if (!model.ok()) co_return ErrorResponse(model.error());
  Result<GenerationRequest> request = TokenizeRequest(body);
  if (!request.ok()) co_return ErrorResponse(request.error());
  request->model = model->id;
  Result<Generation> prepared = co_await app.language_model().Prepare(http.call, std::move(*request));
  if (!prepared.ok()) co_return ErrorResponse(prepared.error());
  Result<std::vector<TokenText>> texts =
      co_await app.language_model().Spell(http.call, model->id, prepared->prompt_tokens);
  if (!texts.ok()) co_return ErrorResponse(texts.error());

  Json reply = Json::Object({{"count", static_cast<int64_t>(texts->size())}, {"max_model_len", model->context_length}});
  Json tokens = Json::Array(), names = Json::Array();
  for (const TokenText& token : *texts) {
    tokens.Push(body.with_pieces ? Json::Object({{"id", token.id}, {"piece", PieceBody(token)}}) : Json(token.id));
    names.Push(token.bytes);
  }
  reply.Set("tokens", std::move(tokens));
  reply.Set("token_strs", body.return_token_strs ? std::move(names) : Json());
  co_return JsonResponse(reply);
}

Task<HttpResponse> Detokenize(HttpRequest http, App& app) {
  Result<Parsed<DetokenizeBody>> parsed = ParseBody<DetokenizeBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<ModelListing> model = FindAnyModel(app, parsed->body.model);
  if (!model.ok()) co_return ErrorResponse(model.error());
  std::vector<int32_t> ids(parsed->body.tokens.begin(), parsed->body.tokens.end());
  Result<std::vector<TokenText>> texts = co_await app.language_model().Spell(http.call, model->id, std::move(ids));
  if (!texts.ok()) co_return ErrorResponse(texts.error());
  std::string text;
  for (const TokenText& token : *texts) text += token.bytes;
  // vLLM's name and llama-server's.
  co_return JsonResponse(Json::Object({{"prompt", text}, {"content", text}}));
}

Task<HttpResponse> ApplyTemplate(HttpRequest http, App& app) {
  Result<Parsed<ChatBody>> parsed = ParseBody<ChatBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  Result<GenerationRequest> request = ChatRequest(parsed->body);
  if (!request.ok()) co_return ErrorResponse(request.error());
  const Result<ModelListing> model = app.FindModel(request->model, "chat");
  if (!model.ok()) co_return ErrorResponse(model.error());
  request->model = model->id;
  Result<Generation> prepared = co_await app.language_model().Prepare(http.call, std::move(*request));
  if (!prepared.ok()) co_return ErrorResponse(prepared.error());
  co_return JsonResponse(Json::Object({{"prompt", prepared->prompt_text}}));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/tokenize", "Token ids of a text or a conversation", Tokenize, JsonSchema<TokenizeBody>},
    {"POST", "/detokenize", "The text of token ids", Detokenize, JsonSchema<DetokenizeBody>},
    {"POST", "/apply-template", "A conversation as the model reads it", ApplyTemplate, JsonSchema<ChatBody>},
};

}  // namespace

extern const Resource resource_tokenize{kRoutes};

}  // namespace atelier
