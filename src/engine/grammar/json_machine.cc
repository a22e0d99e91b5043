#include "engine/grammar/json_machine.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, 3> kWords = {"null", "true", "false"};
// Numbers of a unique array that the next one's set leaves out. More of them, or huge ones, only an endless set has:
// there the next one is compared when it ends, as it can always go on.
constexpr int kMaxNumbersApart = 100;
constexpr size_t kMaxGoals = 200'000;  // what a schema may come to; largest seen: 20,000

ByteSet SetOf(std::string_view bytes) {
  ByteSet set;
  for (const char byte : bytes) set.set(static_cast<uint8_t>(byte));
  return set;
}

// All but control characters.
const ByteSet& AllButControls() {
  static const ByteSet bytes = ~ByteSet(0xFFFFFFFFU);
  return bytes;
}

// A number whose digits all lie near the point.
bool IsPlain(const Json& number) {
  const auto value = Decimal::Parse(number.NumberText());
  return value && value->exponent() > -300 && value->exponent() + static_cast<int64_t>(value->digits().size()) < 300;
}

}  // namespace

JsonMachine::JsonMachine(std::shared_ptr<const SchemaDocument> document, JsonStyle style)
    : document_(std::move(document)),
      style_(std::move(style)),
      languages_(std::make_unique<Languages>()),
      goals_(std::make_unique<JsonGoals>(*document_, *languages_, style_.formats, !style_.schema_order)),
      plans_(std::make_unique<JsonPlans>(*goals_)) {}

Result<std::unique_ptr<JsonMachine>> JsonMachine::Create(std::shared_ptr<const SchemaDocument> document,
                                                         JsonStyle style) {
  std::unique_ptr<JsonMachine> machine(new JsonMachine(std::move(document), std::move(style)));
  if (const auto& pattern = machine->style_.whitespace_pattern) {
    TRY(machine->spaces_, JsonSpaces::Create(*pattern, *machine->languages_));
  }
  TRY_VOID(machine->ReadAll());
  return machine;
}

Result<void> JsonMachine::ReadAll() {
  std::vector<GoalId> open = {goals_->root()};
  std::vector<bool> seen(2);
  const auto add = [&](GoalId goal) {
    if (seen.size() <= static_cast<size_t>(goal)) seen.resize(static_cast<size_t>(goal) * 2 + 1);
    if (seen[static_cast<size_t>(goal)]) return;
    seen[static_cast<size_t>(goal)] = true;
    open.push_back(goal);
  };
  for (size_t i = 0; i < open.size() && !goals_->refusal(); ++i) {
    if (open.size() > kMaxGoals) return Error::TooLarge("schema", "got over 200000 combinations of schemas");
    const JsonPlans::GoalPlans& plans = plans_->Of(open[i]);
    for (const ObjectPlan* plan : plans.objects) {
      for (const ObjectPlan::Name& name : plan->names) {
        if (name.allowed) add(name.goal);
      }
      for (const ObjectPlan::Others& others : plan->others) add(others.goal);
    }
    for (const ArrayPlan* plan : plans.arrays) {
      for (const GoalId goal : plan->prefix) add(goal);
      if (plan->max > static_cast<int64_t>(plan->prefix.size())) add(plan->rest);
      for (const ArrayPlan::Count& count : plan->counts) {
        add(goals_->And(plan->rest, count.value));
        if (count.max != INT64_MAX) add(goals_->And(plan->rest, count.value.Not()));
      }
    }
  }
  if (goals_->refusal()) return *goals_->refusal();
  if (languages_->over_budget()) return Error::TooLarge("schema", "got patterns that need too many states together");
  if (!plans_->Satisfiable(goals_->root())) {
    return Error::Invalid("schema", "got one that no value satisfies, want one that some value can");
  }
  return {};
}

NumberTable& JsonMachine::Numbers(int32_t set) {
  const auto index = static_cast<size_t>(set);
  if (numbers_.size() <= index) numbers_.resize(index + 1);
  if (numbers_[index] == nullptr) {
    numbers_[index] = std::make_unique<NumberTable>(goals_->Numbers(set), style_.numbers);
  }
  return *numbers_[index];
}

JsonThread JsonMachine::Start() const { return {.phase = JsonPhase::kValue, .goal = goals_->root()}; }

bool JsonMachine::Accepts(const JsonThread& thread) const {
  if (thread.phase == JsonPhase::kEnd) return true;
  return thread.phase == JsonPhase::kNumber && thread.frame == nullptr &&
         numbers_[static_cast<size_t>(thread.low)]->Accepts(thread.state);
}

