// Reads JSON byte by byte against a schema. The state is a few JsonThreads: ways in which what was read so far may
// still become a valid document. A thread is a small value: where it stands within a token of JSON, and a JsonFrame,
// the innermost array or object that is open, which links to the next outer one. Frames never change; a step makes new
// ones.
//
// Invariant: every thread can be completed. A thread that could not is never made; so a byte is allowed when Step makes
// a thread of it, and generation never comes to a dead end.
//
// A thread forks where more than one shape may still hold (`anyOf`), or where an item may or may not be one of those
// that `contains` counts. JsonThreads of one document always stand at the same place of JSON's own grammar. Those that
// come to the same become one again, and those that begin one array or object alike go through it together, with
// several outer frames (a graph-structured stack): so their number follows from the schema, not from the text.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text/json_schema.h"
#include "engine/grammar/arena.h"
#include "engine/grammar/json_goal.h"
#include "engine/grammar/json_plan.h"
#include "engine/grammar/json_spaces.h"
#include "engine/grammar/json_style.h"
#include "engine/grammar/language.h"
#include "engine/grammar/number_table.h"

namespace atelier {

inline constexpr int32_t kMaxNesting = 128;  // arrays and objects within each other

// Names of members that are not in the plan's table, so far; newest first.
struct OtherName {
  const OtherName* next;
  std::string_view text;  // decoded
};

// Values that others must differ from; of an array's items so far the newest first.
struct SeenItem {
  const SeenItem* next;
  const Json* value;
};

struct JsonFrame {
  std::span<const JsonFrame* const> parents = {};  // it ends in each of these; none: the document ends with it
  const ObjectPlan* object = nullptr;              // or:
  const ArrayPlan* array = nullptr;
  int32_t depth = 1;
  bool compared = false;  // its text, or that of something it stands in, is compared with other items when it ends
  int32_t num = 0;        // members whose name, or items whose first byte, was read
  int32_t last = -1;      // objects: index of the last name of the table
  const uint64_t* seen = nullptr;  // objects: names of the table
  const OtherName* others = nullptr;
  uint32_t demands_met = 0;
  int32_t num_others = 0;
  const SeenItem* rivals = nullptr;  // objects that it must not equal, and does so far (json_rivals.cc)
  const int64_t* counted = nullptr;  // arrays: by count
  const SeenItem* items = nullptr;
  uint32_t item_begin = 0;  // offset in the text: arrays: of the current item; objects with rivals: of the value
};

enum class JsonPhase : uint8_t {
  kValue,  // white space, then a value that satisfies `goal`
  kWord,   // in null, true or false
  kNumber,
  kText,        // in a string that is a value
  kFirstName,   // after '{'
  kNextName,    // after ',' in an object
  kName,        // in the name of a member
  kColon,       // after a name
  kFirstItem,   // after '[': only ']' (items have threads of their own)
  kAfterValue,  // before ',' or the end of `frame`
  kEnd,         // after the document: white space
};

struct JsonThread {
  JsonPhase phase = JsonPhase::kEnd;
  uint8_t lex = 0;    // kText, kName: where within an escape; elsewhere white space in a row
  uint8_t after = 0;  // kWord: bytes read; kName: which kind of other names
  const JsonFrame* frame = nullptr;
  GoalId goal = kAnyGoal;  // kValue, kColon; kWord: which word; kName: bytes of the name so far, decoded
  int32_t state = 0;       // kText, kName: language of what may follow; kNumber: state
  int32_t low = 0,
          high = 0;    // kName: names of the table, by text, that begin as what was read; kNumber: low is the set
  uint32_t acc = 0;    // hexadecimal digits of an escape so far
  uint32_t begin = 0;  // kName: offset of its first byte in the text

  bool operator==(const JsonThread&) const = default;
};

using JsonThreads = std::vector<JsonThread>;

class JsonMachine {
 public:
  // Reads every goal that the document can come to. Errors: what cannot be kept (Unsupported, naming keyword and path);
  // over the budget of states or goals (TooLarge); a schema that no value satisfies (Invalid).
  static Result<std::unique_ptr<JsonMachine>> Create(std::shared_ptr<const SchemaDocument> document, JsonStyle style);

  JsonThread Start() const;
  // Appends what `thread` becomes by `byte`.
  //   text   all bytes read before
  //   arena  where frames live; outlives the threads
  void Step(const JsonThread& thread, uint8_t byte, std::string_view text, Arena& arena, JsonThreads& out);
  bool Accepts(const JsonThread& thread) const;  // the document may end here

  // For masks (mask_walk.h).
  using Thread = JsonThread;
  // Leaves out threads that others make needless (json_threads.cc).
  void StepAll(std::span<const JsonThread> threads, uint8_t byte, std::string_view text, Arena& arena,
               JsonThreads& out);
  // Bytes that may come next, and perhaps some that may not.
  ByteSet MayFollow(std::span<const JsonThread> threads);
  // White space changes nothing but the first of it, wherever there is any outside strings.
  bool SpaceIsFree() const { return style_.any_whitespace && style_.max_whitespace < 0 && !spaces_; }
  static bool InString(const JsonThread& thread) {
    return thread.phase == JsonPhase::kText || thread.phase == JsonPhase::kName;
  }
  // What follows the closing quote of a string that is a value. REQUIRES: no item of a unique array ends with it.
  static JsonThread AfterString(const JsonFrame* frame) {
    return {.phase = frame == nullptr ? JsonPhase::kEnd : JsonPhase::kAfterValue, .frame = frame};
  }
  // What follows the closing quote of a name that is in no table.
  void AfterOtherName(const JsonThread& thread, Arena& arena, JsonThreads& out);

