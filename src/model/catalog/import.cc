// Models from files that somebody has.
#include <algorithm>

#include "base/io/file_lock.h"
#include "model/catalog/contents.h"
#include "model/catalog/install.h"
#include "model/catalog/model_store.h"

namespace atelier {
namespace {

constexpr size_t kCopyBytes = 4 << 20;

// What of a Hugging Face folder belongs to the model: configuration, tokenizer, weights, templates.
bool BelongsToFolder(std::string_view name) {
  if (std::ranges::count(name, '/') > 0 && name != "1_Pooling/config.json") return false;
  for (const std::string_view ending : {".json", ".safetensors", ".txt", ".model", ".jinja"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

// What beside an ONNX export belongs to it; no config.json, for the graph itself tells the configuration.
bool BelongsToOnnx(std::string_view name, std::string_view onnx) {
  const std::string stem(onnx.substr(0, onnx.size() - 5));
  return name == onnx || name == stem + "-tokenizer.json" || name == "tokenizer.json" ||
         name == "tokenizer_config.json" || name == "special_tokens_map.json" || name == "modules.json" ||
         name == "1_Pooling/config.json";
}

std::string ModelNameOf(const std::string& path, bool is_folder) {
  std::string_view trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.remove_suffix(1);
  std::string_view stem = NameOf(trimmed);
  if (!is_folder) stem = stem.substr(0, stem.rfind('.'));
  std::string name(stem);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ') c = '-';
  }
  return name;
}

Result<void> CopyFile(Files& files, const std::string& from, const std::string& to, const ImportOptions& options) {
  TRY(auto source, files.Open(from, FileMode::kRead));
  TRY(auto target, files.Open(to, FileMode::kReplace));
  TRY(const int64_t total, source->Size());
  std::vector<std::byte> buffer(kCopyBytes);
  for (int64_t offset = 0;;) {
    if (options.stop.stop_requested()) return Error::Cancelled(from, "stopped on request");
    TRY(const size_t got, source->ReadAt(offset, buffer));
    if (got == 0) return target->Sync();
    TRY_VOID(target->WriteAt(offset, std::span<const std::byte>(buffer).first(got)));
    offset += static_cast<int64_t>(got);
    if (options.progress) {
      options.progress({.stage = PullStage::kDownloading, .file = from, .bytes = offset, .total_bytes = total});
    }
  }
}

// The names, within `folder`, of what is to be copied.
Result<std::vector<std::string>> Choose(Files& files, const std::string& folder, const std::string& file,
                                        std::string_view container) {
  if (container.starts_with("GGUF")) return std::vector<std::string>{file};
  TRY(const auto names, ListTree(files, folder));
  std::vector<std::string> chosen;
  for (const std::string& name : names) {
    if (container == "ONNX" ? BelongsToOnnx(name, file) : BelongsToFolder(name)) chosen.push_back(name);
  }
  return chosen;
}

Result<void> CheckTokenizer(const std::vector<std::string>& names, const std::string& path) {
  const bool has_one = std::ranges::any_of(
      names, [](const std::string& name) { return name == "tokenizer.json" || name.ends_with("-tokenizer.json"); });
  if (has_one) return {};
  return Error::NotFound(path, "there is no tokenizer.json beside the weights");
}

// The graph ends in rows, and cannot say how they become a vector; a guess would give wrong ones.
Result<void> CheckPooling(const std::vector<std::string>& names, const ImportOptions& options) {
  if (!options.pooling.empty() || std::ranges::find(names, "1_Pooling/config.json") != names.end()) return {};
  return Error::Invalid("pooling", "got none, and no 1_Pooling/config.json beside the graph, want cls, mean or last");
}

// How an ONNX export's vectors are pooled, said in the files in which Sentence Transformers says it.
Result<void> WritePooling(Files& files, const std::string& staging, std::string_view pooling) {
  const std::string_view key = pooling == "cls"    ? "pooling_mode_cls_token"
                               : pooling == "mean" ? "pooling_mode_mean_tokens"
                               : pooling == "last" ? "pooling_mode_lasttoken"
                                                   : "";
  if (key.empty()) return Error::Invalid("pooling", "got \"" + std::string(pooling) + "\", want cls, mean or last");
  TRY_VOID(files.MakeFolders(JoinPath(staging, "1_Pooling")));
  return WriteAtomically(files, JoinPath(staging, "1_Pooling/config.json"), "{\"" + std::string(key) + "\": true}\n");
}

}  // namespace

Result<PulledModel> ModelStore::Import(const std::string& path, const ImportOptions& options) {
  TRY(const FileInfo info, files_.Stat(path));
  TRY(const OpenedContainer opened, OpenContainer(files_, path));
  const std::string name = options.name.empty() ? ModelNameOf(path, info.is_folder) : options.name;
  if (!IsModelName(name)) {
    return Error::Invalid("name", "got \"" + name + "\", want letters, digits, '.', '_' and '-', at most 100");
  }
  const std::string folder = FolderOfModel(name);
  if (!options.replace && FileExists(files_, folder)) {
    return Error::Conflict(name, "a model of that name is there; replace it or give another name");
  }
  // OpenContainer found the file where `path` is a folder.
  const std::string& container = opened.file->path();
  const bool is_folder_container = opened.kind == "safetensors";
  const std::string from = is_folder_container ? path : FolderOf(container);
  TRY(const auto chosen, Choose(files_, from, std::string(NameOf(container)), opened.kind));
  if (!opened.kind.starts_with("GGUF")) TRY_VOID(CheckTokenizer(chosen, path));
  if (opened.kind == "ONNX") TRY_VOID(CheckPooling(chosen, options));

  const std::string downloads = JoinPath(options_.home, "downloads/" + name);
  TRY_VOID(files_.MakeFolders(FolderOf(downloads)));
  auto lock = FileLock::TryLock(downloads + ".lock");
  if (!lock.ok()) return Error::Conflict(name, "another process is pulling it");
  const std::string staging = JoinPath(downloads, "import");
  TRY_VOID(RemoveTree(files_, staging));
  for (const std::string& file : chosen) {
    const std::string to = JoinPath(staging, file);
    TRY_VOID(files_.MakeFolders(FolderOf(to)));
    TRY_VOID(CopyFile(files_, JoinPath(from, file), to, options));
  }
  if (!options.pooling.empty()) TRY_VOID(WritePooling(files_, staging, options.pooling));

  Manifest manifest;
  manifest.name = name;
  manifest.architecture = opened.architecture;
  manifest.licence = opened.licence;
  manifest.source = "import:" + path;
  manifest.pulled_at = UtcText(clock_.UnixNanos() / 1'000'000'000 * 1'000'000'000);
  TRY(manifest.files, PinFiles(files_, staging, options.stop, options.progress));
  TRY_VOID(InstallFolder(files_, staging, manifest, folder, JoinPath(downloads, "replaced")));
  TRY_VOID(RemoveTree(files_, downloads));
  return PulledModel{std::move(manifest), folder, false};
}

}  // namespace atelier
