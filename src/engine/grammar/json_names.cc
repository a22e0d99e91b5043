// Which members an object may still have, and which it must.
#include <algorithm>
#include <bit>

#include "engine/grammar/json_machine.h"

namespace atelier {
namespace {

bool Has(const JsonFrame& frame, int32_t name) { return ((frame.seen[name / 64] >> (name % 64)) & 1) != 0; }

// What is required and not there, were `name` there too (-1: none).
struct Missing {
  int64_t num = 0;
  int32_t first = INT32_MAX;
};

Missing MissingWith(const JsonFrame& frame, int32_t name) {
  const ObjectPlan& plan = *frame.object;
  Missing missing;
  const auto want = [&](int32_t wanted) {
    if (wanted == name || Has(frame, wanted)) return;
    ++missing.num;
    missing.first = std::min(missing.first, wanted);
  };
  for (const int32_t required : plan.required) want(required);
  if (plan.shape->dependent_required.empty()) return missing;
  std::vector<bool> implied(plan.names.size());
  const auto follow = [&](int32_t from) {
    for (const int32_t needed : plan.names[static_cast<size_t>(from)].requires_too) {
      if (implied[static_cast<size_t>(needed)] || plan.names[static_cast<size_t>(needed)].required) continue;
      implied[static_cast<size_t>(needed)] = true;
      want(needed);
    }
  };
  for (int32_t i = 0; i < static_cast<int32_t>(plan.names.size()); ++i) {
    if (i == name || Has(frame, i) || plan.names[static_cast<size_t>(i)].required) follow(i);
  }
  return missing;
}

}  // namespace

bool JsonMachine::NameAllowed(const JsonFrame& frame, int32_t name) const {
  if (!FitsInto(frame, name)) return false;
  const ObjectPlan& plan = *frame.object;
  if (plan.shape->demands.empty()) return NameDiffers(frame, name);
  std::vector<uint64_t> seen(frame.seen, frame.seen + (plan.names.size() + 63) / 64);
  seen[static_cast<size_t>(name) / 64] |= uint64_t{1} << (name % 64);
  JsonFrame with = frame;
  with.seen = seen.data();
  with.last = name;
  ++with.num;
  return MemberPossible(with, plan.names[static_cast<size_t>(name)].goal,
                        plan.names[static_cast<size_t>(name)].demands);
}

bool JsonMachine::MemberPossible(const JsonFrame& frame, GoalId goal, uint32_t demands) const {
  for (uint32_t left = demands & ~frame.demands_met; left != 0; left &= left - 1) {
    const int demand = std::countr_zero(left);
    const GoalId meets = goals_->And(goal, frame.object->shape->demands[static_cast<size_t>(demand)].value);
    if (!plans_->Satisfiable(meets)) continue;
    JsonFrame with = frame;
    with.demands_met |= uint32_t{1} << demand;
    if (MemberPossible(with, meets, left & (left - 1))) return true;
  }
  return DemandsPossible(frame);
}

bool JsonMachine::CanMeet(const JsonFrame& frame, GoalId goal, uint32_t demands) const {
  for (uint32_t left = demands & ~frame.demands_met; left != 0; left &= left - 1) {
    const MemberDemand& demand = frame.object->shape->demands[static_cast<size_t>(std::countr_zero(left))];
    if (plans_->Satisfiable(goals_->And(goal, demand.value))) return true;
  }
  return false;
}

// Whether each demand that is not met yet can still be, by a member that may come.
bool JsonMachine::DemandsPossible(const JsonFrame& frame) const {
  const ObjectPlan& plan = *frame.object;
  for (size_t d = 0; d < plan.shape->demands.size(); ++d) {
    if (((frame.demands_met >> d) & 1) != 0) continue;
    const auto meets = [&](uint32_t demands, GoalId goal) {
      return ((demands >> d) & 1) != 0 && plans_->Satisfiable(goals_->And(goal, plan.shape->demands[d].value));
    };
    bool possible = OthersAllowed(frame) &&
                    std::ranges::any_of(plan.others, [&](const auto& o) { return meets(o.demands, o.goal); });
    for (size_t i = 0; i < plan.names.size() && !possible; ++i) {
      possible = meets(plan.names[i].demands, plan.names[i].goal) && FitsInto(frame, static_cast<int32_t>(i));
    }
    if (!possible) return false;
  }
  return true;
}

// Whether bounds, order and what it requires let the member come.
bool JsonMachine::FitsInto(const JsonFrame& frame, int32_t name) const {
  const ObjectPlan& plan = *frame.object;
  if (!plan.names[static_cast<size_t>(name)].allowed || Has(frame, name)) return false;
  if (style_.schema_order && name < frame.last) return false;
  const bool bounded = plan.max != INT64_MAX;
  if (!bounded && !style_.schema_order && plan.shape->dependent_required.empty()) return true;
  const Missing missing = MissingWith(frame, name);
  if (bounded && frame.num + 1 + missing.num > plan.max) return false;
  if (!style_.schema_order) return true;
  if (missing.first < name) return false;
  if (plan.min <= frame.num + 1 + missing.num || plan.others_endless) return true;
  const auto later =
      std::count_if(plan.names.begin() + name + 1, plan.names.end(), [](const auto& n) { return n.allowed; });
  return frame.num + 1 + later + plan.num_others - frame.num_others >= plan.min;
}

bool JsonMachine::OthersAllowed(const JsonFrame& frame) const {
  const ObjectPlan& plan = *frame.object;
  if (plan.others.empty()) return false;
  if (plan.max == INT64_MAX && !style_.schema_order) return true;
  const Missing missing = MissingWith(frame, -1);
  if (style_.schema_order) {  // none of the table comes behind them
    if (missing.num > 0) return false;
    if (!plan.others_endless && frame.num + plan.num_others - frame.num_others < plan.min) return false;
  }
  return plan.max == INT64_MAX || frame.num + 1 + missing.num <= plan.max;
}

bool JsonMachine::AnyNamePossible(const JsonFrame& frame) const {
  const ObjectPlan& plan = *frame.object;
  if (OthersAllowed(frame)) {
    if (plan.others_endless || frame.num_others < plan.num_others) return true;
  }
  for (int32_t i = 0; i < static_cast<int32_t>(plan.names.size()); ++i) {
    if (NameAllowed(frame, i)) return true;
  }
  return false;
}

bool JsonMachine::NamePossible(const JsonThread& thread) {
  if (thread.state != Languages::kNothing && !languages_->IsNothing(thread.state)) return true;
  for (int32_t i = thread.low; i < thread.high; ++i) {
    if (NameAllowed(*thread.frame, thread.frame->object->sorted[static_cast<size_t>(i)])) return true;
  }
  return false;
}

bool JsonMachine::IsWanted(const JsonFrame& frame, int32_t name) const {
  return !Has(frame, name) && MissingWith(frame, -1).num > MissingWith(frame, name).num;
}

bool JsonMachine::IsComplete(const JsonFrame& frame) const { return MissingWith(frame, -1).num == 0; }

bool JsonMachine::CanClose(const JsonFrame& frame) const {
  if (frame.array != nullptr) {
    if (frame.num < frame.array->min) return false;
    for (size_t i = 0; i < frame.array->counts.size(); ++i) {
      if (frame.counted[i] < frame.array->counts[i].min) return false;
    }
    return true;
  }
  const ObjectPlan& plan = *frame.object;
  if (frame.num < plan.min || MissingWith(frame, -1).num > 0) return false;
  for (const SeenItem* rival = frame.rivals; rival != nullptr; rival = rival->next) {
    if (rival->value->is_object() && rival->value->size() == frame.num) return false;
  }
  return frame.demands_met == (uint32_t{1} << plan.shape->demands.size()) - 1;
}

}  // namespace atelier
