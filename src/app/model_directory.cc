#include "app/model_directory.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/io/files.h"
#include "base/io/sha256.h"
#include "model/arch/model.h"
#include "model/catalog/manifest.h"

namespace atelier {
namespace {

namespace fs = std::filesystem;

// What LoadModel wants of a model's folder: its one GGUF or ONNX file, or the folder itself.
std::string LoadablePath(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / "config.json", ignored)) return folder.string();
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".gguf" && extension != ".onnx") continue;
    // The first by name, so that the choice does not depend on the file system.
    if (found.empty() || entry.path().string() < found) found = entry.path().string();
  }
  return found;
}

// Nanoseconds since 1970; 0 where there is no such file.
int64_t ModifiedAt(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return 0;
  return static_cast<int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
}

int64_t SizeOf(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return static_cast<int64_t>(fs::file_size(path, ignored));
  int64_t size = 0;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    if (entry.is_regular_file(ignored)) size += static_cast<int64_t>(entry.file_size(ignored));
  }
  return size;
}

// Of the manifest, which pins all files by their hashes; without one, of what a look at the file tells.
std::string DigestOf(const fs::path& path, int64_t modified, int64_t size) {
  std::error_code ignored;
  const fs::path folder = fs::is_directory(path, ignored) ? path : path.parent_path();
  constexpr int64_t kMaxManifestBytes = 1 << 20;
  const auto manifest = ReadWholeFile(Files::Real(), (folder / kManifestName).string(), kMaxManifestBytes);
  if (manifest.ok()) return Sha256Hex(*manifest);
  return Sha256Hex(path.string() + "\n" + std::to_string(modified) + "\n" + std::to_string(size));
}

std::string_view KindOf(ModelTask task) {
  if (task == ModelTask::kEmbed) return "embedding";
  return task == ModelTask::kScore ? "rerank" : "chat";
}

}  // namespace

ModelDirectory::ModelDirectory(const Config& config)
    : models_folder_(HomeDirectory(config) + "/models"), configured_(config.models) {}

std::vector<std::pair<std::string, std::string>> ModelDirectory::Candidates() const {
  std::vector<std::pair<std::string, std::string>> candidates;
  for (const ModelConfig& model : configured_) candidates.emplace_back(model.id, model.path);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(models_folder_, ignored)) {
    const std::string id = entry.path().filename().string();
    if (id.starts_with('.') || !entry.is_directory(ignored)) continue;
    if (std::string path = LoadablePath(entry.path()); !path.empty()) candidates.emplace_back(id, std::move(path));
  }
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

std::vector<ModelListing> ModelDirectory::List() const {
  std::vector<ModelListing> listings;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, path] : Candidates()) {
    const int64_t modified = ModifiedAt(path);
    Known& known = known_[path];
    if (known.modified != modified) {
      const Result<std::unique_ptr<Model>> model = LoadModel(path);
      known.modified = modified;
      known.readable = model.ok();
      if (model.ok()) {
        const ModelSummary& summary = (*model)->summary;
        ModelListing& listing = known.listing;
        listing.kind = KindOf(summary.task);
        listing.format = summary.weight_format;
        listing.arch = summary.arch;
        listing.path = path;
        listing.context_length = summary.context_length;
        listing.vector_size = summary.task == ModelTask::kEmbed ? summary.width : 0;
        listing.num_parameters = summary.num_parameters;
        listing.size_bytes = SizeOf(path);
        listing.digest = DigestOf(path, modified, listing.size_bytes);
        listing.created_unix = modified / 1'000'000'000;
      }
    }
    if (!known.readable) continue;
    listings.push_back(known.listing);
    listings.back().id = id;
  }
  return listings;
}

Result<std::string> ModelDirectory::PathOf(std::string_view id) const {
  const auto candidates = Candidates();
  std::vector<std::string_view> ids;
  for (const auto& [known, path] : candidates) {
    if (known == id) return path;
    ids.push_back(known);
  }
  const std::string_view nearest = Nearest(id, ids);
  return Error::NotFound("model", "got '" + std::string(id.substr(0, 200)) + "', want one of `atelier models list`" +
                                      (nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?"))
      .WithCode("model_not_found");
}

}  // namespace atelier
