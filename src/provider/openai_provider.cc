#include "provider/openai_provider.h"

#include <cmath>

#include "provider/chat_decision.h"
#include "provider/openai_decision.h"
#include "provider/openai_reply.h"

namespace atelier {
namespace {

constexpr size_t kMaxChatOnly = 256;  // models

// The texts or ids of an embedding request.
Result<Json> Inputs(const std::vector<Prompt>& prompts, const std::string& provider) {
  Json inputs = Json::Array();
  for (const Prompt& prompt : prompts) {
    if (const auto* text = std::get_if<TextPrompt>(&prompt)) {
      inputs.Push(text->text);
      if (!text->add_special_tokens) {
        return Error::Unsupported("add_special_tokens",
                                  "got false for provider " + provider + ", which cannot honour it")
            .WithCode("unsupported_parameter");
      }
    } else if (const auto* tokens = std::get_if<TokenPrompt>(&prompt)) {
      Json ids = Json::Array();
      for (const int32_t id : tokens->tokens) ids.Push(id);
      inputs.Push(std::move(ids));
    } else {
      return Error::Invalid("input", "got a conversation, want texts or token ids");
    }
  }
  return inputs;
}

Result<std::vector<float>> VectorOf(const Json& json) {
  std::vector<float> vector;
  if (!json.is_array() || json.empty()) return Error::Invalid("", "got no embedding, want numbers");
  for (const Json& number : json.items()) {
    const double value = number.is_number() ? number.AsDouble() : std::nan("");
    if (!std::isfinite(value)) return Error::Invalid("", "got an embedding with something that is no number");
    vector.push_back(static_cast<float>(value));
  }
  return vector;
}

// The items of `list` at their "index", each once.
Result<std::vector<const Json*>> ByIndex(const Json& list, size_t num, std::string_view what) {
  std::vector<const Json*> items(num);
  const auto wrong = [&] {
    return Error::Invalid("", "got " + std::string(what) + " that are not one for each of " + std::to_string(num));
  };
  if (!list.is_array() || list.size() != static_cast<int64_t>(num)) return wrong();
  for (const Json& item : list.items()) {
    const Json& index = item["index"];
    const int64_t at = index.is_number() ? index.AsInt64().value_or(-1) : -1;
    if (at < 0 || at >= static_cast<int64_t>(num) || items[static_cast<size_t>(at)] != nullptr) return wrong();
    items[static_cast<size_t>(at)] = &item;
  }
  return items;
}

Result<Embeddings> EmbeddingsOf(const Json& reply, size_t num_inputs) {
  Embeddings embeddings;
  TRY(const auto items, ByIndex(reply["data"], num_inputs, "embeddings"));
  for (const Json* item : items) {
    TRY(std::vector<float> vector, VectorOf((*item)["embedding"]));
    if (!embeddings.vectors.empty() && vector.size() != embeddings.vectors[0].size()) {
      return Error::Invalid("", "got embeddings of different sizes");
    }
    embeddings.vectors.push_back(std::move(vector));
  }
  embeddings.usage = OpenAiUsage(reply["usage"]);
  return embeddings;
}

Result<Reranking> RerankingOf(const Json& reply, size_t num_documents) {
  Reranking reranking;
  TRY(const auto items, ByIndex(reply["results"], num_documents, "results"));
  for (const Json* item : items) {
    const Json& score = (*item)["relevance_score"];
    if (!score.is_number()) return Error::Invalid("", "got a result without relevance_score");
    reranking.scores.push_back(score.AsDouble());
  }
  reranking.usage = OpenAiUsage(reply["usage"]);
  return reranking;
}

template <class T>
Result<T> Timed(Result<T> result, Clock::TimePoint began, Clock::TimePoint now, const std::string& provider) {
  if (!result.ok()) return MalformedReply(provider, std::move(result).error().what);
  RequestTimes& times = result->times;
  times.submitted = times.scheduled = began;
  times.first_token = times.last_token = times.finished = now;
  return result;
}

int64_t BytesOf(const Prompt& prompt) {
  if (const auto* chat = std::get_if<ChatPrompt>(&prompt)) return static_cast<int64_t>(chat->messages.Dump().size());
  if (const auto* text = std::get_if<TextPrompt>(&prompt)) return static_cast<int64_t>(text->text.size());
  if (const auto* ids = std::get_if<TokenPrompt>(&prompt)) return static_cast<int64_t>(ids->tokens.size()) * 4;
  return 0;
}

}  // namespace

Task<Result<Generation>> OpenAiProvider::Generate(Call call, GenerationRequest request) {
  CO_TRY(OpenAiCall made, OpenAiGeneration(options_.traits, request.model, request));
  OpenAiReplyShape shape;
  shape.provider = options_.traits.provider;
  shape.is_chat = std::holds_alternative<ChatPrompt>(request.prompt);
  shape.num_choices = request.options.request.n;
  shape.prompt_bytes = BytesOf(request.prompt);
  const auto upstream = upstream_;
  auto decoder = MakeOpenAiDecoder(std::move(shape));
  auto generation = co_await upstream->Generate(std::move(call), made.path, std::move(made.body), std::move(decoder));
  if (generation.ok()) generation->seed = request.options.seed.value_or(0);
  co_return generation;
}

Task<Result<Embeddings>> OpenAiProvider::Embed(Call call, EmbeddingRequest request) {
  const std::string& provider = options_.traits.provider;
  if (request.token_vectors) {
    co_return Error::Unsupported(
        "token_vectors",
        "got true for provider " + provider + ", want a model of this machine: " + "its API gives a vector a text")
        .WithCode("unsupported_parameter");
  }
  const auto upstream = upstream_;
  Json body = Json::Object({{"model", request.model}, {"encoding_format", "float"}});
  CO_TRY(Json inputs, Inputs(request.inputs, provider));
  body.Set("input", std::move(inputs));
  const Dialect dialect = options_.traits.dialect;
  if (request.truncate && dialect == Dialect::kAtelier) body.Set("truncate", true);
  if (request.truncate && dialect == Dialect::kVllm) {
    body.Set("truncate_prompt_tokens", request.max_tokens > 0 ? request.max_tokens : -1);
  }
  const bool at_a_place = request.max_tokens > 0 && dialect != Dialect::kVllm;
  if (request.truncate && (at_a_place || (dialect != Dialect::kAtelier && dialect != Dialect::kVllm))) {
    co_return Error::Unsupported("truncate", "got true for provider " + provider + ", which cannot honour it")
        .WithCode("unsupported_parameter");
  }
  const Clock::TimePoint began = upstream->clock().Now();
  CO_TRY(const Json reply, co_await upstream->Ask(std::move(call), "/embeddings", std::move(body)));
  co_return Timed(EmbeddingsOf(reply, request.inputs.size()), began, upstream->clock().Now(), provider);
}

Task<Result<Reranking>> OpenAiProvider::Rerank(Call call, RerankingRequest request) {
  const auto upstream = upstream_;
  Json body = Json::Object({{"model", request.model}, {"query", request.query}});
  body.Set("documents", Json(request.documents));
  if (options_.traits.dialect == Dialect::kAtelier && !request.truncate) body.Set("truncate", false);
  const Clock::TimePoint began = upstream->clock().Now();
  CO_TRY(const Json reply, co_await upstream->Ask(std::move(call), options_.rerank_path, std::move(body)));
  co_return Timed(RerankingOf(reply, request.documents.size()), began, upstream->clock().Now(), upstream->name());
}

Task<Result<Decision>> OpenAiProvider::AskDecisions(Call call, const DecisionRequest& request) {
  const auto upstream = upstream_;
  CO_TRY(Json body, OpenAiDecisionBody(options_.traits, request));
  const Clock::TimePoint began = upstream->clock().Now();
  auto asking = upstream->Ask(std::move(call), "/decisions", std::move(body));
  CO_TRY(const Json reply, co_await asking);
  co_return Timed(OpenAiDecisionOf(reply, request.questions), began, upstream->clock().Now(), upstream->name());
}

Task<Result<Decision>> OpenAiProvider::Decide(Call call, DecisionRequest request) {
  const std::string& provider = options_.traits.provider;
  std::optional<Error> none;  // why its own decisions are not to be had
  if (options_.decisions != "chats" && !chat_only_.contains(request.model)) {
    const Result<Decision> own = co_await AskDecisions(call, request);
    if (own.ok() || !HasNoDecisions(own.error())) co_return own;
    if (options_.decisions == "decisions") co_return OfDecisions(own.error(), provider, request.model);
    none = own.error();
  }
  const bool says_whether_to_think = (kServers & Bit(options_.traits.dialect)) != 0;
  ChatDecisionSurroundings around{*this, content_free_, upstream_->clock(), provider, says_whether_to_think};
  Result<Decision> decided = co_await DecideByChats(std::move(around), std::move(call), request);
  if (!decided.ok()) {
    if (!HasNoDecisions(decided.error())) co_return decided;
    co_return OfDecisions(none.value_or(decided.error()), provider, request.model);
  }
  if (chat_only_.size() >= kMaxChatOnly) chat_only_.clear();  // each costs but one request to find out again
  chat_only_.insert(request.model);
  co_return decided;
}

Task<Result<Generation>> OpenAiProvider::Prepare(Call /*call*/, GenerationRequest request) {
  co_return NotOfProvider(options_.traits.provider, request.model, "its tokens");
}

Task<Result<ModelDetails>> OpenAiProvider::Describe(Call /*call*/, std::string /*model*/) { co_return ModelDetails(); }

Task<Result<std::vector<TokenText>>> OpenAiProvider::Spell(Call /*call*/, std::string model,
                                                           std::vector<int32_t> /*tokens*/) {
  co_return NotOfProvider(options_.traits.provider, model, "its tokens");
}

}  // namespace atelier
