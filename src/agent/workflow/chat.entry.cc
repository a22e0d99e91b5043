// chat: several members in one conversation, one after the other, who all read what was said.
//
// Who speaks next is said by `speaker`:
//   round_robin   in turn                               meaning    by the likeness of what is said to their
//   descriptions rule          a template                            decision   by a model's decision, with
//   probabilities model         by what a model says, under a schema of their names
// With `end_when` the last three may also choose to end: a supervisor. A member speaks only while its `when` holds, of
// the board that has what each said last: a blackboard, over when nobody has anything to add.
//
// Turns never are beside each other, so what a member reads does not depend on who was quicker, and the run replays.
#include <algorithm>

#include "agent/choose.h"
#include "agent/tool_output.h"
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

constexpr size_t kMaxReadBytes = 24'000;  // of the conversation, the newest: some 6,000 tokens
constexpr char kEnd[] = "end";

bool Is(const NodeConfig& node) { return node.chat.has_value(); }
const std::string& NameOf(const ChatMember& member) { return member.name.empty() ? member.agent : member.name; }

Json MessageSchema() { return ObjectSchema({{"name", TypeSchema("string")}, {"text", TypeSchema("string")}}); }

void SetNames(NameScope& scope) {
  Json transcript = TypeSchema("array");
  transcript.Set("items", MessageSchema());
  scope.Set("task", TypeSchema("string"));
  scope.Set("transcript", std::move(transcript));
  scope.Set("board", TypeSchema("object"));
  scope.Set("turn", TypeSchema("integer"));
  scope.Set("last", TypeSchema("object"));
}

Result<void> CheckMember(WorkflowChecker& checker, const ChatMember& member, const NameScope& scope) {
  if (member.agent.empty() == member.nodes.empty()) return Error::Invalid("", "want either an agent or nodes");
  const std::string& name = NameOf(member);
  if (name.empty() || name == kEnd || name.size() > 64)
    return Error::Invalid("name", "got '" + name.substr(0, 64) + "'");
  if (!member.agent.empty()) {
    auto runnable = checker.FindRunnable(member.agent);
    if (!runnable.ok()) return std::move(runnable).error().Under("agent");
  }
  if (!member.when.empty()) {
    auto when = checker.Condition(member.when, scope);
    if (!when.ok()) return std::move(when).error().Under("when");
  }
  NameScope inner(&scope);
  auto nodes = checker.List(member.nodes, inner);
  return nodes.ok() ? Result<void>() : std::move(nodes).error().Under("nodes");
}

Result<void> CheckMembers(WorkflowChecker& checker, const ChatConfig& chat, const NameScope& scope) {
  if (chat.members.empty()) return Error::Invalid("members", "got none, want at least one");
  std::set<std::string> names;
  for (size_t i = 0; i < chat.members.size(); ++i) {
    const std::string where = "members[" + std::to_string(i) + "]";
    auto checked = CheckMember(checker, chat.members[i], scope);
    if (!checked.ok()) return std::move(checked).error().Under(where);
    if (!names.insert(NameOf(chat.members[i])).second) {
      return Error::Invalid(where + ".name", "got '" + NameOf(chat.members[i]) + "' twice");
    }
  }
  return {};
}

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const ChatConfig& chat = *node.chat;
  auto task = checker.Text(chat.task, scope);
  if (!task.ok()) return std::move(task).error().Under("task");
  NameScope inner(&scope);
  SetNames(inner);
  TRY_VOID(CheckMembers(checker, chat, inner));
  const bool by_rule = chat.speaker == "rule";
  if (by_rule == chat.rule.empty()) {
    return Error::Invalid("rule", by_rule ? "got none, which speaker: rule wants" : "got one, want speaker: rule");
  }
  if (!chat.end_when.empty() && (by_rule || chat.speaker == "round_robin")) {
    return Error::Invalid("end_when", "got one, and nobody who could choose it: speaker is " + chat.speaker);
  }
  if (by_rule) {
    auto rule = checker.Text(chat.rule, inner);
    if (!rule.ok()) return std::move(rule).error().Under("rule");
  }
  if (!chat.until.empty()) {
    auto until = checker.Condition(chat.until, inner);
    if (!until.ok()) return std::move(until).error().Under("until");
  }
  Json transcript = TypeSchema("array");
  transcript.Set("items", MessageSchema());
  return ObjectSchema({{"output", Json::Object({})},
                       {"transcript", std::move(transcript)},
                       {"board", TypeSchema("object")},
                       {"turns", TypeSchema("integer")},
                       {"done", TypeSchema("boolean")}});
}

