#include "engine/grammar/json_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace atelier {
namespace {

constexpr int kMaxRequiredDepth = 300;  // values that require each other; deeper is refused
constexpr size_t kMaxPatterns = 10;     // of one shape: their combinations are enumerated
constexpr size_t kMaxOthers = 200;      // kinds of members beyond the table

}  // namespace

int64_t ArrayPlan::Count::Num(const std::vector<bool>& listed, bool in_rest, int64_t index, int64_t size) const {
  int64_t num = 0;
  const auto num_listed = static_cast<int64_t>(listed.size());
  for (int64_t i = std::max(index, from); i < std::min(num_listed, size); ++i) num += listed[static_cast<size_t>(i)];
  const int64_t first = std::max({index, from, num_listed});
  if (in_rest && size > first) num += size == INT64_MAX ? INT64_MAX / 2 : size - first;
  return num;
}

bool JsonPlans::Satisfiable(GoalId goal) {
  if (goal == kAnyGoal) return true;
  if (goal == kNeverGoal) return false;
  if (answers_.size() <= static_cast<size_t>(goal)) answers_.resize(static_cast<size_t>(goal) + 64, Answer::kOpen);
  switch (answers_[static_cast<size_t>(goal)]) {
    case Answer::kYes: return true;
    case Answer::kNo: return false;
    case Answer::kAsked: return provisional_ = true, false;  // a value within itself without end is none
    case Answer::kOpen: break;
  }
  if (depth_ >= kMaxRequiredDepth) {
    goals_->Refuse(*goals_->Literals(goal)[0].node, "required", "got values that require each other too deep");
    return false;
  }
  answers_[static_cast<size_t>(goal)] = Answer::kAsked;
  const bool outer_provisional = std::exchange(provisional_, false);
  ++depth_;
  const bool yes = Decide(goal);
  --depth_;
  const bool sure = yes || !provisional_ || depth_ == 0;
  answers_[static_cast<size_t>(goal)] = yes ? Answer::kYes : sure ? Answer::kNo : Answer::kOpen;
  provisional_ = outer_provisional || (!sure && depth_ > 0);
  return yes;
}

bool JsonPlans::Decide(GoalId goal) {
  const GoalForm& form = goals_->Form(goal);
  if (form.null_ok || form.true_ok || form.false_ok || form.numbers >= 0) return true;
  if (form.strings != Languages::kNothing) return true;
  return std::ranges::any_of(form.arrays, [&](const ArrayShape* shape) { return Satisfiable(*shape); }) ||
         std::ranges::any_of(form.objects, [&](const ObjectShape* shape) { return Satisfiable(*shape); });
}

GoalId JsonPlans::MemberGoal(const ObjectShape& shape, const std::string& name) {
  return goals_->Intern(LiteralsOfMember(shape, name, goals_->languages()));
}

bool JsonPlans::Satisfiable(const ObjectShape& shape) {
  if (shape.min > shape.max) return false;
  std::set<std::string> required(shape.required.begin(), shape.required.end());
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& [name, others] : shape.dependent_required) {
      if (!required.contains(name)) continue;
      for (const std::string& other : others) grew = required.insert(other).second || grew;
    }
  }
  if (static_cast<int64_t>(required.size()) > shape.max) return false;
  for (const std::string& name : required) {
    if (!ContainsText(goals_->languages(), shape.names, name)) return false;
    if (!Satisfiable(MemberGoal(shape, name))) return false;
  }
  if (shape.demands.empty() && shape.min <= static_cast<int64_t>(required.size())) return true;
  // More members are wanted than are named: the plan knows which can be had.
  ObjectPlan plan;
  plan.shape = &shape;
  AddNames(shape, plan);
  AddDependencies(shape, plan);
  AddOthers(shape, plan);
  for (size_t d = 0; d < shape.demands.size(); ++d) {
    if (!CanMeet(plan, d)) return false;
    const auto meets = [&](int32_t name) { return ((plan.names[static_cast<size_t>(name)].demands >> d) & 1) != 0; };
    const bool by_required = std::ranges::any_of(plan.required, meets);
    if (!by_required && static_cast<int64_t>(required.size()) + 1 > shape.max) return false;
  }
  if (plan.others_endless) return true;
  return std::ranges::count_if(plan.names, &ObjectPlan::Name::allowed) + *NumOthers(plan) >= shape.min;
}

