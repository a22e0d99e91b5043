// What everything above the engine holds: a LanguageModel, an Embedder, a Reranker, wherever it runs.
//
// A prompt is a conversation, a text or token ids; the provider applies the model's template and tokenizer. Answers
// come as a stream of events in the order they happened. Who stops reading, or whose Call is stopped, ends the work.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/task/call.h"
#include "base/task/stream.h"
#include "base/task/task.h"
#include "base/text/json.h"
#include "engine/events.h"
#include "engine/grammar/grammar.h"
#include "engine/request.h"
#include "provider/decision.h"
#include "provider/token_counter.h"
#include "provider/tool_use.h"
#include "record/document.h"

namespace atelier {

struct ChatPrompt {
  Json messages;         // OpenAI's shape, an array; the arguments of calls are text
  ToolUse tool_use;      // what may be called
  Json documents;        // null or an array, for templates that know them
  Json template_kwargs;  // null or an object: further variables of the template
  std::optional<std::string> chat_template;
  bool add_generation_prompt = true;
  bool continue_final_message = false;
  bool add_special_tokens = false;  // templates write <s> themselves
};
struct TextPrompt {
  std::string text;
  bool add_special_tokens = true;
  bool parse_special = false;  // text that spells a control token becomes it
};
struct TokenPrompt {
  std::vector<int32_t> tokens;
};
// Fill in the middle.
struct InfillPrompt {
  struct File {
    std::string name, text;
  };
  std::string prefix, suffix;
  std::string middle;        // what of the gap is there already
  std::vector<File> extras;  // other files of the project
};
using Prompt = std::variant<ChatPrompt, TextPrompt, TokenPrompt, InfillPrompt>;

// Everything but the prompt.
struct GenerationOptions {
  GenerateRequest request;             // its prompt is empty
  std::optional<uint64_t> seed;        // none: drawn, and told in GenerationStart
  std::vector<std::string> bad_words;  // texts; the provider tokenises them
  // What each choice must be, whole. Beside tools, what an answer without calls must be; of models that reason first,
  // what follows the reasoning.
  std::optional<GrammarSpec> grammar;
  std::optional<int64_t> thinking_token_budget;   // reasoning is ended after so many tokens
  std::optional<int64_t> truncate_prompt_tokens;  // keep only so many of the prompt's last tokens
  std::optional<std::chrono::milliseconds> keep_alive;
};

struct GenerationRequest {
  std::string model;
  Prompt prompt;
  GenerationOptions options;
};

// A token with what it looks like.
struct TokenText {
  int32_t id = 0;
  std::string bytes;
  double logprob = 0;
};
struct TokenChoice {
  TokenText chosen;
  int32_t rank = 1;
  std::vector<TokenText> top;  // likeliest first
};

// What is new of one call. Its first delta has id and name; the arguments of all joined are a JSON object that keeps
// the tool's schema, and of a custom tool the input.
struct ToolCallDelta {
  int32_t index = 0;  // among the calls of its choice
  std::string id, name;
  bool custom = false;
  std::string arguments;
};
struct GenerationDelta {
  int32_t choice = 0;
  std::string text;       // of the answer
  std::string reasoning;  // what was thought before it
  std::vector<ToolCallDelta> tool_calls;
  std::vector<int32_t> tokens;
  std::vector<TokenChoice> logprobs;
};
struct GenerationChoiceEnd {
  int32_t choice = 0;
  FinishReason reason = FinishReason::kStop;
  std::string stop_string;
  std::optional<int32_t> stop_token;
};
struct PromptLogprobs {
  std::vector<TokenChoice> entries;  // of prompt[1], prompt[2], ...
};
struct GenerationEnd {
  Usage usage;
  int64_t reasoning_tokens = 0;  // of the usage's completion tokens
  RequestTimes times;
  std::optional<Error> error;
};
using GenerationEvent = std::variant<PromptLogprobs, GenerationDelta, GenerationChoiceEnd, GenerationEnd>;

// A generation under way. The last event is a GenerationEnd, whatever happened.
struct Generation {
  std::vector<int32_t> prompt_tokens;
  std::string prompt_text;  // of chats: the rendered template
  uint64_t seed = 0;
  std::shared_ptr<Channel<GenerationEvent>> events;
  std::shared_ptr<void> owner;  // letting go of it ends the work
};

// What a client may want to know of a model beside its listing.
struct ModelDetails {
  std::string chat_template;  // its source; empty: none
  std::string bos_token, eos_token;
  bool reasons = false;  // it thinks before it answers, and its template says where
  int64_t context_length = 0;
  int64_t vocabulary = 0;
};

class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  // Errors before the first token are the result's: unknown model, template errors, a prompt over the context.
  virtual Task<Result<Generation>> Generate(Call call, GenerationRequest request) = 0;
  // Probabilities of answers to questions about a text (decision.h). Errors: CheckDecision's; Unsupported where the
  // model cannot be asked.
  virtual Task<Result<Decision>> Decide(Call call, DecisionRequest request) = 0;
  // The prompt as the model would read it: tokens and text, no events.
  virtual Task<Result<Generation>> Prepare(Call call, GenerationRequest request) = 0;
  virtual Task<Result<ModelDetails>> Describe(Call call, std::string model) = 0;
  // What each token stands for; ids outside the vocabulary are an error.
  virtual Task<Result<std::vector<TokenText>>> Spell(Call call, std::string model, std::vector<int32_t> tokens) = 0;
};

