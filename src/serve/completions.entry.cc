// /v1/completions                                                    [OpenAI API reference, "Completions"]
#include <algorithm>

#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/generation_reply.h"
#include "serve/prompt_body.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct CompletionBody {
  GenerationBody generation;
  Json prompt;
  std::optional<int64_t> best_of, logprobs, truncate_prompt_tokens;
  bool echo = false, add_special_tokens = true;
  std::optional<std::string> suffix;
  static Fields Describe();
};

Fields CompletionBody::Describe() {
  using B = CompletionBody;
  static constexpr Field fields[] = {
      Key<&B::prompt>("prompt", "a text, texts, token ids, or arrays of token ids").Required(),
      Inline<&B::generation>(),
      Key<&B::best_of>("best_of", "make so many, send the n likeliest").Between(0, kMaxChoices),
      Key<&B::logprobs>("logprobs", "log probabilities of the tokens and of so many alternatives")
          .Between(0, kMaxLogprobs),
      Key<&B::echo>("echo", "the prompt in front of the text"),
      Key<&B::suffix>("suffix", "text after the gap, for models that fill in the middle"),
      Key<&B::add_special_tokens>("add_special_tokens", "what the tokenizer puts around a text"),
      Key<&B::truncate_prompt_tokens>("truncate_prompt_tokens", "keep only so many of the prompt's last tokens")
          .Between(1, 2147483647),
      Unsupported("use_beam_search", "beam search").UnlessIs("false"),
      Unsupported("length_penalty", "beam search").UnlessIs("1"),
      Unsupported("prompt_embeds", "vectors in place of tokens"),
      Unsupported("logprob_token_ids", "logprobs of chosen ids"),
      Unsupported("truncation_side", "a prompt is cut at its beginning").UnlessIs("\"left\""),
      Unsupported("thinking_token_budget", "a bound on reasoning"),
  };
  return fields;
}

// A token as text: what is not UTF-8 by itself shows as U+FFFD.
std::string TokenName(const TokenText& token, bool as_ids) {
  return as_ids ? "token_id:" + std::to_string(token.id) : token.bytes;
}

// The four parallel lists of a completion's logprobs.
class LogprobLists {
 public:
  LogprobLists(bool as_ids, int64_t text_offset) : as_ids_(as_ids), offset_(text_offset) {}

  void AddUnscored(const TokenText& token) {
    AddToken(token);
    logprobs_.Push(Json());
    top_.Push(Json());
  }
  void Add(const TokenChoice& entry) {
    AddToken(entry.chosen);
    logprobs_.Push(FiniteLogprob(entry.chosen.logprob));
    Json top = Json::Object();
    for (const TokenText& token : entry.top) top.Set(TokenName(token, as_ids_), FiniteLogprob(token.logprob));
    top.Set(TokenName(entry.chosen, as_ids_), FiniteLogprob(entry.chosen.logprob));
    top_.Push(std::move(top));
  }
  Json Take() {
    return Json::Object({{"text_offset", std::move(offsets_)},
                         {"token_logprobs", std::move(logprobs_)},
                         {"tokens", std::move(tokens_)},
                         {"top_logprobs", std::move(top_)}});
  }

 private:
  void AddToken(const TokenText& token) {
    tokens_.Push(TokenName(token, as_ids_));
    offsets_.Push(offset_);
    offset_ += NumCharacters(token.bytes);
  }

  const bool as_ids_;
  int64_t offset_;
  Json tokens_ = Json::Array(), offsets_ = Json::Array(), logprobs_ = Json::Array(), top_ = Json::Array();
};

// What a prompt looks like in front of its completion.
struct EchoedPrompt {
  std::string text;
  std::vector<TokenText> tokens;
};

class CompletionShape final : public ReplyShape {
 public:
  CompletionShape(const CompletionBody& body, std::vector<EchoedPrompt> echoes)
      : n_(static_cast<int32_t>(body.generation.n.value_or(1))),
        logprobs_(body.logprobs.has_value()),
        asked_prompt_logprobs_(body.generation.prompt_logprobs.has_value()),
        return_token_ids_(body.generation.return_token_ids),
        tokens_as_ids_(body.generation.return_tokens_as_token_ids),
        stop_token_ids_(body.generation.stop_token_ids.begin(), body.generation.stop_token_ids.end()),
        echoes_(std::move(echoes)) {}

