#include "provider/output_check.h"

#include "engine/grammar/grammar_vocabulary.h"

namespace atelier {
namespace {

// A vocabulary of bytes: a grammar is asked about texts here, never about tokens.
std::shared_ptr<const GrammarVocabulary> Bytes() {
  static const std::shared_ptr<const GrammarVocabulary> bytes = [] {
    std::vector<std::string> pieces;
    for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(1, static_cast<char>(byte));
    return std::make_shared<const GrammarVocabulary>(std::move(pieces));
  }();
  return bytes;
}

Result<JsonSchemaValidator> ValidatorOf(const Json& schema, const std::string& where) {
  auto document = SchemaDocument::Parse(schema);
  if (!document.ok()) return std::move(document).error().Under(where);
  auto validator = JsonSchemaValidator::Create(std::move(*document), FormatPolicy::kAssert);
  if (!validator.ok()) return std::move(validator).error().Under(where);
  return validator;
}

std::optional<std::string> BreaksSchema(const JsonSchemaValidator& schema, std::string_view text) {
  const Result<Json> json = Json::Parse(text);
  if (!json.ok()) return "got no JSON document: " + json.error().Message();
  const auto violations = schema.Validate(*json);
  if (!violations.ok()) return violations.error().Message();
  std::string all;
  for (const SchemaViolation& violation : *violations) all += (all.empty() ? "" : "; ") + violation.Text();
  return all.empty() ? std::nullopt : std::optional(all);
}

std::optional<std::string> BreaksGrammar(const Grammar& grammar, std::string_view text) {
  const std::unique_ptr<Constraint> constraint = grammar.Start();
  for (size_t i = 0; i < text.size(); ++i) {
    if (constraint->AcceptBytes(text.substr(i, 1))) continue;
    return "got '" + std::string(text.substr(i, 20)) + "' at byte " + std::to_string(i) + ", which may not come there";
  }
  if (constraint->CanEnd()) return std::nullopt;
  return "got the end after " + std::to_string(text.size()) + " bytes, where it may not end yet";
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// What stands between ```json and ```, where the whole text is one such block; else the text.
std::string_view WithoutFence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  text = Trimmed(text);
  const size_t line = text.find('\n');
  if (!text.starts_with(kFence) || !text.ends_with(kFence) || line == std::string_view::npos) return text;
  if (line + 1 > text.size() - kFence.size()) return text;
  return Trimmed(text.substr(line + 1, text.size() - kFence.size() - line - 1));
}

std::string PlaceOf(const std::string& tool) { return "tools." + tool; }

}  // namespace

Result<std::shared_ptr<const OutputCheck>> OutputCheck::Create(const std::optional<GrammarSpec>& grammar,
                                                               const ToolUse& tools) {
  auto check = std::make_shared<OutputCheck>();
  check->allows_any_text_ = !grammar.has_value();
  if (grammar && grammar->kind == GrammarSpec::Kind::kJsonSchema) {
    TRY(check->schema_, ValidatorOf(grammar->schema, grammar->where));
  } else if (grammar) {
    TRY(check->grammar_, CompileGrammar(*grammar, Bytes()));
  }
  check->choice_ = tools.choice;
  check->parallel_ = tools.parallel;
  for (const Tool& tool : tools.tools) {
    if (!tools.IsAllowed(tool.name)) continue;
    OfTool of;
    of.custom = tool.custom;
    if (!tool.custom) {
      TRY(of.arguments, ValidatorOf(tool.parameters, PlaceOf(tool.name) + ".parameters"));
    } else if (tool.input) {
      TRY(of.input, CompileGrammar(*tool.input, Bytes()));
    }
    check->tools_.emplace(tool.name, std::move(of));
  }
  return std::shared_ptr<const OutputCheck>(std::move(check));
}

std::optional<std::string> OutputCheck::Violation(GatheredChoice& choice) const {
  if (!choice.calls.empty()) return OfCalls(choice);
  if (choice_ == ToolUse::Choice::kRequired && !tools_.empty()) return "got no tool call, want at least one";
  return OfText(choice.text);
}

std::optional<std::string> OutputCheck::OfCalls(const GatheredChoice& choice) const {
  if (choice_ == ToolUse::Choice::kNone || tools_.empty()) return "got a tool call, want none";
  if (!parallel_ && choice.calls.size() > 1) {
    return "got " + std::to_string(choice.calls.size()) + " tool calls, want one";
  }
  for (const GatheredCall& call : choice.calls) {
    if (auto wrong = OfCall(call)) return "call of '" + call.name + "': " + *wrong;
  }
  return std::nullopt;
}

std::optional<std::string> OutputCheck::OfCall(const GatheredCall& call) const {
  const auto tool = tools_.find(call.name);
  if (tool == tools_.end()) return "got that name, want one of the tools that may be called";
  if (tool->second.input) return BreaksGrammar(*tool->second.input, call.arguments);
  if (tool->second.custom) return std::nullopt;
  const Result<Json> json = Json::Parse(call.arguments);
  if (json.ok() && !json->is_object()) return "got " + std::string(json->TypeName()) + " as arguments, want an object";
  return BreaksSchema(*tool->second.arguments, call.arguments);
}

std::optional<std::string> OutputCheck::OfText(std::string& text) const {
  if (allows_any_text_) return std::nullopt;
  if (grammar_) return BreaksGrammar(*grammar_, text);
  std::optional<std::string> wrong = BreaksSchema(*schema_, text);
  const std::string_view bare = WithoutFence(text);
  if (!wrong || bare.size() == text.size()) return wrong;
  wrong = BreaksSchema(*schema_, bare);
  if (!wrong) text = std::string(bare);
  return wrong;
}

}  // namespace atelier