// The conversation so far.
class Talk {
 public:
  Talk(NodeTurn turn, NodeValue task) : turn_(std::move(turn)), chat_(*turn_.node.chat), task_(std::move(task)) {}

  Task<Result<NodeValue>> Run(Call call) {
    bool done = false;
    while (!done && num_turns_ < chat_.max_turns) {
      const std::string path = turn_.path + "." + std::to_string(num_turns_ + 1);
      NodeScope scope = ScopeAt(path);
      auto choosing = NextSpeaker(call, scope, path);
      CO_TRY(const ChatMember* speaker, co_await choosing);
      if (!speaker) {
        done = true;
        break;
      }
      ++num_turns_;
      auto speaking = Speak(call, *speaker, scope, path + "." + NameOf(*speaker));
      CO_TRY(NodeValue said, co_await speaking);
      Add(*speaker, std::move(said));
      const NodeScope after = ScopeAt(path);
      CO_TRY(done, turn_.run.templates().IsTrue(chat_.until, after));
    }
    NodeValue outcome = all_;
    outcome.value = Json::Object(
        {{"output", output_}, {"transcript", transcript_}, {"board", board_}, {"turns", num_turns_}, {"done", done}});
    co_return outcome;
  }

 private:
  NodeValue Part(Json value) const {
    return {.value = std::move(value), .tainted_by = all_.tainted_by, .outside = all_.outside};
  }

  NodeScope ScopeAt(const std::string& path) const {
    NodeScope scope(turn_.scope, path);
    scope.Taint(all_);
    scope.Set("task", task_);
    scope.Set("transcript", Part(transcript_));
    scope.Set("board", Part(board_));
    scope.Set("turn", Part(Json(num_turns_ + 1)));
    scope.Set("last", Part(transcript_.empty() ? Json::Object({}) : transcript_[transcript_.size() - 1]));
    return scope;
  }

  void Add(const ChatMember& speaker, NodeValue said) {
    const std::string& name = NameOf(speaker);
    const std::string text = TextOfValue(said.value);
    all_.Mix(said);
    transcript_.Push(Json::Object({{"name", name}, {"text", text}}));
    read_.push_back(name + ": " + (said.outside ? MarkedOutside(name, text) : text));
    board_.Set(name, said.value);
    output_ = std::move(said.value);
    last_index_ = static_cast<size_t>(&speaker - chat_.members.data());
  }

  // The task and the newest of what was said.
  std::string Reading() const {
    std::string text;
    size_t from = read_.size(), num_bytes = 0;
    while (from > 0 && num_bytes + read_[from - 1].size() <= kMaxReadBytes) num_bytes += read_[--from].size();
    for (size_t i = from; i < read_.size(); ++i) text += "\n\n" + read_[i];
    return TextOfValue(task_.value) + text;
  }

  Task<Result<NodeValue>> Speak(Call call, const ChatMember& speaker, NodeScope& scope, std::string path) {
    if (speaker.agent.empty()) {
      NodeScope inner(scope, path);
      auto running = turn_.run.RunList(std::move(call), speaker.nodes, inner);
      co_return co_await running;
    }
    CO_TRY(const std::shared_ptr<const Agent> agent, turn_.run.work().find_agent(speaker.agent));
    NodeValue input{.value = Reading(), .tainted_by = all_.tainted_by};
    input.Mix({.tainted_by = task_.tainted_by});
    auto running = turn_.run.RunOther(std::move(call), agent, std::move(input), std::move(path));
    co_return co_await running;
  }

  // Null: the chat is over.
  Task<Result<const ChatMember*>> NextSpeaker(Call call, const NodeScope& scope, std::string path) {
    std::vector<const ChatMember*> ready;
    const size_t num = chat_.members.size();
    for (size_t i = 1; i <= num; ++i) {  // from the one after who spoke last
      const ChatMember& member = chat_.members[(last_index_ + i) % num];
      bool may = member.when.empty();
      if (!may) {
        CO_TRY(may, turn_.run.templates().IsTrue(member.when, scope));
      }
      if (may) ready.push_back(&member);
    }
    if (chat_.speaker == "rule") co_return ByRule(scope, ready);
    if (ready.empty()) co_return nullptr;
    if (chat_.speaker == "round_robin" || (ready.size() == 1 && chat_.end_when.empty())) co_return ready[0];
    // In the order of the configuration, so that a choice does not lean towards who is next.
    std::ranges::sort(ready);
    auto choosing = Choose(std::move(call), ready, path + ".speaker");
    CO_TRY(const size_t chosen, co_await choosing);
    co_return chosen < ready.size() ? ready[chosen] : nullptr;
  }