void JsonMachine::Step(const JsonThread& thread, uint8_t byte, std::string_view text, Arena& arena, JsonThreads& out) {
  StepContext c{text, byte, arena, out};
  switch (thread.phase) {
    case JsonPhase::kValue: return StepValue(thread, c);
    case JsonPhase::kWord: return StepWord(thread, c);
    case JsonPhase::kNumber: return StepNumber(thread, c);
    case JsonPhase::kText:
    case JsonPhase::kName: return StepInString(thread, c);
    case JsonPhase::kFirstName:
    case JsonPhase::kNextName: return StepFirstName(thread, c);
    case JsonPhase::kColon: {
      if ((style_.any_whitespace || spaces_) && Space(thread, c)) return;
      if (byte == ':') BeginMember(thread, c);
      return;
    }
    case JsonPhase::kFirstItem: {
      if (Space(thread, c)) return;
      if (byte == ']') Close(*thread.frame, c);
      return;
    }
    case JsonPhase::kAfterValue: return StepAfterValue(thread, c);
    case JsonPhase::kEnd:
      if (SpaceIsFree()) Space(thread, c);
      return;
  }
}

ByteSet JsonMachine::MayFollow(std::span<const JsonThread> threads) {
  ByteSet bytes;
  const JsonThread* last = nullptr;
  for (const JsonThread& thread : threads) {
    const bool same = last != nullptr && last->phase == thread.phase && thread.phase >= JsonPhase::kColon;
    if (!same) AddMayFollow(thread, bytes);
    last = &thread;
  }
  return bytes;
}

void JsonMachine::AddMayFollow(const JsonThread& thread, ByteSet& bytes) {
  static const ByteSet space = SetOf(" \n\t\r");
  static const ByteSet number = SetOf("0123456789+-.eE \n\t\r,]}");
  static const ByteSet name = SetOf(" \n\t\r\"}");
  static const ByteSet colon = SetOf(" \n\t\r:");
  static const ByteSet after = SetOf(" \n\t\r,]}");
  switch (thread.phase) {
    case JsonPhase::kValue: bytes |= MayBegin(thread.goal); return;
    case JsonPhase::kWord:
      bytes.set(static_cast<uint8_t>(kWords[static_cast<size_t>(thread.goal)][thread.after]));
      return;
    case JsonPhase::kNumber: bytes |= number; return;
    case JsonPhase::kFirstName:
    case JsonPhase::kNextName: bytes |= name; return;
    case JsonPhase::kColon: bytes |= colon; return;
    case JsonPhase::kFirstItem:
    case JsonPhase::kAfterValue: bytes |= after; return;
    case JsonPhase::kEnd: bytes |= space; return;
    case JsonPhase::kName:
      if (thread.state == Languages::kNothing && thread.lex == 0) return AddMayFollowName(thread, bytes);
      [[fallthrough]];
    case JsonPhase::kText: bytes |= AllButControls();
  }
}

void JsonMachine::AddMayFollowName(const JsonThread& thread, ByteSet& bytes) const {
  const ObjectPlan& plan = *thread.frame->object;
  const auto at = static_cast<size_t>(thread.goal);
  bytes.set('"');
  bytes.set('\\');
  for (int32_t i = thread.low; i < thread.high; ++i) {
    const std::string& text = plan.names[static_cast<size_t>(plan.sorted[static_cast<size_t>(i)])].text;
    if (text.size() > at) bytes.set(static_cast<uint8_t>(text[at]));
  }
}

ByteSet JsonMachine::MayBegin(GoalId goal) {
  const GoalForm& form = goals_->Form(goal);
  static const ByteSet always = SetOf(" \n\t\r{[");
  static const ByteSet number = SetOf("-0123456789");
  ByteSet bytes = always;
  if (form.null_ok) bytes.set('n');
  if (form.true_ok) bytes.set('t');
  if (form.false_ok) bytes.set('f');
  if (form.strings != Languages::kNothing) bytes.set('"');
  if (form.numbers >= 0) bytes |= number;
  return bytes;
}

