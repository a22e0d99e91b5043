// A shape made ready for matching: names in a table, goals interned, what can never be satisfied left out.
//
// Invariant that the matcher lives by: from every state that it enters, some text leads to a whole valid value. So
// plans answer not only "is this name allowed" but "is it allowed and can its value, and all that it then requires, be
// had".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/grammar/json_goal.h"

namespace atelier {

inline constexpr int64_t kManyNames = 64;  // a language with more members than this counts as endless

// A set of small numbers. Values are shared and never changed; Add makes a new one in `out`.
using Bits = std::vector<uint64_t>;

struct ObjectPlan {
  struct Name {
    std::string text;
    GoalId goal = kAnyGoal;
    bool allowed = true;  // its goal can be satisfied, and so can all that it requires
    bool required = false;
    uint32_t demands = 0;               // bits of the shape's demands that speak of it
    std::vector<int32_t> requires_too;  // of dependentRequired, transitively; indices of names
  };

  const ObjectShape* shape = nullptr;
  std::vector<Name> names;        // in the order of the schema
  std::vector<int32_t> sorted;    // names by text
  std::vector<int32_t> required;  // indices, ascending
  // Names beyond the table whose values can be had, by what their values must be. Where there is but one kind, of any
  // name, its language holds the table's names too, which the matcher excludes; else the languages are disjoint.
  struct Others {
    LanguageId names;
    GoalId goal;
    uint32_t demands = 0;  // as of Name
  };
  std::vector<Others> others;
  bool others_endless = false;       // no number of members uses them up
  int64_t num_others = 0;            // of their names, where not endless
  std::vector<GoalId> demand_goals;  // by demand: its value alone
  int64_t min = 0, max = INT64_MAX;

  bool Endless() const { return others_endless && max == INT64_MAX; }  // another member can always be added
};

struct ArrayPlan {
  const ArrayShape* shape = nullptr;
  std::vector<GoalId> prefix;
  GoalId rest = kAnyGoal;
  int64_t min = 0, max = INT64_MAX;  // max: items beyond it cannot be had
  struct Count {
    SchemaLiteral value;
    int64_t from = 0, min = 0, max = INT64_MAX;
    std::vector<bool> possible;  // at each index of the prefix
    bool possible_in_rest = false;
    std::vector<bool> forced;  // where it has a max: items at each index of the prefix that cannot but count
    bool forced_in_rest = false;
    // How many of the items from `index` on could still be counted, if the array may have `size` items.
    int64_t Room(int64_t index, int64_t size) const { return Num(possible, possible_in_rest, index, size); }
    // How many of them must be.
    int64_t Forced(int64_t index, int64_t size) const { return Num(forced, forced_in_rest, index, size); }
    int64_t Num(const std::vector<bool>& listed, bool in_rest, int64_t index, int64_t size) const;
  };
  std::vector<Count> counts;

  GoalId Goal(int64_t index) const {
    return index < static_cast<int64_t>(prefix.size()) ? prefix[static_cast<size_t>(index)] : rest;
  }
};

class JsonPlans {
 public:
  explicit JsonPlans(JsonGoals& goals) : goals_(&goals) {}

  // Whether some value satisfies the goal.
  bool Satisfiable(GoalId goal);
  // The plans of a goal's shapes that can be satisfied. Made once.
  struct GoalPlans {
    std::vector<const ObjectPlan*> objects;
    std::vector<const ArrayPlan*> arrays;
  };
  const GoalPlans& Of(GoalId goal);
  // Whether an object that has begun can be made to differ from any number of others.
  bool CanDiffer(const ObjectShape& shape);
  // How many values each name of the table can have; nothing: arrays or objects among them, or more than are used up.
  using NumValues = std::vector<std::optional<int64_t>>;
  const NumValues& NumValuesOf(const ObjectPlan& plan);

  JsonGoals& goals() { return *goals_; }

 private:
  enum class Answer : uint8_t { kOpen, kAsked, kYes, kNo };
  bool Decide(GoalId goal);
  const ObjectPlan* PlanOf(const ObjectShape& shape);
  const ArrayPlan* PlanOf(const ArrayShape& shape);
  bool Satisfiable(const ObjectShape& shape);
  bool Satisfiable(const ArrayShape& shape);
  bool CanMeet(const ObjectPlan& plan, size_t demand);
  void AddNames(const ObjectShape& shape, ObjectPlan& plan);
  void AddDependencies(const ObjectShape& shape, ObjectPlan& plan);
  void AddOthers(const ObjectShape& shape, ObjectPlan& plan);
  std::optional<int64_t> NumOthers(const ObjectPlan& plan);
  void BoundUnique(ArrayPlan& plan);
  bool PrefixMayTakeWhatRestNeeds(const ArrayPlan& plan);
  void BoundUniquePrefix(ArrayPlan& plan);
  bool HasContainers(GoalId goal);
  bool CanDiffer(const ArrayShape& shape);
  bool MembersTell(const ObjectPlan& plan);
  void BoundByCounts(ArrayPlan& plan);
  std::optional<int64_t> NumScalars(GoalId goal, int64_t limit);
  std::string SingleScalar(GoalId goal);
  GoalId MemberGoal(const ObjectShape& shape, const std::string& name);

  JsonGoals* goals_;
  std::vector<Answer> answers_;
  int depth_ = 0;
  bool provisional_ = false;  // a `no` that leaned on a question still open
  std::unordered_map<GoalId, std::unique_ptr<GoalPlans>> plans_;
  std::unordered_map<const ObjectShape*, Answer> can_differ_;
  std::unordered_map<const ObjectPlan*, NumValues> num_values_;
  std::vector<std::unique_ptr<ObjectPlan>> object_plans_;
  std::vector<std::unique_ptr<ArrayPlan>> array_plans_;
};

}  // namespace atelier
