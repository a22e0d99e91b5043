#include "engine/grammar/lark_syntax.h"

#include <utility>

#include "base/text/utf8.h"
#include "engine/grammar/cfg.h"
#include "engine/grammar/lark_substring.h"

namespace atelier {
namespace {

using Kind = LarkExpr::Kind;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

class LarkParser {
 public:
  explicit LarkParser(GrammarText text) : text_(text) {}

  Result<LarkGrammar> Run() {
    for (SkipLines(); !text_.at_end(); SkipLines()) {
      if (text_.Peek() == '%') {
        TRY_VOID(ReadStatement());
      } else {
        TRY_VOID(ReadDefinition());
      }
      SkipInLine();
      if (!text_.at_end() && text_.Peek() != '\n' && text_.Peek() != '\r')
        return text_.Unexpected("the end of the line");
    }
    return std::move(grammar_);
  }

 private:
  // White space and comments, not the end of the line.
  void SkipInLine() {
    for (;;) {
      text_.TakeWhile([](char c) { return c == ' ' || c == '\t'; });
      if (text_.Peek() == '#' || text_.Sees("//")) {
        text_.TakeWhile([](char c) { return c != '\n'; });
      } else if (text_.Peek() == '\\' && (text_.Peek(1) == '\n' || (text_.Peek(1) == '\r' && text_.Peek(2) == '\n'))) {
        text_.TakeByte();
        text_.TakeWhile([](char c) { return c == '\r' || c == '\n'; });
      } else {
        return;
      }
    }
  }
  void SkipLines() {
    do SkipInLine();
    while (!text_.TakeWhile([](char c) { return c == '\n' || c == '\r'; }).empty());
  }
  void Skip(int depth) { depth > 0 ? SkipLines() : SkipInLine(); }

  Result<std::string> TakeName() {
    const std::string_view name = text_.TakeWhile(IsNameByte);
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return text_.Unexpected("a name");
    return std::string(name);
  }

  Result<void> ReadDefinition() {
    while (text_.Peek() == '!' || text_.Peek() == '?') text_.TakeByte();  // how a tree would look
    LarkDefinition definition;
    definition.at = text_.at();
    TRY(const std::string name, TakeName());
    if (text_.Peek() == '{' || text_.Sees("::")) {
      return Error::Unsupported(text_.Where(), "got a rule with parameters, want rules without");
    }
    if (text_.Take(".")) {  // which reading is preferred; what is matched stays the same
      text_.Take("-");
      TRY_VOID(Ignored(text_.TakeCount()));
    }
    SkipInLine();
    if (text_.Take("[")) TRY_VOID(ReadAttributes(definition));
    SkipInLine();
    if (!text_.Take(":")) return text_.Unexpected("':' after the name " + name);
    TRY(definition.body, ReadChoice(0));
    const size_t at = definition.at;
    if (!grammar_.definitions.try_emplace(name, std::move(definition)).second) {
      return Error::Invalid(text_.Where(at), "got a second definition of " + name + ", want one");
    }
    return {};
  }

  static Result<void> Ignored(const Result<int64_t>& count) {
    if (!count) return count.error();
    return {};
  }

  Result<void> ReadAttributes(LarkDefinition& definition) {
    do {
      SkipInLine();
      const size_t at = text_.at();
      TRY(const std::string name, TakeName());
      SkipInLine();
      if (name == "lazy") {
        definition.lazy = true;
      } else if (name == "suffix" && text_.Take("=")) {
        SkipInLine();
        TRY(definition.suffix, ReadValue());
        definition.lazy = true;
      } else if (name == "capture" || name == "stop_capture") {  // what is reported; what is matched stays the same
        if (text_.Take("=")) {
          SkipInLine();
          TRY_VOID(Dropped(ReadValue()));
        }
      } else {
        return Error::Unsupported(text_.Where(at), "got the attribute " + name + ", want lazy, suffix or capture");
      }
      SkipInLine();
    } while (text_.Take(","));
    if (!text_.Take("]")) return text_.Unexpected("']'");
    return {};
  }

  static Result<void> Dropped(const Result<LarkExpr>& expr) {
    if (!expr) return expr.error();
    return {};
  }

  Result<void> ReadStatement() {
    const size_t at = text_.at();
    text_.TakeByte();
    TRY(const std::string name, TakeName());
    SkipInLine();
    if (name == "ignore") {
      TRY(LarkExpr ignored, ReadChoice(0));
      grammar_.ignored.push_back(std::move(ignored));
      return {};
    }
    if (name == "import") return ReadImport();
    if (name == "llguidance") return ReadOptions();
    return Error::Unsupported(text_.Where(at), "got %" + name + ", want %ignore, %import common or %llguidance");
  }

