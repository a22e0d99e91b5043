#include "provider/anthropic_provider.h"

#include "provider/anthropic_reply.h"
#include "provider/anthropic_request.h"

namespace atelier {

Task<Result<Generation>> AnthropicProvider::Generate(Call call, GenerationRequest request) {
  const auto upstream = upstream_;
  CO_TRY(Json body, AnthropicBody(options_.traits, request.model, options_.default_max_tokens, request));
  auto decoder = MakeAnthropicDecoder(options_.traits.provider);
  auto generation = co_await upstream->Generate(std::move(call), "/messages", std::move(body), std::move(decoder));
  co_return generation;
}

Task<Result<Decision>> AnthropicProvider::Decide(Call /*call*/, DecisionRequest request) {
  co_return NotOfProvider(options_.traits.provider, request.model, "decisions");
}

Task<Result<Generation>> AnthropicProvider::Prepare(Call /*call*/, GenerationRequest request) {
  co_return NotOfProvider(options_.traits.provider, request.model, "its tokens");
}

Task<Result<ModelDetails>> AnthropicProvider::Describe(Call /*call*/, std::string /*model*/) {
  co_return ModelDetails();
}

Task<Result<std::vector<TokenText>>> AnthropicProvider::Spell(Call /*call*/, std::string model,
                                                              std::vector<int32_t> /*tokens*/) {
  co_return NotOfProvider(options_.traits.provider, model, "its tokens");
}

}  // namespace atelier
