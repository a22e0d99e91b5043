// atelier eval memory
#include <cstdio>
#include <filesystem>

#include "app/corpus_tools.h"
#include "cli/corpus_session.h"
#include "cli/judged_corpus.h"
#include "eval/memory_eval.h"
#include "eval/ranking_metrics.h"

namespace atelier {
namespace {

constexpr uint64_t kBootstrapSeed = 1;
constexpr size_t kRaw = 0, kMemory = 1;  // ways

// Questions of one category, or of several.
struct Part {
  std::string name;
  std::vector<const MemoryAnswered*> questions = {};

  std::vector<double> Recalls(size_t way, size_t k) const {
    std::vector<double> recalls;
    for (const MemoryAnswered* one : questions) recalls.push_back(EvidenceRecall(*one, way, k));
    return recalls;
  }
};

std::vector<Part> PartsOf(const std::vector<MemoryAnswered>& answered) {
  std::vector<Part> parts;
  Part all{.name = "all of these"};
  for (int category : {1, 2, 3, 4, 0}) {
    Part part{.name = std::string(MemoryCategoryName(category))};
    for (const MemoryAnswered& one : answered) {
      if (one.question->category != category) continue;
      part.questions.push_back(&one), all.questions.push_back(&one);
    }
    if (!part.questions.empty()) parts.push_back(std::move(part));
  }
  if (!all.questions.empty()) parts.push_back(std::move(all));
  Part adversarial{.name = std::string(MemoryCategoryName(kAdversarial))};
  for (const MemoryAnswered& one : answered) {
    if (one.question->category == kAdversarial) adversarial.questions.push_back(&one);
  }
  if (!adversarial.questions.empty()) parts.push_back(std::move(adversarial));
  return parts;
}

class EvalMemoryCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("file", file_, "conversations and questions in LOCOMO's layout");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    options.Text("--embedder", embedder_, "an embedding model; \"none\": by words alone; without, the default one");
    options.Integer("--threads", corpus_.threads, "threads that compute; 0: one for each core");
    options.Text("--half", half_, "only every other conversation: \"first\" of two, or \"second\"");
    options.Flag("--ablation", ablation_,
                 "measure recalling without each figure too, and with each alone beside search");
    options.Text("--figures", figures_, "write what each turn is judged by to this file, a line a question");
    options.Takes("FILE", Completion::kFiles);
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(MemorySet set, LoadMemorySet(Files::Real(), file_));
    TRY_VOID(TakeHalf(set));
    TRY(const std::unique_ptr<CorpusSession> session, CorpusSession::Open(invocation, corpus_));
    CorpusConfig config;
    config.embedder = embedder_;
    TRY(const std::optional<ModelListing> embedder, EmbedderFor(session->app(), config));
    config.embedder = embedder ? embedder->id : "none";
    TRY(PreparationTools preparing, ToolsFor(session->app(), config));
    MemoryEvalTools tools{.files = Files::Real(),
                          .folder = std::filesystem::temp_directory_path().string(),
                          .embedder = embedder ? embedder->id : "",
                          .dimensions = embedder ? static_cast<int32_t>(embedder->vector_size) : 0,
                          .preparation = PreparationFor(config),
                          .preparing = std::move(preparing),
                          .ranking = RankerToolsFor(session->app()),
                          .pool = session->app().pool()};
    MemoryEvalOptions options{.ways = Ways(), .keep_candidates = !figures_.empty()};
    options.on_progress = [](size_t done, size_t total) { ShowProgress("conversations", done, total); };
    TRY(const std::vector<MemoryAnswered> answered,
        session->Run(AskMemory(session->MakeCall(), set, std::move(tools), options)));
    ClearProgress();
    if (!figures_.empty()) TRY_VOID(WriteAtomically(Files::Real(), figures_, FigureLines(answered)));
    if (answered.empty()) return Error::Invalid(file_, "got no question with evidence that there is");
    invocation.json ? invocation.Print(Body(set, answered, options.ways)) : Show(set, answered, options.ways);
    return {};
  }

 private:
  Result<void> TakeHalf(MemorySet& set) const {
    if (half_.empty()) return {};
    if (half_ != "first" && half_ != "second") {
      return Error::Invalid("--half", "got '" + half_ + "', want first or second");
    }
    std::vector<MemorySample> kept;
    for (size_t i = half_ == "first" ? 0 : 1; i < set.samples.size(); i += 2) kept.push_back(std::move(set.samples[i]));
    set.samples = std::move(kept);
    return {};
  }

  std::vector<MemoryWay> Ways() const {
    std::vector<MemoryWay> ways = {{"memory", RecallWeights::Default()}};
    if (!ablation_) return ways;
    RecallWeights search{};
    search[RecallFigure::kWords] = search[RecallFigure::kLikeness] = 1;
    ways.push_back({"words and likeness", search});
    for (size_t i = 2; i < kNumRecallFigures; ++i) {
      const auto figure = static_cast<RecallFigure>(i);
      if (RecallWeights::Default()[figure] == 0) continue;
      RecallWeights with = search, without = RecallWeights::Default();
      with[figure] = without[figure], without[figure] = 0;
      ways.push_back({"these and " + std::string(RecallFigureNames()[i]), with});
      ways.push_back({"all but " + std::string(RecallFigureNames()[i]), without});
    }
    return ways;
  }

  static Json IntervalBody(const Interval& of) {
    return Json::Object({{"mean", of.mean}, {"low", of.low}, {"high", of.high}});
  }

