// Which parameters of a generation an upstream honours, under which names: one table for all dialects.
//
// Nothing is dropped in silence: a parameter that would change the answer and that the upstream does not know is an
// Unsupported error that names it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text/json.h"
#include "provider/language_model.h"

namespace atelier {

enum class Dialect : uint8_t {
  kCompatible,   // the parameters that every server of that API knows
  kOpenAi,       // max_completion_tokens; defaults are left out, as reasoning models refuse them
  kVllm,         // samplers, token lists, structured_outputs
  kLlamaServer,  // samplers, grammars
  kAtelier,      // all of it
  kAnthropic,    // Anthropic's messages: another API, refused by the same table
};
// Of the OpenAI API's.
Result<Dialect> ParseDialect(std::string_view name);

// What of an output's description goes to the upstream.
enum class Constrains : uint8_t { kAll, kJsonSchema, kJsonObject, kNone };
// "" is what the dialect promises: all for vllm and atelier, none for compatible, else json_schema.
Result<Constrains> ParseConstrains(std::string_view name, Dialect dialect);

struct ProviderTraits {
  std::string provider;
  Dialect dialect = Dialect::kCompatible;
  Constrains constrains = Constrains::kNone;
  std::set<std::string> parameters;  // honoured beside the dialect's
};

// Whether the upstream is given `grammar` in a form that it promises to keep.
bool Keeps(const ProviderTraits& traits, const GrammarSpec& grammar);

constexpr unsigned Bit(Dialect dialect) { return 1U << static_cast<unsigned>(dialect); }
// Sets of dialects.
inline constexpr unsigned kOurs = Bit(Dialect::kAtelier);
inline constexpr unsigned kVllms = Bit(Dialect::kVllm) | kOurs;
inline constexpr unsigned kLlamas = Bit(Dialect::kLlamaServer) | kOurs;
inline constexpr unsigned kServers = kVllms | kLlamas;
inline constexpr unsigned kOpenAis = Bit(Dialect::kCompatible) | Bit(Dialect::kOpenAi) | kServers;
inline constexpr unsigned kAll = kOpenAis | Bit(Dialect::kAnthropic);

// Adds parameters to a body, or says which cannot be.
class BodyBuilder {
 public:
  // `traits` must outlive the builder.
  BodyBuilder(const ProviderTraits& traits, Json body) : traits_(traits), body_(std::move(body)) {}

  // `asked`: the request says other than the default. `as`: the upstream's name for it; empty: the same.
  void Add(std::string_view name, bool asked, Json value, unsigned dialects, std::string_view as = {});
  // The same, told to servers with defaults of their own even where it is ours.
  void AddSampler(std::string_view name, bool asked, Json value, unsigned dialects, std::string_view as = {});
  void Set(std::string_view name, Json value) { body_.Set(name, std::move(value)); }
  const ProviderTraits& traits() const { return traits_; }
  // The first parameter that cannot be honoured is the error.
  Result<Json> Finish();

 private:
  const ProviderTraits& traits_;
  Json body_;
  std::optional<Error> fault_;
};

// All but the prompt and the output's description.
void AddParameters(BodyBuilder& to, const GenerationOptions& options, bool is_chat);

}  // namespace atelier