// Whether some member can be what the demand asks for.
bool JsonPlans::CanMeet(const ObjectPlan& plan, size_t demand) {
  const SchemaLiteral value = plan.shape->demands[demand].value;
  const auto meets = [&](uint32_t demands, GoalId goal) {
    return ((demands >> demand) & 1) != 0 && Satisfiable(goals_->And(goal, value));
  };
  return std::ranges::any_of(plan.names, [&](const auto& n) { return n.allowed && meets(n.demands, n.goal); }) ||
         std::ranges::any_of(plan.others, [&](const auto& o) { return meets(o.demands, o.goal); });
}

bool JsonPlans::Satisfiable(const ArrayShape& shape) {
  const int64_t listed = static_cast<int64_t>(shape.prefix.size());
  for (int64_t i = 0; i < std::min(shape.min, listed); ++i) {
    if (!Satisfiable(goals_->Intern(shape.prefix[static_cast<size_t>(i)]))) return false;
  }
  if (shape.min > listed && !Satisfiable(goals_->Intern(shape.rest))) return false;
  if (shape.min > shape.max) return false;
  if (shape.counts.empty() && shape.unique == nullptr) return true;
  const ArrayPlan* plan = PlanOf(shape);
  if (shape.min > plan->max) return false;
  return std::ranges::all_of(plan->counts, [&](const auto& count) {
    return count.Room(0, plan->max) >= count.min && count.Forced(0, plan->min) <= count.max;
  });
}

const JsonPlans::GoalPlans& JsonPlans::Of(GoalId goal) {
  auto& plans = plans_[goal];
  if (plans == nullptr) {
    plans = std::make_unique<GoalPlans>();
    const GoalForm& form = goals_->Form(goal);
    GoalPlans made;
    for (const ObjectShape* shape : form.objects) {
      if (Satisfiable(*shape)) made.objects.push_back(PlanOf(*shape));
    }
    for (const ArrayShape* shape : form.arrays) {
      if (Satisfiable(*shape)) made.arrays.push_back(PlanOf(*shape));
    }
    auto& slot = plans_[goal];  // making plans may have added others
    *slot = std::move(made);
    return *slot;
  }
  return *plans;
}

void JsonPlans::AddNames(const ObjectShape& shape, ObjectPlan& plan) {
  std::unordered_map<std::string_view, bool> seen;
  std::vector<std::string> texts;
  const auto add = [&](const std::string& name) {
    if (seen.try_emplace(name, true).second) texts.push_back(name);
  };
  // The order of the schema: of the nodes' own lists, which rules keep sorted.
  for (const MemberRule& rule : shape.rules) {
    for (const std::string& name : rule.order) add(name);
    for (const auto& [name, literal] : rule.names) add(name);
  }
  for (const std::string& name : shape.required) add(name);
  for (const auto& [name, others] : shape.dependent_required) {
    add(name);
    for (const std::string& other : others) add(other);
  }
  for (const std::string& text : texts) {
    ObjectPlan::Name name;
    name.text = text;
    name.goal = MemberGoal(shape, text);
    name.required = std::ranges::find(shape.required, text) != shape.required.end();
    name.allowed = Satisfiable(name.goal) && ContainsText(goals_->languages(), shape.names, text);
    for (size_t d = 0; d < shape.demands.size(); ++d) {
      if (ContainsText(goals_->languages(), shape.demands[d].names, text)) name.demands |= uint32_t{1} << d;
    }
    if (name.required) plan.required.push_back(static_cast<int32_t>(plan.names.size()));
    plan.names.push_back(std::move(name));
  }
  plan.sorted.resize(plan.names.size());
  for (size_t i = 0; i < plan.sorted.size(); ++i) plan.sorted[i] = static_cast<int32_t>(i);
  std::ranges::sort(plan.sorted, {},
                    [&](int32_t i) { return std::string_view(plan.names[static_cast<size_t>(i)].text); });
}