  std::string_view id_prefix() const override { return "cmpl-"; }
  std::string_view operation() const override { return gen_ai::kTextCompletion; }
  std::string_view whole_object() const override { return "text_completion"; }
  std::string_view event_object() const override { return "text_completion"; }

  Json Whole(const ChoiceResult& choice) const override {
    const EchoedPrompt* echo = EchoOf(choice);
    Json body = Body(choice, (echo != nullptr ? echo->text : "") + choice.text,
                     logprobs_ ? Lists(choice, echo, 0) : Json(), FinishName(choice.end.reason));
    body.Set("stop_reason", StopReason(choice, stop_token_ids_));
    if (return_token_ids_) body.Set("token_ids", TokenIds(choice.tokens));
    AddPrompt(choice, body);
    return body;
  }
  std::optional<Json> Opening(const ChoiceResult& choice) const override {
    const EchoedPrompt* echo = EchoOf(choice);
    if (echo == nullptr || logprobs_) return std::nullopt;
    return Body(choice, echo->text, Json(), Json());
  }
  std::optional<Json> AfterPrompt(const ChoiceResult& choice) const override {
    const EchoedPrompt* echo = EchoOf(choice);
    if (echo == nullptr || !logprobs_) return std::nullopt;
    return Body(choice, echo->text, Lists(choice, echo, 0), Json());
  }
  Json Delta(const ChoiceResult& delta) const override {
    const EchoedPrompt* echo = EchoOf(delta);
    const int64_t offset = delta.num_characters + (echo != nullptr ? NumCharacters(echo->text) : 0);
    Json body = Body(delta, delta.text, logprobs_ ? Lists(delta, nullptr, offset) : Json(), Json());
    if (return_token_ids_) body.Set("token_ids", TokenIds(delta.tokens));
    if (!delta.begun) AddPrompt(delta, body);
    return body;
  }
  Json Closing(const ChoiceResult& choice) const override {
    Json body = Body(choice, "", Json(), FinishName(choice.end.reason));
    body.Set("stop_reason", StopReason(choice, stop_token_ids_));
    return body;
  }

 private:
  const EchoedPrompt* EchoOf(const ChoiceResult& choice) const {
    return echoes_.empty() ? nullptr : &echoes_[static_cast<size_t>(choice.index / n_)];
  }
  static Json Body(const ChoiceResult& choice, std::string text, Json logprobs, Json finish_reason) {
    return Json::Object({{"index", choice.index},
                         {"text", std::move(text)},
                         {"logprobs", std::move(logprobs)},
                         {"finish_reason", std::move(finish_reason)}});
  }
  void AddPrompt(const ChoiceResult& choice, Json& body) const {
    if (return_token_ids_) body.Set("prompt_token_ids", TokenIds(choice.generation->prompt_tokens));
    if (asked_prompt_logprobs_ && choice.prompt_logprobs != nullptr) {
      body.Set("prompt_logprobs", PromptLogprobList(*choice.prompt_logprobs));
    }
  }
  // `offset`: characters before.
  Json Lists(const ChoiceResult& choice, const EchoedPrompt* echo, int64_t offset) const {
    LogprobLists lists(tokens_as_ids_, offset);
    if (echo != nullptr && !echo->tokens.empty()) {
      lists.AddUnscored(echo->tokens.front());
      if (choice.prompt_logprobs != nullptr) {
        for (const TokenChoice& entry : choice.prompt_logprobs->entries) lists.Add(entry);
      }
    }
    for (const TokenChoice& entry : choice.logprobs) lists.Add(entry);
    return lists.Take();
  }

  const int32_t n_;
  const bool logprobs_, asked_prompt_logprobs_, return_token_ids_, tokens_as_ids_;
  const std::vector<int32_t> stop_token_ids_;
  const std::vector<EchoedPrompt> echoes_;
};

