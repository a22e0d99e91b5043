#include "eval/judged_set.h"

#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/text/json.h"

namespace atelier {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{16} << 30;

// Calls read(line) for each line that is not empty; errors get path and line number.
Result<void> EachLine(Files& files, const std::string& path,
                      const std::function<Result<void>(std::string_view)>& read) {
  TRY(const std::string content, ReadWholeFile(files, path, kMaxFileBytes));
  int64_t number = 0;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    std::string_view line(content.data() + begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    if (auto done = read(line); !done.ok()) return std::move(done).error().Under(path + ":" + std::to_string(number));
  }
  return {};
}

Result<std::string> TextOf(const Json& json, const char* key, bool required) {
  const Json& value = json[key];
  if (value.is_null() && !required) return std::string();
  if (!value.is_string()) return Error::Invalid(key, "got " + std::string(value.TypeName()) + ", want a text");
  return value.AsString();
}

Result<JudgedSet::Text> ReadText(std::string_view line) {
  TRY(const Json json, Json::Parse(line));
  if (!json.is_object()) return Error::Invalid("", "got " + std::string(json.TypeName()) + ", want an object");
  JudgedSet::Text text;
  TRY(text.id, TextOf(json, "_id", true));
  TRY(text.title, TextOf(json, "title", false));
  TRY(text.text, TextOf(json, "text", true));
  return text;
}

struct Judgement {
  std::string query, document;
  int32_t score = 0;
};

Result<Judgement> ReadJudgement(std::string_view line) {
  const size_t first = line.find('\t');
  const size_t second = first == line.npos ? line.npos : line.find('\t', first + 1);
  if (second == line.npos)
    return Error::Invalid("", "got \"" + std::string(line) + "\", want three columns between tabs");
  const std::string score(line.substr(second + 1));
  const Result<Json> number = Json::Parse(score);
  const std::optional<int64_t> value = number.ok() && number->is_number() ? number->AsInt64() : std::nullopt;
  if (!value) return Error::Invalid("score", "got \"" + score + "\", want a whole number");
  return Judgement{std::string(line.substr(0, first)), std::string(line.substr(first + 1, second - first - 1)),
                   static_cast<int32_t>(*value)};
}

}  // namespace

Result<JudgedSet> LoadJudgedSet(Files& files, const std::string& folder, const std::string& split) {
  JudgedSet set;
  bool first = true;
  TRY_VOID(EachLine(files, JoinPath(folder, "qrels/" + split + ".tsv"), [&](std::string_view line) -> Result<void> {
    if (std::exchange(first, false)) return {};
    TRY(Judgement judgement, ReadJudgement(line));
    set.judgements[judgement.query][judgement.document] = judgement.score;
    return {};
  }));
  TRY_VOID(EachLine(files, JoinPath(folder, "corpus.jsonl"), [&](std::string_view line) -> Result<void> {
    TRY(JudgedSet::Text text, ReadText(line));
    set.documents.push_back(std::move(text));
    return {};
  }));
  TRY_VOID(EachLine(files, JoinPath(folder, "queries.jsonl"), [&](std::string_view line) -> Result<void> {
    TRY(JudgedSet::Text text, ReadText(line));
    if (set.judgements.contains(text.id)) set.queries.push_back(std::move(text));
    return {};
  }));
  return set;
}

}  // namespace atelier
