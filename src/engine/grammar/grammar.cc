#include "engine/grammar/grammar.h"

#include <utility>

#include "engine/grammar/cfg_constraint.h"
#include "engine/grammar/json_constraint.h"
#include "engine/grammar/language_constraint.h"

namespace atelier {

std::string GrammarSpec::Key() const {
  Json key = Json::Array({static_cast<int>(kind), schema, text, Json(choices), style.max_whitespace,
                          style.any_whitespace, style.schema_order, static_cast<int>(style.numbers), style.formats,
                          style.whitespace_pattern.value_or("-")});
  return key.Dump();
}

namespace {

Result<std::shared_ptr<const Grammar>> Compile(const GrammarSpec& spec,
                                               std::shared_ptr<const GrammarVocabulary> vocabulary) {
  switch (spec.kind) {
    case GrammarSpec::Kind::kJsonSchema: return CompileJsonSchema(spec, std::move(vocabulary));
    case GrammarSpec::Kind::kRegex:
    case GrammarSpec::Kind::kChoice: return CompileLanguage(spec, std::move(vocabulary));
    case GrammarSpec::Kind::kGrammar:
    case GrammarSpec::Kind::kStructuralTag: return CompileCfg(spec, std::move(vocabulary));
  }
  return Error::Internal("", "got an unknown kind of grammar");
}

}  // namespace

Result<std::shared_ptr<const Grammar>> CompileGrammar(const GrammarSpec& spec,
                                                      std::shared_ptr<const GrammarVocabulary> vocabulary) {
  auto grammar = Compile(spec, std::move(vocabulary));
  if (grammar.ok()) return grammar;
  Error error = std::move(grammar).error();
  // The parameter is the culprit; the place within it goes into the sentence. An expression of white space is a
  // parameter beside it.
  const bool beside = spec.style.whitespace_pattern && error.where == "whitespace_pattern";
  const std::string parameter = beside ? spec.where.substr(0, spec.where.rfind('.') + 1) + error.where : spec.where;
  if (!beside && !error.where.empty()) error.what = error.where + ": " + error.what;
  error.where = parameter;
  if (error.kind == ErrorKind::kTooLarge) {
    error.kind = ErrorKind::kInvalid;
    error.code = "grammar_too_large";
  }
  return error;
}

}  // namespace atelier
