#include "model/catalog/install.h"

#include <algorithm>

#include "base/io/sha256.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 4;  // real models have files one folder deep

bool IsOurOwn(std::string_view name) {
  return name == kManifestName || name.ends_with(".partial") || name.ends_with(".partial.json") ||
         name.ends_with(".tmp");
}

Result<void> ListInto(Files& files, const std::string& folder, const std::string& prefix, int depth,
                      std::vector<std::string>& out) {
  TRY(const auto names, files.List(folder));
  for (const std::string& name : names) {
    const std::string path = JoinPath(folder, name);
    TRY(const FileInfo info, files.Stat(path));
    if (!info.is_folder) {
      if (!IsOurOwn(name)) out.push_back(prefix + name);
    } else if (depth < kMaxDepth) {
      TRY_VOID(ListInto(files, path, prefix + name + "/", depth + 1, out));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> ListTree(Files& files, const std::string& folder) {
  std::vector<std::string> names;
  TRY_VOID(ListInto(files, folder, "", 1, names));
  std::ranges::sort(names);
  return names;
}

Result<std::vector<ManifestFile>> PinFiles(Files& files, const std::string& folder, std::stop_token stop,
                                           const PullProgressFunction& progress) {
  TRY(const auto names, ListTree(files, folder));
  std::vector<ManifestFile> pinned;
  for (const std::string& name : names) {
    if (stop.stop_requested()) return Error::Cancelled(folder, "stopped on request");
    const std::string path = JoinPath(folder, name);
    if (progress) progress({.stage = PullStage::kVerifying, .file = path});
    TRY(const FileInfo info, files.Stat(path));
    TRY(std::string digest, Sha256OfFile(files, path));
    pinned.push_back({name, info.size, std::move(digest)});
  }
  return pinned;
}

Result<void> InstallFolder(Files& files, const std::string& staging, const Manifest& manifest,
                           const std::string& folder, const std::string& aside) {
  TRY_VOID(WriteManifest(files, staging, manifest));
  TRY_VOID(files.MakeFolders(FolderOf(folder)));
  const bool replaces = FileExists(files, folder);
  if (replaces) {
    TRY_VOID(RemoveTree(files, aside));
    TRY_VOID(files.MakeFolders(FolderOf(aside)));
    TRY_VOID(files.Rename(folder, aside));
  }
  auto moved = files.Rename(staging, folder);
  if (!moved.ok()) {
    if (replaces) (void)files.Rename(aside, folder);  // as it was; the error that matters is the first
    return moved;
  }
  TRY_VOID(files.SyncFolder(FolderOf(folder)));
  return replaces ? RemoveTree(files, aside) : Result<void>();
}

}  // namespace atelier