void JsonPlans::AddDependencies(const ObjectShape& shape, ObjectPlan& plan) {
  if (shape.dependent_required.empty()) return;
  std::unordered_map<std::string_view, int32_t> index;
  for (size_t i = 0; i < plan.names.size(); ++i) index.emplace(plan.names[i].text, static_cast<int32_t>(i));
  std::vector<std::set<int32_t>> needs(plan.names.size());
  for (const auto& [name, others] : shape.dependent_required) {
    for (const std::string& other : others) needs[static_cast<size_t>(index.at(name))].insert(index.at(other));
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (auto& need : needs) {
      const size_t before = need.size();
      for (const int32_t other : std::vector<int32_t>(need.begin(), need.end())) {
        need.insert(needs[static_cast<size_t>(other)].begin(), needs[static_cast<size_t>(other)].end());
      }
      grew = grew || need.size() != before;
    }
  }
  for (size_t i = 0; i < needs.size(); ++i) {
    ObjectPlan::Name& name = plan.names[i];
    needs[i].erase(static_cast<int32_t>(i));
    name.requires_too.assign(needs[i].begin(), needs[i].end());
  }
  for (ObjectPlan::Name& name : plan.names) {
    name.allowed = name.allowed && std::ranges::all_of(name.requires_too, [&](int32_t other) {
                     const ObjectPlan::Name& needed = plan.names[static_cast<size_t>(other)];
                     return Satisfiable(needed.goal) && ContainsText(goals_->languages(), shape.names, needed.text);
                   });
  }
}

// Which names beyond the table may stand here: for each combination of the rules' patterns that leaves a goal that can
// be satisfied, the names that match just these patterns.
void JsonPlans::AddOthers(const ObjectShape& shape, ObjectPlan& plan) {
  Languages& languages = goals_->languages();
  struct Pattern {
    LanguageId names;
    size_t rule = SIZE_MAX;  // that has it; or:
    size_t demand = SIZE_MAX;
    SchemaLiteral value = {};
  };
  std::vector<Pattern> patterns;
  for (size_t r = 0; r < shape.rules.size(); ++r) {
    for (const auto& [language, literal] : shape.rules[r].patterns)
      patterns.push_back({language, r, SIZE_MAX, literal});
  }
  for (size_t d = 0; d < shape.demands.size(); ++d) {
    plan.demand_goals.push_back(goals_->Intern({shape.demands[d].value}));
    patterns.push_back({shape.demands[d].names, SIZE_MAX, d, shape.demands[d].value});
  }
  if (patterns.size() > kMaxPatterns) {
    goals_->Refuse(*patterns[0].value.node, "patternProperties", "got over 10 patterns of names that hold together");
    return;
  }
  std::map<std::pair<GoalId, uint32_t>, std::vector<LanguageId>> kinds;
  for (size_t chosen = 0; chosen < (size_t{1} << patterns.size()); ++chosen) {
    std::vector<SchemaLiteral> literals;
    std::vector<LanguageId> parts = {shape.names};
    std::vector<bool> matched(shape.rules.size());
    uint32_t demands = 0;
    for (size_t i = 0; i < patterns.size(); ++i) {
      const bool in = ((chosen >> i) & 1) != 0;
      parts.push_back(in ? patterns[i].names : languages.Not(patterns[i].names));
      if (in && patterns[i].rule != SIZE_MAX) {
        literals.push_back(patterns[i].value);
        matched[patterns[i].rule] = true;
      } else if (in) {
        demands |= uint32_t{1} << patterns[i].demand;
      }
    }
    for (size_t r = 0; r < shape.rules.size(); ++r) {
      if (!matched[r] && shape.rules[r].others) literals.push_back(*shape.rules[r].others);
    }
    const GoalId goal = goals_->Intern(std::move(literals));
    const LanguageId names = languages.And(parts);
    if (names != Languages::kNothing && Satisfiable(goal)) kinds[{goal, demands}].push_back(names);
  }
  std::vector<std::string> known;
  for (const ObjectPlan::Name& name : plan.names) known.push_back(name.text);
  const LanguageId not_known = known.empty() ? Languages::kAnyText : languages.Not(languages.Words(std::move(known)));
  for (const auto& [kind, choices] : kinds) {
    LanguageId names = languages.Or(choices);
    if (names != Languages::kAnyText) names = languages.And(std::array{names, not_known});
    if (!languages.IsNothing(names)) plan.others.push_back({names, kind.first, kind.second});
  }
  if (plan.others.size() > kMaxOthers) {
    goals_->Refuse(*patterns[0].value.node, "patternProperties", "got too many kinds of members together");
  }
  const auto num = NumOthers(plan);
  plan.others_endless = !num;
  plan.num_others = num.value_or(0);
}