  static Json Body(const MemorySet& set, const std::vector<MemoryAnswered>& answered,
                   const std::vector<MemoryWay>& ways) {
    Json parts = Json::Array({});
    for (const Part& part : PartsOf(answered)) {
      Json body = Json::Object({{"name", part.name}, {"questions", static_cast<int64_t>(part.questions.size())}});
      for (const size_t k : {5, 10}) {
        const std::vector<double> raw = part.Recalls(kRaw, k), memory = part.Recalls(kMemory, k);
        Json at = Json::Object({{"raw_turns", Mean(raw)}, {"memory", Mean(memory)}});
        at.Set("difference", IntervalBody(PairedDifference(memory, raw, kBootstrapSeed)));
        Json others = Json::Object({});
        for (size_t way = 1; way < ways.size(); ++way) others.Set(ways[way].name, Mean(part.Recalls(way + 1, k)));
        if (!others.empty()) at.Set("ways", std::move(others));
        body.Set("recall_at_" + std::to_string(k), std::move(at));
      }
      parts.Push(std::move(body));
    }
    int64_t turns = 0;
    for (const MemorySample& sample : set.samples) turns += sample.num_turns();
    return Json::Object({{"conversations", static_cast<int64_t>(set.samples.size())},
                         {"turns", turns},
                         {"questions", static_cast<int64_t>(answered.size())},
                         {"left_out", set.num_left_out},
                         {"unknown_evidence", set.num_unknown},
                         {"sessions_without_time", set.num_without_time},
                         {"turns_without_words", set.num_without_words},
                         {"parts", std::move(parts)}});
  }

  static void Show(const MemorySet& set, const std::vector<MemoryAnswered>& answered,
                   const std::vector<MemoryWay>& ways) {
    int64_t turns = 0;
    for (const MemorySample& sample : set.samples) turns += sample.num_turns();
    std::printf(
        "%zu conversations, %lld turns, %zu questions; left out for want of evidence: %lld; pieces of evidence "
        "that name no turn: %lld\n",
        set.samples.size(), static_cast<long long>(turns), answered.size(), static_cast<long long>(set.num_left_out),
        static_cast<long long>(set.num_unknown));
    if (set.num_without_time > 0) {
      std::printf("sessions without a time that is understood: %lld\n", static_cast<long long>(set.num_without_time));
    }
    std::printf("\n%-22s %9s   %-43s %s\n", "", "", "recall@5", "recall@10");
    std::printf("%-22s %9s", "", "questions");
    for (int i = 0; i < 2; ++i) std::printf("   %8s %8s  %-23s", "raw", "memory", "difference [95%]");
    std::printf("\n");
    const std::vector<Part> parts = PartsOf(answered);
    for (const Part& part : parts) {
      std::printf("%-22s %9zu", part.name.c_str(), part.questions.size());
      for (const size_t k : {5, 10}) {
        const std::vector<double> raw = part.Recalls(kRaw, k), memory = part.Recalls(kMemory, k);
        const Interval over = PairedDifference(memory, raw, kBootstrapSeed);
        std::printf("   %8.4f %8.4f  %+.4f [%+.4f, %+.4f]", Mean(raw), Mean(memory), over.mean, over.low, over.high);
      }
      std::printf("\n");
    }
    if (ways.size() > 1) ShowWays(parts, ways);
  }

  static void ShowWays(const std::vector<Part>& parts, const std::vector<MemoryWay>& ways) {
    for (const size_t k : {5, 10}) {
      std::printf("\n%-30s", ("recall@" + std::to_string(k)).c_str());
      for (const Part& part : parts) std::printf(" %12s", part.name.c_str());
      std::printf("\n%-30s", "search over raw turns");
      for (const Part& part : parts) std::printf(" %12.4f", Mean(part.Recalls(kRaw, k)));
      for (size_t way = 0; way < ways.size(); ++way) {
        std::printf("\n%-30s", ways[way].name.c_str());
        for (const Part& part : parts) std::printf(" %12.4f", Mean(part.Recalls(way + 1, k)));
      }
      std::printf("\n");
    }
  }

  // For experiments with weights: what each candidate is judged by, and whether it is evidence.
  static std::string FigureLines(const std::vector<MemoryAnswered>& answered) {
    std::string lines;
    for (const MemoryAnswered& one : answered) {
      Json candidates = Json::Array({});
      for (const RecalledTurn& candidate : one.candidates) {
        Json figures = Json::Array({});
        for (const double figure : candidate.figures) figures.Push(figure);
        candidates.Push(Json::Array({candidate.turn.reference, std::move(figures)}));
      }
      lines += Json::Object({{"question", one.question->text},
                             {"category", one.question->category},
                             {"evidence", one.question->evidence},
                             {"raw", one.found[kRaw]},
                             {"candidates", std::move(candidates)}})
                   .Dump() +
               "\n";
    }
    return lines;
  }

  CorpusOptions corpus_;
  std::string file_, embedder_, half_, figures_;
  bool ablation_ = false;
};

}  // namespace

extern const CommandEntry command_eval_memory{
    "eval memory", "Measure a memory's recall on long conversations",
    "Records the conversations of a file in LOCOMO's layout, asks its questions, and prints which share of the turns "
    "that answer them is among the first 5 and 10 recalled, by category, beside hybrid search over the same turns, "
    "with "
    "the difference and its 95% interval by paired bootstrap. No model judges. Questions of category 5, adversarial "
    "ones, stand apart.\n"
    "\n"
    "  atelier eval memory tests/memory/conversations.json\n"
    "  atelier eval memory locomo10.json --json",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalMemoryCommand>(); }};

}  // namespace atelier
