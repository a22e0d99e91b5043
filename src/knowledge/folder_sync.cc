#include "knowledge/folder_sync.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "base/task/for_each.h"

namespace atelier {
namespace {

constexpr size_t kFilesAtOnce = 4;                // are read and cut, while what is cut before is embedded
constexpr size_t kPartsAtOnce = 256;              // embedded and committed together
constexpr int64_t kBytesAtOnce = 16 << 20;        // of text that waits for its vectors
constexpr std::chrono::seconds kLongestWait{30};  // for what takes long to cut, as a model is asked: else it is lost

SourceState StateOf(const FileState& file) {
  SourceState state;
  state.size = file.size;
  state.modified_ns = file.modified_ns;
  state.hashed_ns = file.hashed_ns;
  state.sha256 = file.sha256;
  return state;
}

// What the corpus has read, a file each.
Result<std::vector<FileState>> KnownFiles(const Corpus& corpus) {
  TRY(const std::vector<DocumentListing> listings, corpus.List({}, {}, "", std::numeric_limits<int32_t>::max()));
  std::map<std::string, FileState> known;
  for (const DocumentListing& listing : listings) {
    const SourceState& state = listing.source;
    if (state.sha256.empty()) continue;  // sent, not read from a folder
    known[listing.source_id] = {listing.source_id, state.size, state.modified_ns, state.hashed_ns, state.sha256};
  }
  std::vector<FileState> files;
  for (auto& [id, file] : known) files.push_back(std::move(file));
  return files;
}

Result<FolderChanges> Look(const FolderSpec& folder, Corpus& corpus, const std::stop_token& stop) {
  TRY(const std::vector<FileState> known, KnownFiles(corpus));
  TRY(FolderChanges changes, ScanFolder(folder, known, stop));
  if (!changes.gone.empty()) {
    TRY_VOID(corpus.Replace(changes.gone, {}));
  }
  if (!changes.touched.empty()) {
    std::vector<std::pair<std::string, SourceState>> touched;
    for (const FileState& file : changes.touched) touched.emplace_back(file.path, StateOf(file));
    TRY_VOID(corpus.Touch(std::move(touched)));
  }
  return changes;
}

// Sources that are cut and wait for their vectors.
class Waiting {
 public:
  void Add(Prepared prepared) {
    if (sources_.empty()) began_ = std::chrono::steady_clock::now();
    num_parts_ += prepared.num_parts();
    for (const std::string& text : prepared.texts) num_bytes_ += static_cast<int64_t>(text.size());
    sources_.push_back(std::move(prepared));
  }
  bool full() const {
    return num_parts_ >= kPartsAtOnce || num_bytes_ >= kBytesAtOnce ||
           std::chrono::steady_clock::now() - began_ >= kLongestWait;
  }
  bool empty() const { return sources_.empty(); }
  std::vector<Prepared> Take() {
    num_parts_ = 0, num_bytes_ = 0;
    return std::exchange(sources_, {});
  }

 private:
  std::vector<Prepared> sources_;
  size_t num_parts_ = 0;
  int64_t num_bytes_ = 0;
  std::chrono::steady_clock::time_point began_;  // of the first
};

class Sync {
 public:
  Sync(Call call, Corpus& corpus, FolderSync sync, PreparationTools tools)
      : call_(std::move(call)), corpus_(corpus), sync_(std::move(sync)), tools_(std::move(tools)) {}

  Task<Result<SyncReport>> Run() {
    auto look = [this] { return Look(sync_.folder, corpus_, call_.stop); };
    auto looking = OnPool(*tools_.pool, look);
    CO_TRY(FolderChanges changes, co_await looking);
    Count(changes);
    std::vector<FileState> files = std::move(changes.added);
    std::ranges::move(changes.changed, std::back_inserter(files));
    std::vector<std::vector<Error>> skipped(files.size());
    const auto read = [&](size_t i) { return Read(files[i], skipped[i]); };
    auto reading = ForEach(files.size(), kFilesAtOnce, read);
    CO_TRY_VOID(co_await reading);
    CO_TRY_VOID(co_await Flush());
    for (std::vector<Error>& errors : skipped) std::ranges::move(errors, std::back_inserter(report_.skipped));
    co_return std::move(report_);
  }

