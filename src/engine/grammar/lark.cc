#include "engine/grammar/lark.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text/json_schema.h"
#include "base/text/utf8.h"
#include "engine/grammar/grammar_text.h"
#include "engine/grammar/lark_regex.h"
#include "engine/grammar/lark_substring.h"
#include "engine/grammar/lark_syntax.h"
#include "engine/grammar/named_tokens.h"

namespace atelier {
namespace {

using Kind = LarkExpr::Kind;

constexpr int kMaxTerminalDepth = 300;  // terminals that name terminals that name …

// Terminals of Lark's `common`, as expressions.
const std::map<std::string, std::string, std::less<>>& CommonTerminals() {
  static const auto& common = *new std::map<std::string, std::string, std::less<>>{
      {"DIGIT", "[0-9]"},
      {"HEXDIGIT", "[0-9a-fA-F]"},
      {"INT", "[0-9]+"},
      {"SIGNED_INT", "[+-]?[0-9]+"},
      {"DECIMAL", "[0-9]+\\.[0-9]*|\\.[0-9]+"},
      {"_EXP", "[eE][+-]?[0-9]+"},
      {"FLOAT", "[0-9]+[eE][+-]?[0-9]+|(?:[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?"},
      {"SIGNED_FLOAT", "[+-]?(?:[0-9]+[eE][+-]?[0-9]+|(?:[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"},
      {"NUMBER", "[0-9]+(?:[eE][+-]?[0-9]+)?|(?:[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?"},
      {"SIGNED_NUMBER", "[+-]?(?:[0-9]+(?:[eE][+-]?[0-9]+)?|(?:[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"},
      {"ESCAPED_STRING", "\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\""},
      {"LCASE_LETTER", "[a-z]"},
      {"UCASE_LETTER", "[A-Z]"},
      {"LETTER", "[a-zA-Z]"},
      {"WORD", "[a-zA-Z]+"},
      {"CNAME", "[a-zA-Z_][a-zA-Z0-9_]*"},
      {"WS_INLINE", "[ \\t]+"},
      {"WS", "[ \\t\\f\\r\\n]+"},
      {"CR", "\\r"},
      {"LF", "\\n"},
      {"NEWLINE", "(?:\\r?\\n)+"},
      {"SH_COMMENT", "#[^\\n]*"},
      {"CPP_COMMENT", "\\/\\/[^\\n]*"},
      {"C_COMMENT", "\\/\\*[^*]*\\*+(?:[^\\/*][^*]*\\*+)*\\/"},
      {"SQL_COMMENT", "--[^\\n]*"},
  };
  return common;
}

class LarkReader {
 public:
  LarkReader(const GrammarText& text, LarkGrammar grammar, const JsonStyle& style, Cfg& cfg)
      : text_(text), grammar_(std::move(grammar)), style_(style), cfg_(&cfg) {}

  Result<int32_t> Run() {
    std::vector<LanguageId> ignored;
    for (const LarkExpr& expr : grammar_.ignored) {
      TRY(const LanguageId language, Language(expr));
      ignored.push_back(language);
    }
    const int64_t max_ignored = grammar_.ignores_once ? 1 : CfgExpr::kNoMax;
    if (!ignored.empty()) ignored_ = cfg_->Repeat(cfg_->Terminal(languages().Or(ignored)), 0, max_ignored);
    for (const auto& [name, definition] : grammar_.definitions) {
      if (!IsLarkTerminal(name)) rules_[name] = cfg_->AddRule();
    }
    for (const auto& [name, definition] : grammar_.definitions) {
      if (IsLarkTerminal(name)) {
        TRY_VOID(Checked(Terminal(name, definition.at)));
        continue;
      }
      TRY(const CfgExprId body, Body(definition));
      cfg_->Define(rules_[name], body);
    }
    for (const auto& [name, from] : grammar_.imports) TRY_VOID(Checked(Terminal(name, from.first)));
    const auto start = rules_.find("start");
    if (start == rules_.end()) return Error::Invalid("grammar", "got no rule start, want one: start: …");
    if (!grammar_.ignores_at_start) return start->second;
    const int32_t root = cfg_->AddRule();
    cfg_->Define(root, cfg_->Concat({ignored_, cfg_->Rule(start->second)}));
    return root;
  }

