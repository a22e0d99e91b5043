// JsonMachine: objects that must differ from others (`uniqueItems`) and have no further properties, so that they cannot
// simply go on until they do. Such an object keeps its rivals: of the objects it must differ from those whose members
// are, so far, its own. Each member leaves those that have the same value there; a name is allowed, and a value, where
// some way to end the object is left that is none of them. JsonPlans has seen to it that the object has a member whose
// values are endless, so a begun one has such a way.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/grammar/json_machine.h"

namespace atelier {
namespace {

bool Has(const JsonFrame& frame, int32_t name) { return ((frame.seen[name / 64] >> (name % 64)) & 1) != 0; }

bool InTable(const ObjectPlan& plan, const std::string& key) {
  const auto text = [&](int32_t name) -> const std::string& { return plan.names[static_cast<size_t>(name)].text; };
  const auto at = std::ranges::lower_bound(plan.sorted, key, {}, text);
  return at != plan.sorted.end() && text(*at) == key;
}

}  // namespace

JsonMachine::Values JsonMachine::RivalsOf(const JsonFrame& frame) {
  Values rivals;
  for (const SeenItem* rival = frame.rivals; rival != nullptr; rival = rival->next) {
    if (!rival->value->is_object()) continue;
    const auto known = [&](const auto& member) { return InTable(*frame.object, member.key); };
    if (std::ranges::all_of(rival->value->members(), known)) rivals.push_back(rival->value);
  }
  return rivals;
}

// The rivals that have the name, by its value.
std::vector<JsonMachine::Alike> JsonMachine::ByValue(const Values& rivals, const std::string& name) {
  std::vector<Alike> groups;
  std::unordered_map<std::string, size_t> known;
  for (const Json* rival : rivals) {
    const Json* value = rival->Find(name);
    if (value == nullptr) continue;
    const auto [at, added] = known.try_emplace(CanonicalText(*value), groups.size());
    if (added) groups.push_back({value, {}});
    groups[at->second].rivals.push_back(rival);
  }
  return groups;
}

// Whether a member from `from` on may still tell the object from whatever it has to differ from.
bool JsonMachine::AnyEndlessLeft(const JsonFrame& frame, int32_t from) const {
  const JsonPlans::NumValues& num_values = plans_->NumValuesOf(*frame.object);
  for (auto i = static_cast<size_t>(from); i < num_values.size(); ++i) {
    if (!num_values[i] && MayCome(frame, static_cast<int32_t>(i))) return true;
  }
  return false;
}

bool JsonMachine::MayCome(const JsonFrame& frame, int32_t name) const {
  return frame.object->names[static_cast<size_t>(name)].allowed && !Has(frame, name) &&
         !(style_.schema_order && name < frame.last);
}

// Whether some way to end the object is none of the rivals. Names before `from` of the table are decided: they are
// there, or are left out. Each rival follows one way, so the ways that are looked at are no more than rivals times
// names.
bool JsonMachine::CanDiffer(const JsonFrame& frame, Values rivals, int32_t from) const {
  const std::vector<ObjectPlan::Name>& names = frame.object->names;
  if (rivals.empty() || AnyEndlessLeft(frame, from)) return true;
  for (auto i = from; !rivals.empty(); ++i) {
    if (i == static_cast<int32_t>(names.size())) return false;  // it is one of them
    if (Has(frame, i)) continue;
    const ObjectPlan::Name& name = names[static_cast<size_t>(i)];
    if (MayCome(frame, i)) {
      if (ValueCanDiffer(frame, rivals, i, i + 1)) return true;
      if (name.required) return false;
    }
    std::erase_if(rivals, [&](const Json* rival) { return rival->Find(name.text) != nullptr; });
  }
  return true;
}

// Whether the member that `name` names can have a value after which that is so.
bool JsonMachine::ValueCanDiffer(const JsonFrame& frame, const Values& rivals, int32_t name, int32_t from) const {
  const std::optional<int64_t> num_values = plans_->NumValuesOf(*frame.object)[static_cast<size_t>(name)];
  if (!num_values) return true;
  const ObjectPlan::Name& member = frame.object->names[static_cast<size_t>(name)];
  std::vector<Alike> groups = ByValue(rivals, member.text);
  std::erase_if(groups, [&](const Alike& group) {
    return !plans_->Satisfiable(goals_->And(member.goal, goals_->Constant(*group.value)));
  });
  return static_cast<int64_t>(groups.size()) < *num_values ||
         std::ranges::any_of(groups, [&](const Alike& group) { return CanDiffer(frame, group.rivals, from); });
}

bool JsonMachine::NameDiffers(const JsonFrame& frame, int32_t name) const {
  if (frame.rivals == nullptr || !plans_->NumValuesOf(*frame.object)[static_cast<size_t>(name)]) return true;
  std::vector<uint64_t> seen(frame.seen, frame.seen + (frame.object->names.size() + 63) / 64);
  seen[static_cast<size_t>(name) / 64] |= uint64_t{1} << (name % 64);
  JsonFrame with = frame;
  with.seen = seen.data();
  with.last = name;
  return ValueCanDiffer(with, RivalsOf(frame), name, 0);
}

// The values that the member which was just named must not have.
JsonMachine::Values JsonMachine::Forbidden(const JsonFrame& frame) const {
  Values values;
  if (AnyEndlessLeft(frame, 0)) return values;
  for (Alike& group : ByValue(RivalsOf(frame), frame.object->names[static_cast<size_t>(frame.last)].text)) {
    if (!CanDiffer(frame, std::move(group.rivals))) values.push_back(group.value);
  }
  return values;
}

bool JsonMachine::HasRivals(const JsonFrame& parent) {
  return parent.array != nullptr ? parent.array->shape->unique != nullptr : parent.rivals != nullptr;
}

// What an object that begins as an item or as a member's value must not equal.
const SeenItem* JsonMachine::RivalsWithin(const JsonFrame& parent, Arena& arena) const {
  if (!HasRivals(parent)) return nullptr;
  if (parent.array != nullptr) return parent.items;
  const SeenItem* rivals = nullptr;
  for (const Json* value : Forbidden(parent)) rivals = arena.Make(SeenItem{rivals, value});
  return rivals;
}

void JsonMachine::BeginMember(const JsonThread& thread, StepContext& c) {
  JsonThread value{.phase = JsonPhase::kValue, .frame = thread.frame, .goal = thread.goal};
  if (thread.frame->rivals != nullptr) {
    JsonFrame with = *thread.frame;
    with.item_begin = static_cast<uint32_t>(c.text.size()) + 1;
    value.frame = c.arena.Make(with);
    value.goal = WithoutScalars(thread.goal, Forbidden(with));
    if (!plans_->Satisfiable(value.goal)) return;
  }
  c.out.push_back(value);
}

// The object with the value that ends; null: it would be one of its rivals.
const JsonFrame* JsonMachine::EndMember(const JsonFrame& frame, bool with_byte, StepContext& c) const {
  const Json* value = ValueFrom(frame.item_begin, with_byte, c);
  const std::string& name = frame.object->names[static_cast<size_t>(frame.last)].text;
  Values rivals = RivalsOf(frame);
  std::erase_if(rivals, [&](const Json* rival) {
    const Json* other = rival->Find(name);
    return other == nullptr || *other != *value;
  });
  if (!CanDiffer(frame, rivals)) return nullptr;
  JsonFrame with = frame;
  with.rivals = nullptr;
  for (const Json* rival : rivals) with.rivals = c.arena.Make(SeenItem{with.rivals, rival});
  return c.arena.Make(with);
}

}  // namespace atelier