struct EmbeddingRequest {
  std::string model;
  std::vector<Prompt> inputs;  // TextPrompt or TokenPrompt
  bool truncate = false;
  int64_t max_tokens = 0;  // where `truncate` cuts, special tokens counted; 0: where the model's context ends
  // Also the vectors of tokens that were pooled, for late chunking and late interaction; inputs are TextPrompts.
  bool token_vectors = false;
  std::optional<std::chrono::milliseconds> keep_alive;
  int32_t priority = 0;
};
// What a text's tokens were embedded as, in its own context.
struct TokenVectors {
  // Where each token stands in the text; those that the model puts around it are empty, at its begin or its end.
  std::vector<TextSpan> spans;
  std::vector<float> values;  // [spans][E]
};
struct Embeddings {
  std::vector<std::vector<float>> vectors;  // [inputs][E]
  std::vector<TokenVectors> tokens;         // [inputs], where token_vectors were asked
  Usage usage;
  RequestTimes times;
};
// What who cuts texts for an embedder must know of it.
struct EmbedderDetails {
  int64_t max_tokens = 0;                       // of a text, without those that the model puts around it; 0: not known
  int64_t vector_size = 0;                      // 0: not known
  bool token_vectors = false;                   // whether EmbeddingRequest::token_vectors can be had
  bool pools_by_mean = false;                   // whether a text's vector is the mean of its tokens'
  std::shared_ptr<const TokenCounter> counter;  // null: its tokenizer is not here
};
class Embedder {
 public:
  virtual ~Embedder() = default;
  // Errors: an unknown model, an input over the context; Unsupported for token_vectors that the model has not.
  virtual Task<Result<Embeddings>> Embed(Call call, EmbeddingRequest request) = 0;
  // By default nothing is known, as of a model elsewhere.
  virtual Task<Result<EmbedderDetails>> DescribeEmbedder(Call call, std::string model);
};

struct RerankingRequest {
  std::string model;
  std::string query;
  std::vector<std::string> documents;
  bool truncate = true;
  std::optional<std::chrono::milliseconds> keep_alive;
  int32_t priority = 0;
};
struct Reranking {
  std::vector<double> scores;  // of documents, in [0, 1]; higher is more relevant
  Usage usage;
  RequestTimes times;
};
class Reranker {
 public:
  virtual ~Reranker() = default;
  virtual Task<Result<Reranking>> Rerank(Call call, RerankingRequest request) = 0;
};

}  // namespace atelier
