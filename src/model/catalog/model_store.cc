#include "model/catalog/model_store.h"

#include <algorithm>
#include <cstdlib>

#include "base/io/file_lock.h"
#include "base/io/sha256.h"
#include "base/text/describe.h"
#include "model/catalog/contents.h"
#include "model/catalog/install.h"
#include "model/catalog/pull.h"

namespace atelier {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<int64_t> BytesBelow(Files& files, const std::string& folder) {
  TRY(const auto names, ListTree(files, folder));
  int64_t bytes = 0;
  for (const std::string& name : names) {
    TRY(const FileInfo info, files.Stat(JoinPath(folder, name)));
    bytes += info.size;
  }
  return bytes;
}

}  // namespace

std::string AtelierHome() {
  const std::string home = Environment("ATELIER_HOME");
  return home.empty() ? JoinPath(Environment("HOME"), ".atelier") : home;
}

StoreOptions StoreOptions::FromEnvironment(std::string_view hub_url) {
  StoreOptions options;
  for (const std::string& url : {std::string(hub_url), Environment("ATELIER_HUB"), Environment("HF_ENDPOINT")}) {
    if (url.empty()) continue;
    options.hub.base_url = url;
    break;
  }
  options.hub.token = Environment("HF_TOKEN");
  return options;
}

bool IsModelName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

ModelStore::ModelStore(StoreOptions options, Files& files, const Clock& clock)
    : options_(std::move(options)), files_(files), clock_(clock), http_(std::make_unique<HttpClient>()) {}
ModelStore::~ModelStore() = default;

std::string ModelStore::FolderOfModel(std::string_view name) const {
  return JoinPath(JoinPath(options_.home, "models"), name);
}

Result<PulledModel> ModelStore::Pull(std::string_view what, const PullOptions& options) {
  Puller puller(options_, options, files_, clock_, *http_);
  if (what.find('/') != std::string_view::npos) {
    TRY(const CatalogModel model, HubModel(what));
    return puller.Pull(model);
  }
  const CatalogModel* model = FindCatalogModel(what);
  if (model == nullptr) {
    const std::string_view nearest = NearestCatalogName(what);
    return Error::NotFound(std::string(what), nearest.empty()
                                                  ? "want a name of the catalogue (models list) or ORG/REPO of a hub"
                                                  : "not in the catalogue; did you mean " + std::string(nearest) + "?");
  }
  return puller.Pull(*model);
}

Result<std::vector<InstalledModel>> ModelStore::List() const {
  const std::string root = JoinPath(options_.home, "models");
  if (!FileExists(files_, root)) return std::vector<InstalledModel>();
  TRY(const auto names, files_.List(root));
  std::vector<InstalledModel> models;
  for (const std::string& name : names) {
    if (!IsModelName(name)) continue;
    const auto info = files_.Stat(JoinPath(root, name));
    if (!info.ok() || !info->is_folder) continue;
    TRY(auto model, Find(name));
    models.push_back(std::move(model));
  }
  return models;
}

Result<InstalledModel> ModelStore::Find(std::string_view name) const {
  InstalledModel model{.name = std::string(name), .folder = FolderOfModel(name)};
  const bool is_there = IsModelName(name) && FileExists(files_, model.folder);
  if (!is_there) {
    std::vector<std::string_view> known;
    const auto names = files_.List(JoinPath(options_.home, "models"));
    if (names.ok()) known.assign(names->begin(), names->end());
    const std::string_view nearest = Nearest(name, known);
    return Error::NotFound(std::string(name), nearest.empty()
                                                  ? "no model of that name is installed"
                                                  : "not installed; did you mean " + std::string(nearest) + "?");
  }
  auto manifest = ReadManifest(files_, model.folder);
  if (!manifest.ok()) {
    if (manifest.error().kind != ErrorKind::kNotFound) model.problem = manifest.error().Message();
    TRY(model.bytes, BytesBelow(files_, model.folder));
    return model;
  }
  for (const ManifestFile& file : manifest->files) {
    const auto info = files_.Stat(JoinPath(model.folder, file.name));
    if (!info.ok()) {
      model.problem = file.name + ": missing";
    } else if (info->size != file.size) {
      model.problem = file.name + ": got " + std::to_string(info->size) + " bytes, want " + std::to_string(file.size);
    }
    model.bytes += info.ok() ? info->size : 0;
  }
  model.manifest = *std::move(manifest);
  return model;
}

Result<ModelContents> ModelStore::Contents(const InstalledModel& model) const {
  TRY(const OpenedContainer opened, OpenContainer(files_, model.folder));
  return Summarise(opened);
}

Result<std::vector<VerifiedFile>> ModelStore::Verify(std::string_view name, const PullProgressFunction& progress,
                                                     std::stop_token stop) const {
  TRY(const InstalledModel model, Find(name));
  if (!model.manifest) {
    if (!model.problem.empty()) return Error::Corrupt(model.name, model.problem);
    return Error::Unsupported(model.name,
                              "its folder has no manifest.json, so there is nothing to hold it against; "
                              "pull it to have one written");
  }
  std::vector<VerifiedFile> verified;
  for (const ManifestFile& file : model.manifest->files) {
    if (stop.stop_requested()) return Error::Cancelled(model.name, "stopped on request");
    const std::string path = JoinPath(model.folder, file.name);
    if (progress) progress({.stage = PullStage::kVerifying, .file = path, .total_bytes = file.size});
    VerifiedFile result{file.name, {}};
    const auto info = files_.Stat(path);
    if (!info.ok()) {
      result.problem = info.error().what;
    } else if (info->size != file.size) {
      result.problem = "got " + std::to_string(info->size) + " bytes, want " + std::to_string(file.size);
    } else {
      const auto digest = Sha256OfFile(files_, path);
      if (!digest.ok()) {
        result.problem = digest.error().what;
      } else if (*digest != file.sha256) {
        result.problem = "SHA-256: got " + *digest + ", want " + file.sha256;
      }
    }
    verified.push_back(std::move(result));
  }
  return verified;
}

Result<int64_t> ModelStore::Remove(std::string_view name) {
  const std::string downloads = JoinPath(JoinPath(options_.home, "downloads"), name);
  const bool has_downloads = IsModelName(name) && FileExists(files_, downloads);
  int64_t bytes = 0;
  auto model = Find(name);
  if (!model.ok() && (model.error().kind != ErrorKind::kNotFound || !has_downloads)) return std::move(model).error();
  TRY_VOID(files_.MakeFolders(FolderOf(downloads)));
  auto lock = FileLock::TryLock(downloads + ".lock");
  if (!lock.ok()) return Error::Conflict(std::string(name), "another process is pulling it");
  if (has_downloads) {
    TRY(const int64_t partial, BytesBelow(files_, downloads));
    bytes += partial;
    TRY_VOID(RemoveTree(files_, downloads));
  }
  if (model.ok()) {
    bytes += model->bytes;
    // First out of sight in one step, then file by file.
    const std::string aside = JoinPath(downloads, "removed");
    TRY_VOID(files_.MakeFolders(downloads));
    TRY_VOID(files_.Rename(model->folder, aside));
    TRY_VOID(files_.SyncFolder(FolderOf(model->folder)));
    TRY_VOID(RemoveTree(files_, downloads));
  }
  return bytes;
}

}  // namespace atelier
