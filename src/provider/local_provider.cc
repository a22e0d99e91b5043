#include "provider/local_provider.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "model/chat/chat_template.h"
#include "model/tokenizer/tokenizer.h"
#include "provider/local_prompt.h"
#include "provider/local_sink.h"
#include "provider/reasoning_limit.h"
#include "provider/reply_grammar.h"
#include "provider/token_spans.h"

namespace atelier {
namespace {

constexpr int64_t kQuickPromptBytes = 16 << 10;  // tokenised in well under a millisecond: not worth a thread
constexpr size_t kMaxQueuedEvents = 1 << 16;     // far more than a loop that lives leaves unread

uint64_t DrawSeed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32 | device()) >> 11;  // fits a JavaScript number
}

// Keeps the last `most` tokens.
void KeepLast(std::vector<int32_t>& tokens, std::optional<int64_t> most) {
  if (!most || static_cast<int64_t>(tokens.size()) <= *most) return;
  tokens.erase(tokens.begin(), tokens.end() - *most);
}

// What the tokenizer alone can resolve: texts that must not be written, at the start of a word and within one.
void AddBadWords(const Tokenizer& tokenizer, const std::vector<std::string>& words, SamplingParams& sampling) {
  const EncodeOptions plain{.add_special = false, .parse_special = false};
  for (const std::string& word : words) {
    for (const std::string& spelling : {word, " " + word}) {
      std::vector<int32_t> ids = tokenizer.Encode(spelling, plain);
      if (!ids.empty()) sampling.bad_words.push_back(std::move(ids));
    }
  }
}

// "call_" and 24 letters and digits, as OpenAI's ids are; no two are the same.
std::string NewCallId() {
  constexpr char kLetters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::string id = "call_";
  for (int i = 0; i < 24; ++i) id += kLetters[device() % 62];
  return id;
}

// How the reply is read; null: as it stands.
std::shared_ptr<const ReplyParser::Rules> RulesOf(const PreparedPrompt& prepared, ToolUse use,
                                                  const GenerationOptions& options) {
  const bool as_it_stands =
      prepared.syntax == nullptr ||
      (use.tools.empty() && prepared.syntax->content_begin.empty() && prepared.reasoning == ReasoningState::kNone);
  if (as_it_stands) return nullptr;
  auto rules = std::make_shared<ReplyParser::Rules>();
  rules->syntax = prepared.syntax;
  rules->use = std::move(use);
  rules->reasoning = prepared.reasoning;
  rules->answer_is_given = options.grammar.has_value();
  rules->new_id = NewCallId;
  return rules;
}

// Which part of a reply's grammar it is that cannot be kept; the first that is alone at fault.
Result<std::shared_ptr<const Grammar>> NameFault(Error fault, const ToolUse& use, const GenerationOptions& options,
                                                 const std::shared_ptr<const GrammarVocabulary>& vocabulary) {
  for (size_t i = 0; i < use.tools.size(); ++i) {
    const Tool& tool = use.tools[i];
    GrammarSpec spec;
    spec.where = "tools[" + std::to_string(i) + "]." + (tool.custom ? "custom.format.grammar" : "function.parameters");
    spec.schema = tool.parameters;
    spec.style = JsonStyle::Served();
    if (tool.input) spec.kind = tool.input->kind, spec.text = tool.input->text;
    if (auto alone = CompileGrammar(spec, vocabulary); !alone.ok()) return std::move(alone).error();
  }
  if (options.grammar) {
    if (auto alone = CompileGrammar(*options.grammar, vocabulary); !alone.ok()) return std::move(alone).error();
  }
  return fault;
}

void SetDeadline(const Call& call, RequestOptions& options) {
  options.id = call.request_id;
  if (call.deadline != Call::kNoDeadline) options.deadline = call.deadline;
}

Result<void> WantsText(const LocalModel& model) {
  if (model.shape().vector_size == 0) return {};
  return Error::Invalid("model", "got '" + model.name() + "', want a model that generates text: this one " +
                                     (model.shape().scores ? "scores pairs" : "makes embeddings"))
      .WithCode("wrong_model_kind");
}

Result<void> WantsVectors(const LocalModel& model) {
  if (model.shape().vector_size > 0 && !model.shape().scores) return {};
  return Error::Invalid("model", "got '" + model.name() + "', want a model that makes embeddings")
      .WithCode("wrong_model_kind");
}

