// atelier grammar check
#include <cstdio>

#include "cli/command.h"
#include "cli/input.h"
#include "engine/grammar/grammar.h"
#include "engine/grammar/grammar_vocabulary.h"

namespace atelier {
namespace {

constexpr size_t kMaxRestBytes = 1 << 16;

// A grammar is the same for every vocabulary that has all bytes.
std::shared_ptr<const GrammarVocabulary> BytesAlone() {
  std::vector<std::string> pieces(256);
  for (size_t byte = 0; byte < pieces.size(); ++byte) pieces[byte] = static_cast<char>(byte);
  return std::make_shared<const GrammarVocabulary>(std::move(pieces));
}

class GrammarCheckCommand final : public Command {
 public:
  void Declare(Options& options) override {
    options.Flag(
        "--any-order", any_order_,
        "members in any order, any white space and any spelling of numbers, as a matcher reads; without, as the "
        "server writes");
  }

  Result<void> Run(const Invocation& /*invocation*/) override {
    SayWhatIsAwaited("lines of JSON, as {\"schema\": {\"type\": \"integer\"}, \"texts\": [\"1\", \"x\"]}");
    const Interrupt interrupt;
    int64_t num_lines = 0;
    while (const auto line = ReadLine(interrupt)) {
      ++num_lines;
      const std::string where = "line " + std::to_string(num_lines);
      TRY(const Json row, Parsed(*line, where));
      TRY(const GrammarSpec spec, SpecOf(row, where));
      std::printf("%s\n", Judge(spec, row["texts"]).Dump().c_str());
      std::fflush(stdout);
    }
    return {};
  }

 private:
  static Result<Json> Parsed(const std::string& line, const std::string& where) {
    auto row = Json::Parse(line);
    if (!row.ok()) return std::move(row).error().Under(where);
    return row;
  }

  Result<GrammarSpec> SpecOf(const Json& row, const std::string& where) const {
    GrammarSpec spec;
    if (!any_order_) spec.style = JsonStyle::Served();
    int num_kinds = 0;
    for (const auto& [key, kind] : {std::pair{"schema", GrammarSpec::Kind::kJsonSchema},
                                    {"structural_tag", GrammarSpec::Kind::kStructuralTag},
                                    {"regex", GrammarSpec::Kind::kRegex},
                                    {"grammar", GrammarSpec::Kind::kGrammar}}) {
      if (!row.Has(key)) continue;
      ++num_kinds;
      spec.kind = kind;
      const bool is_text = kind == GrammarSpec::Kind::kRegex || kind == GrammarSpec::Kind::kGrammar;
      if (is_text && !row[key].is_string()) return Error::Invalid(where + "." + key, "want a text");
      if (is_text) spec.text = row[key].AsString();
      if (!is_text) spec.schema = row[key];
    }
    if (num_kinds != 1) return Error::Invalid(where, "want one of schema, structural_tag, regex, grammar");
    return spec;
  }

  Json Judge(const GrammarSpec& spec, const Json& texts) {
    const auto grammar = CompileGrammar(spec, vocabulary_);
    if (!grammar.ok()) {
      return Json::Object({{"refused", grammar.error().Message()},
                           {"kind", grammar.error().kind == ErrorKind::kUnsupported ? "unsupported" : "invalid"}});
    }
    Json verdicts = Json::Array();
    for (const Json& text : texts.items()) verdicts.Push(Verdict(**grammar, text));
    return Json::Object({{"texts", std::move(verdicts)}});
  }

  static Json Verdict(const Grammar& grammar, const Json& text) {
    const auto constraint = grammar.Start();
    if (!text.is_string() || !constraint->AcceptBytes(text.AsString())) return Json::Object({{"is", "wrong"}});
    if (constraint->CanEnd()) return Json::Object({{"is", "whole"}});
    Json verdict = Json::Object({{"is", "begun"}});
    if (const auto rest = constraint->Closing("", kMaxRestBytes)) verdict.Set("rest", *rest);
    return verdict;
  }

  bool any_order_ = false;
  std::shared_ptr<const GrammarVocabulary> vocabulary_ = BytesAlone();
};

}  // namespace

extern const CommandEntry command_grammar_check{
    "grammar check", "Which texts a schema or grammar takes, and how what is begun could end",
    "Reads lines of JSON from standard input: schema, structural_tag, regex or grammar, and texts. Prints a line for "
    "each: why it is\n"
    "refused, or for each text whether it is whole, wrong (no output begins so), or begun, then with a short rest that "
    "completes it where\n"
    "one is known: for schemas and expressions, not for grammars and tags.\n\n"
    "  echo '{\"schema\": {\"minimum\": 3}, \"texts\": [\"4\", \"1\", \"[1, tr\"]}' | atelier grammar check\n"
    "  echo '{\"regex\": \"a+b\", \"texts\": [\"aab\", \"b\"]}' | atelier grammar check",
    []() -> std::unique_ptr<Command> { return std::make_unique<GrammarCheckCommand>(); }};

}  // namespace atelier