// The prompts of a body, each with its request.
Result<std::vector<GenerationRequest>> Requests(const CompletionBody& body) {
  const TextPrompt as{.text = {}, .add_special_tokens = body.add_special_tokens, .parse_special = true};
  TRY(std::vector<Prompt> prompts, ReadPrompts(body.prompt, "prompt", as));
  TRY(GenerationOptions options, body.generation.Options());
  if (body.best_of && *body.best_of > 0) {
    if (*body.best_of < options.request.n) {
      return Error::Invalid("best_of", "got " + std::to_string(*body.best_of) + ", want at least n, which is " +
                                           std::to_string(options.request.n))
          .WithCode("invalid_value");
    }
    options.request.best_of = static_cast<int32_t>(*body.best_of);
    if (body.generation.stream && options.request.best_of > options.request.n) {
      return Error::Invalid("best_of", "got it with stream, want one of the two: the best is known at the end")
          .WithCode("invalid_value");
    }
  }
  constexpr int64_t kOpenAiDefaultTokens = 16;
  if (!options.request.max_tokens) options.request.max_tokens = kOpenAiDefaultTokens;
  if (body.logprobs) options.request.logprobs = static_cast<int32_t>(*body.logprobs);
  if (body.generation.stream && options.request.prompt_logprobs) {
    return Error::Invalid("prompt_logprobs", "got it beside stream, want one of the two").WithCode("invalid_value");
  }
  if (body.echo && body.logprobs) {
    options.request.prompt_logprobs =
        std::max(options.request.prompt_logprobs.value_or(0), static_cast<int32_t>(*body.logprobs));
  }
  options.truncate_prompt_tokens = body.truncate_prompt_tokens;
  std::vector<GenerationRequest> requests;
  for (Prompt& prompt : prompts) {
    if (body.suffix && !body.suffix->empty()) {
      const auto* text = std::get_if<TextPrompt>(&prompt);
      if (text == nullptr) return Error::Invalid("suffix", "got it beside token ids, want a text prompt");
      prompt = InfillPrompt{.prefix = text->text, .suffix = *body.suffix, .middle = {}, .extras = {}};
    }
    requests.push_back({body.generation.model.value_or(""), std::move(prompt), options});
  }
  return requests;
}

Task<Result<std::vector<EchoedPrompt>>> Echoes(App& app, Call call, std::vector<GenerationRequest> requests) {
  std::vector<EchoedPrompt> echoes;
  for (const GenerationRequest& request : requests) {
    CO_TRY(Generation prepared, co_await app.language_model().Prepare(call, request));
    EchoedPrompt echo;
    CO_TRY(echo.tokens, co_await app.language_model().Spell(call, request.model, prepared.prompt_tokens));
    for (const TokenText& token : echo.tokens) echo.text += token.bytes;
    echoes.push_back(std::move(echo));
  }
  co_return echoes;
}

Task<HttpResponse> CreateCompletion(HttpRequest http, App& app) {
  Result<Parsed<CompletionBody>> parsed = ParseBody<CompletionBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, parsed.error());
  const CompletionBody& body = parsed->body;
  Result<std::vector<GenerationRequest>> requests = Requests(body);
  if (!requests.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, requests.error());
  const Result<ModelListing> model = app.FindModel(body.generation.model.value_or(""), "chat");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, model.error());
  for (GenerationRequest& request : *requests) request.model = model->id;
  std::vector<EchoedPrompt> echoes;
  if (body.echo) {
    Result<std::vector<EchoedPrompt>> found = co_await Echoes(app, http.call, *requests);
    if (!found.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, found.error());
    echoes = std::move(*found);
  }
  ReplyOptions options = ReplyOptionsOf(body.generation);
  options.unknown = parsed->unknown;
  auto shape = std::make_shared<CompletionShape>(body, std::move(echoes));
  co_return co_await ReplyWith(app, std::move(http), model->id, std::move(*requests), std::move(shape),
                               std::move(options));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/completions", "Continue a text", CreateCompletion, JsonSchema<CompletionBody>},
};

}  // namespace

extern const Resource resource_completions{kRoutes};

}  // namespace atelier