// Of an input whose tokens' vectors are wanted.
Result<std::vector<TextSpan>> SpansOf(LocalModel& model, const Prompt& input, std::span<const int32_t> tokens) {
  const auto* text = std::get_if<TextPrompt>(&input);
  if (text == nullptr) return Error::Invalid("", "got tokens beside token_vectors, want a text");
  if (static_cast<int64_t>(tokens.size()) > model.engine().max_context()) {
    return Error::Invalid("", "got " + std::to_string(tokens.size()) + " tokens beside token_vectors, want at most " +
                                  std::to_string(model.engine().max_context()))
        .WithCode("context_length_exceeded");
  }
  return TokenSpans(*model.tokenizer(), text->text, tokens);
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  const double norms = std::sqrt(Dot(a, a) * Dot(b, b));
  return norms > 0 ? Dot(a, b) / norms : 0;
}

// A pair that does not fit is the document's fault, and the caller's to mend.
Error OfDocument(Error error, size_t index) {
  const bool too_long = error.kind == ErrorKind::kTooLarge;
  error.where = "documents[" + std::to_string(index) + "]";
  if (!too_long) return error;
  return Error::Invalid(std::move(error.where), std::move(error.what)).WithCode("context_length_exceeded");
}

// Submits a request that ends in vectors and waits for them.
template <class Request>
Task<Result<VectorSink::Answer>> SubmitForVectors(Loop& loop, Call call, ModelLease lease, Request request,
                                                  size_t num_inputs) {
  SetDeadline(call, request.options);
  std::shared_ptr<RequestOwner> owner;
  auto start = [&](VectorSink::Done done) {
    auto sink = std::make_shared<VectorSink>(lease, num_inputs, std::move(done));
    auto handle = lease->engine().Submit(std::move(request), sink);
    if (!handle.ok()) return sink->Refuse(std::move(handle).error());
    owner = std::make_shared<RequestOwner>(std::move(*handle), call.stop);
  };
  auto waiting = AwaitCallback<Result<VectorSink::Answer>>(loop, start);
  auto answer = co_await waiting;
  co_return answer;
}

}  // namespace

Task<Result<ModelLease>> LocalProvider::Lease(std::string name, std::optional<std::chrono::milliseconds> keep_alive) {
  auto start = [&](std::move_only_function<void(Result<ModelLease>)> done) {
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    host_.Acquire(name, keep_alive, [shared](Result<ModelLease> lease) { (*shared)(std::move(lease)); });
  };
  auto waiting = AwaitCallback<Result<ModelLease>>(loop_, start);
  auto lease = co_await waiting;
  co_return lease;
}

Task<Result<PreparedPrompt>> LocalProvider::PrepareOn(ModelLease lease, Prompt prompt) {
  auto work = [&] { return PreparePrompt(*lease, prompt, clock_); };
  if (PromptBytes(prompt) <= kQuickPromptBytes) co_return work();
  auto waiting = OnPool(pool_, work);
  auto prepared = co_await waiting;
  co_return prepared;
}

Task<Result<Generation>> LocalProvider::Prepare(Call /*call*/, GenerationRequest request) {
  CO_TRY(ModelLease lease, co_await Lease(request.model, request.options.keep_alive));
  CO_TRY(PreparedPrompt prepared, co_await PrepareOn(std::move(lease), std::move(request.prompt)));
  Generation generation;
  generation.prompt_tokens = std::move(prepared.tokens);
  generation.prompt_text = std::move(prepared.text);
  co_return generation;
}

Task<Result<Generation>> LocalProvider::Generate(Call call, GenerationRequest request) {
  CO_TRY(ModelLease lease, co_await Lease(request.model, request.options.keep_alive));
  CO_TRY_VOID(WantsText(*lease));
  GenerationOptions& options = request.options;
  ToolUse use;
  if (auto* chat = std::get_if<ChatPrompt>(&request.prompt)) use = chat->tool_use;
  CO_TRY(PreparedPrompt prepared, co_await PrepareOn(lease, std::move(request.prompt)));
  Generation generation;
  generation.prompt_tokens = std::move(prepared.tokens);
  generation.prompt_text = std::move(prepared.text);
  KeepLast(generation.prompt_tokens, options.truncate_prompt_tokens);
  generation.seed = options.seed.value_or(0);
  if (!options.seed) generation.seed = DrawSeed();

  GenerateRequest& wanted = options.request;
  wanted.prompt = generation.prompt_tokens;
  wanted.sampling.seed = generation.seed;
  AddBadWords(*lease->tokenizer(), options.bad_words, wanted.sampling);
  SetDeadline(call, wanted.options);
  auto rules = RulesOf(prepared, std::move(use), options);
  wanted.mark_special_tokens = rules != nullptr;
  std::optional<GrammarSpec> spec = options.grammar;
  if (rules != nullptr) {
    ReplyPlan plan{.syntax = rules->syntax.get(), .use = &rules->use, .answer = nullptr, .reasoning = rules->reasoning};
    if (options.grammar) plan.answer = &*options.grammar;
    CO_TRY(spec, ReplyGrammar(plan));
  }
  if (spec) {
    auto compile = [&] {
      auto grammar = grammars_.Get(*spec, lease->grammar_vocabulary());
      if (grammar.ok() || rules == nullptr) return grammar;
      return NameFault(std::move(grammar).error(), rules->use, options, lease->grammar_vocabulary());
    };
    auto waiting = OnPool(pool_, compile);
    CO_TRY(wanted.grammar, co_await waiting);
  }
  if (options.thinking_token_budget && rules != nullptr && rules->reasoning != ReasoningState::kNone) {
    wanted.grammar = LimitReasoning(std::move(wanted.grammar), *rules->syntax->reasoning, rules->reasoning,
                                    *options.thinking_token_budget, lease->grammar_vocabulary());
  }
  generation.events = Channel<GenerationEvent>::Create(loop_, kMaxQueuedEvents);
  auto sink = std::make_shared<ChannelSink>(lease, generation.events, std::move(rules));
  CO_TRY(Handle handle, lease->engine().Submit(std::move(wanted), sink));
  generation.owner = std::make_shared<RequestOwner>(std::move(handle), call.stop);
  co_return generation;
}

