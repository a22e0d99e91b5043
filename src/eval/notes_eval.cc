#include "eval/notes_eval.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "eval/json_lines.h"

namespace atelier {
namespace {

constexpr size_t kMaxCases = 100'000;
constexpr int64_t kMaxTurns = 16;  // that a memory learns from at once

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0; }

// Whether a word of `text` begins with `beginning`; both in lower case.
bool HasWord(std::string_view text, std::string_view beginning) {
  for (size_t at = text.find(beginning); at != std::string_view::npos; at = text.find(beginning, at + 1)) {
    if (at == 0 || !IsWordByte(text[at - 1])) return true;
  }
  return false;
}

bool HasOneOf(std::string_view text, std::string_view ways) {
  while (true) {
    const size_t end = std::min(ways.find('|'), ways.size());
    if (end > 0 && HasWord(text, ways.substr(0, end))) return true;
    if (end == ways.size()) return false;
    ways.remove_prefix(end + 1);
  }
}

Result<std::vector<std::string>> TextsAt(const Json& object, const char* key) {
  std::vector<std::string> texts;
  if (!object.Has(key)) return texts;
  if (!object[key].is_array())
    return Error::Invalid(key, "got " + std::string(object[key].TypeName()) + ", want texts");
  for (const Json& text : object[key].items()) {
    if (!text.is_string() || text.AsString().empty())
      return Error::Invalid(key, "got " + text.Dump() + ", want a text");
    texts.push_back(text.AsString());
  }
  return texts;
}

Result<WantedFact> FactOf(const Json& line, size_t num_turns) {
  WantedFact fact;
  TRY(fact.says, TextsAt(line, "says"));
  TRY(fact.says_not, TextsAt(line, "not"));
  if (fact.says.empty()) return Error::Invalid("facts.says", "got none, want what a note has to say");
  if (!line["turns"].is_array() || line["turns"].empty()) {
    return Error::Invalid("facts.turns", "got none, want the numbers of turns");
  }
  for (const Json& number : line["turns"].items()) {
    const int64_t turn = number.is_number() ? number.AsInt64().value_or(0) : 0;
    if (turn < 1 || turn > static_cast<int64_t>(num_turns)) {
      return Error::Invalid("facts.turns", "got " + number.Dump() + ", want 1 to " + std::to_string(num_turns));
    }
    fact.turns.push_back(turn);
  }
  return fact;
}

Result<NotesCase> NotesCaseOf(const Json& line) {
  NotesCase one;
  const Json& turns = line["turns"];
  if (!turns.is_array() || turns.empty() || turns.size() > kMaxTurns) {
    return Error::Invalid("turns", "want 1 to " + std::to_string(kMaxTurns) + " of them");
  }
  for (const Json& said : turns.items()) {
    MemoryTurn turn;
    TRY(turn.speaker, TextMember(said, "speaker"));
    TRY(turn.text, TextMember(said, "text"));
    turn.id = std::to_string(one.turns.size() + 1);
    one.turns.push_back(std::move(turn));
  }
  if (!line["facts"].is_array()) return Error::Invalid("facts", "want a list, which may be empty");
  for (const Json& fact : line["facts"].items()) {
    TRY(WantedFact wanted, FactOf(fact, one.turns.size()));
    one.facts.push_back(std::move(wanted));
  }
  return one;
}

Result<RelationCase> RelationCaseOf(const Json& line) {
  RelationCase one;
  TRY(one.known, TextMember(line, "known"));
  TRY(one.note, TextMember(line, "note"));
  TRY(const std::string name, TextMember(line, "relation"));
  for (size_t i = 0; i < kNoteRelations; ++i) {
    one.relation = static_cast<NoteRelation>(i);
    if (NoteRelationName(one.relation) == name) return one;
  }
  return Error::Invalid("relation",
                        "got '" + name.substr(0, 64) + "', want unrelated, same, replaces, corrects or forget");
}

bool EndsTheKnown(NoteRelation relation) {
  return relation != NoteRelation::kUnrelated && relation != NoteRelation::kSame;
}

}  // namespace

Result<NotesSet> LoadNotesSet(Files& files, const std::string& path) {
  NotesSet set;
  const auto read = [&](const Json& line) -> Result<void> {
    if (set.notes.size() + set.relations.size() == kMaxCases) {
      return Error::TooLarge("", "want at most " + std::to_string(kMaxCases) + " cases");
    }
    if (line.Has("known")) {
      TRY(RelationCase one, RelationCaseOf(line));
      set.relations.push_back(std::move(one));
    } else {
      TRY(NotesCase one, NotesCaseOf(line));
      set.notes.push_back(std::move(one));
    }
    return {};
  };
  TRY_VOID(EachJsonLine(files, path, read));
  if (set.notes.empty() && set.relations.empty()) return Error::Invalid(path, "got no cases");
  return set;
}

bool Says(std::string_view note, const WantedFact& fact) {
  const std::string text = Lower(note);
  const auto has = [&](const std::string& ways) { return HasOneOf(text, Lower(ways)); };
  return std::ranges::all_of(fact.says, has) && std::ranges::none_of(fact.says_not, has);
}

NotesScore ScoreNotes(const std::vector<NotesCase>& cases, const std::vector<std::vector<MemoryFact>>& noted) {
  CHECK(cases.size() == noted.size());
  NotesScore score;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::vector<WantedFact>& facts = cases[i].facts;
    if (facts.empty()) score.silent.push_back(noted[i].empty());
    for (const WantedFact& fact : facts) {
      const auto says = [&](const MemoryFact& note) { return Says(note.text, fact); };
      score.recalled.push_back(std::ranges::any_of(noted[i], says));
    }
    for (const MemoryFact& note : noted[i]) {
      const auto said = std::ranges::find_if(facts, [&](const WantedFact& fact) { return Says(note.text, fact); });
      score.precise.push_back(said != facts.end());
      if (said == facts.end()) continue;
      const auto stands_on = [&](int64_t turn) {
        return std::ranges::find(note.sources, std::to_string(turn)) != note.sources.end();
      };
      score.grounded.push_back(std::ranges::any_of(said->turns, stands_on));
    }
  }
  return score;
}

std::vector<MemoryFact> NoteEachTurn(const NotesCase& one) {
  std::vector<MemoryFact> notes;
  for (const MemoryTurn& turn : one.turns) {
    MemoryFact& note = notes.emplace_back();
    note.text = SpokenText(turn), note.sources = {turn.id};
  }
  return notes;
}

RelationScore ScoreRelations(const std::vector<RelationCase>& cases, const std::vector<NoteRelation>& decided) {
  CHECK(cases.size() == decided.size());
  RelationScore score;
  score.confusion.assign(kNoteRelations, std::vector<int64_t>(kNoteRelations, 0));
  for (size_t i = 0; i < cases.size(); ++i) {
    const NoteRelation wanted = cases[i].relation;
    score.right.push_back(decided[i] == wanted);
    ++score.confusion[static_cast<size_t>(wanted)][static_cast<size_t>(decided[i])];
    if (EndsTheKnown(decided[i]) && !EndsTheKnown(wanted)) ++score.num_harmed;
  }
  return score;
}

}  // namespace atelier