void JsonMachine::StepValue(const JsonThread& thread, StepContext& c) {
  if (Space(thread, c)) return;
  const GoalForm& form = goals_->Form(thread.goal);
  const auto word = [&](bool ok, int32_t which) {
    if (ok) c.out.push_back({.phase = JsonPhase::kWord, .after = 1, .frame = thread.frame, .goal = which});
  };
  switch (c.byte) {
    case 'n': return word(form.null_ok, 0);
    case 't': return word(form.true_ok, 1);
    case 'f': return word(form.false_ok, 2);
    case '{':
    case '[': {
      if (thread.frame == nullptr) return Open(thread.goal, {}, c);
      const JsonFrame** parent = c.arena.MakeArray<const JsonFrame*>(1);
      *parent = thread.frame;
      return Open(thread.goal, {parent, 1}, c);
    }
    case '"':
      if (form.strings == Languages::kNothing) return;
      c.out.push_back({.phase = JsonPhase::kText, .frame = thread.frame, .state = form.strings});
      return;
    default: break;
  }
  if (form.numbers < 0) return;
  const int32_t state = Numbers(form.numbers).Next(NumberTable::kStart, c.byte);
  if (state == NumberTable::kDead) return;
  c.out.push_back({.phase = JsonPhase::kNumber, .frame = thread.frame, .state = state, .low = form.numbers});
}

void JsonMachine::StepWord(const JsonThread& thread, StepContext& c) {
  const std::string_view word = kWords[static_cast<size_t>(thread.goal)];
  if (static_cast<uint8_t>(word[thread.after]) != c.byte) return;
  if (thread.after + 1U == word.size()) return EndValue(thread.frame, true, c);
  c.out.push_back(thread);
  ++c.out.back().after;
}

void JsonMachine::StepNumber(const JsonThread& thread, StepContext& c) {
  NumberTable& table = Numbers(thread.low);
  const int32_t state = table.Next(thread.state, c.byte);
  if (state != NumberTable::kDead) {
    c.out.push_back(thread);
    c.out.back().state = state;
    return;
  }
  if (!table.Accepts(thread.state)) return;
  JsonThreads ended;
  StepContext before{c.text, c.byte, c.arena, ended};
  EndValue(thread.frame, false, before);
  for (const JsonThread& next : ended) Step(next, c.byte, c.text, c.arena, c.out);
}

void JsonMachine::StepAfterValue(const JsonThread& thread, StepContext& c) {
  const JsonFrame& frame = *thread.frame;
  if (spaces_ && Space(thread, c)) return;
  if (IsJsonSpace(c.byte)) {
    if (style_.any_whitespace || CanClose(frame)) Space(thread, c);
    return;
  }
  if (c.byte == (frame.object != nullptr ? '}' : ']')) {
    if (CanClose(frame)) Close(frame, c);
  } else if (c.byte == ',' && (style_.any_whitespace || spaces_ || thread.lex == 0)) {
    if (frame.array != nullptr) return BeginItems(frame, c);
    if (AnyNamePossible(frame)) c.out.push_back({.phase = JsonPhase::kNextName, .frame = &frame});
  }
}

const Json* JsonMachine::ValueFrom(uint32_t begin, bool with_byte, StepContext& c) {
  std::string text(c.text.substr(begin));
  if (with_byte) text.push_back(static_cast<char>(c.byte));
  auto value = Json::Parse(text);
  CHECK_MSG(value.ok(), text);
  return c.arena.Keep(std::move(*value));
}

void JsonMachine::EndValue(const JsonFrame* frame, bool with_byte, StepContext& c) {
  if (frame == nullptr) return c.out.push_back({.phase = JsonPhase::kEnd});
  if (frame->array != nullptr && frame->array->shape->unique != nullptr) {
    const Json* value = ValueFrom(frame->item_begin, with_byte, c);
    for (const SeenItem* seen = frame->items; seen != nullptr; seen = seen->next) {
      if (*seen->value == *value) return;
    }
    JsonFrame with = *frame;
    with.items = c.arena.Make(SeenItem{frame->items, value});
    frame = c.arena.Make(with);
  } else if (frame->rivals != nullptr) {
    frame = EndMember(*frame, with_byte, c);
    if (frame == nullptr) return;
  }
  c.out.push_back({.phase = JsonPhase::kAfterValue, .frame = frame});
}

// ---- arrays

void JsonMachine::OpenArrays(GoalId goal, const JsonFrame& within, StepContext& c) {
  for (const ArrayPlan* plan : plans_->Of(goal).arrays) {
    JsonFrame frame = within;
    frame.array = plan;
    frame.compared = within.compared || plan->shape->unique != nullptr;
    if (!plan->counts.empty()) {
      int64_t* counted = c.arena.MakeArray<int64_t>(plan->counts.size());
      std::fill_n(counted, plan->counts.size(), 0);
      frame.counted = counted;
    }
    const JsonFrame* opened = c.arena.Make(frame);
    if (CanClose(*opened)) c.out.push_back({.phase = JsonPhase::kFirstItem, .frame = opened});
    BeginItems(*opened, c);
  }
}