Task<Result<Decision>> LocalProvider::Decide(Call call, DecisionRequest request) {
  CO_TRY_VOID(CheckDecision(request));
  CO_TRY(ModelLease lease, co_await Lease(request.model, request.keep_alive));
  CO_TRY_VOID(WantsText(*lease));
  const DecisionSurroundings around{loop_, pool_, clock_, content_free_};
  auto deciding = DecideLocally(around, std::move(call), std::move(lease), std::move(request));
  auto decision = co_await deciding;
  co_return decision;
}

Task<Result<ModelDetails>> LocalProvider::Describe(Call /*call*/, std::string model) {
  CO_TRY(ModelLease lease, co_await Lease(model));
  ModelDetails details;
  details.context_length = lease->engine().max_context();
  if (lease->chat_template() != nullptr) {
    details.chat_template = lease->chat_template()->source();
    details.reasons = lease->chat_syntax()->reasoning.has_value();
  }
  if (const Tokenizer* tokenizer = lease->tokenizer()) {
    details.vocabulary = tokenizer->vocab_size();
    details.bos_token = tokenizer->Spelling(tokenizer->special().bos);
    details.eos_token = tokenizer->Spelling(tokenizer->special().eos);
  }
  co_return details;
}

Task<Result<std::vector<TokenText>>> LocalProvider::Spell(Call /*call*/, std::string model,
                                                          std::vector<int32_t> tokens) {
  CO_TRY(ModelLease lease, co_await Lease(model));
  const Tokenizer& tokenizer = *lease->tokenizer();
  std::vector<TokenText> texts;
  texts.reserve(tokens.size());
  for (const int32_t id : tokens) {
    if (!tokenizer.Contains(id)) {
      co_return Error::Invalid(
          "tokens", "got " + std::to_string(id) + ", want an id below " + std::to_string(tokenizer.vocab_size()));
    }
    TokenText text;
    text.id = id;
    text.bytes = tokenizer.IsControl(id) ? tokenizer.Spelling(id) : tokenizer.Piece(id);
    texts.push_back(std::move(text));
  }
  co_return texts;
}

Task<Result<Embeddings>> LocalProvider::Embed(Call call, EmbeddingRequest request) {
  CO_TRY(ModelLease lease, co_await Lease(request.model, request.keep_alive));
  CO_TRY_VOID(WantsVectors(*lease));
  EmbedRequest wanted;
  wanted.truncate = request.truncate;
  wanted.max_tokens = request.max_tokens;
  wanted.token_vectors = request.token_vectors;
  wanted.options.priority = request.priority;
  std::vector<TokenVectors> tokens;
  auto work = [&]() -> Result<void> {
    for (size_t i = 0; i < request.inputs.size(); ++i) {
      auto prepared = PreparePrompt(*lease, request.inputs[i], clock_);
      if (!prepared.ok()) return std::move(prepared).error().Under("input[" + std::to_string(i) + "]");
      if (request.token_vectors) {
        auto spans = SpansOf(*lease, request.inputs[i], prepared->tokens);
        if (!spans.ok()) return std::move(spans).error().Under("input[" + std::to_string(i) + "]");
        tokens.push_back({std::move(*spans), {}});
      }
      wanted.inputs.push_back(std::move(prepared->tokens));
    }
    return {};
  };
  int64_t num_bytes = 0;
  for (const Prompt& input : request.inputs) num_bytes += PromptBytes(input);
  Result<void> prepared;
  if (num_bytes <= kQuickPromptBytes) {
    prepared = work();
  } else {
    auto waiting = OnPool(pool_, work);
    prepared = co_await waiting;
  }
  if (!prepared.ok()) co_return std::move(prepared).error();
  const size_t num_inputs = wanted.inputs.size();
  CO_TRY(auto answer, co_await SubmitForVectors(loop_, call, std::move(lease), std::move(wanted), num_inputs));
  Embeddings embeddings;
  embeddings.vectors = std::move(answer.vectors);
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i].values = std::move(answer.token_vectors[i]);
    if (!tokens[i].values.empty()) continue;
    co_return Error::Unsupported("token_vectors", "got a model that does not end in pooling, want one that does");
  }
  embeddings.tokens = std::move(tokens);
  embeddings.usage = answer.usage;
  embeddings.times = answer.times;
  co_return embeddings;
}

