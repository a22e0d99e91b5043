// Models behind an Anthropic-compatible endpoint: conversations, with tools, thinking and schemas. As OpenAiProvider,
// it leaves promises that the upstream does not make to KeptPromise.
#pragma once

#include <memory>

#include "provider/language_model.h"
#include "provider/parameters.h"
#include "provider/upstream.h"

namespace atelier {

struct AnthropicOptions {
  ProviderTraits traits;  // of kAnthropic
  int64_t default_max_tokens = 4096;
};

class AnthropicProvider final : public LanguageModel {
 public:
  AnthropicProvider(std::shared_ptr<Upstream> upstream, AnthropicOptions options)
      : upstream_(std::move(upstream)), options_(std::move(options)) {}

  Task<Result<Generation>> Generate(Call call, GenerationRequest request) override;
  Task<Result<Decision>> Decide(Call call, DecisionRequest request) override;
  // The API has no way to ask for these: Unsupported.
  Task<Result<Generation>> Prepare(Call call, GenerationRequest request) override;
  Task<Result<ModelDetails>> Describe(Call call, std::string model) override;
  Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) override;

 private:
  std::shared_ptr<Upstream> upstream_;
  const AnthropicOptions options_;
};

}  // namespace atelier
