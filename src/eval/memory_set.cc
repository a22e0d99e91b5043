#include "eval/memory_set.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace atelier {
namespace {

constexpr int64_t kMaxSetBytes = 256 << 20;
constexpr std::string_view kSession = "session_";

using Number = std::pair<int64_t, int64_t>;  // of a session, of a turn in it

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The digits from `at` on, which moves behind them; -1: there are none, or too many.
int64_t TakeNumber(std::string_view text, size_t& at) {
  int64_t number = -1;
  const auto [end, fault] = std::from_chars(text.data() + at, text.data() + text.size(), number);
  if (fault != std::errc() || !IsDigit(text[at])) return -1;
  at = static_cast<size_t>(end - text.data());
  return number;
}

// Every "D8:6" of a text, with or without a colon after the D and zeros before the digits.
std::vector<Number> NumbersIn(std::string_view text) {
  std::vector<Number> numbers;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != 'D' && text[at] != 'd') continue;
    size_t next = at + 1;
    while (next < text.size() && (text[next] == ':' || text[next] == ' ')) ++next;
    const int64_t session = next < text.size() ? TakeNumber(text, next) : -1;
    if (session < 0 || next >= text.size() || text[next] != ':') continue;
    while (next < text.size() && (text[next] == ':' || text[next] == ' ')) ++next;
    const int64_t turn = next < text.size() ? TakeNumber(text, next) : -1;
    if (turn < 0) continue;
    numbers.emplace_back(session, turn);
    at = next - 1;
  }
  return numbers;
}

// The turns there are, by how they are called and by number.
struct TurnNames {
  std::set<std::string, std::less<>> names;
  std::map<Number, std::string> by_number;

  void Add(const std::string& name) {
    names.insert(name);
    const std::vector<Number> numbers = NumbersIn(name);
    if (numbers.size() == 1) by_number.emplace(numbers[0], name);
  }
};

std::string TextOf(const Json& json) {
  if (json.is_string()) return json.AsString();
  return json.is_null() ? "" : json.Dump();
}

// Adds the turns that a piece of evidence names; how many things it names that there are not.
int64_t Resolve(const Json& piece, const TurnNames& turns, std::vector<std::string>& evidence) {
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(evidence, name) == evidence.end()) evidence.push_back(name);
  };
  if (piece.is_array()) {
    int64_t unknown = 0;
    for (const Json& one : piece.items()) unknown += one.is_array() ? 1 : Resolve(one, turns, evidence);
    return unknown;
  }
  const std::string text = TextOf(piece);
  if (turns.names.contains(text)) {
    add(text);
    return 0;
  }
  const std::vector<Number> numbers = NumbersIn(text);
  int64_t unknown = numbers.empty() ? 1 : 0;
  for (const Number& number : numbers) {
    if (const auto at = turns.by_number.find(number); at != turns.by_number.end()) {
      add(at->second);
    } else {
      ++unknown;
    }
  }
  return unknown;
}

std::string SpokenWords(const Json& turn) {
  std::string text = turn["text"].is_string() ? turn["text"].AsString() : "";
  if (turn["blip_caption"].is_string() && !turn["blip_caption"].AsString().empty()) {
    text += (text.empty() ? "" : " ") + ("[shares a picture: " + turn["blip_caption"].AsString() + "]");
  }
  return text;
}

Result<std::vector<MemorySession>> ReadSessions(const Json& conversation, MemorySet& set) {
  std::map<int64_t, MemorySession> sessions;
  for (const JsonMember& member : conversation.members()) {
    if (!member.key.starts_with(kSession) || !member.value.is_array()) continue;
    size_t at = kSession.size();
    const int64_t number = at < member.key.size() ? TakeNumber(member.key, at) : -1;
    if (number < 0 || at != member.key.size()) continue;
    MemorySession& session = sessions[number];
    session.name = member.key;
    const int64_t said_ms = SessionTimeMs(TextOf(conversation[member.key + "_date_time"]));
    set.num_without_time += said_ms == 0 ? 1 : 0;
    for (const Json& said : member.value.items()) {
      MemoryTurn turn;
      turn.speaker = said["speaker"].is_string() ? said["speaker"].AsString() : "";
      turn.text = SpokenWords(said), turn.said_ms = said_ms;
      turn.reference = TextOf(said["dia_id"]);
      set.num_without_words += turn.text.empty() ? 1 : 0;
      if (!turn.text.empty()) session.turns.push_back(std::move(turn));
    }
  }
  std::vector<MemorySession> in_order;
  for (auto& [number, session] : sessions) in_order.push_back(std::move(session));
  return in_order;
}

