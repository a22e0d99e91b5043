#include "app/model_library.h"

#include <filesystem>
#include <stop_token>
#include <utility>

#include "base/io/files.h"
#include "engine/local_model.h"
#include "engine/model_host.h"
#include "model/arch/model.h"
#include "model/catalog/manifest.h"
#include "model/chat/chat_syntax.h"
#include "model/chat/chat_template.h"
#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

std::string FolderOf(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? path : std::filesystem::path(path).parent_path().string();
}

Result<std::vector<std::string>> CapabilitiesOf(const Model& model) {
  std::vector<std::string> capabilities;
  if (model.summary.task == ModelTask::kEmbed) return std::vector<std::string>{"embedding"};
  if (model.summary.task == ModelTask::kScore) return std::vector<std::string>{"rerank"};
  capabilities.emplace_back("completion");
  TRY(const std::shared_ptr<const Tokenizer> tokenizer, LoadTokenizer(model.tokenizer));
  const SpecialTokens& special = tokenizer->special();
  if (special.fim_prefix >= 0 && special.fim_suffix >= 0 && special.fim_middle >= 0) {
    capabilities.emplace_back("insert");
  }
  if (!model.chat_template) return capabilities;
  TRY(const ChatTemplate chat, ChatTemplate::Parse(*model.chat_template));
  capabilities.emplace_back("tools");  // a model whose template has none is taught to call (docs/function_calling.md)
  if (ReadChatSyntax(chat, *tokenizer).reasoning) capabilities.emplace_back("thinking");
  return capabilities;
}

void RunPull(const Config& config, const std::string& what, std::stop_token stop, Channel<PullNews>& news) {
  ModelStore store = OpenStore(config);
  PullOptions options;
  options.stop = std::move(stop);
  options.progress = [&news](const PullProgress& progress) { news.Push({.progress = progress}); };
  const Result<PulledModel> pulled = store.Pull(what, options);
  PullNews last{.ended = true};
  if (!pulled.ok()) last.error = pulled.error();
  news.Push(std::move(last));
  news.Close();
}

}  // namespace

ModelStore OpenStore(const Config& config) {
  StoreOptions options = StoreOptions::FromEnvironment(config.hub);
  options.home = HomeDirectory(config);
  return ModelStore(std::move(options));
}

std::vector<RunningModel> ModelLibrary::Running() const {
  std::vector<RunningModel> running;
  for (const HostedModel& model : host_.models()) {
    if (!model.loaded) continue;
    running.push_back({model.name, model.memory_bytes, model.max_context, model.expiry});
  }
  return running;
}

Result<std::shared_ptr<const TokenCounter>> ModelLibrary::Counter(const ModelListing& listing) const {
  if (!listing.provider.empty()) return std::shared_ptr<const TokenCounter>();
  TRY(const std::unique_ptr<Model> model, LoadModel(listing.path));
  TRY(std::shared_ptr<const Tokenizer> tokenizer, LoadTokenizer(model->tokenizer));
  return CounterOf(std::move(tokenizer));
}

void ModelLibrary::Unload(const std::string& id) { host_.Unload(id); }

Result<ModelProfile> ModelLibrary::Profile(const ModelListing& listing) const {
  TRY(const std::unique_ptr<Model> model, LoadModel(listing.path));
  const ModelSummary& summary = model->summary;
  ModelProfile profile;
  profile.architecture = summary.arch;
  profile.chat_template = model->chat_template.value_or("");
  profile.num_parameters = summary.num_parameters;
  profile.context_length = summary.context_length, profile.width = summary.width;
  profile.num_layers = summary.num_layers, profile.vocabulary = summary.vocabulary;
  profile.heads = summary.heads, profile.kv_heads = summary.kv_heads;
  TRY(profile.capabilities, CapabilitiesOf(*model));
  const Result<Manifest> manifest = ReadManifest(Files::Real(), FolderOf(listing.path));
  if (manifest.ok()) profile.licence = manifest->licence;
  return profile;
}

Result<void> ModelLibrary::Remove(const std::string& id) {
  ModelStore store = OpenStore(config_);
  Result<int64_t> removed = store.Remove(id);
  if (!removed.ok()) return std::move(removed).error();
  host_.Unload(id);
  return {};
}

std::shared_ptr<Channel<PullNews>> ModelLibrary::Pull(std::string what, std::stop_token stop) {
  constexpr size_t kMaxQueued = 1 << 16;  // two hours of news that nobody reads
  auto news = Channel<PullNews>::Create(loop_, kMaxQueued);
  const std::lock_guard lock(mutex_);
  std::erase_if(pulls_, [](const auto& pull) { return pull.first->closed(); });
  auto work = [this, what = std::move(what), news, stop = std::move(stop)](const std::stop_token& end) {
    std::stop_source either;
    const std::stop_callback asked(stop, [&] { either.request_stop(); });
    const std::stop_callback ended(end, [&] { either.request_stop(); });
    RunPull(config_, what, either.get_token(), *news);
  };
  pulls_.emplace_back(news, std::jthread(std::move(work)));
  return news;
}

}  // namespace atelier
