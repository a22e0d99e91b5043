#include "agent/tool_finder.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include "base/text/sentences.h"
#include "knowledge/index/text/text_query.h"
#include "knowledge/index/text/text_view.h"
#include "knowledge/retrieve/fusion.h"

namespace atelier {
namespace {

constexpr int kMaxDepth = 4;
constexpr double kNotFound = -1;
constexpr size_t kLeastSentence = 12;  // bytes: what is shorter says nothing of a tool
constexpr size_t kMaxWords = 8 << 10;  // bytes of a tool's parameters that are looked at

// Names and descriptions of a schema's properties, and fixed values.
void AddWords(const Json& schema, int depth, std::string& words) {
  if (!schema.is_object() || depth > kMaxDepth || words.size() > kMaxWords) return;
  if (schema["description"].is_string()) words += schema["description"].AsString() + "\n";
  if (schema["enum"].is_array()) {
    for (const Json& value : schema["enum"].items()) {
      if (value.is_string()) words += value.AsString() + "\n";
    }
  }
  if (schema["properties"].is_object()) {
    for (const JsonMember& member : schema["properties"].members()) {
      words += member.key + "\n";
      AddWords(member.value, depth + 1, words);
    }
  }
  AddWords(schema["items"], depth + 1, words);
}

// Without the signs that a query's language has.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    plain += byte < 0x80 && std::isalnum(byte) == 0 ? ' ' : c;
  }
  return plain;
}

std::string Spaced(std::string name) {
  for (char& c : name) {
    if (c == '_' || c == '.' || c == '-') c = ' ';
  }
  return name;
}

TextSchema SchemaWith(const ToolFinderOptions& options) {
  return {{{"name", options.name_boost}, {"description", 1}, {"parameters", options.parameters_boost}}};
}

// Fuse tells chunks apart, and ties, by their ids: here places.
std::string IdOf(size_t place) {
  std::string id = std::to_string(place);
  return std::string(8 - std::min<size_t>(id.size(), 8), '0') + id;
}

}  // namespace

ToolWords ToolWords::Of(std::string name, std::string description, const Json& parameters) {
  ToolWords words{.name = std::move(name), .description = std::move(description)};
  AddWords(parameters, 0, words.parameters);
  return words;
}

std::string ToolWords::Meaning() const { return Spaced(name) + ": " + description; }

std::vector<ToolQuery> ToolQueriesOf(const std::string& text) {
  std::vector<ToolQuery> queries = {{.text = text}};
  for (const std::string_view sentence : SplitSentences(text)) {
    if (sentence.size() >= kLeastSentence && queries.size() < kMaxToolQueries) {
      queries.push_back({.text = std::string(sentence)});
    }
  }
  if (queries.size() == 2) queries.pop_back();  // the text itself
  return queries;
}

struct ToolFinder::State {
  explicit State(Analyzer made, ToolFinderOptions chosen)
      : options(std::move(chosen)), analyzer(std::move(made)), schema(SchemaWith(options)) {}
  ToolFinderOptions options;
  Analyzer analyzer;
  TextSchema schema;
  size_t num_tools = 0;
  std::vector<uint64_t> bytes = {};  // of the segment, where its numbers may stand
  std::unique_ptr<TextSegment> segment = {};
  std::unique_ptr<TextView> view = {};
};

ToolFinder::ToolFinder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ToolFinder::~ToolFinder() = default;

Result<std::unique_ptr<ToolFinder>> ToolFinder::Create(const std::vector<ToolWords>& tools, ToolFinderOptions options) {
  TRY(Analyzer analyzer, Analyzer::Create("en"));
  auto state = std::make_unique<State>(std::move(analyzer), std::move(options));
  TextSegmentBuilder builder(state->analyzer, state->schema);
  for (const ToolWords& tool : tools) {
    const std::string name = Spaced(tool.name);
    const TextSegmentBuilder::Text texts[] = {{0, name}, {1, tool.description}, {2, tool.parameters}};
    builder.Add(texts);
  }
  const std::string made = builder.Finish();
  state->num_tools = tools.size();
  state->bytes.resize((made.size() + 7) / 8);
  std::memcpy(state->bytes.data(), made.data(), made.size());
  TRY(TextSegment segment, TextSegment::Open({reinterpret_cast<const std::byte*>(state->bytes.data()), made.size()}));
  state->segment = std::make_unique<TextSegment>(std::move(segment));
  state->view =
      std::make_unique<TextView>(std::vector<TextPart>{{.segment = state->segment.get(), .counted = nullptr}});
  return std::unique_ptr<ToolFinder>(new ToolFinder(std::move(state)));
}

std::vector<double> ToolFinder::ScoresOf(const ToolQuery& query, bool words) const {
  std::vector<Found> found(state_->num_tools);
  for (size_t i = 0; i < found.size(); ++i) {
    found[i].chunk_id = IdOf(i);
    if (!query.likeness.empty()) found[i].vector_score = query.likeness[i];
  }
  if (words) {
    TextView::Options options;
    options.top_k = static_cast<int32_t>(found.size());
    const TextQuery text = ParseTextQuery(Plain(query.text), state_->analyzer, state_->schema);
    for (const TextHit& hit : state_->view->Search(text, options).hits) {
      found[hit.record].text_score = static_cast<double>(hit.score);
    }
  }
  std::erase_if(found, [](const Found& one) { return !one.text_score && !one.vector_score; });
  std::vector<double> scores(state_->num_tools, kNotFound);
  for (const Ranked& ranked : Fuse(found, state_->options.fusion, /*said=*/0))
    scores[std::stoul(ranked.chunk_id)] = ranked.score;
  return scores;
}

std::vector<size_t> ToolFinder::Find(const std::vector<ToolQuery>& queries, size_t limit, bool words) const {
  std::vector<double> whole(state_->num_tools, kNotFound), sentence(state_->num_tools, kNotFound);
  for (size_t i = 0; i < queries.size(); ++i) {
    const std::vector<double> scores = ScoresOf(queries[i], words);
    std::vector<double>& best = i == 0 ? whole : sentence;
    for (size_t tool = 0; tool < scores.size(); ++tool) best[tool] = std::max(best[tool], scores[tool]);
  }
  std::vector<std::pair<double, size_t>> ranked;
  for (size_t tool = 0; tool < whole.size(); ++tool) {
    if (whole[tool] == kNotFound && sentence[tool] == kNotFound) continue;
    const double score = std::max(whole[tool], 0.0) + state_->options.sentence_weight * std::max(sentence[tool], 0.0);
    ranked.emplace_back(-score, tool);
  }
  std::ranges::sort(ranked);
  std::vector<size_t> found;
  for (size_t i = 0; i < std::min(limit, ranked.size()); ++i) found.push_back(ranked[i].second);
  return found;
}

}  // namespace atelier
