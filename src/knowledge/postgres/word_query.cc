#include "knowledge/postgres/word_query.h"

#include <algorithm>
#include <array>

#include "knowledge/index/text/text_query.h"
#include "knowledge/postgres/postgres_capabilities.h"

namespace atelier {
namespace {

constexpr uint32_t kMaxPlace = 16'383;

constexpr std::array<std::string_view, 4> kFields = {"body", "title", "headings", "context"};
constexpr std::array<std::string_view, 4> kWeights = {"D", "A", "B", "C"};  // of kFields

// A term as it stands, in either type.
std::string Quoted(std::string_view term, std::string_view marks) {
  std::string quoted = "'";
  for (const char c : term) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c == '\0' ? ' ' : c;
  }
  quoted += '\'';
  return marks.empty() ? quoted : quoted + ":" + std::string(marks);
}

Result<std::string> ClauseText(const TextClause& clause, std::string_view whole) {
  using Kind = TextClause::Kind;
  const std::string where = "query: " + std::string(whole);
  if (clause.kind == Kind::kFuzzy) {
    TRY_VOID(PostgresCapabilities().Check(CorpusCapability::kNearSpellings, where));
  }
  if (clause.slop > 0) {
    TRY_VOID(PostgresCapabilities().Check(CorpusCapability::kLoosePhrases, where));
  }
  std::string marks = clause.field >= 0 ? std::string(kWeights[static_cast<size_t>(clause.field)]) : "";
  if (clause.kind == Kind::kPrefix) marks = "*" + marks;
  std::string text;
  uint32_t before = 0;
  for (const TextClause::Term& term : clause.terms) {
    if (!text.empty()) {
      text += clause.kind == Kind::kPhrase ? " <" + std::to_string(term.offset - before) + "> " : " | ";
    }
    text += Quoted(term.text, marks);
    before = term.offset;
  }
  return "(" + text + ")";
}

void Join(std::string& all, std::string_view between, const std::string& part) {
  if (!all.empty()) all += between;
  all += part;
}

}  // namespace

std::string WordVector(std::string_view text, const Analyzer& analyzer) {
  std::string words;
  analyzer.Analyze(text, [&words](const TextToken& token) {
    if (!words.empty()) words += ' ';
    words += Quoted(token.term, std::to_string(std::min(token.position + 1, kMaxPlace)));
  });
  return words;
}

Result<WordQuery> ReadWordQuery(std::string_view text, const Analyzer& analyzer) {
  TextSchema schema;
  schema.fields.clear();
  for (const std::string_view name : kFields) schema.fields.push_back({std::string(name)});
  std::string should, must, must_not;
  for (const TextClause& clause : ParseTextQuery(text, analyzer, schema).clauses) {
    if (clause.terms.empty()) continue;
    TRY(const std::string part, ClauseText(clause, text));
    if (clause.occur == TextClause::Occur::kMustNot) {
      Join(must_not, " & ", "!" + part);
      continue;
    }
    Join(should, " | ", part);
    if (clause.occur == TextClause::Occur::kMust) Join(must, " & ", part);
  }
  if (should.empty()) return WordQuery();
  WordQuery query{.match = must.empty() ? "(" + should + ")" : must, .rank = should};
  if (!must_not.empty()) Join(query.match, " & ", must_not);
  return query;
}

}  // namespace atelier
