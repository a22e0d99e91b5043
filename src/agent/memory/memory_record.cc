#include "agent/memory/memory_record.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <utility>

#include "base/io/sha256.h"
#include "base/text/describe_json.h"
#include "base/text/json.h"

namespace atelier {
namespace {

constexpr std::string_view kKind = "@kind";
constexpr size_t kSessionDigits = 16, kPlaceDigits = 8;
constexpr size_t kTurnIdBytes = 2 + kSessionDigits + 1 + kPlaceDigits;

std::string SessionDigits(const MemoryScope& scope) {
  const std::string key = Json::Array({scope.user, scope.agent, scope.session}).Dump();
  return Sha256Hex(key).substr(0, kSessionDigits);
}

std::string TurnIdWith(std::string_view session_digits, int64_t place) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%08lld", static_cast<long long>(place));
  return "t/" + std::string(session_digits) + "/" + digits;
}

Json ScopeAttributes(const MemoryScope& scope, std::string_view kind) {
  return Json::Object({{kKind, kind}, {"user", scope.user}, {"agent", scope.agent}, {"session", scope.session}});
}

std::string TextAt(const Json& json, const char* key) {
  return json[key].is_string() ? json[key].AsString() : std::string();
}
int64_t NumberAt(const Json& json, const char* key) {
  return json[key].is_number() ? json[key].AsInt64().value_or(0) : 0;
}

Json ScopePayload(const MemoryScope& scope) {
  return Json::Object({{"user", scope.user}, {"agent", scope.agent}, {"session", scope.session}});
}
MemoryScope ReadScope(const Json& payload) {
  return {.user = TextAt(payload, "user"), .agent = TextAt(payload, "agent"), .session = TextAt(payload, "session")};
}

Result<void> CheckBytes(std::string where, const std::string& text, size_t least, size_t most) {
  if (text.size() >= least && text.size() <= most) return {};
  const std::string want = least == 0 ? "at most " : std::to_string(least) + " to ";
  return Error::Invalid(std::move(where),
                        "got " + std::to_string(text.size()) + " bytes, want " + want + std::to_string(most));
}

}  // namespace

Filter AttributeIs(std::string_view key, std::string_view value) {
  return Filter::Compare(Filter::Op::kEq, std::string(key), Json(value));
}

Filter WithinScope(const MemoryScope& scope, std::string_view kind) {
  std::vector<Filter> parts;
  const auto want = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) parts.push_back(AttributeIs(key, value));
  };
  want(kKind, kind), want("user", scope.user), want("agent", scope.agent), want("session", scope.session);
  return parts.empty() ? Filter() : Filter::And(std::move(parts));
}

Filter ExactlyIn(const MemoryScope& scope, std::string_view kind) {
  return Filter::And({AttributeIs(kKind, kind), AttributeIs("user", scope.user), AttributeIs("agent", scope.agent),
                      AttributeIs("session", scope.session)});
}

std::string SessionRecordId(const MemoryScope& scope) { return "s/" + SessionDigits(scope); }
std::string TurnIdOf(const MemoryScope& scope, int64_t place) { return TurnIdWith(SessionDigits(scope), place); }
bool IsTurnId(std::string_view id) { return id.size() == kTurnIdBytes && id.starts_with("t/"); }
bool IsFactId(std::string_view id) { return id.starts_with("f/"); }
std::string WindowIdOf(std::string_view turn_id) { return "w" + std::string(turn_id.substr(1)); }

int64_t PlaceOf(std::string_view turn_id) {
  CHECK_MSG(IsTurnId(turn_id), std::string(turn_id));
  int64_t place = 0;
  const std::string_view digits = turn_id.substr(kTurnIdBytes - kPlaceDigits);
  std::from_chars(digits.data(), digits.data() + digits.size(), place);
  return place;
}

std::string TurnIdAt(std::string_view turn_id, int64_t place) {
  return TurnIdWith(turn_id.substr(2, kSessionDigits), place);
}

