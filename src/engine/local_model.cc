#include "engine/local_model.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "base/io/files.h"
#include "engine/grammar/grammar_vocabulary.h"
#include "engine/plan/stored_weights.h"
#include "engine/plan_runner.h"
#include "model/arch/model.h"
#include "model/chat/chat_syntax.h"
#include "model/chat/chat_template.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights/panel_store.h"

namespace atelier {
namespace {

constexpr int64_t kMaxTokenizerBytes = 256 << 20;  // largest seen: 34 MB (Gemma)
constexpr int64_t kGoodCachePositions = 32768;     // some 64 conversations of 512 tokens
constexpr int64_t kGoodCacheBytes = 512 << 20;

using TokenizerResult = Result<std::shared_ptr<const Tokenizer>>;

// Room for many conversations where they are cheap, for one whole context in any case, but not for more than a quarter
// of the machine's memory. Pages that are never used cost nothing.
int64_t CacheBytes(const RunnerShape& shape, int64_t max_context) {
  const int64_t context = max_context > 0 ? std::min(max_context, shape.max_context) : shape.max_context;
  const int64_t position_bytes = std::max<int64_t>(shape.block_bytes / kBlockPositions, 1);
  const int64_t good = std::min(kGoodCachePositions * position_bytes, kGoodCacheBytes);
  const int64_t quarter = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE) / 4;
  const int64_t wanted = std::max((context + kBlockPositions) * position_bytes, good);
  return std::max(std::min(wanted, quarter), 64 * shape.block_bytes);
}

class ServedModel final : public LocalModel {
 public:
  explicit ServedModel(const LocalModelOptions& options) : LocalModel(options.name) {}

  Result<void> Load(const LocalModelOptions& options, const ModelSurroundings& surroundings) {
    const auto begin = std::chrono::steady_clock::now();
    TRY(model_, LoadModel(options.path));
    auto tokenizer = std::async(std::launch::async, [this] { return LoadTokenizer(model_->tokenizer); });
    Result<void> runner = LoadRunner(options, surroundings.gang);
    TokenizerResult loaded = tokenizer.get();
    TRY_VOID(runner);
    if (!loaded) return std::move(loaded).error().Under(options.path);
    tokenizer_ = std::move(*loaded);
    if (model_->chat_template) {
      auto chat = ChatTemplate::Parse(*model_->chat_template);
      if (!chat) return std::move(chat).error().Under(options.path);
      chat_template_ = std::move(*chat);
    }
    TRY_VOID(LoadEngine(options, surroundings));
    figures_.file_bytes = model_->summary.weight_bytes;
    figures_.panel_bytes = panels_->panel_bytes();
    figures_.buffer_bytes = runner_->plan().buffer_bytes();
    figures_.cache_bytes = engine_->stats().cache_bytes;
    figures_.load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return {};
  }

  Engine& engine() override { return *engine_; }
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }
  std::shared_ptr<const Tokenizer> shared_tokenizer() const override { return tokenizer_; }
  const ChatTemplate* chat_template() const override { return chat_template_ ? &*chat_template_ : nullptr; }
  const ModelSummary& summary() const override { return model_->summary; }
  const RunnerShape& shape() const override { return runner_->shape(); }
  const LoadFigures& figures() const override { return figures_; }
  Plan* plan() override { return &runner_->plan(); }
  int64_t memory_bytes() const override { return figures_.panel_bytes + figures_.buffer_bytes + figures_.cache_bytes; }

 private:
  Result<void> LoadRunner(const LocalModelOptions& options, Gang* gang) {
    PanelStoreOptions panel_options;
    panel_options.path = options.panel_path;
    panel_options.drop_source_pages = true;
    panel_options.read_into_memory = true;
    panels_ = PanelStore::Open(Files::Real(), model_->weights.file(), std::move(panel_options));
    weights_ = std::make_unique<StoredWeights>(model_->weights, *panels_);
    PlanRunnerOptions runner_options;
    runner_options.max_rows = options.engine.max_step_tokens;
    runner_options.max_sequences = options.engine.max_running;
    runner_options.cache_type = options.cache_type;
    runner_options.isa = options.isa;
    TRY(runner_, PlanRunner::Create(*model_, *weights_, runner_options, gang));
    // A folder that cannot be written costs the next start its time, and nothing now.
    (void)panels_->Save();
    return {};
  }

