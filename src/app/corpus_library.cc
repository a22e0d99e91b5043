#include "app/corpus_library.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

constexpr int64_t kMaxConfigBytes = 1 << 20;
constexpr std::string_view kConfigName = "corpus.json";
constexpr std::string_view kIndexName = "index";

Result<void> CheckName(const std::string& name) {
  const auto fits = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.size() > 64 || name[0] == '.' || !std::all_of(name.begin(), name.end(), fits)) {
    return Error::Invalid("corpus", "got '" + name + "', want a name of at most 64 letters, digits, '-', '_' and '.'");
  }
  return {};
}

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

}  // namespace

Fields CorpusLibrary::Made::Describe() {
  using M = CorpusLibrary::Made;
  static constexpr Field fields[] = {
      Key<&M::config>("config", "as it was made").Required(),
      Key<&M::dimensions>("dimensions", "of its vectors; 0: it has none").AtLeast(0),
  };
  return fields;
}

CorpusLibrary::CorpusLibrary(Files& files, std::string folder, std::vector<CorpusConfig> configured)
    : files_(files), folder_(std::move(folder)), configured_(std::move(configured)) {}

Result<std::vector<std::string>> CorpusLibrary::Names() {
  if (!FileExists(files_, folder_)) return std::vector<std::string>();
  TRY(const std::vector<std::string> entries, files_.List(folder_));
  std::vector<std::string> names;
  for (const std::string& entry : entries) {
    if (FileExists(files_, JoinPath(FolderOf(entry), kConfigName))) names.push_back(entry);
  }
  return names;
}

Result<CorpusLibrary::Made> CorpusLibrary::ReadMade(const std::string& name) {
  const std::string path = JoinPath(FolderOf(name), kConfigName);
  TRY(const std::string text, ReadWholeFile(files_, path, kMaxConfigBytes));
  const Result<Json> json = Json::Parse(text);
  if (!json.ok()) return Error::Corrupt(path, json.error().Message());
  Result<Made> made = ReadJson<Made>(*json);
  if (!made.ok()) return Error::Corrupt(path, made.error().Message());
  return made;
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::OpenMade(const std::string& name, Made made) {
  if (auto open = open_[name].lock()) return open;
  for (const CorpusConfig& configured : configured_) {
    if (configured.name != name) continue;
    const std::string embedder = made.config.embedder, language = made.config.language;
    if (!configured.embedder.empty() && configured.embedder != embedder) {
      return Error::Conflict("corpora." + name + ".embedder",
                             "got " + configured.embedder + ", and the corpus was made with " + embedder +
                                 ": `atelier corpus reembed " + name + "` makes new vectors");
    }
    made.config = configured;
    made.config.embedder = embedder, made.config.language = language;
  }
  LocalCorpusOptions options;
  if (made.config.embedder != "none") options.embedder = made.config.embedder;
  options.dimensions = made.dimensions;
  options.language = made.config.language;
  auto opened = std::make_shared<OpenedCorpus>();
  auto corpus = LocalCorpus::Open(files_, JoinPath(FolderOf(name), kIndexName), options);
  if (!corpus.ok()) return std::move(corpus).error().Under("corpus " + name);
  opened->config = std::move(made.config);
  opened->corpus = std::move(*corpus);
  open_[name] = opened;
  return opened;
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::Open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(CheckName(name));
  if (!FileExists(files_, JoinPath(FolderOf(name), kConfigName))) {
    TRY(const std::vector<std::string> names, Names());
    return Error::NotFound("corpus",
                           "got '" + name + "', want " +
                               (names.empty() ? "one that `atelier index` has made" : "one of " + Joined(names)));
  }
  TRY(Made made, ReadMade(name));
  return OpenMade(name, std::move(made));
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::Make(CorpusConfig config, int32_t dimensions) {
  const std::lock_guard lock(mutex_);
  const std::string name = config.name;
  TRY_VOID(CheckName(name));
  const std::string path = JoinPath(FolderOf(name), kConfigName);
  if (FileExists(files_, path)) {
    TRY(const Made made, ReadMade(name));
    if (made.config.embedder != config.embedder) {
      return Error::Conflict("embedder", "got " + config.embedder + ", and corpus " + name + " was made with " +
                                             made.config.embedder + ": `atelier corpus reembed " + name +
                                             "` makes new vectors");
    }
    if (made.config.language != config.language) {
      return Error::Conflict(
          "language", "got " + config.language + ", and corpus " + name + " was made with " + made.config.language);
    }
  }
  const Made made{std::move(config), dimensions};
  TRY_VOID(files_.MakeFolders(FolderOf(name)));
  TRY_VOID(WriteAtomically(files_, path, WriteJson(made).DumpPretty() + "\n"));
  return OpenMade(name, made);
}

Result<std::vector<CorpusConfig>> CorpusLibrary::List() {
  const std::lock_guard lock(mutex_);
  TRY(const std::vector<std::string> names, Names());
  std::vector<CorpusConfig> configs;
  for (const std::string& name : names) {
    TRY(Made made, ReadMade(name));
    configs.push_back(std::move(made.config));
  }
  for (const CorpusConfig& configured : configured_) {
    if (std::find(names.begin(), names.end(), configured.name) == names.end()) configs.push_back(configured);
  }
  std::sort(configs.begin(), configs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return configs;
}

Result<std::string> CorpusLibrary::NameOf(const std::string& name) {
  if (!name.empty()) return name;
  const std::lock_guard lock(mutex_);
  TRY(const std::vector<std::string> names, Names());
  if (names.size() == 1) return names[0];
  if (names.empty()) return Error::NotFound("corpus", "there is none yet: `atelier index FOLDER` makes one");
  return Error::Invalid("corpus", "got none, and there are several: want one of " + Joined(names));
}

Result<void> CorpusLibrary::Remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(CheckName(name));
  if (!FileExists(files_, FolderOf(name)))
    return Error::NotFound("corpus", "got '" + name + "', and there is no such one");
  if (!open_[name].expired()) return Error::Conflict("corpus", name + " is in use");
  open_.erase(name);
  // Without its configuration it is no corpus any more, whatever happens to the rest.
  const std::string path = JoinPath(FolderOf(name), kConfigName);
  if (FileExists(files_, path)) {
    TRY_VOID(files_.Remove(path));
    TRY_VOID(files_.SyncFolder(FolderOf(name)));
  }
  TRY_VOID(RemoveTree(files_, FolderOf(name)));
  return files_.SyncFolder(folder_);
}

}  // namespace atelier