  // What closing asks (json_closing.h).
  bool NameAllowed(const JsonFrame& frame, int32_t name) const;  // the member may come next
  bool CanClose(const JsonFrame& frame) const;
  bool IsWanted(const JsonFrame& frame, int32_t name) const;  // required, and not there yet
  // Whether a member of that goal, which these demands speak of, can be one that is still demanded.
  bool CanMeet(const JsonFrame& frame, GoalId goal, uint32_t demands) const;
  bool IsComplete(const JsonFrame& frame) const;  // nothing that is required is missing
  NumberTable& Numbers(int32_t set);

  Languages& languages() { return *languages_; }
  JsonPlans& plans() { return *plans_; }
  JsonGoals& goals() { return *goals_; }
  const JsonStyle& style() const { return style_; }
  // White space that has to come before the thread can go on.
  std::string_view MissingSpace(const JsonThread& thread) const;

 private:
  struct StepContext {
    std::string_view text;
    uint8_t byte;
    Arena& arena;
    JsonThreads& out;
  };
  JsonMachine(std::shared_ptr<const SchemaDocument> document, JsonStyle style);
  Result<void> ReadAll();
  void AddMayFollow(const JsonThread& thread, ByteSet& bytes);
  void AddMayFollowName(const JsonThread& thread, ByteSet& bytes) const;
  ByteSet MayBegin(GoalId goal);
  bool Space(const JsonThread& thread, StepContext& c) const;
  void StepValue(const JsonThread& thread, StepContext& c);
  void StepWord(const JsonThread& thread, StepContext& c);
  void StepNumber(const JsonThread& thread, StepContext& c);
  void StepInString(JsonThread thread, StepContext& c);
  void StepFirstName(const JsonThread& thread, StepContext& c);
  void StepAfterValue(const JsonThread& thread, StepContext& c);
  // An array or object of that goal, which the byte begins, in each of `parents`.
  using Parents = std::span<const JsonFrame* const>;
  void Open(GoalId goal, Parents parents, StepContext& c);
  void OpenTogether(std::span<const JsonThread> threads, StepContext& c);
  void OpenObjects(GoalId goal, const JsonFrame& within, StepContext& c);
  void OpenArrays(GoalId goal, const JsonFrame& within, StepContext& c);
  void Merge(size_t begin, JsonThreads& threads);
  void BeginItems(const JsonFrame& frame, StepContext& c);
  void ForkByCounts(JsonThread thread, JsonFrame frame, size_t count, StepContext& c);
  GoalId WithoutScalars(GoalId goal, std::span<const Json* const> values);

  // Objects that must differ from others (json_rivals.cc).
  using Values = std::vector<const Json*>;
  struct Alike {
    const Json* value;  // of the name
    Values rivals;      // that have it
  };
  static Values RivalsOf(const JsonFrame& frame);
  static std::vector<Alike> ByValue(const Values& rivals, const std::string& name);
  bool AnyEndlessLeft(const JsonFrame& frame, int32_t from) const;
  bool MayCome(const JsonFrame& frame, int32_t name) const;
  bool CanDiffer(const JsonFrame& frame, Values rivals, int32_t from = 0) const;
  bool ValueCanDiffer(const JsonFrame& frame, const Values& rivals, int32_t name, int32_t from) const;
  bool NameDiffers(const JsonFrame& frame, int32_t name) const;
  Values Forbidden(const JsonFrame& frame) const;
  static bool HasRivals(const JsonFrame& parent);
  const SeenItem* RivalsWithin(const JsonFrame& parent, Arena& arena) const;
  void BeginMember(const JsonThread& thread, StepContext& c);
  const JsonFrame* EndMember(const JsonFrame& frame, bool with_byte, StepContext& c) const;
  void BeginName(const JsonThread& thread, StepContext& c);
  void CloseName(const JsonThread& thread, StepContext& c);
  void Member(JsonFrame frame, GoalId goal, uint32_t demands, StepContext& c);
  // The value that ends here, with the byte just read or before it, belongs to `frame`.
  void EndValue(const JsonFrame* frame, bool with_byte, StepContext& c);
  static const Json* ValueFrom(uint32_t begin, bool with_byte, StepContext& c);
  void Close(const JsonFrame& frame, StepContext& c);

  bool StepChar(JsonThread& thread, std::string_view utf8);
  bool StepEscape(JsonThread& thread, uint8_t byte);
  bool UnitPossible(const JsonThread& thread);
  bool AnyUnitPossible(LanguageId state, uint32_t low, uint32_t high);
  bool AnyCharPossible(LanguageId state, uint32_t low, uint32_t high);

  bool OthersAllowed(const JsonFrame& frame) const;
  bool FitsInto(const JsonFrame& frame, int32_t name) const;
  // Whether a member of that goal, which these demands speak of, leaves an object that can be completed. The frame
  // counts the member already.
  bool MemberPossible(const JsonFrame& frame, GoalId goal, uint32_t demands) const;
  bool DemandsPossible(const JsonFrame& frame) const;
  bool NamePossible(const JsonThread& thread);
  bool AnyNamePossible(const JsonFrame& frame) const;

  std::shared_ptr<const SchemaDocument> document_;
  JsonStyle style_;
  std::optional<JsonSpaces> spaces_;  // where a pattern says what they are
  std::unique_ptr<Languages> languages_;
  std::unique_ptr<JsonGoals> goals_;
  std::unique_ptr<JsonPlans> plans_;
  std::vector<std::unique_ptr<NumberTable>> numbers_;  // by index of a NumberSet
  std::unordered_map<uint64_t, bool> units_;           // of escapes in strings: by language and digits so far
  // Of one step:
  JsonThreads opening_;
  std::vector<std::pair<uint64_t, size_t>> alike_;  // hash and index
};

}  // namespace atelier
