#include "engine/load_local_model.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>

#include "model/chat/chat_template.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

class LoadedModel final : public LocalModel {
 public:
  explicit LoadedModel(std::string name) : LocalModel(std::move(name)) {}

  Engine& engine() override { return *engine_; }
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }
  const ChatTemplate* chat_template() const override { return chat_template_ ? &*chat_template_ : nullptr; }
  const RunnerShape& shape() const override { return runner_->shape(); }
  const LoadFigures& figures() const override { return figures_; }
  int64_t memory_bytes() const override { return figures_.weight_bytes + figures_.cache_bytes; }

  std::unique_ptr<PlanRunner> runner_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::optional<ChatTemplate> chat_template_;
  LoadFigures figures_;
  std::unique_ptr<Engine> engine_;  // last: it uses the others until it is gone
};

Result<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error::NotFound(path, "got no readable file");
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Result<std::shared_ptr<const Tokenizer>> TokenizerOf(const TokenizerSource& source) {
  if (source.gguf != nullptr) return Tokenizer::FromGguf(*source.gguf);
  TRY(const std::string json, ReadText(source.json_path));
  std::string config;
  if (!source.config_path.empty()) {
    TRY(config, ReadText(source.config_path));
  }
  auto tokenizer = Tokenizer::FromJson(json, config);
  if (!tokenizer.ok()) return std::move(tokenizer).error().Under(source.json_path);
  return tokenizer;
}

}  // namespace

Result<std::unique_ptr<LocalModel>> LoadLocalModel(LocalModelOptions options, Gang& gang, Files& files,
                                                   const Clock& clock) {
  const Clock::TimePoint start = clock.Now();
  auto loaded = std::make_unique<LoadedModel>(options.name);
  TRY(std::unique_ptr<Model> model, LoadModel(options.path));
  TRY(loaded->tokenizer_, TokenizerOf(model->tokenizer));
  if (model->chat_template) {
    auto parsed = ChatTemplate::Parse(*model->chat_template);
    if (!parsed.ok()) return std::move(parsed).error().Under("chat template").Under(options.path);
    loaded->chat_template_ = std::move(*parsed);
  }
  loaded->figures_.file_bytes = model->summary.weight_bytes;
  const std::vector<int32_t> end_tokens = model->end_tokens;
  TRY(loaded->runner_, PlanRunner::Create(std::move(model), gang, files, options.plan));
  loaded->figures_.weight_bytes = loaded->runner_->memory_bytes();

  options.engine.model_name = options.name;
  options.engine.max_step_tokens = std::min(options.engine.max_step_tokens, options.plan.max_rows);
  Engine::Parts parts;
  parts.runner = loaded->runner_.get();
  parts.tokenizer = loaded->tokenizer_.get();
  parts.clock = &clock;
  parts.end_tokens = end_tokens;
  parts.listener = std::move(options.listener);
  parts.wake = std::move(options.wake);
  TRY(loaded->engine_, Engine::Create(std::move(parts), options.engine));
  loaded->figures_.cache_bytes = loaded->engine_->stats().cache_bytes;
  loaded->figures_.load_seconds = std::chrono::duration<double>(clock.Now() - start).count();
  return std::unique_ptr<LocalModel>(std::move(loaded));
}

}  // namespace atelier