 private:
  void Count(FolderChanges& changes) {
    report_.added = static_cast<int64_t>(changes.added.size());
    report_.changed = static_cast<int64_t>(changes.changed.size());
    report_.removed = static_cast<int64_t>(changes.gone.size());
    report_.unchanged = changes.num_files - report_.added - report_.changed;
    report_.skipped = std::move(changes.skipped);
    progress_.files_total = report_.added + report_.changed;
    for (const std::vector<FileState>* files : {&changes.added, &changes.changed}) {
      for (const FileState& file : *files) progress_.bytes_total += file.size;
    }
    Tell();
  }

  // One file becomes what waits for its vectors. One that cannot be read is told in `skipped`, and so are members of
  // it; it is left as the corpus has it.
  Task<Result<void>> Read(const FileState& file, std::vector<Error>& skipped) {
    if (call_.stop.stop_requested()) co_return Error::Cancelled(file.path, "stopped before it was read");
    auto read = [this, &file] { return ReadFileOf(sync_.folder, file.path); };
    auto reading = OnPool(*tools_.pool, read);
    Result<Source> source = co_await reading;
    if (!source.ok()) co_return Skip(file, std::move(source).error(), skipped);
    PreparationConfig config = sync_.preparation;
    config.loading.on_skipped = [&skipped](const Error& error) { skipped.push_back(error); };  // while we wait
    auto loading = ReadSource(call_, std::move(*source), Json::Object(), std::move(config), tools_);
    Result<std::vector<Document>> documents = co_await loading;
    if (!documents.ok()) co_return Skip(file, std::move(documents).error(), skipped);
    auto cutting = CutDocuments(call_, file.path, StateOf(file), std::move(*documents), sync_.preparation, tools_);
    CO_TRY(Prepared prepared, co_await cutting);
    progress_.chunks += static_cast<int64_t>(prepared.num_parts());
    report_.model_tokens += prepared.model_tokens;
    waiting_.Add(std::move(prepared));
    Done(file);
    if (!waiting_.full()) co_return Result<void>();
    co_return co_await Flush();
  }

  Result<void> Skip(const FileState& file, Error error, std::vector<Error>& skipped) {
    if (error.kind == ErrorKind::kCancelled) return error;
    if (!error.where.starts_with(file.path)) error = std::move(error).Under(file.path);
    skipped.push_back(std::move(error));
    Done(file);
    return {};
  }

  void Done(const FileState& file) {
    ++progress_.files_done;
    progress_.bytes_done += file.size;
    Tell();
  }

  Task<Result<void>> Flush() {
    if (waiting_.empty()) co_return Result<void>();
    std::vector<Prepared> sources = waiting_.Take();
    CO_TRY(const int64_t num_embedded, co_await EmbedPrepared(call_, sources, corpus_, sync_.preparation, tools_));
    progress_.embedded += num_embedded;
    auto put = [this, &sources] { return PutPrepared(std::move(sources), corpus_); };
    auto putting = OnPool(*tools_.pool, put);
    CO_TRY_VOID(co_await putting);
    report_.chunks = progress_.chunks, report_.embedded = progress_.embedded;
    Tell();
    co_return Result<void>();
  }

  void Tell() const {
    if (sync_.on_progress) sync_.on_progress(progress_);
  }

  const Call call_;
  Corpus& corpus_;
  const FolderSync sync_;
  const PreparationTools tools_;
  Waiting waiting_;
  SyncProgress progress_;
  SyncReport report_;
};

}  // namespace

Task<Result<SyncReport>> SyncFolder(Call call, Corpus& corpus, FolderSync sync, PreparationTools tools) {
  Sync running(std::move(call), corpus, std::move(sync), std::move(tools));
  co_return co_await running.Run();
}

}  // namespace atelier