  Result<const ChatMember*> ByRule(const NodeScope& scope, const std::vector<const ChatMember*>& ready) const {
    TRY(const NodeValue named, turn_.run.templates().Text(chat_.rule, scope));
    std::string name = named.value.AsString();
    while (!name.empty() && std::isspace(static_cast<unsigned char>(name.back())) != 0) name.pop_back();
    while (!name.empty() && std::isspace(static_cast<unsigned char>(name.front())) != 0) name.erase(0, 1);
    if (name.empty()) return nullptr;
    for (const ChatMember* member : ready) {
      if (NameOf(*member) == name) return member;
    }
    return Refused("the rule named '" + name.substr(0, 64) + "', want a member that may speak");
  }

  // Which of `ready`; beyond: none, the chat is to end.
  Task<Result<size_t>> Choose(Call call, const std::vector<const ChatMember*>& ready, std::string path) {
    CO_TRY_VOID(co_await turn_.run.CheckLimits(call, turn_.path));
    ChoiceQuestion question{.path = std::move(path), .name = "speaker", .text = Reading()};
    question.instructions = "Who has to act next?";
    for (const ChatMember* member : ready) {
      question.options.push_back({.value = NameOf(*member), .description = DescriptionOf(*member)});
    }
    if (!chat_.end_when.empty()) question.options.push_back({.value = kEnd, .description = chat_.end_when});
    const Agent judge = turn_.run.Speaker(chat_.model);
    if (chat_.speaker == "model") co_return co_await ByWords(std::move(call), judge, std::move(question));
    auto choosing = chat_.speaker == "meaning"
                        ? ChooseByMeaning(std::move(call), turn_.run.work(), judge, std::move(question))
                        : ChooseByModel(std::move(call), turn_.run.work(), judge, std::move(question));
    CO_TRY(const Chosen chosen, co_await choosing);
    co_return chosen.index;
  }

  std::string DescriptionOf(const ChatMember& member) const {
    if (!member.description.empty() || member.agent.empty()) return member.description;
    const auto agent = turn_.run.work().find_agent(member.agent);
    return agent.ok() ? (*agent)->config.description : std::string();
  }

  Task<Result<size_t>> ByWords(Call call, const Agent& judge, ChoiceQuestion choice) {
    std::string rules = "You lead a conversation and say who has to act next. These may:";
    Json names = Json::Array({});
    for (const ChoiceOption& option : choice.options) {
      rules += "\n- " + option.value + ": " + option.description;
      names.Push(option.value);
    }
    AgentConversation talk;
    talk.Add(AgentConversation::System(std::move(rules)));
    talk.Add(AgentConversation::User(choice.text + "\n\n" + choice.instructions));
    ModelQuestion question{.path = std::move(choice.path), .conversation = talk};
    Json name = Json::Object({{"type", "string"}, {"enum", std::move(names)}});
    question.output_schema = ObjectSchema({{"next", std::move(name)}});
    question.quiet = true;
    auto asking = AskModel(call, turn_.run.work(), judge, std::move(question));
    CO_TRY(const ModelAnswer answer, co_await asking);
    if (answer.timed_out) {
      LimitReached limit{"seconds", "the run's time at work is over"};
      co_return co_await turn_.run.EndAtLimit(std::move(call), turn_.path, std::move(limit));
    }
    const auto said = Json::Parse(answer.text);
    for (size_t i = 0; said.ok() && i < choice.options.size(); ++i) {
      if ((*said)["next"] == Json(choice.options[i].value)) co_return i;
    }
    co_return Refused("the model did not say who has to act next");
  }

  NodeTurn turn_;
  const ChatConfig& chat_;
  NodeValue task_;
  NodeValue all_;  // where what was said has been
  Json transcript_ = Json::Array({}), board_ = Json::Object({}), output_;
  std::vector<std::string> read_;  // as members read it
  int32_t num_turns_ = 0;
  size_t last_index_ = static_cast<size_t>(-1);
};

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  CO_TRY(NodeValue task, turn.run.templates().Prompt(turn.node.chat->task, turn.scope));
  Talk talk(std::move(turn), std::move(task));
  co_return co_await talk.Run(std::move(call));
}

std::string Label(const NodeConfig& node) { return node.chat->speaker; }

std::vector<NodeList> Lists(const NodeConfig& node) {
  std::vector<NodeList> lists;
  for (const ChatMember& member : node.chat->members) lists.push_back({NameOf(member), &member.nodes});
  return lists;
}

}  // namespace

extern const NodeEntry node_chat{
    .key = "chat", .is = Is, .check = Check, .run = Run, .label = Label, .lists = Lists, .flow = NodeFlow::kAgain};

}  // namespace atelier
