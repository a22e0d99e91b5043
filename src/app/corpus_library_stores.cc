// Corpora that are vector stores of other programs: configured, never made. They are opened on first use and stay open.
#include <algorithm>
#include <utility>

#include "app/corpus_library.h"
#include "knowledge/remote/vector_store_corpus.h"

namespace atelier {

const CorpusConfig* CorpusLibrary::FindStore(const std::string& name) const {
  const auto found = std::ranges::find_if(
      configured_, [&](const CorpusConfig& one) { return one.name == name && one.vector_store.has_value(); });
  return found == configured_.end() ? nullptr : &*found;
}

std::vector<std::string> CorpusLibrary::StoreNames() const {
  std::vector<std::string> names;
  for (const CorpusConfig& one : configured_) {
    if (one.vector_store) names.push_back(one.name);
  }
  return names;
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::OpenStore(const CorpusConfig& config) {
  const std::string where = "corpora." + config.name + ".vector_store";
  if (FileExists(files_, FolderOf(config.name))) {
    return Error::Conflict(where, "a corpus of that name was made on this machine: want another name");
  }
  std::shared_ptr<OpenedCorpus>& opened = stores_[config.name];
  if (opened != nullptr) return opened;
  Result<UpstreamOptions> upstream = UpstreamOf(*config.vector_store, providers_);
  if (!upstream.ok()) return std::move(upstream).error().Under(where);
  VectorStoreCorpusOptions options;
  options.id = config.vector_store->id, options.language = config.language;
  options.limit = std::chrono::milliseconds(static_cast<int64_t>(config.vector_store->seconds * 1000));
  options.rewrite_query = config.vector_store->rewrite_query;
  TRY(std::unique_ptr<VectorStoreCorpus> corpus, VectorStoreCorpus::Create(std::move(*upstream), std::move(options)));
  opened = std::make_shared<OpenedCorpus>();
  opened->config = config;
  opened->corpus = std::move(corpus);
  return opened;
}

Result<void> CorpusLibrary::CheckNoStore(const std::string& name, CorpusCapability wanted) {
  const CorpusConfig* const store = FindStore(name);
  if (store == nullptr) return {};
  TRY(const std::shared_ptr<OpenedCorpus> opened, OpenStore(*store));
  return opened->corpus->capabilities().Check(wanted, "corpus " + name);
}

}  // namespace atelier
