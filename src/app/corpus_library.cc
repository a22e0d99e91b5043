#include "app/corpus_library.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <utility>

#include "base/text/describe_json.h"
#include "knowledge/postgres/postgres_corpus.h"

namespace atelier {
namespace {

constexpr int64_t kMaxConfigBytes = 1 << 20;
constexpr std::string_view kConfigName = "corpus.json";
constexpr std::string_view kIndexName = "index";
constexpr std::string_view kChangeName = "CHANGE";
constexpr size_t kMostKept = 32;                  // corpora that are read
constexpr std::string_view kStorePrefix = "vs_";  // of the names of vector stores

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

// "index" is 1, "index-7" is 7; 0: it is no index's name.
int64_t IndexNumber(std::string_view name) {
  if (name == kIndexName) return 1;
  constexpr std::string_view kPrefix = "index-";
  int64_t number = 0;
  const char* end = name.data() + name.size();
  if (!name.starts_with(kPrefix) || name.size() > kPrefix.size() + 9) return 0;
  const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end && number > 1 ? number : 0;
}

// Whether it is that corpus still: another may have been made under its name.
bool IsOf(const OpenedCorpus& opened, const MadeCorpus& made, const std::string& index_path) {
  return opened.index_folder == index_path && opened.config.embedder == made.config.embedder &&
         opened.config.language == made.config.language && opened.corpus->dimensions() == made.dimensions;
}

std::string ReembedCommand(const std::string& name, const std::string& embedder) {
  return "atelier corpus reembed " + name + " --embedder " + embedder;
}

Result<void> CheckSame(const CorpusConfig& made, const CorpusConfig& config) {
  if (made.embedder != config.embedder) {
    return Error::Conflict("embedder", "got " + config.embedder + ", and corpus " + config.name + " was made with " +
                                           made.embedder + ": `" + ReembedCommand(config.name, config.embedder) +
                                           "` makes new vectors");
  }
  if (made.language != config.language) {
    return Error::Conflict(
        "language", "got " + config.language + ", and corpus " + config.name + " was made with " + made.language);
  }
  return {};
}

}  // namespace

Result<HybridIndex*> OpenedCorpus::Index(CorpusCapability wanted) const {
  if (local == nullptr) return corpus->capabilities().Lacks(wanted, "corpus " + config.name);
  return &local->index();
}

Result<std::shared_ptr<const void>> KeepWritersOut(Files& files, const std::string& name, const std::string& index) {
  auto lock = HybridIndex::Lock(files, index);
  if (lock.ok() || lock.error().kind != ErrorKind::kConflict) return lock;
  return Error::Conflict("corpus", name +
                                       " is being written by another process, `atelier serve` or `atelier index`: "
                                       "want it stopped first");
}

Fields MadeCorpus::Describe() {
  using M = MadeCorpus;
  static constexpr Field fields[] = {
      Key<&M::config>("config", "as it was made").Required(),
      Key<&M::dimensions>("dimensions", "of its vectors; 0: it has none").AtLeast(0),
      Key<&M::index>("index", "the folder of the index that counts"),
  };
  return fields;
}

CorpusLibrary::CorpusLibrary(Files& files, std::string folder, std::vector<CorpusConfig> configured,
                             std::vector<ProviderConfig> providers)
    : files_(files), folder_(std::move(folder)), configured_(std::move(configured)), providers_(std::move(providers)) {}

Result<std::vector<std::string>> CorpusLibrary::Names() {
  if (!FileExists(files_, folder_)) return std::vector<std::string>();
  TRY(const std::vector<std::string> entries, files_.List(folder_));
  std::vector<std::string> names;
  for (const std::string& entry : entries) {
    if (FileExists(files_, JoinPath(FolderOf(entry), kConfigName))) names.push_back(entry);
  }
  return names;
}

Result<MadeCorpus> ReadMadeCorpus(Files& files, const std::string& folder) {
  const std::string path = JoinPath(folder, kConfigName);
  TRY(const std::string text, ReadWholeFile(files, path, kMaxConfigBytes));
  const Result<Json> json = Json::Parse(text);
  if (!json.ok()) return Error::Corrupt(path, json.error().Message());
  // A setting that another version knew must not close the corpus.
  Result<MadeCorpus> made = ReadJson<MadeCorpus>(*json, {.refuse_unknown = false});
  if (!made.ok()) return Error::Corrupt(path, made.error().Message());
  if (made->index.empty()) made->index = kIndexName;
  if (IndexNumber(made->index) == 0)
    return Error::Corrupt(path, "index: got '" + made->index + "', want a folder's name");
  return made;
}

Result<void> WriteMadeCorpus(Files& files, const std::string& folder, const MadeCorpus& made) {
  return WriteAtomically(files, JoinPath(folder, kConfigName), WriteJson(made).DumpPretty() + "\n");
}

Result<MadeCorpus> CorpusLibrary::ReadMade(const std::string& name) {
  TRY_VOID(CheckName(name));
  if (!FileExists(files_, JoinPath(FolderOf(name), kConfigName))) {
    TRY(std::vector<std::string> names, Names());
    std::ranges::copy(StoreNames(), std::back_inserter(names));
    return Error::NotFound("corpus",
                           "got '" + name + "', want " +
                               (names.empty() ? "one that `atelier index` has made" : "one of " + Joined(names)));
  }
  TRY(MadeCorpus made, ReadMadeCorpus(files_, FolderOf(name)));
  made.config.name = name;
  return made;
}

Result<CorpusConfig> CorpusLibrary::Configured(CorpusConfig made) const {
  for (const CorpusConfig& configured : configured_) {
    if (configured.name != made.name) continue;
    if (!configured.embedder.empty() && configured.embedder != made.embedder) {
      return Error::Conflict("corpora." + made.name + ".embedder",
                             "got " + configured.embedder + ", and the corpus was made with " + made.embedder + ": `" +
                                 ReembedCommand(made.name, configured.embedder) + "` makes new vectors");
    }
    if (configured.postgres.empty() != made.postgres.empty()) {
      return Error::Conflict("corpora." + made.name + ".postgres",
                             made.postgres.empty()
                                 ? "the corpus was made on this machine: want another name for one there"
                                 : "got none, and the corpus was made in PostgreSQL");
    }
    CorpusConfig config = configured;
    config.embedder = made.embedder, config.language = made.language;
    return config;
  }
  return made;
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::OpenMade(MadeCorpus made) {
  const std::string name = made.config.name;
  if (auto open = open_[name].lock()) return open;
  if (!made.config.postgres.empty()) return OpenElsewhere(made);
  auto opened = std::make_shared<OpenedCorpus>();
  TRY(opened->config, Configured(made.config));
  for (;;) {
    LocalCorpusOptions options;
    if (made.config.embedder != "none") options.embedder = made.config.embedder;
    options.dimensions = made.dimensions, options.language = made.config.language;
    opened->index_folder = IndexPath(made);
    auto corpus = LocalCorpus::Open(files_, opened->index_folder, options);
    if (!corpus.ok()) return std::move(corpus).error().Under("corpus " + name);
    opened->local = corpus->get();
    opened->corpus = std::move(*corpus);
    // Until now another process may have put another index in its place.
    TRY(MadeCorpus now, ReadMade(name));
    if (now.index == made.index) break;
    opened->corpus.reset();
    TRY(opened->config, Configured(now.config));
    made = std::move(now);
  }
  open_[name] = opened;
  return opened;
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::OpenElsewhere(const MadeCorpus& made) {
  auto opened = std::make_shared<OpenedCorpus>();
  TRY(opened->config, Configured(made.config));
  PostgresCorpusOptions options;
  options.address = opened->config.postgres, options.name = made.config.name;
  if (made.config.embedder != "none") options.embedder = made.config.embedder;
  options.dimensions = made.dimensions, options.language = made.config.language;
  auto corpus = PostgresCorpus::Open(std::move(options));
  if (!corpus.ok()) return std::move(corpus).error().Under("corpus " + made.config.name);
  opened->corpus = std::move(*corpus);
  open_[made.config.name] = opened;
  return opened;
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::Open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(CheckNoStore(name, CorpusCapability::kWriting));
  TRY(MadeCorpus made, ReadMade(name));
  return OpenMade(std::move(made));
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::Follow(const std::string& name, bool as_made) {
  if (const CorpusConfig* const store = FindStore(name); store != nullptr) return OpenStore(*store);
  for (;;) {
    TRY(const MadeCorpus made, ReadMade(name));
    // There, all may read and write at once.
    if (!made.config.postgres.empty()) return OpenMade(made);
    if (auto open = open_[name].lock(); open != nullptr && !as_made) return open;
    const auto read = read_.find(name);
    if (read != read_.end() && !as_made && IsOf(*read->second, made, IndexPath(made))) return read->second;
    auto opened = std::make_shared<OpenedCorpus>();
    opened->config = made.config;
    if (!as_made) {
      TRY(opened->config, Configured(made.config));
    }
    opened->index_folder = IndexPath(made);
    auto corpus = LocalCorpus::Follow(files_, opened->index_folder);
    if (!corpus.ok()) {
      TRY(const MadeCorpus now, ReadMade(name));
      if (now.index != made.index) continue;  // it was put out of its place meanwhile
      return std::move(corpus).error().Under("corpus " + name);
    }
    opened->local = corpus->get();
    opened->corpus = std::move(*corpus);
    if (!as_made) Keep(opened);
    return opened;
  }
}

void CorpusLibrary::Keep(std::shared_ptr<OpenedCorpus> opened) {
  // What was removed by another process is not to be kept on the disk by us.
  std::erase_if(read_,
                [this](const auto& one) { return !FileExists(files_, JoinPath(FolderOf(one.first), kConfigName)); });
  if (read_.size() >= kMostKept) read_.erase(read_.begin());
  read_[opened->config.name] = std::move(opened);
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::Read(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return Follow(name, false);
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::ReadAsMade(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return Follow(name, true);
}

Result<void> CorpusLibrary::MakeFolderOf(const std::string& name) {
  TRY_VOID(files_.MakeFolders(FolderOf(name)));
  TRY_VOID(files_.SyncFolder(folder_));
  return files_.SyncFolder(atelier::FolderOf(folder_));
}

Result<std::shared_ptr<OpenedCorpus>> CorpusLibrary::Make(CorpusConfig config, int32_t dimensions) {
  const std::lock_guard lock(mutex_);
  const std::string name = config.name;
  TRY_VOID(CheckName(name));
  TRY_VOID(CheckNoStore(name, CorpusCapability::kWriting));
  MadeCorpus made{std::move(config), dimensions, std::string(kIndexName)};
  if (!made.config.postgres.empty()) {
    TRY_VOID(CheckPostgresAddress(made.config.postgres));
  }
  if (!FileExists(files_, JoinPath(FolderOf(name), kConfigName))) {
    TRY_VOID(MakeFolderOf(name));
    TRY_VOID(WriteMadeCorpus(files_, FolderOf(name), made));
    return OpenMade(std::move(made));
  }
  TRY(const MadeCorpus before, ReadMade(name));
  TRY_VOID(CheckSame(before.config, made.config));
  made.index = before.index;
  TRY(std::shared_ptr<OpenedCorpus> opened, OpenMade(made));
  // From here on nobody puts another index in its place.
  if (opened->local != nullptr) made.index = atelier::NameOf(opened->index_folder);
  TRY_VOID(WriteMadeCorpus(files_, FolderOf(name), made));
  return opened;
}

Result<std::vector<CorpusConfig>> CorpusLibrary::List() {
  const std::lock_guard lock(mutex_);
  TRY(const std::vector<std::string> names, Names());
  std::vector<CorpusConfig> configs;
  for (const std::string& name : names) {
    TRY(MadeCorpus made, ReadMade(name));
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
  TRY(std::vector<std::string> names, Names());
  std::ranges::copy(StoreNames(), std::back_inserter(names));
  // Of vector stores, which clients made, none is meant where there is a corpus.
  const bool has_others =
      std::ranges::any_of(names, [](const std::string& one) { return !one.starts_with(kStorePrefix); });
  if (has_others) std::erase_if(names, [](const std::string& one) { return one.starts_with(kStorePrefix); });
  if (names.size() == 1) return names[0];
  if (names.empty()) return Error::NotFound("corpus", "there is none yet: `atelier index FOLDER` makes one");
  return Error::Invalid("corpus", "got none, and there are several: want one of " + Joined(names));
}

Result<void> CorpusLibrary::Remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(CheckName(name));
  if (!FileExists(files_, FolderOf(name))) TRY_VOID(CheckNoStore(name, CorpusCapability::kWriting));
  if (!FileExists(files_, FolderOf(name)))
    return Error::NotFound("corpus", "got '" + name + "', and there is no such one");
  if (!open_[name].expired()) return Error::Conflict("corpus", name + " is in use");
  open_.erase(name), read_.erase(name);
  const std::string path = JoinPath(FolderOf(name), kConfigName);
  std::shared_ptr<const void> writing;
  if (const auto made = ReadMade(name); made.ok() && !made->config.postgres.empty()) {
    const auto removed = PostgresCorpus::Remove(made->config.postgres, name);
    if (!removed.ok() && removed.error().kind != ErrorKind::kNotFound) return removed.error();
  } else if (made.ok() && FileExists(files_, IndexPath(*made))) {
    TRY(writing, KeepWritersOut(files_, name, IndexPath(*made)));
  }
  // Without its configuration it is no corpus any more, whatever happens to the rest.
  if (FileExists(files_, path)) {
    TRY_VOID(files_.Remove(path));
    TRY_VOID(files_.SyncFolder(FolderOf(name)));
  }
  TRY_VOID(RemoveTree(files_, FolderOf(name)));
  return files_.SyncFolder(folder_);
}

Result<IndexChange> CorpusLibrary::BeginChange(const std::string& name, CorpusCapability wanted) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(CheckName(name));
  TRY_VOID(CheckNoStore(name, wanted));
  const std::string folder = FolderOf(name);
  TRY_VOID(MakeFolderOf(name));
  IndexChange change;
  auto held = files_.Lock(JoinPath(folder, kChangeName));
  if (!held.ok()) return std::move(held).error().Under("corpus " + name + " is being changed");
  change.lock = *std::move(held);
  if (FileExists(files_, JoinPath(folder, kConfigName))) {
    TRY(change.made, ReadMade(name));
    if (!change.made->config.postgres.empty()) return PostgresCapabilities().Lacks(wanted, "corpus " + name);
    change.old_index = IndexPath(*change.made);
  }
  TRY(const std::vector<std::string> entries, files_.List(folder));
  // A number is not used again: who still reads an index of that name must not find another one.
  int64_t number = 1;
  for (const std::string& entry : entries) {
    if (IndexNumber(entry) == 0) continue;
    number = std::max(number, IndexNumber(entry));
    if (JoinPath(folder, entry) != change.old_index) change.left.push_back(JoinPath(folder, entry));
  }
  change.fresh = JoinPath(folder, std::string(kIndexName) + "-" + std::to_string(number + 1));
  return change;
}

Result<void> CorpusLibrary::Exchange(const IndexChange& change, const std::string& path, MadeCorpus made) {
  const std::lock_guard lock(mutex_);
  const std::string folder = FolderOf(made.config.name);
  made.index = atelier::NameOf(path);
  TRY_VOID(files_.SyncFolder(folder));
  TRY_VOID(WriteMadeCorpus(files_, folder, made));
  read_.erase(made.config.name);
  std::vector<std::string> others = change.left;
  if (!change.old_index.empty()) others.push_back(change.old_index);
  for (const std::string& other : others) {
    if (other != path) TRY_VOID(RemoveTree(files_, other));
  }
  return files_.SyncFolder(folder);
}

std::unique_ptr<CorpusLibrary> OpenCorpora(const Config& config) {
  return std::make_unique<CorpusLibrary>(Files::Real(), HomeDirectory(config) + "/corpora", config.corpora,
                                         config.providers);
}

}  // namespace atelier
