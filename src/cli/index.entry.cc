// atelier index
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/corpus_tools.h"
#include "app/vector_size.h"
#include "cli/corpus_session.h"
#include "cli/models.h"
#include "cli/terminal_text.h"
#include "knowledge/folder_follow.h"

namespace atelier {
namespace {

using SteadyClock = std::chrono::steady_clock;

// "12 of 30 files, 140 chunks, 55.2/s, 00:21 left"
std::string ProgressText(const SyncProgress& progress, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(progress.chunks) / seconds : 0;
  char text[160];
  std::snprintf(text, sizeof text, "%lld of %lld files, %lld chunks, %.1f/s",
                static_cast<long long>(progress.files_done), static_cast<long long>(progress.files_total),
                static_cast<long long>(progress.chunks), rate);
  std::string line = text;
  if (progress.bytes_done > 0 && progress.bytes_total > progress.bytes_done && seconds > 1) {
    const double left = seconds * static_cast<double>(progress.bytes_total - progress.bytes_done) /
                        static_cast<double>(progress.bytes_done);
    const auto whole = static_cast<int64_t>(left);
    std::snprintf(text, sizeof text, ", %02lld:%02lld left", static_cast<long long>(whole / 60),
                  static_cast<long long>(whole % 60));
    line += text;
  }
  return line;
}

class ProgressLine {
 public:
  void Show(const SyncProgress& progress) {
    if (isatty(STDERR_FILENO) != 1) return;
    const auto now = SteadyClock::now();
    if (now - shown_ < std::chrono::milliseconds(100) && progress.files_done < progress.files_total) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const int width = 24;
    const int64_t done = progress.bytes_total > 0 ? width * progress.bytes_done / progress.bytes_total : width;
    std::string bar(static_cast<size_t>(done), '#');
    bar.resize(width, '.');
    std::fprintf(stderr, "\r[%s] %s\033[K", bar.c_str(), ProgressText(progress, seconds).c_str());
  }
  void Clear() const {
    if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\033[K");
  }

 private:
  const SteadyClock::time_point begin_ = SteadyClock::now();
  SteadyClock::time_point shown_;
};

class IndexCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("folder", folder_, "whose files to read; without, the folder that the corpus was made of");
    options.Takes("DIR", Completion::kFiles);
    corpus_.Declare(options);
    options.Texts("--include", include_, "globs of files to read, \"**/*.md\"; without, all that can be read");
    options.Texts("--exclude", exclude_, "globs of files and folders to leave out");
    options.Text("--embedder", embedder_,
                 "an embedding model; \"none\": search by words alone; without, the default one");
    options.Text("--language", language_, "of stemming and stop words: en, de, fr, ...; \"none\": neither");
    options.Text("--chunking", chunking_, "how documents are cut; docs/chunking.md tells the methods");
    options.Integer("--chunk-limit", chunk_limit_, "most tokens of a chunk; 0: what suits the embedder");
    options.Flag("--no-ocr", no_ocr_, "leave out pictures and scanned pages");
    options.Flag("--watch", watch_, "go on with what changes, until Ctrl-C");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, corpus_));
    TRY(CorpusConfig config, Configured(*session));
    TRY(const std::optional<ModelListing> embedder, EmbedderFor(session->app(), config));
    config.embedder = embedder ? embedder->id : "none";
    TRY(const int32_t dimensions, session->Run(VectorSizeOf(session->MakeCall(), session->app(), embedder)));
    TRY(std::shared_ptr<OpenedCorpus> opened, session->app().corpora().Make(config, dimensions));
    session->Use(std::move(opened));
    TRY(PreparationTools tools, ToolsFor(session->app(), config));
    ProgressLine line;
    FolderSync sync;
    sync.folder.folder = config.folder;
    sync.folder.include = config.include, sync.folder.exclude = config.exclude;
    sync.preparation = PreparationFor(config);
    sync.on_progress = [&line](const SyncProgress& progress) { line.Show(progress); };
    if (watch_) return Watch(invocation, *session, config, std::move(sync), std::move(tools), line);
    Result<SyncReport> report =
        session->Run(SyncFolder(session->MakeCall(), session->corpus(), std::move(sync), std::move(tools)));
    line.Clear();
    if (session->interrupt().requested()) {
      return Error::Cancelled("", "stopped by Ctrl-C; the same command goes on where it stopped");
    }
    if (!report.ok()) return std::move(report).error();
    invocation.json ? invocation.Print(Body(config, *report)) : Show(config, *report);
    return {};
  }

 private:
  // Ctrl-C is how it ends.
  static Result<void> Watch(const Invocation& invocation, CorpusSession& session, const CorpusConfig& config,
                            FolderSync sync, PreparationTools tools, ProgressLine& line) {
    SyncReport total;
    const auto on_synced = [&](const Result<SyncReport>& report) {
      line.Clear();
      if (!report.ok()) {
        std::fprintf(stderr, "not read: %s; tried again later\n", SafeForTerminal(report.error().Message()).c_str());
        return;
      }
      Add(*report, total);
      if (invocation.json) return;
      Show(config, *report);
      std::fflush(stdout);
    };
    TRY_VOID(session.Run(FollowFolder(session.MakeCall(), session.corpus(), std::move(sync), std::move(tools),
                                      WatchTimes(), on_synced)));
    line.Clear();
    if (invocation.json) invocation.Print(Body(config, total));
    return {};
  }

  static void Add(const SyncReport& report, SyncReport& total) {
    total.added += report.added, total.changed += report.changed, total.removed += report.removed;
    total.chunks += report.chunks, total.embedded += report.embedded;
    total.model_tokens += report.model_tokens;
    total.unchanged = report.unchanged, total.skipped = report.skipped;
  }

  // What the corpus was made with, if it is there; then what the command line says.
  Result<CorpusConfig> Configured(CorpusSession& session) const {
    CorpusConfig config;
    config.name = corpus_.corpus;
    if (!folder_.empty()) {
      std::error_code fault;
      const std::filesystem::path path = std::filesystem::weakly_canonical(folder_, fault);
      if (fault) return Error::Invalid("folder", "got " + folder_ + ": " + fault.message());
      config.folder = path.string();
      if (config.name.empty()) config.name = path.filename().string();
    }
    CorpusLibrary& corpora = session.app().corpora();
    if (config.name.empty()) {
      TRY(config.name, corpora.NameOf(""));
    }
    TRY(const std::vector<CorpusConfig> known, corpora.List());
    for (const CorpusConfig& one : known) {
      if (one.name != config.name) continue;
      const std::string folder = std::exchange(config, one).folder;
      if (!folder.empty() && !one.folder.empty() && folder != one.folder) {
        return Error::Conflict("folder", "got " + folder + ", and corpus " + one.name + " holds " + one.folder +
                                             ": name another with --corpus");
      }
      if (!folder.empty()) config.folder = folder;
    }
    if (config.folder.empty()) return Error::Invalid("folder", "got none, want the folder to index");
    if (!embedder_.empty()) config.embedder = embedder_;
    if (!language_.empty()) config.language = language_;
    if (!include_.empty()) config.include = include_;
    if (!exclude_.empty()) config.exclude = exclude_;
    if (!chunking_.empty()) config.chunking.method = chunking_;
    if (chunk_limit_ > 0) config.chunking.limit = chunk_limit_;
    if (no_ocr_) config.ocr = false;
    return config;
  }

  static Json Body(const CorpusConfig& config, const SyncReport& report) {
    Json skipped = Json::Array();
    for (const Error& error : report.skipped) {
      skipped.Push(Json::Object({{"where", error.where}, {"what", error.what}}));
    }
    return Json::Object({{"corpus", config.name},
                         {"folder", config.folder},
                         {"embedder", config.embedder},
                         {"added", report.added},
                         {"changed", report.changed},
                         {"removed", report.removed},
                         {"unchanged", report.unchanged},
                         {"chunks", report.chunks},
                         {"embedded", report.embedded},
                         {"model_tokens", report.model_tokens},
                         {"skipped", std::move(skipped)}});
  }

  static void Show(const CorpusConfig& config, const SyncReport& report) {
    for (const Error& error : report.skipped) {
      std::fprintf(stderr, "skipped: %s\n", SafeForTerminal(error.Message()).c_str());
    }
    std::printf("corpus %s: %lld files added, %lld changed, %lld removed, %lld unchanged; %lld chunks, %lld embedded",
                config.name.c_str(), static_cast<long long>(report.added), static_cast<long long>(report.changed),
                static_cast<long long>(report.removed), static_cast<long long>(report.unchanged),
                static_cast<long long>(report.chunks), static_cast<long long>(report.embedded));
    if (report.model_tokens > 0) std::printf("; %lld tokens of a model", static_cast<long long>(report.model_tokens));
    std::printf("\n");
  }

  CorpusOptions corpus_;
  std::string folder_, embedder_, language_, chunking_;
  std::vector<std::string> include_, exclude_;
  int64_t chunk_limit_ = 0;
  bool no_ocr_ = false, watch_ = false;
};

}  // namespace

extern const CommandEntry command_index{
    "index", "Read a folder of documents into a corpus",
    "Reads what is new or has changed, cuts it into chunks, embeds them, and removes what has vanished. Ctrl-C stops; "
    "the "
    "same command goes on where it stopped. A file that cannot be read is told and skipped.\n"
    "\n"
    "  atelier index docs/\n"
    "  atelier index notes/ --watch\n"
    "  atelier index papers/ --corpus papers --exclude '**/drafts/**' --embedder bge-small-en-v1.5",
    []() -> std::unique_ptr<Command> { return std::make_unique<IndexCommand>(); }};

}  // namespace atelier
