#include "base/io/files.h"

#include <algorithm>

namespace atelier {

bool FileExists(Files& files, const std::string& path) { return files.Stat(path).ok(); }

Result<void> RemoveTree(Files& files, const std::string& path) {
  // Trying to remove first means that a symbolic link goes and what it points to stays.
  auto removed = files.Remove(path);
  if (removed.ok() || removed.error().kind == ErrorKind::kNotFound) return {};
  auto names = files.List(path);
  if (!names.ok()) return removed;
  for (const std::string& name : *names) TRY_VOID(RemoveTree(files, JoinPath(path, name)));
  return files.Remove(path);
}

Result<std::string> ReadWholeFile(Files& files, const std::string& path, int64_t max_bytes) {
  TRY(auto file, files.Open(path, FileMode::kRead));
  TRY(const int64_t size, file->Size());
  if (size > max_bytes) {
    return Error::TooLarge(path, "got " + std::to_string(size) + " bytes, want at most " + std::to_string(max_bytes));
  }
  std::string content(static_cast<size_t>(size), '\0');
  TRY(const size_t got, file->ReadAt(0, std::as_writable_bytes(std::span(content))));
  content.resize(got);
  return content;
}

Result<void> WriteAtomically(Files& files, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    TRY(auto file, files.Open(temporary, FileMode::kReplace));
    TRY_VOID(file->WriteAt(0, std::as_bytes(std::span(content))));
    TRY_VOID(file->Sync());
  }
  TRY_VOID(files.Rename(temporary, path));
  return files.SyncFolder(FolderOf(path));
}

std::string JoinPath(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, std::max<size_t>(slash, 1)));
}

std::string_view NameOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool IsSafeRelativePath(std::string_view name) {
  if (name.empty() || name.size() > 1024) return false;
  if (name.find('\\') != std::string_view::npos || name.find('\0') != std::string_view::npos) return false;
  size_t begin = 0;
  while (begin <= name.size()) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace atelier
