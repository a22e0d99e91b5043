#include "app/corpus_care.h"

#include <algorithm>
#include <utility>

#include "base/text/describe_json.h"

namespace atelier {
namespace {

// Errors: kCorrupt tells the first damage.
Result<std::unique_ptr<HybridIndex>> FollowSound(Files& files, const std::string& folder) {
  TRY(std::unique_ptr<HybridIndex> index, HybridIndex::Follow(files, folder));
  TRY(const std::vector<IndexProblem> problems, index->Verify());
  if (!problems.empty()) return Error::Corrupt(folder, problems[0].what);
  return index;
}

Result<void> MakeIndexOf(Files& files, const std::string& snapshot, const std::string& folder) {
  TRY(const std::unique_ptr<HybridIndex> index, FollowSound(files, snapshot));
  TRY_VOID(index->Snapshot(folder));
  TRY_VOID(FollowSound(files, folder));
  return {};
}

Error IsThere(const std::string& name) {
  return Error::Conflict("corpus", name + " is there already: want another name by --corpus, or --replace");
}

// The index at change.fresh, if it could be made, becomes the corpus's; if not, what there is of it goes.
Result<void> PutInPlace(Files& files, CorpusLibrary& library, const IndexChange& change, const std::string& name,
                        MadeCorpus made, Result<void> made_index) {
  std::shared_ptr<const void> no_writers;
  if (made_index.ok() && !change.old_index.empty()) {
    auto held = KeepWritersOut(files, name, change.old_index);
    if (held.ok()) no_writers = *std::move(held);
    if (!held.ok()) made_index = std::move(held).error();
  }
  if (made_index.ok()) {
    made.config.name = name;
    made_index = library.Exchange(change, change.fresh, made);
    if (made_index.ok()) return {};
  }
  static_cast<void>(RemoveTree(files, change.fresh).ok());
  if (!change.made) static_cast<void>(RemoveTree(files, library.FolderOf(name)).ok());
  return made_index;
}

// The first line of an export. What was in another kind of keeping is a corpus of this machine now.
Result<MadeCorpus> HeaderOf(const std::string& path, std::string_view lines) {
  const std::string_view line = lines.substr(0, lines.find('\n'));
  Result<Json> json = Json::Parse(line);
  if (!json.ok() || (*json)["kind"] != Json("corpus")) {
    return Error::Invalid(path, "got a first line that tells of no corpus, want what `atelier corpus export` writes");
  }
  json->Erase("kind");
  Result<MadeCorpus> made = ReadJson<MadeCorpus>(*json, {.refuse_unknown = false});
  if (!made.ok()) return std::move(made).error().Under(path + ": line 1");
  const bool has_vectors = lines.find("\"vector\":") != lines.npos;
  if (made->config.embedder.empty() || !has_vectors) made->config.embedder = "none";
  if (made->config.embedder == "none") made->dimensions = 0;
  made->config.postgres.clear(), made->config.vector_store.reset();
  return made;
}

Result<ImportCounts> ImportIndex(Files& files, const std::string& folder, std::string_view lines,
                                 const MadeCorpus& made) {
  LocalCorpusOptions options;
  if (made.dimensions > 0) options.embedder = made.config.embedder;
  options.dimensions = made.dimensions, options.language = made.config.language;
  TRY(const std::unique_ptr<LocalCorpus> corpus, LocalCorpus::Open(files, folder, std::move(options)));
  return ImportCorpusLines(lines, made.dimensions, [&](std::vector<IndexedDocument> documents) {
    return corpus->Replace({}, std::move(documents));
  });
}

}  // namespace

Result<std::vector<CorpusListing>> ListCorpora(CorpusLibrary& library) {
  TRY(std::vector<CorpusConfig> configs, library.List());
  std::vector<CorpusListing> listings;
  for (CorpusConfig& config : configs) {
    CorpusListing listing;
    const Result<CorpusReport> report = ReportOf(library, config.name);
    const bool is_elsewhere = config.vector_store.has_value();
    listing.config = std::move(config);
    if (report.ok()) listing.stats = report->stats;
    if (!report.ok()) {
      const bool is_made = is_elsewhere || report.error().kind != ErrorKind::kNotFound;
      listing.problem = is_made ? report.error().Message() : "not indexed yet";
    }
    listings.push_back(std::move(listing));
  }
  return listings;
}

Result<CorpusReport> ReportOf(CorpusLibrary& library, const std::string& name) {
  TRY(const std::shared_ptr<OpenedCorpus> opened, library.ReadAsMade(name));
  CorpusReport report{opened->config, opened->corpus->dimensions(), {}, {}, opened->corpus->capabilities()};
  TRY(report.stats, opened->corpus->Stats());
  if (opened->local != nullptr) {
    TRY(report.index, opened->local->index().Stats());
  }
  return report;
}

Result<std::vector<IndexProblem>> VerifyCorpus(CorpusLibrary& library, const std::string& name) {
  TRY(const std::shared_ptr<OpenedCorpus> opened, library.ReadAsMade(name));
  TRY(HybridIndex* const index, opened->Index(CorpusCapability::kVerifying));
  TRY(std::vector<IndexProblem> problems, index->Verify());
  TRY(std::vector<IndexProblem> known, index->Problems());
  for (IndexProblem& problem : known) {
    const auto is_told = [&problem](const IndexProblem& one) { return one.what == problem.what; };
    if (std::ranges::none_of(problems, is_told)) problems.push_back(std::move(problem));
  }
  return problems;
}

Result<void> SnapshotCorpus(Files& files, CorpusLibrary& library, const std::string& name, const std::string& folder) {
  TRY(const std::shared_ptr<OpenedCorpus> opened, library.ReadAsMade(name));
  TRY(HybridIndex* const index, opened->Index(CorpusCapability::kSnapshots));
  if (FileExists(files, folder)) {
    TRY(const std::vector<std::string> names, files.List(folder));
    if (!names.empty()) return Error::Conflict(folder, "got a folder with '" + names[0] + "', want an empty one");
  }
  MadeCorpus made;
  made.config = opened->config, made.dimensions = opened->corpus->dimensions();
  made.index = "index";
  TRY_VOID(files.MakeFolders(folder));
  TRY_VOID(index->Snapshot(JoinPath(folder, made.index)));
  TRY_VOID(files.SyncFolder(FolderOf(folder)));
  return WriteMadeCorpus(files, folder, made);
}

Result<std::string> RestoreCorpus(Files& files, CorpusLibrary& library, const std::string& folder, std::string name,
                                  bool replace) {
  Result<MadeCorpus> made = ReadMadeCorpus(files, folder);
  if (!made.ok()) return std::move(made).error().Under("snapshot");
  if (name.empty()) name = made->config.name;
  TRY(const IndexChange change, library.BeginChange(name, CorpusCapability::kSnapshots));
  if (change.made && !replace) return IsThere(name);
  const Result<void> made_index = MakeIndexOf(files, JoinPath(folder, made->index), change.fresh);
  TRY_VOID(PutInPlace(files, library, change, name, *std::move(made), made_index));
  return name;
}

Json ExportHeader(const OpenedCorpus& opened) {
  return Json::Object(
      {{"kind", "corpus"}, {"config", WriteJson(opened.config)}, {"dimensions", opened.corpus->dimensions()}});
}

Result<ImportReport> ImportCorpus(Files& files, CorpusLibrary& library, const std::string& path, std::string name,
                                  bool replace) {
  TRY(const FileBytes file, files.Map(path));
  const std::string_view lines(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  TRY(MadeCorpus made, HeaderOf(path, lines));
  if (name.empty()) name = made.config.name;
  TRY(const IndexChange change, library.BeginChange(name, CorpusCapability::kExport));
  if (change.made && !replace) return IsThere(name);
  ImportReport report;
  Result<ImportCounts> counts = ImportIndex(files, change.fresh, lines, made);
  if (counts.ok()) report.counts = *counts;
  report.name = name, report.embedder = made.config.embedder;
  const Result<void> made_index = counts.ok() ? Result<void>() : std::move(counts).error().Under(path);
  TRY_VOID(PutInPlace(files, library, change, name, std::move(made), made_index));
  return report;
}

}  // namespace atelier