 private:
  Languages& languages() { return cfg_->languages(); }
  std::string Where(const LarkExpr& expr) const { return text_.Where(expr.at); }

  static Result<void> Checked(const Result<LanguageId>& language) {
    if (!language) return language.error();
    return {};
  }

  // ---- terminals

  Result<LanguageId> Terminal(const std::string& name, size_t at) {
    if (const auto known = terminals_.find(name); known != terminals_.end()) {
      if (known->second) return *known->second;
      return Error::Invalid(text_.Where(at),
                            "got the terminal " + name + " within itself, want a rule (a name in small letters)");
    }
    if (depth_ > kMaxTerminalDepth)
      return Error::TooLarge(text_.Where(at), "got terminals that name each other too deep");
    terminals_[name] = std::nullopt;
    ++depth_;
    Result<LanguageId> language = MakeTerminal(name, at);
    --depth_;
    if (language) terminals_[name] = *language;
    return language;
  }

  Result<LanguageId> MakeTerminal(const std::string& name, size_t at) {
    if (const auto found = grammar_.definitions.find(name); found != grammar_.definitions.end()) {
      const LarkDefinition& definition = found->second;
      TRY(const LanguageId language, Language(definition.body));
      return Lazy(definition, language);
    }
    const auto imported = grammar_.imports.find(name);
    if (imported == grammar_.imports.end()) {
      return Error::Invalid(text_.Where(at), "got the name " + name + " that is not defined, want " + name + ": …");
    }
    const auto common = CommonTerminals().find(imported->second.second);
    if (common == CommonTerminals().end()) {
      return Error::Invalid(text_.Where(imported->second.first),
                            "got common." + imported->second.second + ", which there is not");
    }
    return languages().Pattern(common->second, Languages::Anchoring::kWhole);
  }

  // Of the texts of a lazy terminal, those that do not begin as another. An empty text counts as leaving the terminal
  // out, as llguidance has it, and ends no other.
  Result<LanguageId> Lazy(const LarkDefinition& definition, LanguageId language) {
    if (!definition.lazy) return language;
    if (definition.suffix) {
      TRY(const LanguageId suffix, Language(*definition.suffix));
      language = languages().Concat(language, suffix);
    }
    const LanguageId more = languages().Chars(1, std::nullopt);
    const LanguageId some = languages().And(std::array{language, more});
    const LanguageId lazy = languages().And(std::array{some, languages().Not(languages().Concat(some, more))});
    return languages().Accepts(language) ? languages().Or(std::array{Languages::kEmpty, lazy}) : lazy;
  }

  Result<LanguageId> Language(const LarkExpr& expr) {
    std::vector<LanguageId> parts;
    for (const LarkExpr& part : expr.parts) {
      TRY(const LanguageId language, Language(part));
      parts.push_back(language);
    }
    switch (expr.kind) {
      case Kind::kText:
        if (!expr.flags.ignore_case) return languages().Literal(expr.text);
        return languages().Pattern(AnyCasePattern(expr.text), Languages::Anchoring::kWhole);
      case Kind::kRange:
        return languages().Pattern("[" + PatternCodePoint(DecodeUtf8(expr.text, 0).value) + "-" +
                                       PatternCodePoint(DecodeUtf8(expr.last, 0).value) + "]",
                                   Languages::Anchoring::kWhole);
      case Kind::kRegex: return Regex(expr);
      case Kind::kName:
        if (IsLarkTerminal(expr.text)) return Terminal(expr.text, expr.at);
        return Error::Invalid(Where(expr),
                              "got the rule " + expr.text + " within a terminal, want terminals (names in capitals)");
      case Kind::kSequence: {
        LanguageId all = Languages::kEmpty;
        for (size_t i = parts.size(); i-- > 0;) all = languages().Concat(parts[i], all);
        return all;
      }
      case Kind::kChoice: return languages().Or(parts);
      case Kind::kBoth: return languages().And(parts);
      case Kind::kNot: return languages().Not(parts[0]);
      case Kind::kRepeat:
        return languages().Repeat(parts[0], expr.min,
                                  expr.max == CfgExpr::kNoMax ? std::nullopt : std::optional(expr.max));
      case Kind::kSubstring: return SubstringsOf(expr.texts, languages());
      case Kind::kToken:
        return Error::Invalid(Where(expr), "got the token " + expr.text + " within a terminal, want it in a rule");
      case Kind::kJson: break;
    }
    return Error::Invalid(Where(expr), "got %json within a terminal, want it in a rule (a name in small letters)");
  }