Task<Result<EmbedderDetails>> LocalProvider::DescribeEmbedder(Call /*call*/, std::string model) {
  CO_TRY(ModelLease lease, co_await Lease(model));
  CO_TRY_VOID(WantsVectors(*lease));
  EmbedderDetails details;
  details.max_tokens = lease->engine().max_context();
  details.vector_size = lease->shape().vector_size;
  if (auto tokenizer = lease->shared_tokenizer()) {
    details.max_tokens -= static_cast<int64_t>(tokenizer->Encode("").size());
    details.token_vectors = true;
    details.counter = CounterOf(std::move(tokenizer));
  }
  details.pools_by_mean = lease->shape().pools_by_mean;
  co_return details;
}

Task<Result<Reranking>> LocalProvider::Rerank(Call call, RerankingRequest request) {
  CO_TRY(ModelLease lease, co_await Lease(request.model, request.keep_alive));
  if (lease->shape().scores) co_return co_await RerankByPairs(call, std::move(lease), std::move(request));
  if (lease->shape().vector_size > 0) co_return co_await RerankByVectors(call, std::move(lease), std::move(request));
  co_return Error::Invalid("model", "got '" + request.model + "', want a cross-encoder or an embedding model")
      .WithCode("wrong_model_kind");
}

Task<Result<Reranking>> LocalProvider::RerankByVectors(Call call, ModelLease /*lease*/, RerankingRequest request) {
  EmbeddingRequest wanted;
  wanted.model = request.model;
  wanted.truncate = request.truncate;
  wanted.keep_alive = request.keep_alive;
  wanted.priority = request.priority;
  wanted.inputs.emplace_back(TextPrompt{request.query});
  for (const std::string& document : request.documents) wanted.inputs.emplace_back(TextPrompt{document});
  CO_TRY(const Embeddings embeddings, co_await Embed(call, std::move(wanted)));
  Reranking reranking;
  reranking.usage = embeddings.usage;
  reranking.times = embeddings.times;
  for (size_t i = 1; i < embeddings.vectors.size(); ++i) {
    reranking.scores.push_back(std::clamp(Cosine(embeddings.vectors[0], embeddings.vectors[i]), 0.0, 1.0));
  }
  co_return reranking;
}

Task<Result<Reranking>> LocalProvider::RerankByPairs(Call call, ModelLease lease, RerankingRequest request) {
  RerankRequest wanted;
  wanted.truncate = request.truncate;
  wanted.options.priority = request.priority;
  auto work = [&]() -> Result<void> {
    for (size_t i = 0; i < request.documents.size(); ++i) {
      auto pair = lease->tokenizer()->EncodePair(request.query, std::string_view(request.documents[i]),
                                                 lease->engine().max_context(),
                                                 request.truncate ? Truncation::kCut : Truncation::kError);
      if (!pair.ok()) return OfDocument(std::move(pair).error(), i);
      wanted.pairs.push_back({std::move(pair->ids), std::move(pair->type_ids)});
    }
    return {};
  };
  auto waiting = OnPool(pool_, work);
  const Result<void> encoded = co_await waiting;
  if (!encoded.ok()) co_return encoded.error();
  const size_t num_pairs = wanted.pairs.size();
  CO_TRY(const auto answer, co_await SubmitForVectors(loop_, call, std::move(lease), std::move(wanted), num_pairs));
  Reranking reranking;
  reranking.usage = answer.usage;
  reranking.times = answer.times;
  for (const std::vector<float>& logit : answer.vectors) {
    reranking.scores.push_back(1.0 / (1.0 + std::exp(-static_cast<double>(logit.at(0)))));
  }
  co_return reranking;
}

}  // namespace atelier
