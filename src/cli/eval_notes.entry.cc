// atelier eval notes
#include <algorithm>
#include <cstdio>

#include "cli/judged_corpus.h"
#include "cli/session.h"
#include "eval/agent_score.h"
#include "eval/notes_eval.h"

namespace atelier {
namespace {

// A share with its interval.
struct Share {
  std::string name;
  std::vector<bool> passed;
};

class EvalNotesCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Text("file", file_, "conversations with their facts, and pairs of notes with their relation, a line each");
    options.Takes("FILE", Completion::kFiles);
    options.Required();
    model_.Declare(options);
    options.Flag("--show", show_, "say each note and each decision on stderr");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(set_, LoadNotesSet(Files::Real(), file_));
    TRY(const std::unique_ptr<Session> session, Session::Open(invocation, model_));
    TRY(const ModelListing model, session->FindModel("chat"));
    NoteMaker maker(session->app().language_model(), model.id);
    TRY_VOID(TakeNotes(*session, maker));
    TRY_VOID(TakeRelations(*session, maker));
    ClearProgress();
    invocation.json ? invocation.Print(Body(model.id)) : Print(model.id);
    return {};
  }

 private:
  Result<void> TakeNotes(Session& session, NoteMaker& maker) {
    for (const NotesCase& one : set_.notes) {
      ShowProgress("conversations", noted_.size(), set_.notes.size());
      Call call;
      call.stop = session.interrupt().token();
      TRY(std::optional<MadeNotes> made, session.Run(maker.Make(std::move(call), one.turns, "", 1)));
      num_unread_ += made ? 0 : 1;
      noted_.push_back(made ? std::move(made->facts) : std::vector<MemoryFact>());
      if (!show_) continue;
      std::fprintf(stderr, "\n%s\n", SpokenText(one.turns.front()).c_str());
      for (const MemoryFact& note : noted_.back()) std::fprintf(stderr, "  %s\n", note.text.c_str());
    }
    return {};
  }

  Result<void> TakeRelations(Session& session, NoteMaker& maker) {
    for (const RelationCase& one : set_.relations) {
      ShowProgress("pairs", judged_.size(), set_.relations.size());
      Call call;
      call.stop = session.interrupt().token();
      TRY(const JudgedRelation judged, session.Run(maker.Relate(std::move(call), one.known, one.note)));
      judged_.push_back(judged);
      if (!show_) continue;
      std::fprintf(stderr, "%s / %s: %s %.2f, want %s\n", one.known.c_str(), one.note.c_str(),
                   std::string(NoteRelationName(judged.likeliest)).c_str(), judged.confidence,
                   std::string(NoteRelationName(one.relation)).c_str());
    }
    return {};
  }

  // Everybody who could have decided: the model, the model where it is sure, and who needs none.
  std::vector<std::pair<std::string, std::vector<NoteRelation>>> Deciders() const {
    std::vector<NoteRelation> likeliest, taken;
    for (const JudgedRelation& judged : judged_) {
      likeliest.push_back(judged.likeliest), taken.push_back(judged.Taken());
    }
    std::vector<int64_t> counts(kNoteRelations, 0);
    for (const RelationCase& one : set_.relations) ++counts[static_cast<size_t>(one.relation)];
    const auto most = static_cast<NoteRelation>(std::ranges::max_element(counts) - counts.begin());
    const size_t num = set_.relations.size();
    return {{"likeliest", std::move(likeliest)},
            {"as acted on", std::move(taken)},
            {"always add", std::vector<NoteRelation>(num, NoteRelation::kUnrelated)},
            {"majority: " + std::string(NoteRelationName(most)), std::vector<NoteRelation>(num, most)}};
  }

  std::vector<std::pair<std::string, NotesScore>> Notetakers() const {
    std::vector<std::vector<MemoryFact>> turns;
    for (const NotesCase& one : set_.notes) turns.push_back(NoteEachTurn(one));
    return {{"notes", ScoreNotes(set_.notes, noted_)}, {"each turn as said", ScoreNotes(set_.notes, turns)}};
  }

  static std::vector<Share> SharesOf(const NotesScore& score) {
    return {{"recall", score.recalled},
            {"precision", score.precise},
            {"grounded", score.grounded},
            {"silent", score.silent}};
  }

