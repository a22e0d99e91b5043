// atelier corpus stats
#include <cstdio>

#include "cli/corpora.h"
#include "cli/models.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class StatsCommand final : public Command {
 public:
  void Declare(Options& options) override { corpus_.Declare(options); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const ChosenCorpus chosen, Choose(invocation, corpus_.name));
    TRY(const CorpusReport report, ReportOf(*chosen.library, chosen.name));
    invocation.json ? invocation.Print(Body(report)) : Show(report);
    return {};
  }

 private:
  static Json Body(const CorpusReport& report) {
    Json body = ListingBody(report.config, report.stats);
    body.Set("dimensions", report.dimensions);
    body.Set("backend", report.capabilities.backend());
    Json capabilities = Json::Object();
    for (const CorpusCapabilityEntry& one : AllCorpusCapabilities()) {
      capabilities.Set(one.name, SupportName(report.capabilities.Of(one.capability)));
    }
    body.Set("capabilities", std::move(capabilities));
    if (!report.index) return body;
    const IndexStats& index = *report.index;
    body.Set("records", index.num_records);
    body.Set("deleted", index.num_deleted);
    body.Set("terms", index.num_terms);
    body.Set("vectors", index.num_vectors);
    body.Set("segments", index.num_segments);
    body.Set("memory_segments", index.num_memory_segments);
    body.Set("segment_bytes", index.segment_bytes);
    body.Set("log_bytes", index.log_bytes);
    body.Set("problems", index.num_problems);
    return body;
  }

  static void Line(const char* name, int64_t number) {
    std::printf("%-12s %lld\n", name, static_cast<long long>(number));
  }

  static void Show(const CorpusReport& report) {
    std::printf("%-12s %s\n", "corpus", report.config.name.c_str());
    std::printf("%-12s %s\n", "kept by", SafeForTerminal(report.capabilities.backend()).c_str());
    if (!report.config.vector_store) {
      std::printf("%-12s %s\n", "folder", SafeForTerminal(report.config.folder).c_str());
    }
    std::printf("%-12s %s, %d dimensions\n", "embedder", EmbedderText(report.config).c_str(), report.dimensions);
    std::printf("%-12s %s\n", "language", report.config.language.c_str());
    Line("documents", report.stats.num_documents);
    std::printf("%-12s %s\n", "chunks", ChunksText(report.stats).c_str());
    if (report.index) {
      ShowIndex(*report.index, report);
    } else {
      std::printf("%-12s %s, where it is kept\n", "on disk", SizeText(report.stats.bytes_on_disk).c_str());
    }
    ShowCapabilities(report.capabilities);
  }

  // One line for each answer there is.
  static void ShowCapabilities(const CorpusCapabilities& capabilities) {
    using Support = CorpusCapabilities::Support;
    constexpr std::pair<Support, const char*> kLines[] = {
        {Support::kYes, "has"}, {Support::kPassedOn, "passes on"}, {Support::kNo, "lacks"}};
    for (const auto& [support, heading] : kLines) {
      std::string those;
      for (const CorpusCapabilityEntry& one : AllCorpusCapabilities()) {
        if (capabilities.Of(one.capability) == support) those += (those.empty() ? "" : ", ") + std::string(one.what);
      }
      if (!those.empty()) std::printf("%-12s %s\n", heading, those.c_str());
    }
  }

  static void ShowIndex(const IndexStats& index, const CorpusReport& report) {
    Line("terms", index.num_terms);
    Line("vectors", index.num_vectors);
    Line("records", index.num_records);
    Line("deleted", index.num_deleted);
    Line("segments", index.num_segments);
    std::printf("%-12s %s, %s of them log\n", "on disk", SizeText(report.stats.bytes_on_disk).c_str(),
                SizeText(index.log_bytes).c_str());
    if (index.num_problems > 0) {
      std::printf("%-12s %lld: `atelier corpus verify %s` tells them\n", "problems",
                  static_cast<long long>(index.num_problems), report.config.name.c_str());
    }
  }

  CorpusChoice corpus_;
};

}  // namespace

extern const CommandEntry command_corpus_stats{
    "corpus stats", "What a corpus holds and takes",
    "Terms are counted in each segment, deleted records until a merge has let go of them. What a corpus has, passes on "
    "to the program that keeps it, or lacks, is told by name.\n"
    "\n"
    "  atelier corpus stats docs",
    []() -> std::unique_ptr<Command> { return std::make_unique<StatsCommand>(); }};

}  // namespace atelier
