// JsonPlans: items that must differ (`uniqueItems`), so that a begun item never comes to a dead end.
#include <algorithm>
#include <set>

#include "base/check.h"
#include "engine/grammar/json_plan.h"

namespace atelier {
namespace {

constexpr int64_t kManyValues = 4'096;  // more than these are taken for endless

}  // namespace

// The number of values that satisfy the goal, all of them scalars; nothing where they are over `limit` or endless.
std::optional<int64_t> JsonPlans::NumScalars(GoalId goal, int64_t limit) {
  const GoalForm& form = goals_->Form(goal);
  int64_t num = form.null_ok + form.true_ok + form.false_ok;
  if (form.numbers >= 0) {
    const NumberSides& numbers = goals_->Numbers(form.numbers);
    const auto members = numbers.whole.Or(numbers.others()).Members(limit);
    if (!members) return std::nullopt;
    num += static_cast<int64_t>(members->size());
  }
  const auto strings = goals_->languages().Count(form.strings, limit);
  if (!strings || num + *strings > limit) return std::nullopt;
  return num + *strings;
}

bool JsonPlans::HasContainers(GoalId goal) {
  const GoalForm& form = goals_->Form(goal);
  return !form.arrays.empty() || !form.objects.empty();
}

const JsonPlans::NumValues& JsonPlans::NumValuesOf(const ObjectPlan& plan) {
  const auto [at, added] = num_values_.try_emplace(&plan);
  if (!added) return at->second;
  NumValues values;
  for (const ObjectPlan::Name& name : plan.names) {
    values.push_back(HasContainers(name.goal) ? std::nullopt : NumScalars(name.goal, kManyValues));
  }
  return num_values_[&plan] = std::move(values);
}

// Whether an array that has begun can be made to differ from any number of others: it can always go on.
bool JsonPlans::CanDiffer(const ArrayShape& shape) {
  const auto can_be = [&](const std::vector<SchemaLiteral>& item) { return Satisfiable(goals_->Intern(item)); };
  return shape.max == INT64_MAX && shape.counts.empty() && std::ranges::all_of(shape.prefix, can_be) &&
         can_be(shape.rest);
}

// It can always go on, or some member of its table tells it from all others. Where it is asked for within itself it can
// if it can otherwise.
bool JsonPlans::CanDiffer(const ObjectShape& shape) {
  const auto [at, added] = can_differ_.try_emplace(&shape, Answer::kAsked);
  if (!added) return at->second != Answer::kNo;
  const ObjectPlan* plan = PlanOf(shape);
  const bool can = plan->Endless() || MembersTell(*plan);
  can_differ_[&shape] = can ? Answer::kYes : Answer::kNo;
  return can;
}

// Whichever of the names that may be left out stand there, the object is whole; and one of them has values without end.
bool JsonPlans::MembersTell(const ObjectPlan& plan) {
  const ObjectShape& shape = *plan.shape;
  if (!plan.others.empty() || !shape.demands.empty() || !shape.dependent_required.empty()) return false;
  if (plan.min > static_cast<int64_t>(plan.required.size())) return false;
  if (plan.max < static_cast<int64_t>(plan.names.size())) return false;
  const NumValues& values = NumValuesOf(plan);
  bool endless = false;
  for (size_t i = 0; i < plan.names.size(); ++i) {
    if (!plan.names[i].allowed) continue;
    const GoalForm& form = goals_->Form(plan.names[i].goal);
    if (!std::ranges::all_of(form.arrays, [&](const ArrayShape* array) { return CanDiffer(*array); })) return false;
    bool asked = false;
    for (const ObjectShape* object : form.objects) {
      if (!CanDiffer(*object)) return false;
      asked = asked || can_differ_[object] == Answer::kAsked;
    }
    endless = endless || (!values[i] && !(asked && form.arrays.empty()));
  }
  return endless;
}

// Items that are scalars are kept apart by their goals. Arrays and objects must be such that they can always be made to
// differ: arrays are compared when they end, objects member by member (json_rivals.cc).
void JsonPlans::BoundUnique(ArrayPlan& plan) {
  std::vector<GoalId> goals = plan.prefix;
  if (plan.max > static_cast<int64_t>(plan.prefix.size())) goals.push_back(plan.rest);
  const SchemaNode& unique = *plan.shape->unique;
  bool endless = false;
  for (const GoalId goal : goals) {
    const GoalForm& form = goals_->Form(goal);
    endless = endless || HasContainers(goal);
    for (const ArrayShape* shape : form.arrays) {
      if (!CanDiffer(*shape)) goals_->Refuse(unique, "uniqueItems", "got items that are arrays of bounded size");
    }
    for (const ObjectShape* shape : form.objects) {
      if (!CanDiffer(*shape)) goals_->Refuse(unique, "uniqueItems", "got items that are objects of few values");
      if (plan.shape->counts.empty() || PlanOf(*shape)->Endless()) continue;
      goals_->Refuse(unique, "uniqueItems", "got it beside contains, of objects without further properties");
    }
  }
  BoundUniquePrefix(plan);
  if (endless || goals.empty()) return;
  if (const auto num = NumScalars(goals.back(), kManyValues); num && plan.prefix.empty()) {
    plan.max = std::min(plan.max, *num);
  }
}

// Of goals that one scalar satisfies: equal for equal scalars, however the goals were put together.
std::string JsonPlans::SingleScalar(GoalId goal) {
  const GoalForm& form = goals_->Form(goal);
  if (form.null_ok) return "null";
  if (form.true_ok || form.false_ok) return form.true_ok ? "true" : "false";
  if (form.numbers < 0) return "\"" + goals_->languages().Shortest(form.strings).value_or("");
  const NumberSides& numbers = goals_->Numbers(form.numbers);
  const auto members = numbers.whole.Or(numbers.others()).Members(1);
  CHECK(members && members->size() == 1);
  return (*members)[0].Text();
}

// The places behind those that are listed have to have items, and not values enough for them beside what is listed.
bool JsonPlans::PrefixMayTakeWhatRestNeeds(const ArrayPlan& plan) {
  const int64_t needed = plan.min - static_cast<int64_t>(plan.prefix.size());
  if (plan.prefix.empty() || needed <= 0 || HasContainers(plan.rest)) return false;
  const auto num = NumScalars(plan.rest, kManyValues);
  if (!num || *num == 0) return false;
  const auto takes = [&](GoalId goal) {
    std::vector<SchemaLiteral> both(goals_->Literals(goal).begin(), goals_->Literals(goal).end());
    both.insert(both.end(), goals_->Literals(plan.rest).begin(), goals_->Literals(plan.rest).end());
    return Satisfiable(goals_->Intern(std::move(both)));
  };
  return *num < needed + std::ranges::count_if(plan.prefix, takes);
}

// A place of few values may lose them to others. Only where every place has one value is that plain to see: they must
// differ.
void JsonPlans::BoundUniquePrefix(ArrayPlan& plan) {
  const auto num_listed = static_cast<int64_t>(plan.prefix.size());
  std::set<std::string> singles;
  bool few = false;
  bool others = plan.max > num_listed;
  for (int64_t i = 0; i < std::min(num_listed, plan.max); ++i) {
    const GoalId goal = plan.prefix[static_cast<size_t>(i)];
    const auto num = HasContainers(goal) ? std::nullopt : NumScalars(goal, kManyNames);
    if (num == 1 && !singles.insert(SingleScalar(goal)).second) {
      plan.max = i;
      break;
    }
    few = few || (num && *num < plan.max);
    others = others || num != 1;
  }
  if ((few && others) || PrefixMayTakeWhatRestNeeds(plan))
    goals_->Refuse(*plan.shape->unique, "uniqueItems", "got it beside places of few values");
}

}  // namespace atelier