// How many names beyond the table there are; nothing where they are many.
std::optional<int64_t> JsonPlans::NumOthers(const ObjectPlan& plan) {
  int64_t num = 0;
  for (const ObjectPlan::Others& others : plan.others) {
    const auto some = goals_->languages().Count(others.names, kManyNames);
    if (!some) return std::nullopt;
    num += *some;
  }
  return num;
}

const ObjectPlan* JsonPlans::PlanOf(const ObjectShape& shape) {
  auto plan = std::make_unique<ObjectPlan>();
  plan->shape = &shape;
  plan->min = shape.min;
  plan->max = shape.max;
  AddNames(shape, *plan);
  AddDependencies(shape, *plan);
  AddOthers(shape, *plan);
  return object_plans_.emplace_back(std::move(plan)).get();
}

// Items that cannot but count bound the array's size. Two counts that may contradict each other otherwise are refused:
// whether both can be kept is no question of sizes alone.
void JsonPlans::BoundByCounts(ArrayPlan& plan) {
  int64_t num_open = 0;
  for (const ArrayPlan::Count& count : plan.counts) {
    if (count.max == INT64_MAX) continue;
    num_open += !count.forced_in_rest;
    const auto listed = static_cast<int64_t>(plan.prefix.size());
    while (plan.max < INT64_MAX && plan.max > 0 && count.Forced(0, plan.max) > count.max) --plan.max;
    if (plan.max == INT64_MAX && count.forced_in_rest) {
      plan.max = std::max(listed, count.from) + std::max<int64_t>(0, count.max - count.Forced(0, listed));
    }
  }
  if (plan.counts.size() > 1 && num_open > 0) {
    goals_->Refuse(*plan.counts[0].value.node, "", "got a maximum of items of one kind beside counts of other kinds");
  }
  const auto narrow = std::ranges::count_if(plan.counts, [&](const ArrayPlan::Count& count) {
    return count.min > 0 && (plan.max != INT64_MAX || !count.possible_in_rest);
  });
  if (narrow > 1) goals_->Refuse(*plan.counts[0].value.node, "", "got items of several kinds for too few places");
}

const ArrayPlan* JsonPlans::PlanOf(const ArrayShape& shape) {
  auto plan = std::make_unique<ArrayPlan>();
  plan->shape = &shape;
  plan->min = shape.min;
  plan->max = shape.max;
  for (const auto& literals : shape.prefix) {
    plan->prefix.push_back(goals_->Intern(literals));
    if (!Satisfiable(plan->prefix.back())) {
      plan->max = std::min(plan->max, static_cast<int64_t>(plan->prefix.size()) - 1);
    }
  }
  plan->rest = goals_->Intern(shape.rest);
  if (!Satisfiable(plan->rest)) plan->max = std::min(plan->max, static_cast<int64_t>(plan->prefix.size()));
  if (shape.unique != nullptr) BoundUnique(*plan);
  for (const ItemCount& count : shape.counts) {
    ArrayPlan::Count made{count.value, count.from, count.min, count.max, {}, false, {}, false};
    for (const GoalId goal : plan->prefix) made.possible.push_back(Satisfiable(goals_->And(goal, count.value)));
    made.possible_in_rest = Satisfiable(goals_->And(plan->rest, count.value));
    if (shape.unique != nullptr && count.min > 1 && NumScalars(goals_->And(plan->rest, count.value), kManyNames)) {
      goals_->Refuse(*shape.unique, "uniqueItems", "got it beside minContains of what has few values");
    }
    const auto forced = [&](GoalId goal) {
      return count.max != INT64_MAX && !Satisfiable(goals_->And(goal, count.value.Not()));
    };
    for (const GoalId goal : plan->prefix) made.forced.push_back(forced(goal));
    made.forced_in_rest = forced(plan->rest);
    plan->counts.push_back(std::move(made));
  }
  BoundByCounts(*plan);
  return array_plans_.emplace_back(std::move(plan)).get();
}

}  // namespace atelier