  Result<void> ReadImport() {
    const size_t at = text_.at();
    TRY(std::string from, TakeName());
    if (from != "common")
      return Error::Unsupported(text_.Where(at), "got an import from " + from + ", want one from common");
    if (text_.Take(".")) {
      TRY(const std::string name, TakeName());
      std::string as = name;
      SkipInLine();
      if (text_.Take("->")) {
        SkipInLine();
        TRY(as, TakeName());
      }
      grammar_.imports[as] = {at, name};
      return {};
    }
    SkipInLine();
    if (!text_.Take("(")) return text_.Unexpected("'.' or '(' after common");
    do {
      SkipLines();
      const size_t name_at = text_.at();
      TRY(const std::string name, TakeName());
      grammar_.imports[name] = {name_at, name};
      SkipLines();
    } while (text_.Take(","));
    if (!text_.Take(")")) return text_.Unexpected("')'");
    return {};
  }

  Result<void> ReadOptions() {
    const size_t at = text_.at();
    TRY(const Json options, ReadJson());
    if (!options.is_object()) return Error::Invalid(text_.Where(at), "got options that are no object, want {…}");
    for (const auto& [name, value] : options.members()) {
      if (name == "no_forcing") continue;  // speed alone
      if ((name != "allow_initial_skip" && name != "ignore_once") || !value.is_bool()) {
        return Error::Unsupported(text_.Where(at),
                                  "got the option " + name + ", want allow_initial_skip, ignore_once or no_forcing");
      }
      (name == "ignore_once" ? grammar_.ignores_once : grammar_.ignores_at_start) = value.AsBool();
    }
    return {};
  }

  Result<LarkExpr> ReadChoice(int depth) {
    if (depth > kMaxGrammarNesting) {
      return Error::TooLarge(text_.Where(), "got groups nested deeper than " + std::to_string(kMaxGrammarNesting));
    }
    LarkExpr choice{.kind = Kind::kChoice, .at = text_.at()};
    do {
      TRY(LarkExpr both, ReadBoth(depth));
      choice.parts.push_back(std::move(both));
    } while (TakeBar(depth));
    return choice.parts.size() == 1 ? std::move(choice.parts[0]) : std::move(choice);
  }

  bool TakeBar(int depth) {
    const size_t at = text_.at();
    SkipLines();
    if (text_.Take("|")) return true;
    if (depth == 0) text_.Set(at);
    return false;
  }

  Result<LarkExpr> ReadBoth(int depth) {
    LarkExpr both{.kind = Kind::kBoth, .at = text_.at()};
    do {
      TRY(LarkExpr sequence, ReadSequence(depth));
      both.parts.push_back(std::move(sequence));
    } while (text_.Take("&"));
    if (text_.Take("->")) {  // the name of a tree
      Skip(depth);
      TRY_VOID(NameDropped(TakeName()));
      Skip(depth);
    }
    return both.parts.size() == 1 ? std::move(both.parts[0]) : std::move(both);
  }

  static Result<void> NameDropped(const Result<std::string>& name) {
    if (!name) return name.error();
    return {};
  }

  Result<LarkExpr> ReadSequence(int depth) {
    LarkExpr sequence{.kind = Kind::kSequence, .at = text_.at()};
    for (Skip(depth);; Skip(depth)) {
      const char c = text_.Peek();
      if (text_.at_end() || c == '\n' || c == '\r' || c == '|' || c == ')' || c == ']' || c == '&') break;
      if (text_.Sees("->")) break;
      TRY(LarkExpr part, ReadRepeated(depth));
      sequence.parts.push_back(std::move(part));
    }
    return sequence.parts.size() == 1 ? std::move(sequence.parts[0]) : std::move(sequence);
  }

