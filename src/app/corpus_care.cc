#include "app/corpus_care.h"

#include <algorithm>
#include <utility>

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
  if (change.made && !replace) {
    return Error::Conflict("corpus", name + " is there already: want another name by --corpus, or --replace");
  }
  Result<void> made_index = MakeIndexOf(files, JoinPath(folder, made->index), change.fresh);
  std::shared_ptr<const void> no_writers;
  if (made_index.ok() && !change.old_index.empty()) {
    auto held = KeepWritersOut(files, name, change.old_index);
    if (held.ok()) no_writers = *std::move(held);
    if (!held.ok()) made_index = std::move(held).error();
  }
  if (made_index.ok()) {
    made->config.name = name;
    made_index = library.Exchange(change, change.fresh, *made);
    if (made_index.ok()) return name;
  }
  static_cast<void>(RemoveTree(files, change.fresh).ok());
  if (!change.made) static_cast<void>(RemoveTree(files, library.FolderOf(name)).ok());
  return std::move(made_index).error();
}

}  // namespace atelier
