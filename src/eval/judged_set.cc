#include "eval/judged_set.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/text/json.h"
#include "eval/json_lines.h"

namespace atelier {
namespace {

Result<JudgedSet::Text> ReadText(const Json& json) {
  JudgedSet::Text text;
  TRY(text.id, TextMember(json, "_id"));
  if (!json["title"].is_null()) {
    TRY(text.title, TextMember(json, "title"));
  }
  TRY(text.text, TextMember(json, "text"));
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
  TRY_VOID(EachJsonLine(files, JoinPath(folder, "corpus.jsonl"), [&](const Json& json) -> Result<void> {
    TRY(JudgedSet::Text text, ReadText(json));
    set.documents.push_back(std::move(text));
    return {};
  }));
  TRY_VOID(EachJsonLine(files, JoinPath(folder, "queries.jsonl"), [&](const Json& json) -> Result<void> {
    TRY(JudgedSet::Text text, ReadText(json));
    if (set.judgements.contains(text.id)) set.queries.push_back(std::move(text));
    return {};
  }));
  return set;
}

}  // namespace atelier
