#include "model/chat/chat_syntax.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/text/unicode.h"

namespace atelier {
namespace {

// Words that no template has in it.
constexpr std::string_view kAnswer = "Zanswerz";
constexpr std::string_view kThought = "Zthoughtz";
constexpr std::string_view kAbout = "Zaboutz";
constexpr std::array<std::string_view, 2> kNames = {"zfirstz", "zsecondz"};
// Arguments: two texts, then two numbers.
constexpr std::array<std::string_view, 4> kKeys = {"kalpha", "kbeta", "kgamma", "ktheta"};
constexpr std::array<std::string_view, 4> kValues = {"Valphaz", "Vbetaz", "73100", "73200"};
// Mistral wants nine letters and digits; Kimi's ids say which function and call.
constexpr std::array<std::string_view, 2> kPlainIds = {"zcall0001", "zcall0002"};
constexpr std::array<std::string_view, 2> kNamingIds = {"functions.zfirstz:0", "functions.zsecondz:1"};

// Pairs that templates know without showing a turn with them.
constexpr std::pair<std::string_view, std::string_view> kKnownReasoning[] = {{"<think>", "</think>"},
                                                                             {"[THINK]", "[/THINK]"}};

// --- texts ---

// The longest beginning of text[0, size) that ends within no tag and no character.
size_t OutsideTags(std::string_view text, size_t size) {
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  const std::string_view head = text.substr(0, size);
  for (const auto& [open, close] : {std::pair('<', '>'), std::pair('[', ']')}) {
    const size_t at = head.rfind(open);
    if (at == head.npos || head.find(close, at) != head.npos || text.find(close, at) == text.npos) continue;
    const std::string_view inside = text.substr(at, text.find(close, at) - at);
    if (inside.find_first_of(" {\"\n") == inside.npos) return OutsideTags(text, at);
  }
  return size;
}

size_t SharedPrefix(std::string_view a, std::string_view b) {
  const auto [end, other] = std::ranges::mismatch(a, b);
  const auto size = static_cast<size_t>(end - a.begin());
  return std::min(OutsideTags(a, size), OutsideTags(b, size));
}

std::string_view SharedSuffix(std::string_view a, std::string_view b) {
  size_t size = 0;
  while (size < std::min(a.size(), b.size()) && a[a.size() - 1 - size] == b[b.size() - 1 - size]) ++size;
  // Not from within a tag or a character.
  std::string_view shared = a.substr(a.size() - size);
  while (!shared.empty() && (static_cast<unsigned char>(shared[0]) & 0xC0) == 0x80) shared.remove_prefix(1);
  const size_t close = shared.find('>');
  if (close != shared.npos && shared.find('<') > close) shared.remove_prefix(close + 1);
  return shared;
}

// What a list of two shows: before the first, between the two, behind the last.
ListSyntax SplitList(std::string_view before, std::string_view between, std::string_view behind) {
  ListSyntax list;
  list.end = between.substr(0, SharedPrefix(between, behind));
  const std::string_view rest = between.substr(list.end.size());
  list.begin = SharedSuffix(before, rest);
  list.separator = rest.substr(0, rest.size() - list.begin.size());
  list.open = before.substr(0, before.size() - list.begin.size());
  list.close = behind.substr(list.end.size());
  return list;
}

void ReplaceAll(std::string& text, std::string_view from, char to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at)) text.replace(at, from.size(), 1, to);
}

std::string_view Before(std::string_view text, std::string_view mark) { return text.substr(0, text.find(mark)); }

// Behind `mark`; nothing where it isn't.
std::string_view Behind(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  return at == text.npos ? std::string_view() : text.substr(at + mark.size());
}

std::optional<std::string_view> Between(std::string_view text, std::string_view first, std::string_view second) {
  const size_t begin = text.find(first);
  if (begin == text.npos) return std::nullopt;
  const size_t end = text.find(second, begin + first.size());
  if (end == text.npos) return std::nullopt;
  return text.substr(begin + first.size(), end - begin - first.size());
}

// A tag at the head of a text: "<tool_call>", "[TOOL_CALLS]".
std::string_view HeadTag(std::string_view text) {
  if (text.empty() || (text[0] != '<' && text[0] != '[')) return {};
  const size_t close = text.find_first_of(text[0] == '<' ? ">\"" : "]\"");
  const std::string_view tag = close == text.npos ? text : text.substr(0, close + 1);
  if (tag.size() < 3 || tag.find_first_of("{\n") != tag.npos) return {};
  return tag;
}