// JsonThreads for the item that comes next, after '[' or ','.
void JsonMachine::BeginItems(const JsonFrame& frame, StepContext& c) {
  const ArrayPlan& plan = *frame.array;
  if (frame.num >= plan.max) return;
  GoalId goal = plan.Goal(frame.num);
  if (plan.shape->unique != nullptr) {
    std::vector<const Json*> items;
    for (const SeenItem* item = frame.items; item != nullptr; item = item->next) items.push_back(item->value);
    goal = WithoutScalars(goal, items);
  }
  JsonFrame next = frame;
  ++next.num;
  next.item_begin = static_cast<uint32_t>(c.text.size()) + 1;
  ForkByCounts({.phase = JsonPhase::kValue, .goal = goal}, next, 0, c);
}

void JsonMachine::ForkByCounts(JsonThread thread, JsonFrame frame, size_t count, StepContext& c) {
  const ArrayPlan& plan = *frame.array;
  if (count == plan.counts.size()) {
    if (!plans_->Satisfiable(thread.goal)) return;
    thread.frame = c.arena.Make(frame);
    c.out.push_back(thread);
    return;
  }
  const ArrayPlan::Count& wanted = plan.counts[count];
  const int64_t counted = frame.counted[count];
  const int64_t room = wanted.Room(frame.num, plan.max);
  const int64_t forced = wanted.Forced(frame.num, plan.min);
  const bool speaks = frame.num > wanted.from;
  if (speaks && counted < wanted.max && (counted < wanted.min || wanted.max != INT64_MAX) &&
      counted + 1 + room >= wanted.min && counted + 1 + forced <= wanted.max) {
    int64_t* more = c.arena.MakeArray<int64_t>(plan.counts.size());
    std::copy_n(frame.counted, plan.counts.size(), more);
    ++more[count];
    JsonFrame in = frame;
    in.counted = more;
    JsonThread counts = thread;
    counts.goal = goals_->And(thread.goal, wanted.value);
    ForkByCounts(counts, in, count + 1, c);
  }
  if (counted + room < wanted.min || counted + forced > wanted.max) return;
  if (speaks && wanted.max != INT64_MAX) thread.goal = goals_->And(thread.goal, wanted.value.Not());
  ForkByCounts(thread, frame, count + 1, c);
}

// Scalars are excluded by the goal; arrays and objects are compared as they are read.
GoalId JsonMachine::WithoutScalars(GoalId goal, std::span<const Json* const> values) {
  Json scalars = Json::Array();
  int num_numbers = 0;
  for (const Json* value : values) {
    if (value->is_array() || value->is_object()) continue;
    if (value->is_number() && (!IsPlain(*value) || ++num_numbers > kMaxNumbersApart)) continue;
    scalars.Push(*value);
  }
  return scalars.empty() ? goal : goals_->And(goal, goals_->Constants(scalars).Not());
}

// ---- objects

void JsonMachine::OpenObjects(GoalId goal, const JsonFrame& within, StepContext& c) {
  for (const ObjectPlan* plan : plans_->Of(goal).objects) {
    const size_t words = (plan->names.size() + 63) / 64;
    uint64_t* seen = c.arena.MakeArray<uint64_t>(words);
    std::fill_n(seen, words, 0);
    JsonFrame frame = within;
    frame.object = plan;
    frame.seen = seen;
    // Else it is compared when it ends: it can always go on, or is one that `contains` counts.
    if (frame.rivals != nullptr && (plan->Endless() || !plans_->CanDiffer(*plan->shape))) frame.rivals = nullptr;
    c.out.push_back({.phase = JsonPhase::kFirstName, .frame = c.arena.Make(frame)});
  }
}

void JsonMachine::StepFirstName(const JsonThread& thread, StepContext& c) {
  if (Space(thread, c)) return;
  if (c.byte == '"') return BeginName(thread, c);
  if (c.byte == '}' && thread.phase == JsonPhase::kFirstName && CanClose(*thread.frame)) {
    Close(*thread.frame, c);
  }
}

