#include "engine/grammar/json_closing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <map>
#include <utility>

namespace atelier {
namespace {

constexpr int64_t kNever = JsonClosing::kNever;
constexpr int64_t kMemberBytes = 4;  // quotes, colon and comma

int64_t Add(int64_t a, int64_t b) { return std::min(kNever, a + b); }

// What is left of a string's value, as JSON, with the quote that ends it. Bytes that finish a character that has begun
// stand for themselves.
std::string Spelled(std::string_view left) {
  size_t lead = 0;
  while (lead < left.size() && (static_cast<uint8_t>(left[lead]) & 0xC0) == 0x80) ++lead;
  return std::string(left.substr(0, lead)) + Json(left.substr(lead)).Dump().substr(1);
}

bool Has(const JsonFrame& frame, int32_t name) { return ((frame.seen[name / 64] >> (name % 64)) & 1) != 0; }

}  // namespace

// A goal that is asked for within itself costs too much: another way is taken, or there is none.
int64_t JsonClosing::Cost(GoalId goal) {
  const auto [at, added] = costs_.try_emplace(goal, kNever);
  if (!added) return at->second;
  const GoalForm& form = machine_->goals().Form(goal);
  int64_t cost = kNever;
  if (form.null_ok || form.true_ok || form.false_ok || form.numbers >= 0 || form.strings != Languages::kNothing) {
    cost = 5;
  } else {
    const JsonPlans::GoalPlans& plans = machine_->plans().Of(goal);
    for (const ArrayPlan* plan : plans.arrays) cost = std::min(cost, CostOf(*plan));
    for (const ObjectPlan* plan : plans.objects) cost = std::min(cost, CostOf(*plan));
  }
  if (cost == kNever) {
    costs_.erase(goal);  // perhaps only for what is being asked now
  } else {
    costs_[goal] = cost;
  }
  return cost;
}

int64_t JsonClosing::CostOf(const ObjectPlan& plan) {
  int64_t cost = 2;
  for (const int32_t name : plan.required) {
    const ObjectPlan::Name& required = plan.names[static_cast<size_t>(name)];
    cost = Add(cost, Add(Cost(required.goal), static_cast<int64_t>(required.text.size()) + kMemberBytes));
  }
  for (const GoalId demand : plan.demand_goals) cost = Add(cost, CostOfDemand(demand));
  return Add(cost, (plan.min - static_cast<int64_t>(plan.required.size())) * kMemberBytes);
}

// What is asked for before its time must cost no less than when it is begun: it would be put off for ever.
int64_t JsonClosing::CostOfDemand(GoalId value) { return Add(Cost(value), 2 * kMemberBytes); }

int64_t JsonClosing::CostOfCount(const ArrayPlan& plan, size_t count, int64_t left) {
  if (left <= 0) return 0;
  const GoalId counted = machine_->goals().And(plan.rest, plan.counts[count].value);
  return left * (std::min<int64_t>(Cost(counted), 1 << 20) + kMemberBytes);
}

int64_t JsonClosing::CostOf(const ArrayPlan& plan) {
  int64_t cost = 2;
  for (size_t i = 0; i < plan.counts.size(); ++i) cost = Add(cost, CostOfCount(plan, i, plan.counts[i].min));
  for (int64_t i = 0; i < std::min(plan.min, kNever); ++i) {
    cost = Add(cost, Add(Cost(plan.Goal(i)), 1));
    if (i >= static_cast<int64_t>(plan.prefix.size())) return Add(cost, (plan.min - i) * Cost(plan.rest));
  }
  return cost;
}

int64_t JsonClosing::CostLeft(const JsonFrame& frame) {
  int64_t cost = 1;
  if (frame.array != nullptr) {
    const ArrayPlan& plan = *frame.array;
    for (int64_t i = frame.num; i < plan.min; ++i) {
      if (i >= static_cast<int64_t>(plan.prefix.size())) {
        cost = Add(cost, (plan.min - i) * (Cost(plan.rest) + 1));
        break;
      }
      cost = Add(cost, Cost(plan.Goal(i)) + 1);
    }
    for (size_t i = 0; i < plan.counts.size(); ++i) {
      cost = Add(cost, CostOfCount(plan, i, plan.counts[i].min - frame.counted[i]));
    }
    return cost;
  }
  const ObjectPlan& plan = *frame.object;
  int64_t more = plan.min - frame.num;
  for (const int32_t name : plan.required) {
    const ObjectPlan::Name& required = plan.names[static_cast<size_t>(name)];
    if (Has(frame, name)) continue;
    --more;
    cost = Add(cost, Add(Cost(required.goal), static_cast<int64_t>(required.text.size()) + kMemberBytes));
  }
  for (size_t i = 0; i < plan.demand_goals.size(); ++i) {
    if (((frame.demands_met >> i) & 1) == 0) cost = Add(cost, CostOfDemand(plan.demand_goals[i]));
  }
  return Add(cost, std::max<int64_t>(0, more) * kMemberBytes);
}

int64_t JsonClosing::CostLeft(const JsonThread& thread) {
  int64_t cost = 0;
  for (const JsonFrame* frame = thread.frame; frame != nullptr;) {
    cost = Add(cost, CostLeft(*frame));
    const auto by_cost = [&](const JsonFrame* a, const JsonFrame* b) { return CostLeft(*a) < CostLeft(*b); };
    const auto least = std::ranges::min_element(frame->parents, by_cost);
    frame = least == frame->parents.end() ? nullptr : *least;
  }
  if (thread.phase == JsonPhase::kValue || thread.phase == JsonPhase::kColon) return Add(cost, Cost(thread.goal));
  if (thread.phase != JsonPhase::kName) return cost;
  // Names that are asked for before others.
  const ObjectPlan& plan = *thread.frame->object;
  const auto can_meet = [&](const ObjectPlan::Others& others) {
    return machine_->CanMeet(*thread.frame, others.goal, others.demands);
  };
  const bool meets = thread.state != Languages::kNothing && can_meet(plan.others[thread.after]);
  const bool missing = thread.low < thread.high && !machine_->IsComplete(*thread.frame);
  return Add(cost, meets ? 1 : missing ? 2 : 3);
}

int64_t JsonClosing::BytesLeft(const JsonThread& thread, std::string_view text) {
  if (thread.phase == JsonPhase::kFirstItem) {
    const bool closes = !machine_->MissingSpace(thread).empty() || Steps(thread, ']', text);
    if (!closes) return kNever + 1;  // it equals another item
  }
  return CostLeft(thread);
}

std::string JsonClosing::Next(std::span<const JsonThread> threads, std::string_view text) {
  for (const JsonThread& thread : threads) {
    if (machine_->Accepts(thread)) return "";
  }
  const JsonThread* best = &threads[0];
  int64_t least = kNever + 1;
  for (const JsonThread& thread : threads) {
    const int64_t cost = BytesLeft(thread, text);
    if (cost < least) best = &thread;
    least = std::min(least, cost);
  }
  return NextOf(*best, text);
}

std::string JsonClosing::NextOf(const JsonThread& thread, std::string_view text) {
  const std::string_view space = machine_->MissingSpace(thread);
  if (!space.empty() && thread.phase != JsonPhase::kNumber) return std::string(space);
  switch (thread.phase) {
    case JsonPhase::kValue: return Value(thread, text);
    case JsonPhase::kWord:
      return std::string(std::array{"null", "true", "false"}[static_cast<size_t>(thread.goal)]).substr(thread.after);
    case JsonPhase::kNumber: return RestOfNumber(thread, text);
    case JsonPhase::kText: return RestOfString(thread);
    case JsonPhase::kName: return RestOfName(thread, text);
    case JsonPhase::kFirstName: return Steps(thread, '}', text) ? "}" : "\"";
    case JsonPhase::kNextName: return "\"";
    case JsonPhase::kColon: return ":";
    case JsonPhase::kFirstItem: return "]";
    case JsonPhase::kAfterValue: return Steps(thread, '}', text) ? "}" : Steps(thread, ']', text) ? "]" : ",";
    case JsonPhase::kEnd: break;
  }
  return "";
}

// Whether the byte can come: an item that equals another may not end.
bool JsonClosing::Steps(const JsonThread& thread, char byte, std::string_view text) {
  Arena arena;
  JsonThreads next;
  machine_->Step(thread, static_cast<uint8_t>(byte), text, arena, next);
  return !next.empty();
}

std::string JsonClosing::Value(const JsonThread& thread, std::string_view text) {
  const GoalId goal = thread.goal;
  const GoalForm& form = machine_->goals().Form(goal);
  if (form.null_ok) return "null";
  if (form.true_ok) return "true";
  if (form.false_ok) return "false";
  if (form.strings != Languages::kNothing) return "\"";
  if (form.numbers >= 0) {
    return RestOfNumber({.phase = JsonPhase::kNumber, .state = NumberTable::kStart, .low = form.numbers}, text);
  }
  const JsonPlans::GoalPlans& plans = machine_->plans().Of(goal);
  int64_t arrays = kNever;
  int64_t objects = kNever;
  for (const ArrayPlan* plan : plans.arrays) arrays = std::min(arrays, CostOf(*plan));
  for (const ObjectPlan* plan : plans.objects) objects = std::min(objects, CostOf(*plan));
  return arrays < objects ? "[" : "{";
}

// The shortest text from here to a number of the set, by breadth.
std::string JsonClosing::RestOfNumber(const JsonThread& thread, std::string_view text) {
  NumberTable& table = machine_->Numbers(thread.low);
  if (table.Accepts(thread.state) && thread.state != NumberTable::kStart) {
    if (!machine_->MissingSpace(thread).empty()) return std::string(machine_->MissingSpace(thread));
    return Steps(thread, '}', text) ? "}" : Steps(thread, ']', text) ? "]" : ",";
  }
  std::map<int32_t, std::string> texts = {{thread.state, ""}};
  for (std::deque<int32_t> open = {thread.state}; !open.empty(); open.pop_front()) {
    const std::string so_far = texts[open.front()];
    if (table.Accepts(open.front())) return so_far;
    for (const char byte : std::string_view("0123456789-.eE+")) {
      const int32_t next = table.Next(open.front(), static_cast<uint8_t>(byte));
      if (next != NumberTable::kDead && texts.try_emplace(next, so_far + byte).second) open.push_back(next);
    }
  }
  return "";
}

std::string JsonClosing::RestOfString(const JsonThread& thread) {
  if (thread.lex == 0) return Spelled(machine_->languages().Shortest(thread.state).value_or(""));
  // An escape that has begun: any byte that it may go on with.
  Arena arena;
  JsonThreads next;
  for (const char byte : std::string_view("n\"\\/bfrtu0123456789abcdef")) {
    machine_->Step(thread, static_cast<uint8_t>(byte), {}, arena, next);
    if (!next.empty()) return {byte};
  }
  return "";
}

std::string JsonClosing::RestOfName(const JsonThread& thread, std::string_view text) {
  const ObjectPlan& plan = *thread.frame->object;
  if (thread.lex != 0) return RestOfString(thread);
  int32_t chosen = -1;
  for (int32_t i = thread.low; i < thread.high; ++i) {
    const int32_t name = plan.sorted[static_cast<size_t>(i)];
    if (!machine_->NameAllowed(*thread.frame, name)) continue;
    const auto rank = [&](int32_t n) {
      const ObjectPlan::Name& each = plan.names[static_cast<size_t>(n)];
      const bool meets = machine_->CanMeet(*thread.frame, each.goal, each.demands);
      return std::pair(machine_->IsWanted(*thread.frame, n) ? 0 : meets ? 1 : 2, Cost(each.goal));
    };
    if (chosen < 0 || rank(name) < rank(chosen)) chosen = name;
  }
  const bool other = thread.state != Languages::kNothing;
  if (chosen >= 0 && (!other || machine_->IsWanted(*thread.frame, chosen))) {
    return Spelled(
        std::string_view(plan.names[static_cast<size_t>(chosen)].text).substr(static_cast<size_t>(thread.goal)));
  }
  // Another name, and none that is there or means something else.
  const auto read = Json::Parse("\"" + std::string(text.substr(thread.begin)) + "\"");
  std::vector<std::string> taken;
  const auto take = [&](std::string_view name) {
    if (read.ok() && name.starts_with(read->AsString())) taken.emplace_back(name.substr(read->AsString().size()));
  };
  for (const OtherName* name = thread.frame->others; name != nullptr; name = name->next) take(name->text);
  for (int32_t i = thread.low; i < thread.high; ++i) {
    take(plan.names[static_cast<size_t>(plan.sorted[static_cast<size_t>(i)])].text);
  }
  JsonThread free = thread;
  Languages& languages = machine_->languages();
  if (!taken.empty()) {
    free.state = languages.And(std::array{thread.state, languages.Not(languages.Words(std::move(taken)))});
  }
  return RestOfString(free);
}

}  // namespace atelier