  Result<LarkExpr> ReadRepeated(int depth) {
    TRY(LarkExpr part, ReadPart(depth));
    SkipInLine();
    const size_t at = text_.at();
    int64_t min = 0, max = CfgExpr::kNoMax;
    if (text_.Take("?")) {
      max = 1;
    } else if (text_.Take("+")) {
      min = 1;
    } else if (text_.Take("~")) {
      SkipInLine();
      TRY(min, text_.TakeCount());
      max = min;
      SkipInLine();
      if (text_.Take("..")) {
        SkipInLine();
        TRY(max, text_.TakeCount());
      }
    } else if (text_.Take("{")) {
      TRY_VOID(ReadCounts(min, max));
    } else if (!text_.Take("*")) {
      return part;
    }
    if (max < min) return Error::Invalid(text_.Where(at), "got a maximum below the minimum, want one that is not");
    LarkExpr repeat{.kind = Kind::kRepeat, .at = part.at, .min = min, .max = max};
    repeat.parts.push_back(std::move(part));
    return repeat;
  }

  Result<void> ReadCounts(int64_t& min, int64_t& max) {
    SkipInLine();
    const bool has_min = text_.Peek() != ',';
    if (has_min) {
      TRY(min, text_.TakeCount());
    }
    SkipInLine();
    max = min;
    if (text_.Take(",")) {
      SkipInLine();
      max = CfgExpr::kNoMax;
      if (text_.Peek() != '}' || !has_min) {
        TRY(max, text_.TakeCount());
      }
      SkipInLine();
    }
    if (!text_.Take("}")) return text_.Unexpected("'}'");
    return {};
  }

  Result<LarkExpr> ReadPart(int depth) {
    const size_t at = text_.at();
    if (text_.Take("~")) {
      Skip(depth);
      TRY(LarkExpr part, ReadPart(depth));
      LarkExpr result{.kind = Kind::kNot, .at = at};
      result.parts.push_back(std::move(part));
      return result;
    }
    const bool optional = text_.Peek() == '[';
    if (!optional && text_.Peek() != '(') return ReadValue();
    text_.TakeByte();
    TRY(LarkExpr inner, ReadChoice(depth + 1));
    SkipLines();
    if (!text_.Take(optional ? "]" : ")")) {
      return text_.Unexpected(std::string(optional ? "']' for the '['" : "')' for the '('") + " of " + text_.Where(at));
    }
    if (!optional) return inner;
    LarkExpr result{.kind = Kind::kRepeat, .at = at, .min = 0, .max = 1};
    result.parts.push_back(std::move(inner));
    return result;
  }

  Result<LarkExpr> ReadValue() {
    const size_t at = text_.at();
    switch (text_.Peek()) {
      case '"': return ReadText();
      case '/': return ReadRegex();
      case '<': return ReadToken();
      case '@': return Error::Unsupported(text_.Where(), "got another grammar's name, want %json or rules");
      case '%': {
        if (text_.Take("%json")) {
          LarkExpr result{.kind = Kind::kJson, .at = at};
          SkipLines();
          TRY(result.schema, ReadJson());
          return result;
        }
        if (text_.Take("%regex")) return ReadSubstring(at);
        return Error::Unsupported(text_.Where(), "got what begins with '%', want %json or %regex");
      }
      default: break;
    }
    if (!IsNameByte(text_.Peek())) return text_.Unexpected("\"text\", /expression/, a name, '(' or '['");
    LarkExpr result{.kind = Kind::kName, .at = at};
    TRY(result.text, TakeName());
    if (text_.Peek() == '{' && text_.Peek(1) >= 'A') {
      return Error::Unsupported(text_.Where(), "got a rule with parameters, want rules without");
    }
    return result;
  }

  Result<LarkExpr> ReadToken() {
    LarkExpr result{.kind = Kind::kToken, .at = text_.at()};
    const auto in_name = [](char c) { return c != '<' && c != '>' && c != ' ' && c != '\t' && c != '\n' && c != '\r'; };
    text_.TakeByte();
    text_.TakeWhile(in_name);
    if (!text_.Take(">") || text_.Since(result.at).size() < 3) {
      return text_.Unexpected("the name of a token, such as <|name|> or <[7-12]>");
    }
    result.text = text_.Since(result.at);
    return result;
  }

  Result<LarkExpr> ReadSubstring(size_t at) {
    LarkExpr result{.kind = Kind::kSubstring, .at = at};
    SkipLines();
    TRY(const Json regex, ReadJson());
    Result<std::vector<std::string>> chunks = ReadSubstringChunks(regex);
    if (!chunks) return std::move(chunks).error().Under(text_.Where(at) + ": %regex");
    result.texts = std::move(*chunks);
    return result;
  }