IndexRecord TurnRecord(const MemoryTurn& turn) {
  IndexRecord record;
  record.id = turn.id;
  record.texts.push_back({"body", turn.text});
  if (!turn.speaker.empty()) record.texts.push_back({"speaker", turn.speaker});
  record.attributes = ScopeAttributes(turn.scope, kTurnKind);
  record.attributes.Set("said_ms", turn.said_ms);
  if (!turn.speaker.empty()) record.attributes.Set("speaker", turn.speaker);
  if (!turn.reference.empty()) record.attributes.Set("reference", turn.reference);
  Json payload = ScopePayload(turn.scope);
  payload.Set("speaker", turn.speaker), payload.Set("text", turn.text);
  payload.Set("said_ms", turn.said_ms), payload.Set("reference", turn.reference);
  if (!turn.work.empty()) payload.Set("work", turn.work);
  record.payload = payload.Dump();
  return record;
}

IndexRecord WindowRecord(const MemoryTurn& turn, std::string text) {
  IndexRecord record;
  record.id = WindowIdOf(turn.id);
  record.texts.push_back({"body", std::move(text)});
  record.attributes = ScopeAttributes(turn.scope, kWindowKind);
  return record;
}

IndexRecord SessionRecord(const MemorySessionState& state) {
  IndexRecord record;
  record.id = SessionRecordId(state.scope);
  record.attributes = ScopeAttributes(state.scope, kSessionKind);
  Json payload = ScopePayload(state.scope);
  payload.Set("places", state.num_places), payload.Set("learnt", state.num_learnt);
  record.payload = payload.Dump();
  return record;
}

IndexRecord FactRecord(const MemoryFact& fact) {
  IndexRecord record;
  record.id = fact.id;
  record.texts.push_back({"body", fact.text});
  record.attributes = ScopeAttributes(fact.scope(), kFactKind);
  record.attributes.Set("fact", fact.kind);
  Json sources = Json::Array({});
  for (const std::string& source : fact.sources) sources.Push(source);
  if (!sources.empty()) record.attributes.Set("source", std::move(sources));
  record.payload = WriteJson(fact).Dump();
  return record;
}

Result<MemoryTurn> ReadTurn(const IndexRecord& record) {
  TRY(const Json payload, Json::Parse(record.payload));
  MemoryTurn turn;
  turn.id = record.id, turn.scope = ReadScope(payload);
  turn.speaker = TextAt(payload, "speaker"), turn.text = TextAt(payload, "text");
  turn.reference = TextAt(payload, "reference"), turn.said_ms = NumberAt(payload, "said_ms");
  turn.work = TextAt(payload, "work");
  return turn;
}

Result<MemorySessionState> ReadSession(const IndexRecord& record) {
  TRY(const Json payload, Json::Parse(record.payload));
  MemorySessionState state{.scope = ReadScope(payload)};
  state.num_places = NumberAt(payload, "places"), state.num_learnt = NumberAt(payload, "learnt");
  return state;
}

Result<MemoryFact> ReadFact(const IndexRecord& record) {
  TRY(const Json payload, Json::Parse(record.payload));
  Result<MemoryFact> fact = ReadJson<MemoryFact>(payload);
  if (!fact.ok()) return Error::Corrupt(record.id, fact.error().Message());
  return fact;
}

Result<void> CheckScope(const MemoryScope& scope) {
  TRY_VOID(CheckBytes("user", scope.user, 0, kMaxNameBytes));
  TRY_VOID(CheckBytes("agent", scope.agent, 0, kMaxNameBytes));
  return CheckBytes("session", scope.session, 0, kMaxNameBytes);
}

Result<void> CheckTurn(const MemoryTurn& turn) {
  TRY_VOID(CheckBytes("speaker", turn.speaker, 0, kMaxNameBytes));
  TRY_VOID(CheckBytes("reference", turn.reference, 0, kMaxNameBytes));
  TRY_VOID(CheckBytes("work", turn.work, 0, kMaxNameBytes));
  return CheckBytes("text", turn.text, 1, kMaxTurnBytes);
}

Result<void> CheckFact(const MemoryFact& fact) {
  TRY_VOID(CheckScope(fact.scope()));
  TRY_VOID(CheckBytes("text", fact.text, 1, kMaxFactBytes));
  if (fact.sources.size() <= kMaxFactSources) return {};
  return Error::Invalid(
      "sources", "got " + std::to_string(fact.sources.size()) + ", want at most " + std::to_string(kMaxFactSources));
}

std::string QuestionWords(std::string_view text) {
  std::string words(text);
  for (char& c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) == 0 && c != '\'') c = ' ';
  }
  return words;
}

}  // namespace atelier
