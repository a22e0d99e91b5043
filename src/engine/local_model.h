// LocalModel: everything that serving one model file needs, loaded: weights, tokenizer, chat template, plan and engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "compute/kernel/attention.h"
#include "compute/kernel/isa.h"
#include "engine/engine.h"
#include "engine/runner.h"

namespace atelier {

class ChatTemplate;
struct ChatSyntax;
class Gang;
class Plan;
struct GrammarVocabulary;
class Tokenizer;
struct ModelSummary;
struct TokenizerSource;

// What loading took and what it holds.
struct LoadFigures {
  double load_seconds = 0;
  int64_t file_bytes = 0;    // of weights, as the file holds them (mapped)
  int64_t panel_bytes = 0;   // what matrix products read, packed
  int64_t buffer_bytes = 0;  // of the plan
  int64_t cache_bytes = 0;   // all blocks
};

class LocalModel {
 public:
  virtual ~LocalModel() = default;
  virtual Engine& engine() = 0;
  virtual const Tokenizer* tokenizer() const = 0;  // null: none (tests)
  // The same for who outlives the model.
  virtual std::shared_ptr<const Tokenizer> shared_tokenizer() const { return nullptr; }
  virtual const ChatTemplate* chat_template() const = 0;  // null: the model has none
  virtual const ModelSummary& summary() const = 0;
  virtual const RunnerShape& shape() const = 0;
  virtual const LoadFigures& figures() const = 0;
  virtual Plan* plan() = 0;                  // null: none (tests); its profile is for the engine's thread
  virtual int64_t memory_bytes() const = 0;  // counted against the host's budget
  // The vocabulary as grammars walk it; made on first use, some tens of ms.   REQUIRES: tokenizer() != nullptr.
  std::shared_ptr<const GrammarVocabulary> grammar_vocabulary() const;
  // How the model's own template writes reasoning and calls, control tokens as ControlText; made on first use, some ms.
  // Null: the model has no template.
  std::shared_ptr<const ChatSyntax> chat_syntax() const;
  const std::string& name() const { return name_; }
  // Of this load of it: given to no other model of the process.
  uint64_t load_id() const { return load_id_; }

 protected:
  explicit LocalModel(std::string name) : name_(std::move(name)) {}

 private:
  static uint64_t NextLoadId();

  const std::string name_;
  const uint64_t load_id_ = NextLoadId();
  mutable std::once_flag vocabulary_once_;
  mutable std::shared_ptr<const GrammarVocabulary> vocabulary_;
  mutable std::once_flag syntax_once_;
  mutable std::shared_ptr<const ChatSyntax> syntax_;
};

// What a model's host provides.
struct ModelSurroundings {
  Gang* gang = nullptr;                           // led by whoever steps the engine; outlives the model
  const Clock* clock = nullptr;                   // outlives the model
  std::function<void()> wake = {};                // see Engine::Parts
  std::shared_ptr<EngineListener> listener = {};  // may be null
};

struct LocalModelOptions {
  std::string name;  // as requests say it
  std::string path;  // GGUF, Hugging Face folder or ONNX
  EngineOptions engine = {};
  CacheType cache_type = CacheType::kF16;
  Isa isa = BestIsa();
  std::string panel_path = {};  // file that keeps the packed weights for the next start; empty: none
};

// How a template writes reasoning and calls to a model of this vocabulary, control tokens as ControlText.
ChatSyntax ReadChatSyntax(const ChatTemplate& chat_template, const Tokenizer& tokenizer);

// The tokenizer of a model whose weights may be anywhere. Errors name the file.
Result<std::shared_ptr<const Tokenizer>> LoadTokenizer(const TokenizerSource& source);

// Loads all of it. Errors: LoadModel's, the tokenizer's, the template's, each naming its file; Exhausted for memory.
// COST: with a panel file some tens of ms; without, one pass over the weights, which also writes it.
Result<std::unique_ptr<LocalModel>> LoadLocalModel(const LocalModelOptions& options,
                                                   const ModelSurroundings& surroundings);

// A model's tokenizer alone.
Result<std::shared_ptr<const Tokenizer>> LoadTokenizer(const TokenizerSource& source);

}  // namespace atelier