// What the last tag of a text begins with.
char LastOpening(std::string_view text) {
  const size_t last = text.find_last_of(">]");
  return last != text.npos && text[last] == ']' ? '[' : '<';
}

// Without new lines at its beginning; blanks may belong to what follows.
std::string_view WithoutLines(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
  return text;
}

// The object that begins at text[0], as far as it goes.
std::string_view ObjectAt(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        quoted = false;
      continue;
    }
    if (text[i] == '"') quoted = true;
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return text.substr(0, i + 1);
  }
  return {};
}

// --- probes ---

Json Parameter(const char* type) { return Json::Object({{"type", type}, {"description", "a value"}}); }

Json ProbeTool(std::string_view name) {
  Json properties = Json::Object();
  Json required = Json::Array();
  for (size_t i = 0; i < kKeys.size(); ++i) {
    properties.Set(std::string(kKeys[i]), Parameter(i < 2 ? "string" : "integer"));
    required.Push(kKeys[i]);
  }
  const Json parameters =
      Json::Object({{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}});
  return Json::Object(
      {{"type", "function"},
       {"function", Json::Object({{"name", name}, {"description", kAbout}, {"parameters", parameters}})}});
}

Json ProbeArguments() {
  Json arguments = Json::Object();
  for (size_t i = 0; i < kKeys.size(); ++i) {
    arguments.Set(std::string(kKeys[i]), i < 2 ? Json(kValues[i]) : *Json::Parse(kValues[i]));
  }
  return arguments;
}

class Prober {
 public:
  Prober(const ChatTemplate& chat_template, std::span<const std::string> ends, const ChatInput& base)
      : template_(chat_template), ends_(ends), base_(base) {}

  ChatSyntax Run() {
    ChatSyntax syntax;
    const std::string prompt = Prompt(false);
    const std::string said = Render({Said()}, false);
    syntax.reasoning = Reasoning();
    syntax.content_begin = ContentBegin(prompt, said, syntax.reasoning);
    turn_end_ = std::string(Behind(said, kAnswer));
    syntax.reads_calls = template_.source().find("tool_calls") != std::string::npos;
    tools_ = !Prompt(true).empty();
    syntax.shows_tools = Prompt(true).find(kAbout) != std::string::npos;
    // What templates want of earlier calls differs.
    for (const bool as_text : {false, true}) {
      for (const auto& ids : {kPlainIds, kNamingIds}) {
        for (const Json& content : {Json(""), Json()}) {
          as_text_ = as_text, ids_ = ids, content_ = content;
          if (syntax.calls = Calls(syntax); syntax.calls) return syntax;
        }
      }
    }
    return syntax;
  }

 private:
  static Json Said(bool thinks = false) {
    Json message = Json::Object({{"role", "assistant"}, {"content", kAnswer}});
    if (thinks) Think(message);
    return message;
  }
  static void Think(Json& message) {
    for (const char* field : {"reasoning_content", "reasoning", "thinking"}) message.Set(field, kThought);
  }
  Json Called(int num_calls, const Json& content) const {
    Json calls = Json::Array();
    for (size_t i = 0; i < static_cast<size_t>(num_calls); ++i) {
      const Json arguments = ProbeArguments();
      Json function = Json::Object({{"name", kNames[i]}, {"arguments", as_text_ ? Json(arguments.Dump()) : arguments}});
      calls.Push(Json::Object({{"id", ids_[i]}, {"type", "function"}, {"function", std::move(function)}}));
    }
    return Json::Object({{"role", "assistant"}, {"content", content}, {"tool_calls", std::move(calls)}});
  }

  // Empty where the template refuses.
  std::string Render(std::initializer_list<Json> turns, bool with_tools, bool prompt = false) const {
    ChatInput input = base_;
    input.messages = Json::Array({Json::Object({{"role", "user"}, {"content", "A question."}})});
    for (const Json& turn : turns) input.messages.Push(turn);
    if (with_tools && tools_) input.tools = Json::Array({ProbeTool(kNames[0]), ProbeTool(kNames[1])});
    input.add_generation_prompt = prompt;
    auto rendered = template_.Render(input);
    return rendered.ok() ? std::move(rendered->text) : std::string();
  }
  std::string Prompt(bool with_tools) const { return Render({}, with_tools, true); }

