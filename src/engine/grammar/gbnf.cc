#include "engine/grammar/gbnf.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text/utf8.h"
#include "engine/grammar/grammar_text.h"

namespace atelier {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class GbnfReader {
 public:
  GbnfReader(GrammarText text, Cfg& cfg) : text_(text), cfg_(&cfg) {}

  Result<int32_t> Read() {
    SkipSpace();
    while (!text_.at_end()) TRY_VOID(ReadRule());
    for (const auto& [name, rule] : rules_) {
      if (!rule.is_defined) return NoRule(name, rule.used_at);
    }
    const auto root = rules_.find("root");
    if (root == rules_.end()) return Error::Invalid("grammar", "got no rule root, want one: root ::= …");
    return root->second.id;
  }

 private:
  struct NamedRule {
    int32_t id = 0;
    bool is_defined = false;
    size_t used_at = 0;
  };

  Error NoRule(const std::string& name, size_t at) const {
    return Error::Invalid(text_.Where(at), "got the name \"" + name + "\" that has no rule, want " + name + " ::= …");
  }

  void SkipSpace() {
    for (;;) {
      text_.TakeWhile([](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
      if (text_.Peek() != '#') return;
      text_.TakeWhile([](char c) { return c != '\n' && c != '\r'; });
    }
  }

  NamedRule& RuleOf(std::string_view name, size_t at) {
    const auto [found, is_new] = rules_.try_emplace(std::string(name));
    if (is_new) found->second = {cfg_->AddRule(), false, at};
    return found->second;
  }

  // "name ::=" stands here.
  bool SeesRule() {
    const size_t begin = text_.at();
    const bool has_name = !text_.TakeWhile(IsNameByte).empty();
    SkipSpace();
    const bool sees = has_name && text_.Sees("::=");
    text_.Set(begin);
    return sees;
  }

  Result<void> ReadRule() {
    const size_t begin = text_.at();
    const std::string_view name = text_.TakeWhile(IsNameByte);
    if (name.empty()) return text_.Unexpected("the name of a rule");
    SkipSpace();
    if (!text_.Take("::=")) return text_.Unexpected("::=");
    NamedRule& rule = RuleOf(name, begin);
    if (std::exchange(rule.is_defined, true)) {
      return Error::Invalid(text_.Where(begin), "got a second rule " + std::string(name) + ", want one");
    }
    const int32_t id = rule.id;
    TRY(const CfgExprId body, ReadAlternatives(0));
    if (!text_.at_end() && !SeesRule())
      return text_.Unexpected("a part of the rule " + std::string(name) + ", '|' or a new rule");
    cfg_->Define(id, body);
    return {};
  }

  Result<CfgExprId> ReadAlternatives(int depth) {
    if (depth > kMaxGrammarNesting) {
      return Error::TooLarge(text_.Where(), "got groups nested deeper than " + std::to_string(kMaxGrammarNesting));
    }
    std::vector<CfgExprId> alternatives;
    do {
      TRY(const CfgExprId sequence, ReadSequence(depth));
      alternatives.push_back(sequence);
    } while (text_.Take("|"));
    return cfg_->Or(alternatives);
  }

  Result<CfgExprId> ReadSequence(int depth) {
    std::vector<CfgExprId> parts;
    for (SkipSpace(); !text_.at_end(); SkipSpace()) {
      const char c = text_.Peek();
      if (c == '|' || c == ')') break;
      if (c == '*' || c == '+' || c == '?' || c == '{') {
        if (parts.empty()) return text_.Unexpected("something to repeat before it");
        TRY(parts.back(), ReadRepeat(parts.back()));
        continue;
      }
      if (IsNameByte(c) && SeesRule()) break;
      TRY(const CfgExprId part, ReadPart(depth));
      parts.push_back(part);
    }
    return cfg_->Concat(parts);
  }

  Result<CfgExprId> ReadPart(int depth) {
    const size_t begin = text_.at();
    switch (text_.Peek()) {
      case '"': return ReadLiteral();
      case '[': return ReadClass();
      case '.': text_.TakeByte(); return cfg_->Terminal(cfg_->languages().Chars(1, 1));
      case '<':
      case '!': return Error::Unsupported(text_.Where(), "got a token, want text: a grammar here does not name tokens");
      case '(': {
        text_.TakeByte();
        TRY(const CfgExprId group, ReadAlternatives(depth + 1));
        if (!text_.Take(")")) return text_.Unexpected("')' for the '(' of " + text_.Where(begin));
        return group;
      }
      default: break;
    }
    const std::string_view name = text_.TakeWhile(IsNameByte);
    if (name.empty()) return text_.Unexpected("\"text\", [characters], the name of a rule, '(' or '.'");
    return cfg_->Rule(RuleOf(name, begin).id);
  }

  Result<CfgExprId> ReadRepeat(CfgExprId part) {
    const size_t begin = text_.at();
    const char mark = text_.TakeByte();
    if (mark == '*') return cfg_->Repeat(part, 0, CfgExpr::kNoMax);
    if (mark == '+') return cfg_->Repeat(part, 1, CfgExpr::kNoMax);
    if (mark == '?') return cfg_->Repeat(part, 0, 1);
    int64_t min = 0, max = CfgExpr::kNoMax;
    SkipSpace();
    const bool has_min = text_.Peek() != ',';
    if (has_min) {
      TRY(min, text_.TakeCount());
    }
    SkipSpace();
    if (text_.Take(",")) {
      SkipSpace();
      if (text_.Peek() != '}' || !has_min) {
        TRY(max, text_.TakeCount());
      }
      SkipSpace();
    } else {
      max = min;
    }
    if (!text_.Take("}")) return text_.Unexpected("'}'");
    if (max < min) {
      return Error::Invalid(text_.Where(begin), "got {" + std::to_string(min) + "," + std::to_string(max) +
                                                    "}, want a maximum that is not below the minimum");
    }
    return cfg_->Repeat(part, min, max);
  }

  Result<CfgExprId> ReadLiteral() {
    const size_t begin = text_.at();
    text_.TakeByte();
    std::string literal;
    while (text_.Peek() != '"') {
      if (text_.at_end()) return text_.Unexpected("'\"' for the one of " + text_.Where(begin));
      TRY(const char32_t c, ReadChar());
      AppendUtf8(literal, c);
    }
    text_.TakeByte();
    return cfg_->Terminal(cfg_->languages().Literal(literal));
  }

  Result<CfgExprId> ReadClass() {
    const size_t begin = text_.at();
    text_.TakeByte();
    std::string pattern = text_.Take("^") ? "[^" : "[";
    if (text_.Peek() == ']') return text_.Unexpected("at least one character in '[…]'");
    while (text_.Peek() != ']') {
      if (text_.at_end()) return text_.Unexpected("']' for the '[' of " + text_.Where(begin));
      const size_t first_at = text_.at();
      TRY(const char32_t first, ReadChar());
      pattern += PatternCodePoint(first);
      if (text_.Peek() != '-' || text_.Peek(1) == ']') continue;
      text_.TakeByte();
      if (text_.at_end()) return text_.Unexpected("the end of a range");
      TRY(const char32_t last, ReadChar());
      if (last < first) return Error::Invalid(text_.Where(first_at), "got a range that ends before it begins");
      pattern += "-" + PatternCodePoint(last);
    }
    text_.TakeByte();
    TRY(const LanguageId language, cfg_->languages().Pattern(pattern + "]", Languages::Anchoring::kWhole));
    return cfg_->Terminal(language);
  }

  Result<char32_t> ReadChar() {
    if (text_.Peek() != '\\') return text_.TakeCodePoint();
    const size_t begin = text_.at();
    text_.TakeByte();
    if (text_.at_end()) return text_.Unexpected("a character after '\\'");
    switch (const char c = text_.TakeByte(); c) {
      case 'x': return text_.TakeHex(2);
      case 'u': return text_.TakeHex(4);
      case 'U': return text_.TakeHex(8);
      case 'n': return U'\n';
      case 'r': return U'\r';
      case 't': return U'\t';
      default:
        if (c > ' ' && c < 0x7F && !IsNameByte(c)) return static_cast<char32_t>(c);
        if (c == '-' || c == '_') return static_cast<char32_t>(c);
        return Error::Invalid(text_.Where(begin),
                              "got an unknown escape, want one of \\n \\r \\t \\xXX \\uXXXX \\UXXXXXXXX");
    }
  }

  GrammarText text_;
  Cfg* cfg_;
  std::map<std::string, NamedRule> rules_;
};

}  // namespace

Result<int32_t> ReadGbnf(std::string_view text, Cfg& cfg) {
  TRY(GrammarText cursor, GrammarText::Create(text));
  return GbnfReader(cursor, cfg).Read();
}

}  // namespace atelier