  Result<LarkExpr> ReadText() {
    LarkExpr result{.kind = Kind::kText, .at = text_.at()};
    TRY(result.text, ReadQuoted());
    if (text_.Peek() == 'i' && !IsNameByte(text_.Peek(1))) {
      text_.TakeByte();
      result.flags.ignore_case = true;
    }
    const size_t end = text_.at();
    SkipInLine();
    if (!text_.Take("..")) {
      text_.Set(end);
      return result;
    }
    SkipInLine();
    result.kind = Kind::kRange;
    if (text_.Peek() != '"') return text_.Unexpected("the last character of the range, in quotes");
    TRY(result.last, ReadQuoted());
    const auto is_one = [](const std::string& text) {
      return !text.empty() && DecodeUtf8(text, 0).num_bytes == static_cast<int>(text.size());
    };
    if (!is_one(result.text) || !is_one(result.last) || result.last.size() < result.text.size() ||
        (result.last.size() == result.text.size() && result.last < result.text)) {
      return Error::Invalid(text_.Where(result.at), "got a wrong range, want one character up to a later one");
    }
    return result;
  }

  Result<std::string> ReadQuoted() {
    const size_t begin = text_.at();
    text_.TakeByte();
    std::string out;
    while (text_.Peek() != '"') {
      if (text_.at_end() || text_.Peek() == '\n') return text_.Unexpected("'\"' for the one of " + text_.Where(begin));
      if (text_.Peek() != '\\') {
        AppendUtf8(out, text_.TakeCodePoint());
        continue;
      }
      TRY(const char32_t c, ReadEscape());
      AppendUtf8(out, c);
    }
    text_.TakeByte();
    return out;
  }

  Result<char32_t> ReadEscape() {
    const size_t at = text_.at();
    text_.TakeByte();
    switch (text_.at_end() ? '\0' : text_.TakeByte()) {
      case 'n': return U'\n';
      case 'r': return U'\r';
      case 't': return U'\t';
      case 'f': return U'\f';
      case 'b': return U'\b';
      case 'v': return U'\v';
      case 'a': return U'\a';
      case '0': return U'\0';
      case '\\': return U'\\';
      case '"': return U'"';
      case '\'': return U'\'';
      case '/': return U'/';
      case 'x': return text_.TakeHex(2);
      case 'u': return text_.TakeHex(4);
      case 'U': return text_.TakeHex(8);
      default:
        return Error::Invalid(text_.Where(at),
                              "got an unknown escape, want one of \\n \\r \\t \\\\ \\\" \\xXX \\uXXXX");
    }
  }

  Result<LarkExpr> ReadRegex() {
    LarkExpr result{.kind = Kind::kRegex, .at = text_.at()};
    text_.TakeByte();
    for (bool first = true; text_.Peek() != '/' || first; first = false) {
      if (text_.at_end()) return text_.Unexpected("'/' for the one of " + text_.Where(result.at));
      if (text_.Peek() == '\\' && text_.Peek(1) == '/')
        text_.TakeByte();
      else if (text_.Peek() == '\\')
        result.text += text_.TakeByte();
      if (!text_.at_end()) result.text += text_.TakeByte();
    }
    text_.TakeByte();
    for (;; text_.TakeByte()) {
      const char flag = text_.Peek();
      if (flag == 'i')
        result.flags.ignore_case = true;
      else if (flag == 's')
        result.flags.dot_all = true;
      else if (flag == 'x')
        result.flags.verbose = true;
      else if (flag != 'u' && flag != 'm')
        break;
    }
    if (IsNameByte(text_.Peek())) return text_.Unexpected("flags of i, m, s, u, x after the expression");
    return result;
  }

  // A JSON document: an object, which ends where its braces close.
  Result<Json> ReadJson() {
    const size_t begin = text_.at();
    int depth = 0;
    bool in_string = false;
    if (text_.Peek() != '{') return text_.Unexpected("a JSON object");
    do {
      if (text_.at_end()) return text_.Unexpected("'}' for the '{' of " + text_.Where(begin));
      const char c = text_.TakeByte();
      if (in_string && c == '\\' && !text_.at_end())
        text_.TakeByte();
      else if (c == '"')
        in_string = !in_string;
      else if (!in_string)
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    } while (depth > 0);
    Result<Json> json = Json::Parse(text_.Since(begin));
    if (!json) return std::move(json).error().Under(text_.Where(begin));
    return json;
  }

  GrammarText text_;
  LarkGrammar grammar_;
};

}  // namespace

Result<LarkGrammar> ParseLark(GrammarText text) { return LarkParser(text).Run(); }

}  // namespace atelier