  Result<LanguageId> Regex(const LarkExpr& expr) {
    Result<std::string> pattern = TranslateLarkRegex(expr.text, expr.flags);
    if (!pattern) return std::move(pattern).error().Under(Where(expr));
    Result<LanguageId> language = languages().Pattern(*pattern, Languages::Anchoring::kWhole);
    if (!language) return Error::Of(language.error().kind, Where(expr), language.error().what);
    return language;
  }

  // ---- rules

  Result<CfgExprId> Body(const LarkDefinition& definition) {
    if (!definition.lazy) return Expr(definition.body);
    TRY(const LanguageId language, Language(definition.body));
    TRY(const LanguageId lazy, Lazy(definition, language));
    return Lexeme(lazy);
  }

  CfgExprId Lexeme(LanguageId language) { return cfg_->Concat({cfg_->Terminal(language), ignored_}); }

  Result<CfgExprId> Expr(const LarkExpr& expr) {
    switch (expr.kind) {
      case Kind::kSequence:
      case Kind::kChoice:
      case Kind::kRepeat: {
        std::vector<CfgExprId> parts;
        for (const LarkExpr& part : expr.parts) {
          TRY(const CfgExprId id, Expr(part));
          parts.push_back(id);
        }
        if (expr.kind == Kind::kSequence) return cfg_->Concat(parts);
        if (expr.kind == Kind::kChoice) return cfg_->Or(parts);
        return cfg_->Repeat(parts[0], expr.min, expr.max);
      }
      case Kind::kName: {
        if (IsLarkTerminal(expr.text)) break;
        const auto rule = rules_.find(expr.text);
        if (rule != rules_.end()) return cfg_->Rule(rule->second);
        return Error::Invalid(Where(expr),
                              "got the name " + expr.text + " that is not defined, want " + expr.text + ": …");
      }
      case Kind::kJson: {
        TRY(CfgExprId document, Document(expr));
        return cfg_->Concat({document, ignored_});
      }
      case Kind::kToken: {
        Result<std::vector<std::string>> texts = NamedTokens(expr.text, cfg_->tokens());
        if (!texts) return std::move(texts).error().Under(Where(expr));
        return Lexeme(languages().Words(std::move(*texts)));
      }
      default: break;
    }
    TRY(const LanguageId language, Language(expr));
    return Lexeme(language);
  }

  Result<CfgExprId> Document(const LarkExpr& expr) {
    Result<std::shared_ptr<const SchemaDocument>> schema = SchemaDocument::Parse(expr.schema);
    if (!schema) return std::move(schema).error().Under(Where(expr) + ": %json");
    Result<std::unique_ptr<JsonMachine>> machine = JsonMachine::Create(*schema, style_);
    if (!machine) return std::move(machine).error().Under(Where(expr) + ": %json");
    return cfg_->Json(std::move(*machine));
  }

  const GrammarText& text_;
  LarkGrammar grammar_;
  JsonStyle style_;
  Cfg* cfg_;
  CfgExprId ignored_ = Cfg::kEmpty;
  std::map<std::string, std::optional<LanguageId>> terminals_;  // nothing: being made
  std::map<std::string, int32_t> rules_;
  int depth_ = 0;
};

}  // namespace

Result<int32_t> ReadLark(std::string_view text, const JsonStyle& style, Cfg& cfg) {
  TRY(const GrammarText cursor, GrammarText::Create(text));
  TRY(LarkGrammar grammar, ParseLark(cursor));
  return LarkReader(cursor, std::move(grammar), style, cfg).Run();
}

}  // namespace atelier