  static Json ShareBody(const std::vector<bool>& passed) {
    if (passed.empty()) return {};
    const Interval of = WilsonInterval(passed);
    return Json::Object(
        {{"cases", static_cast<int64_t>(passed.size())}, {"share", of.mean}, {"low", of.low}, {"high", of.high}});
  }

  Json Body(const std::string& model) const {
    Json notes = Json::Object(), relations = Json::Object();
    for (const auto& [name, score] : Notetakers()) {
      Json shares = Json::Object();
      for (const Share& share : SharesOf(score)) shares.Set(share.name, ShareBody(share.passed));
      notes.Set(name, std::move(shares));
    }
    for (const auto& [name, decided] : Deciders()) {
      const RelationScore score = ScoreRelations(set_.relations, decided);
      Json confusion = Json::Array();
      for (const std::vector<int64_t>& row : score.confusion) confusion.Push(row);
      relations.Set(name, Json::Object({{"right", ShareBody(score.right)},
                                        {"harmed", score.num_harmed},
                                        {"confusion", std::move(confusion)}}));
    }
    return Json::Object({{"model", model},
                         {"conversations", static_cast<int64_t>(set_.notes.size())},
                         {"not_brought_to_an_end", num_unread_},
                         {"pairs", static_cast<int64_t>(set_.relations.size())},
                         {"notes", std::move(notes)},
                         {"relations", std::move(relations)}});
  }

  static std::string Worded(const std::vector<bool>& passed) {
    if (passed.empty()) return "-";
    const Interval of = WilsonInterval(passed);
    char text[64];
    std::snprintf(text, sizeof text, "%.2f [%.2f, %.2f]", of.mean, of.low, of.high);
    return text;
  }

  void Print(const std::string& model) const {
    std::printf(
        "%s: %zu conversations (notes of %lld not brought to an end), %zu pairs; shares with their 95%% intervals\n",
        model.c_str(), set_.notes.size(), static_cast<long long>(num_unread_), set_.relations.size());
    if (!set_.notes.empty()) {
      std::printf("\n%-20s", "notes");
      for (const Share& share : SharesOf({})) std::printf(" %-18s", share.name.c_str());
      for (const auto& [name, score] : Notetakers()) {
        std::printf("\n%-20s", name.c_str());
        for (const Share& share : SharesOf(score)) std::printf(" %-18s", Worded(share.passed).c_str());
      }
      std::printf("\n");
    }
    if (set_.relations.empty()) return;
    std::printf("\n%-20s %-18s harmed\n", "relations", "right");
    for (const auto& [name, decided] : Deciders()) {
      const RelationScore score = ScoreRelations(set_.relations, decided);
      std::printf("%-20s %-18s %lld\n", name.c_str(), Worded(score.right).c_str(),
                  static_cast<long long>(score.num_harmed));
    }
    std::printf("\n%-20s", "as acted on; want");
    for (size_t i = 0; i < kNoteRelations; ++i) std::printf(" %10s", Name(i).c_str());
    const RelationScore score = ScoreRelations(set_.relations, Deciders()[1].second);
    for (size_t i = 0; i < kNoteRelations; ++i) {
      std::printf("\n%-20s", Name(i).c_str());
      for (const int64_t count : score.confusion[i]) std::printf(" %10lld", static_cast<long long>(count));
    }
    std::printf("\n");
  }

  static std::string Name(size_t relation) {
    return std::string(NoteRelationName(static_cast<NoteRelation>(relation)));
  }

  ModelOptions model_;
  std::string file_;
  bool show_ = false;
  NotesSet set_;
  std::vector<std::vector<MemoryFact>> noted_;
  std::vector<JudgedRelation> judged_;
  int64_t num_unread_ = 0;
};

}  // namespace

extern const CommandEntry command_eval_notes{
    "eval notes", "Measure the notes that a memory's model writes, and what it does with them",
    "Of the conversations of a file, which of their facts the model notes, and how many of its notes say one; of pairs "
    "of a known note and a new one, whether it decides rightly how they relate. Both beside what needs no model, with "
    "95% intervals by Wilson. No model judges: a case says which words a note must have. `harmed` counts known notes "
    "that a decision would have ended or forgotten wrongly.\n"
    "\n"
    "  atelier eval notes tests/memory/notes.jsonl --model smollm2-135m-instruct",
    []() -> std::unique_ptr<Command> { return std::make_unique<EvalNotesCommand>(); }};

}  // namespace atelier