// A thread for the names of the table, and one for each kind of other names; where any name may come, one for both.
void JsonMachine::BeginName(const JsonThread& thread, StepContext& c) {
  const JsonFrame& frame = *thread.frame;
  const ObjectPlan& plan = *frame.object;
  JsonThread name{.phase = JsonPhase::kName, .frame = &frame, .goal = 0, .state = Languages::kNothing};
  name.begin = static_cast<uint32_t>(c.text.size()) + 1;
  const auto num_names = static_cast<int32_t>(plan.names.size());
  const bool others_allowed = OthersAllowed(frame);
  const bool together = plan.others.size() == 1 && plan.others[0].names == Languages::kAnyText;
  if (!together || !others_allowed) {
    name.high = num_names;
    if (NamePossible(name)) c.out.push_back(name);
  }
  if (!others_allowed) return;
  name.high = together ? num_names : 0;
  for (size_t i = 0; i < plan.others.size(); ++i) {
    JsonFrame with = frame;
    ++with.num;
    ++with.num_others;
    with.last = num_names;
    if (!MemberPossible(with, plan.others[i].goal, plan.others[i].demands)) continue;
    name.after = static_cast<uint8_t>(i);
    name.state = plan.others[i].names;
    // A name that was there may not be the only way on; of any text there always is another.
    if (plan.others[i].names != Languages::kAnyText && frame.others != nullptr) {
      std::vector<std::string> used;
      for (const OtherName* other = frame.others; other != nullptr; other = other->next) used.emplace_back(other->text);
      name.state = languages_->And(std::array{name.state, languages_->Not(languages_->Words(std::move(used)))});
    }
    if (!languages_->IsNothing(name.state)) c.out.push_back(name);
  }
}

void JsonMachine::CloseName(const JsonThread& thread, StepContext& c) {
  const JsonFrame& frame = *thread.frame;
  const ObjectPlan& plan = *frame.object;
  if (thread.low < thread.high) {
    const int32_t name = plan.sorted[static_cast<size_t>(thread.low)];
    const ObjectPlan::Name& known = plan.names[static_cast<size_t>(name)];
    if (static_cast<int64_t>(known.text.size()) == thread.goal) {
      if (!NameAllowed(frame, name)) return;
      const size_t words = (plan.names.size() + 63) / 64;
      uint64_t* seen = c.arena.MakeArray<uint64_t>(words);
      std::copy_n(frame.seen, words, seen);
      seen[name / 64] |= uint64_t{1} << (name % 64);
      JsonFrame with = frame;
      with.seen = seen;
      with.last = name;
      ++with.num;
      return Member(with, known.goal, known.demands, c);
    }
  }
  if (thread.state == Languages::kNothing || !languages_->Accepts(thread.state)) return;
  const auto decoded = Json::Parse("\"" + std::string(c.text.substr(thread.begin)) + "\"");
  CHECK(decoded.ok());
  const std::string& name = decoded->AsString();
  for (const OtherName* other = frame.others; other != nullptr; other = other->next) {
    if (other->text == name) return;
  }
  JsonFrame with = frame;
  with.last = static_cast<int32_t>(plan.names.size());
  ++with.num;
  ++with.num_others;
  with.others = c.arena.Make(OtherName{frame.others, c.arena.Copy(name)});
  Member(with, plan.others[thread.after].goal, plan.others[thread.after].demands, c);
}

void JsonMachine::AfterOtherName(const JsonThread& thread, Arena& arena, JsonThreads& out) {
  const JsonFrame& frame = *thread.frame;
  StepContext c{{}, '"', arena, out};
  JsonFrame with = frame;
  with.last = static_cast<int32_t>(frame.object->names.size());
  ++with.num;
  ++with.num_others;
  const ObjectPlan::Others& others = frame.object->others[thread.after];
  Member(with, others.goal, others.demands, c);
}

// A member may be one of those that are demanded: it then must be what the demand says too. Where it is so anyway, no
// thread goes without.
void JsonMachine::Member(JsonFrame frame, GoalId goal, uint32_t demands, StepContext& c) {
  const std::vector<MemberDemand>& all = frame.object->shape->demands;
  for (uint32_t left = demands & ~frame.demands_met; left != 0; left &= left - 1) {
    const int demand = std::countr_zero(left);
    const GoalId meets = goals_->And(goal, all[static_cast<size_t>(demand)].value);
    if (!plans_->Satisfiable(meets)) continue;
    JsonFrame with = frame;
    with.demands_met |= uint32_t{1} << demand;
    Member(with, meets, left & (left - 1), c);
    if (meets == goal) return;
  }
  if (!DemandsPossible(frame)) return;
  c.out.push_back({.phase = JsonPhase::kColon, .frame = c.arena.Make(frame), .goal = goal});
}

}  // namespace atelier
