// How good the notes are that a memory's model writes of conversations, and its decisions how a note relates to what is
// known (agent/memory/note_maker.h). Nobody judges: a file has a case a line, of either kind.
//
//   {"turns": [{"speaker": "Ana", "text": "I moved to Porto."}], "facts": [{"says": ["Ana", "Porto", "move|live"],
//    "turns": [1]}]}
//   {"known": "Ana lives in Rome.", "note": "Ana moved to Oslo.", "relation": "replaces"}
//
// A note says a fact where it has each of `says`, as the beginning of a word, whatever the case; a | stands between
// ways to say it. `not` lists what it must not have. A case without facts has nothing that is worth noting.
//
//   recall      the share of facts that a note says
//   precision   the share of notes that say a fact
//   grounded    of notes that say a fact, the share that stand on one of its turns
//   silent      of cases without facts, the share without notes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/memory/note_maker.h"
#include "base/io/files.h"
#include "base/result.h"

namespace atelier {

struct WantedFact {
  std::vector<std::string> says = {}, says_not = {};
  std::vector<int64_t> turns = {};  // counted from 1
};
struct NotesCase {
  std::vector<MemoryTurn> turns = {};  // with ids "1", "2", …
  std::vector<WantedFact> facts = {};
};
struct RelationCase {
  std::string known = {}, note = {};
  NoteRelation relation = NoteRelation::kUnrelated;
};
struct NotesSet {
  std::vector<NotesCase> notes;
  std::vector<RelationCase> relations;
};

// Errors name the line.
Result<NotesSet> LoadNotesSet(Files& files, const std::string& path);

bool Says(std::string_view note, const WantedFact& fact);

// What was noted of each case, by place; a case whose notes were not brought to an end has none.
struct NotesScore {
  std::vector<bool> recalled;  // of all wanted facts
  std::vector<bool> precise;   // of all notes
  std::vector<bool> grounded;  // of notes that say a fact
  std::vector<bool> silent;    // of cases without facts
};
NotesScore ScoreNotes(const std::vector<NotesCase>& cases, const std::vector<std::vector<MemoryFact>>& noted);
// What a memory without a model could note: each turn as it was said.
std::vector<MemoryFact> NoteEachTurn(const NotesCase& one);

// Of decisions, by place.
struct RelationScore {
  std::vector<bool> right;
  int64_t num_harmed = 0;  // known facts that were ended, withdrawn or forgotten, and should not have been
  // [wanted][decided], in the order of NoteRelation.
  std::vector<std::vector<int64_t>> confusion;
};
RelationScore ScoreRelations(const std::vector<RelationCase>& cases, const std::vector<NoteRelation>& decided);

}  // namespace atelier