  // What follows where a turn begins. A prompt may have opened the reasoning already.
  static std::string_view Turn(std::string_view prompt, std::string_view whole,
                               const std::optional<ReasoningSyntax>& reasoning) {
    std::string_view turn = whole.substr(SharedPrefix(prompt, whole));
    if (!reasoning) return turn;
    const size_t end = turn.find(reasoning->end);
    const bool opened = turn.find(reasoning->begin) < end || TrimRight(prompt).ends_with(reasoning->begin);
    const bool closed = TrimRight(whole.substr(0, whole.size() - turn.size())).ends_with(reasoning->end);
    if (opened && !closed && end != turn.npos) turn = Trim(turn.substr(end + reasoning->end.size()));
    if (TrimLeft(turn).starts_with(reasoning->end)) turn = Trim(TrimLeft(turn).substr(reasoning->end.size()));
    return turn;
  }

  std::string ContentBegin(const std::string& prompt, const std::string& said,
                           const std::optional<ReasoningSyntax>& reasoning) const {
    return std::string(WithoutLines(Before(Turn(prompt, said, reasoning), kAnswer)));
  }

  std::optional<ReasoningSyntax> Reasoning() {
    Json calling = Called(1, "");
    Think(calling);
    const std::pair<std::string, std::string> turns[] = {{Render({Said(true)}, false), Render({Said()}, false)},
                                                         {Render({calling}, true), Render({Called(1, "")}, true)}};
    for (size_t i = 0; i < 2; ++i) {
      const auto& [thought, plain] = turns[i];
      const size_t at = thought.find(kThought);
      const auto right = Between(thought, kThought, i == 0 ? kAnswer : kNames[0]);
      if (at == thought.npos || !right) continue;
      const std::string prompt = Prompt(i == 1);
      const std::string_view left = std::string_view(thought).substr(0, at);
      const size_t shared = std::min(SharedPrefix(prompt, thought), left.size());
      ReasoningSyntax found;
      found.begin = Trim(left.substr(shared));
      if (found.begin.empty()) found.begin = Trim(left.substr(left.rfind(LastOpening(left))));
      // What is there without reasoning belongs to what follows it.
      const std::string_view after = Before(Turn(prompt, plain, std::nullopt), i == 0 ? kAnswer : kNames[0]);
      found.end = Trim(right->substr(0, right->size() - SharedSuffix(*right, after).size()));
      if (!HeadTag(Trim(*right)).empty() && found.end.empty()) found.end = HeadTag(Trim(*right));
      if (!found.begin.empty() && !found.end.empty()) return found;
    }
    for (const auto& [begin, end] : kKnownReasoning) {
      const bool knows_both =
          template_.source().find(end) != std::string::npos && template_.source().find(begin) != std::string::npos;
      if (knows_both) return ReasoningSyntax{std::string(begin), std::string(end)};
    }
    return std::nullopt;
  }

  // Without what ends a turn.
  std::string_view WithoutEnd(std::string_view text) const {
    if (!turn_end_.empty() && text.ends_with(turn_end_)) text.remove_suffix(turn_end_.size());
    for (const std::string& end : ends_) text = Before(text, end);
    return TrimRight(text);
  }

  // What stands for an id or repeats the name.
  void MakeHoles(std::string& text, size_t call) const {
    ReplaceAll(text, ids_[call], kIdHole);
    ReplaceAll(text, kNames[call], kNameHole);
  }

  std::optional<CallSyntax> Calls(const ChatSyntax& chat) const {
    const std::string prompt = Prompt(true);
    const std::string one = Render({Called(1, content_)}, true);
    const std::string_view turn = Turn(prompt, one, chat.reasoning);
    CallSyntax calls;
    calls.arguments_as_text = as_text_;
    const size_t name = turn.find(kNames[0]);
    if (one.empty() || name == turn.npos) return std::nullopt;
    const std::string_view open = WithoutLines(turn.substr(0, name));
    const std::string_view behind_name = turn.substr(name + kNames[0].size());
    std::string_view close = ReadArguments(behind_name, calls);
    if (close.data() == nullptr) return std::nullopt;
    close = WithoutEnd(close);
    calls.calls = {.open = {}, .begin = std::string(open), .end = std::string(close), .separator = {}, .close = {}};
    ReadTrigger(open, calls);
    for (std::string* text : {&calls.calls.begin, &calls.calls.end, &calls.after_name}) MakeHoles(*text, 0);
    calls.several = ReadSecond(prompt, chat, calls);
    return calls;
  }

