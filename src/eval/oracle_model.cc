#include "eval/oracle_model.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/text/unicode.h"
#include "base/text/utf8.h"
#include "provider/gathered.h"

namespace atelier {
namespace {

constexpr size_t kSaidBytes = 500;
constexpr size_t kTitleBytes = 150;
constexpr size_t kTellingBytes = 20;  // of a title that stands in no other text by chance
constexpr double kSure = 0.95;
constexpr std::string_view kPassageLabel = "Passage: ";  // as the prompts of stages and rerankers have it

std::string Beginning(const std::string& text, size_t num_bytes) {
  std::string beginning = text.substr(0, num_bytes);
  beginning.resize(beginning.size() - IncompleteUtf8Tail(beginning));
  return beginning;
}

// Of {"type": "object", "properties": {"list": ...}}, which stages ask for; -1 of all else.
int64_t MostInList(const std::optional<GrammarSpec>& grammar) {
  if (!grammar || grammar->kind != GrammarSpec::Kind::kJsonSchema) return -1;
  const Json& list = grammar->schema["properties"]["list"];
  return list.is_object() ? list["maxItems"].AsInt64().value_or(-1) : -1;
}

bool AsksFor(const std::optional<GrammarSpec>& grammar, std::string_view property) {
  return grammar && grammar->kind == GrammarSpec::Kind::kJsonSchema &&
         grammar->schema["properties"].Find(property) != nullptr;
}

}  // namespace

OracleModel::OracleModel(Loop& loop, const JudgedSet& set) : loop_(loop), set_(set) {
  for (const JudgedSet::Text& document : set.documents) documents_[document.id] = &document;
}

std::vector<const JudgedSet::Text*> OracleModel::RelevantTo(std::string_view prompt) const {
  const JudgedSet::Text* asked = nullptr;
  for (const JudgedSet::Text& query : set_.queries) {
    const bool is_longer = asked == nullptr || query.text.size() > asked->text.size();
    if (is_longer && prompt.find(query.text) != std::string_view::npos) asked = &query;
  }
  std::vector<std::pair<double, const JudgedSet::Text*>> relevant;
  if (asked != nullptr) {
    for (const auto& [id, grade] : set_.judgements.at(asked->id)) {
      const auto document = documents_.find(id);
      if (grade > 0 && document != documents_.end()) relevant.emplace_back(grade, document->second);
    }
  }
  std::ranges::stable_sort(relevant, std::greater<>(), [](const auto& one) { return one.first; });
  std::vector<const JudgedSet::Text*> texts;
  for (const auto& [grade, text] : relevant) texts.push_back(text);
  return texts;
}

Result<const JudgedSet::Text*> OracleModel::DocumentIn(std::string_view prompt) const {
  std::vector<std::string> pieces;
  for (const auto& part : std::views::split(prompt, '\n')) {
    const std::string line(part.begin(), part.end());
    if (line.size() >= kTellingBytes) pieces.push_back(Beginning(line, kTitleBytes));
  }
  for (const JudgedSet::Text& document : set_.documents) {
    // A summary of it, where summaries are summed up, is its title.
    const bool by_title =
        document.title.size() >= kTellingBytes && prompt.find(document.title) != std::string_view::npos;
    const auto is_its = [&](const std::string& piece) { return document.text.find(piece) != std::string::npos; };
    if (by_title || std::ranges::any_of(pieces, is_its)) return &document;
  }
  return Error::Invalid("prompt", "got neither a query nor a document of the judged set in it");
}

std::string OracleModel::FactsOf(const JudgedSet::Text& document) const {
  const auto entity = [](const std::string& name) { return Json::Object({{"name", name}, {"kind", "document"}}); };
  Json entities = Json::Array({entity(document.title)}), relations = Json::Array();
  for (const auto& [query, judged] : set_.judgements) {
    if (const auto ours = judged.find(document.id); ours == judged.end() || ours->second <= 0) continue;
    for (const auto& [id, grade] : judged) {
      const auto other = documents_.find(id);
      if (grade <= 0 || id == document.id || other == documents_.end()) continue;
      entities.Push(entity(other->second->title));
      relations.Push(Json::Object(
          {{"source", document.title}, {"relation", "is asked for with"}, {"target", other->second->title}}));
    }
  }
  return Json::Object({{"entities", std::move(entities)}, {"relations", std::move(relations)}}).Dump();
}

Task<Result<Generation>> OracleModel::Generate(Call /*call*/, GenerationRequest request) {
  const auto* chat = std::get_if<ChatPrompt>(&request.prompt);
  if (chat == nullptr || chat->messages.size() == 0) co_return Error::Unsupported("prompt", "want a conversation");
  const std::string prompt = chat->messages.items().back()["content"].AsString();
  const std::vector<const JudgedSet::Text*> relevant = RelevantTo(prompt);
  if (relevant.empty()) {
    CO_TRY(const JudgedSet::Text* const read, DocumentIn(prompt));
    Gathered title;
    title.choices.resize(1);
    const bool wants_facts = AsksFor(request.options.grammar, "entities");
    title.choices[0].text = wants_facts ? FactsOf(*read) : read->title;
    co_return Replay(loop_, EventsOf(title));
  }
  Gathered said;
  said.choices.resize(1);
  const int64_t most = MostInList(request.options.grammar);
  if (most < 0) {
    said.choices[0].text = Beginning(relevant[0]->text, kSaidBytes);
  } else {
    Json list = Json::Array();
    for (const JudgedSet::Text* text : relevant) {
      if (static_cast<int64_t>(list.size()) == most) break;
      list.Push(Beginning(text->title.empty() ? text->text : text->title, kTitleBytes));
    }
    said.choices[0].text = Json::Object({{"list", std::move(list)}}).Dump();
  }
  co_return Replay(loop_, EventsOf(said));
}

Task<Result<Decision>> OracleModel::Decide(Call /*call*/, DecisionRequest request) {
  std::string input;
  for (const DecisionPart& part : request.input) input += part.text + "\n";
  const size_t label = input.find(kPassageLabel);
  const std::string quoted = label == std::string::npos ? "" : input.substr(label + kPassageLabel.size(), kTitleBytes);
  const bool is_relevant = !quoted.empty() && std::ranges::any_of(RelevantTo(input), [&](const JudgedSet::Text* text) {
    return text->text.find(Trim(quoted)) != std::string::npos;
  });
  Decision decision;
  for (const DecisionQuestion& question : request.questions) {
    if (question.kind != QuestionKind::kPredicate) co_return Error::Unsupported("questions", "want predicates");
    const double yes = is_relevant ? kSure : 1 - kSure;
    decision.answers.push_back(DecisionAnswer::Of({1 - yes, yes}));
  }
  co_return decision;
}

Task<Result<Generation>> OracleModel::Prepare(Call /*call*/, GenerationRequest /*request*/) { co_return Generation(); }
Task<Result<ModelDetails>> OracleModel::Describe(Call /*call*/, std::string /*model*/) { co_return ModelDetails(); }
Task<Result<std::vector<TokenText>>> OracleModel::Spell(Call /*call*/, std::string /*model*/,
                                                        std::vector<int32_t> tokens) {
  co_return std::vector<TokenText>(tokens.size());
}

}  // namespace atelier