  Result<void> LoadEngine(const LocalModelOptions& options, const ModelSurroundings& surroundings) {
    Engine::Parts parts;
    parts.runner = runner_.get();
    parts.tokenizer = tokenizer_.get();
    parts.clock = surroundings.clock;
    parts.end_tokens = model_->end_tokens;
    parts.listener = surroundings.listener;
    parts.wake = surroundings.wake;
    EngineOptions engine_options = options.engine;
    engine_options.model_name = options.name;
    if (!engine_options.mask_helper) {
      engine_options.mask_helper =
          static_cast<unsigned>(surroundings.gang->num_threads()) < std::thread::hardware_concurrency();
    }
    if (engine_options.cache_bytes == 0 && shape().block_bytes > 0) {
      engine_options.cache_bytes = CacheBytes(shape(), engine_options.max_context);
    }
    TRY(engine_, Engine::Create(std::move(parts), std::move(engine_options)));
    return {};
  }

  // In the order of who needs whom.
  std::unique_ptr<Model> model_;
  std::unique_ptr<PanelStore> panels_;
  std::unique_ptr<StoredWeights> weights_;
  std::unique_ptr<PlanRunner> runner_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::optional<ChatTemplate> chat_template_;
  std::unique_ptr<Engine> engine_;
  LoadFigures figures_;
};

}  // namespace

ChatSyntax ReadChatSyntax(const ChatTemplate& chat_template, const Tokenizer& tokenizer) {
  ChatInput base;
  if (tokenizer.special().bos >= 0) base.bos_token = tokenizer.Spelling(tokenizer.special().bos);
  if (tokenizer.special().eos >= 0) base.eos_token = tokenizer.Spelling(tokenizer.special().eos);
  std::vector<std::string> ends;
  for (const int32_t id : tokenizer.end_of_generation()) ends.emplace_back(tokenizer.Spelling(id));
  ChatSyntax syntax = ChatSyntax::Of(chat_template, ends, base);
  syntax.ForEachText([&](std::string& text) { text = MarkControlTokens(tokenizer, text); });
  return syntax;
}

TokenizerResult LoadTokenizer(const TokenizerSource& source) {
  if (source.gguf != nullptr) return Tokenizer::FromGguf(*source.gguf);
  TRY(const std::string json, ReadWholeFile(Files::Real(), source.json_path, kMaxTokenizerBytes));
  std::string config;
  if (!source.config_path.empty()) {
    TRY(config, ReadWholeFile(Files::Real(), source.config_path, kMaxTokenizerBytes));
  }
  auto tokenizer = Tokenizer::FromJson(json, config);
  if (!tokenizer) return std::move(tokenizer).error().Under(source.json_path);
  return tokenizer;
}

Result<std::unique_ptr<LocalModel>> LoadLocalModel(const LocalModelOptions& options,
                                                   const ModelSurroundings& surroundings) {
  auto model = std::make_unique<ServedModel>(options);
  TRY_VOID(model->Load(options, surroundings));
  return std::unique_ptr<LocalModel>(std::move(model));
}

std::shared_ptr<const ChatSyntax> LocalModel::chat_syntax() const {
  if (chat_template() == nullptr) return nullptr;
  std::call_once(syntax_once_, [this] {
    syntax_ = std::make_shared<const ChatSyntax>(ReadChatSyntax(*chat_template(), *tokenizer()));
  });
  return syntax_;
}

uint64_t LocalModel::NextLoadId() {
  static std::atomic<uint64_t> next = 1;
  return next++;
}

std::shared_ptr<const GrammarVocabulary> LocalModel::grammar_vocabulary() const {
  std::call_once(vocabulary_once_, [this] { vocabulary_ = GrammarVocabulary::Create(*tokenizer()); });
  return vocabulary_;
}

}  // namespace atelier