  // Fills what stands between name and arguments; returns what follows them, or null.
  static std::string_view ReadArguments(std::string_view behind_name, CallSyntax& calls) {
    const size_t key = behind_name.find(kKeys[0]);
    if (key == behind_name.npos) return {};
    const size_t brace = behind_name.substr(0, key).rfind('{');
    if (brace != behind_name.npos) {
      const std::string_view object = ObjectAt(behind_name.substr(brace));
      if (auto read = Json::Parse(object); read.ok() && *read == ProbeArguments()) {
        calls.after_name = behind_name.substr(0, brace);
        calls.tagged.reset();
        return behind_name.substr(brace + object.size());
      }
    }
    TaggedArguments tagged;
    const auto text_key = Between(behind_name, kKeys[0], kValues[0]);
    const auto text_next = Between(behind_name, kValues[0], kKeys[1]);
    const auto json_key = Between(behind_name, kKeys[2], kValues[2]);
    const auto json_next = Between(behind_name, kValues[2], kKeys[3]);
    const size_t last = behind_name.find(kValues[3]);
    if (!text_key || !text_next || !json_key || !json_next || last == behind_name.npos) return {};
    tagged.after_key = *json_key, tagged.after_text_key = *text_key;
    const std::string_view behind = behind_name.substr(last + kValues[3].size());
    // What is behind the last argument ends it, and then the call.
    tagged.list = SplitList(behind_name.substr(0, key), *json_next, behind);
    const std::string next = tagged.list.separator + tagged.list.begin;
    if (!text_next->ends_with(next)) return {};
    tagged.text_end = text_next->substr(0, text_next->size() - next.size());
    calls.after_name = std::exchange(tagged.list.open, {});
    tagged.list.close.clear();
    const std::string_view close = behind.substr(tagged.list.end.size());
    calls.tagged = std::move(tagged);
    return close;
  }

  bool ReadSecond(const std::string& prompt, const ChatSyntax& chat, CallSyntax& calls) const {
    const std::string two = Render({Called(2, content_)}, true);
    const std::string_view turn = Turn(prompt, two, chat.reasoning);
    const std::string_view first = Behind(turn, kNames[0]);
    CallSyntax again;
    const std::string_view behind = first.empty() ? first : ReadArguments(first, again);
    const size_t name = behind.find(kNames[1]);
    if (behind.data() == nullptr || name == behind.npos) return false;
    std::string between(behind.substr(0, name));
    MakeHoles(between, 1);
    if (ReadArguments(behind.substr(name + kNames[1].size()), again).data() == nullptr) return false;
    MakeHoles(again.after_name, 1);
    const std::string open = std::exchange(calls.calls.begin, {}), close = std::exchange(calls.calls.end, {});
    calls.calls = SplitList(open, between, close);
    NumberCalls(again.after_name, calls);
    return true;
  }

  // Where calls are numbered, the first and the second differ by one.
  static void NumberCalls(const std::string& second, CallSyntax& calls) {
    std::string& first = calls.after_name;
    const auto [at, other] = std::ranges::mismatch(first, second);
    if (at != first.end() && other != second.end() && *other == *at + 1) {
      calls.first_index = *at - '0';
      *at = kIndexHole;
    }
    ListSyntax& list = calls.calls;
    if (list.open.empty() || list.separator.empty() || list.separator.back() != list.open.back() + 1) return;
    if (list.open.back() < '0' || list.open.back() > '8') return;
    calls.first_index = list.open.back() - '0';
    list.open.pop_back(), list.separator.pop_back();
    const std::string shared(SharedSuffix(list.open, list.separator));
    list.open.resize(list.open.size() - shared.size()), list.separator.resize(list.separator.size() - shared.size());
    list.begin = shared + kIndexHole + list.begin;
  }

  void ReadTrigger(std::string_view open, CallSyntax& calls) const {
    calls.trigger = HeadTag(open);
    if (!calls.trigger.empty()) return;
    const std::string both = Render({Called(1, kAnswer)}, true);
    const auto between = Between(both, kAnswer, kNames[0]);
    if (between && between->ends_with(open)) calls.after_content = WithoutLines(*between);
  }

  const ChatTemplate& template_;
  const std::span<const std::string> ends_;
  const ChatInput& base_;
  bool tools_ = true;     // the template can render them
  bool as_text_ = false;  // arguments
  Json content_ = "";     // beside calls
  std::array<std::string_view, 2> ids_ = kPlainIds;
  std::string turn_end_;
};

}  // namespace

CallSyntax ChatSyntax::DefaultCalls() {
  CallSyntax calls;
  calls.calls = {
      .open = {}, .begin = "<tool_call>\n{\"name\": \"", .end = "}\n</tool_call>", .separator = "\n", .close = {}};
  calls.after_name = "\", \"arguments\": ";
  calls.trigger = "<tool_call>";
  return calls;
}

ChatSyntax ChatSyntax::Of(const ChatTemplate& chat_template, std::span<const std::string> ends, const ChatInput& base) {
  return Prober(chat_template, ends, base).Run();
}

}  // namespace atelier