Result<void> ReadQuestions(const Json& qa, const TurnNames& turns, MemorySample& sample, MemorySet& set) {
  if (!qa.is_array()) return Error::Invalid("qa", "got " + std::string(qa.TypeName()) + ", want an array");
  for (int64_t i = 0; i < qa.size(); ++i) {
    const Json& one = qa[i];
    if (!one["question"].is_string()) {
      return Error::Invalid("qa[" + std::to_string(i) + "].question",
                            "got " + std::string(one["question"].TypeName()) + ", want a string");
    }
    MemoryQuestion question;
    question.text = one["question"].AsString(), question.answer = TextOf(one["answer"]);
    const std::optional<int64_t> category = one["category"].is_number() ? one["category"].AsInt64() : std::nullopt;
    if (category && *category >= 1 && *category <= kNumMemoryCategories) {
      question.category = static_cast<int>(*category);
    }
    if (one.Has("evidence")) set.num_unknown += Resolve(one["evidence"], turns, question.evidence);
    set.num_left_out += question.evidence.empty() ? 1 : 0;
    if (!question.evidence.empty()) sample.questions.push_back(std::move(question));
  }
  return {};
}

Result<MemorySample> ReadSample(const Json& json, size_t index, MemorySet& set) {
  MemorySample sample;
  sample.id = json.Has("sample_id") ? TextOf(json["sample_id"]) : "sample-" + std::to_string(index + 1);
  const Json& conversation = json.Has("session_1") ? json : json["conversation"];
  if (!conversation.is_object()) {
    return Error::Invalid("conversation", "got " + std::string(conversation.TypeName()) + ", want an object");
  }
  TRY(sample.sessions, ReadSessions(conversation, set));
  if (sample.num_turns() == 0) return Error::Invalid("conversation", "got no turns, want session_1 and further ones");
  TurnNames turns;
  for (const MemorySession& session : sample.sessions) {
    for (const MemoryTurn& turn : session.turns) turns.Add(turn.reference);
  }
  TRY_VOID(ReadQuestions(json["qa"], turns, sample, set));
  return sample;
}

}  // namespace

std::string_view MemoryCategoryName(int category) {
  static constexpr std::array<std::string_view, kNumMemoryCategories + 1> kNames = {
      "other", "multi-hop", "temporal", "open-domain", "single-hop", "adversarial"};
  return category >= 1 && category <= kNumMemoryCategories ? kNames.at(static_cast<size_t>(category)) : kNames[0];
}

int64_t MemorySample::num_turns() const {
  int64_t turns = 0;
  for (const MemorySession& session : sessions) turns += static_cast<int64_t>(session.turns.size());
  return turns;
}

int64_t SessionTimeMs(std::string_view text) {
  namespace chr = std::chrono;
  static constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                                 "jul", "aug", "sep", "oct", "nov", "dec"};
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (size_t at = 0; at < lower.size();) {
    if (IsDigit(lower[at])) {
      const int64_t number = TakeNumber(lower, at);
      if (number < 0) return 0;
      const bool is_clock = at + 1 < lower.size() && lower[at] == ':' && IsDigit(lower[at + 1]);
      if (is_clock && hour == 0 && minute == 0) {
        hour = number, minute = TakeNumber(lower, ++at);
      } else if (number >= 1000) {
        year = number;
      } else if (year > 0 && month == 0) {
        month = number;  // 2023-05-08
      } else if (day == 0) {
        day = number;
      }
      continue;
    }
    const std::string_view rest = std::string_view(lower).substr(at);
    const auto named = std::ranges::find_if(kMonths, [&](std::string_view name) { return rest.starts_with(name); });
    if (named != std::end(kMonths) && month == 0) month = (named - std::begin(kMonths)) + 1;
    if (rest.starts_with("pm") && hour < 12) hour += 12;
    if (rest.starts_with("am") && hour == 12) hour = 0;
    while (at < lower.size() && std::isalpha(static_cast<unsigned char>(lower[at])) != 0) ++at;
    if (at < lower.size() && !IsDigit(lower[at])) ++at;
  }
  const chr::year_month_day date(chr::year(static_cast<int>(year)), chr::month(static_cast<unsigned>(month)),
                                 chr::day(static_cast<unsigned>(day)));
  if (year <= 0 || year > 9999 || !date.ok() || hour > 23 || minute > 59 || minute < 0) return 0;
  const auto since = chr::sys_days(date).time_since_epoch() + chr::hours(hour) + chr::minutes(minute);
  return chr::duration_cast<chr::milliseconds>(since).count();
}

Result<MemorySet> ReadMemorySet(const Json& json) {
  MemorySet set;
  const std::span<const Json> samples = json.is_array() ? json.items() : std::span(&json, 1);
  for (size_t i = 0; i < samples.size(); ++i) {
    auto sample = ReadSample(samples[i], i, set);
    if (!sample.ok()) return std::move(sample).error().Under("[" + std::to_string(i) + "]");
    set.samples.push_back(std::move(*sample));
  }
  if (set.samples.empty()) return Error::Invalid("", "got no conversation, want one or a list of them");
  return set;
}

Result<MemorySet> LoadMemorySet(Files& files, const std::string& path) {
  TRY(const std::string text, ReadWholeFile(files, path, kMaxSetBytes));
  auto json = Json::Parse(text);
  if (!json.ok()) return std::move(json).error().Under(path);
  auto set = ReadMemorySet(*json);
  if (!set.ok()) return std::move(set).error().Under(path);
  return set;
}

}  // namespace atelier
