#include <algorithm>
#include <charconv>

#include "base/text/utf8.h"
#include "engine/grammar/ecma_pattern_reader.h"

namespace atelier {
namespace ecma {
namespace {

constexpr size_t kMaxPatternBytes = 1 << 16;
constexpr int kMaxDepth = 100;
constexpr int64_t kMaxCount = 1'000'000'000;

using Kind = PatternNode::Kind;

// One reading of a pattern, with or without annex B.
class Parser {
 public:
  Parser(std::string_view text, bool annex_b) : reader_(text, annex_b) {}

  Result<EcmaPattern> Parse() {
    TRY(pattern_.root, Choice(0));
    if (!reader_.AtEnd()) return reader_.Bad("got ')' without '('");
    return std::move(pattern_);
  }

 private:
  int32_t Add(PatternNode node) {
    for (const int32_t child : node.children) node.pure = node.pure && pattern_.nodes[child].pure;
    pattern_.nodes.push_back(std::move(node));
    return static_cast<int32_t>(pattern_.nodes.size() - 1);
  }
  int32_t AddClass(CodePointSet set) { return Add({.kind = Kind::kClass, .set = std::move(set)}); }

  Result<int32_t> Choice(int depth) {
    if (depth > kMaxDepth) {
      return Error::TooLarge(reader_.Where(), "groups are nested deeper than " + std::to_string(kMaxDepth));
    }
    PatternNode choice{.kind = Kind::kChoice};
    while (true) {
      TRY(const int32_t sequence, Sequence(depth));
      choice.children.push_back(sequence);
      if (!reader_.Take('|')) break;
    }
    return choice.children.size() == 1 ? choice.children[0] : Add(std::move(choice));
  }

  Result<int32_t> Sequence(int depth) {
    PatternNode sequence;
    while (!reader_.AtEnd() && reader_.Peek() != '|' && reader_.Peek() != ')') {
      TRY(const int32_t term, Term(depth));
      sequence.children.push_back(term);
    }
    return sequence.children.size() == 1 ? sequence.children[0] : Add(std::move(sequence));
  }

  Result<int32_t> Term(int depth) {
    bool quantifiable = true;
    TRY(const int32_t atom, Atom(depth, quantifiable));
    TRY(const auto counts, Quantifier());
    if (!counts) return atom;
    if (!quantifiable) return reader_.Bad("got a quantifier after an assertion, want something to repeat");
    return Add({.kind = Kind::kRepeat, .min = counts->first, .max = counts->second, .children = {atom}});
  }

  using Counts = std::optional<std::pair<int64_t, int64_t>>;
  Result<Counts> Quantifier() {
    Counts counts;
    if (reader_.Take('*')) {
      counts = {0, PatternNode::kNoMax};
    } else if (reader_.Take('+')) {
      counts = {1, PatternNode::kNoMax};
    } else if (reader_.Take('?')) {
      counts = {0, 1};
    } else if (!reader_.AtEnd() && reader_.Peek() == '{') {
      counts = Braces();
      if (!counts && !reader_.annex_b()) return reader_.Bad("got '{' that begins no quantifier, want \\{");
    }
    if (!counts) return counts;
    if (counts->first > counts->second) return reader_.Bad("got a quantifier with its numbers out of order");
    if (counts->first > kMaxCount || (counts->second > kMaxCount && counts->second != PatternNode::kNoMax)) {
      return Error::TooLarge(reader_.Where(), "got a count over " + std::to_string(kMaxCount));
    }
    reader_.Take('?');  // lazy: matches the same strings
    return counts;
  }

  // {n}, {n,}, {n,m}; nothing, and nothing read, where it is none of these.
  Counts Braces() {
    const size_t start = reader_.at();
    reader_.Take('{');
    const auto min = reader_.Decimal();
    std::optional<int64_t> max = min;
    if (min && reader_.Take(',')) {
      max = reader_.Decimal();
      if (!max) max = PatternNode::kNoMax;
    }
    if (min && reader_.Take('}')) return {{*min, *max}};
    reader_.Back(start);
    return std::nullopt;
  }

  Result<int32_t> Assertion(PatternNode node, bool& quantifiable) {
    quantifiable = false;
    node.pure = false;
    return Add(std::move(node));
  }

  Result<int32_t> Atom(int depth, bool& quantifiable) {
    const char32_t c = reader_.Peek();
    switch (c) {
      case '^': reader_.Read(); return Assertion({.kind = Kind::kStart}, quantifiable);
      case '$': reader_.Read(); return Assertion({.kind = Kind::kEnd}, quantifiable);
      case '(': return Group(depth, quantifiable);
      case '.': reader_.Read(); return AddClass(CodePointSet({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}).Not());
      case '[': {
        TRY(CodePointSet set, reader_.Class());
        return AddClass(std::move(set));
      }
      case '\\':
        if (reader_.Take("\\b")) return Assertion({.kind = Kind::kWordBoundary}, quantifiable);
        if (reader_.Take("\\B")) return Assertion({.kind = Kind::kWordBoundary, .negative = true}, quantifiable);
        {
          TRY(CodePointSet set, reader_.Escape(/*in_class=*/false));
          return AddClass(std::move(set));
        }
      case '*':
      case '+':
      case '?': return reader_.Bad("got a quantifier with nothing to repeat");
      case '{':
        if (!reader_.annex_b()) return reader_.Bad("got '{' with nothing to repeat, want \\{");
        if (Braces()) return reader_.Bad("got a quantifier with nothing to repeat");
        // A text to ECMA-262; whoever writes it means what other engines read.
        if (reader_.Take("{,")) {
          return Error::Unsupported(reader_.Where(), "got '{,', want '{0,' or '\\{,'");
        }
        break;
      case '}':
      case ']':
        if (!reader_.annex_b()) return reader_.Bad("got a lone bracket, want it behind a backslash");
        break;
      default: break;
    }
    reader_.Read();
    return AddClass(CodePointSet::Of(c, c));
  }

  Result<int32_t> Group(int depth, bool& quantifiable) {
    const size_t start = reader_.at();
    reader_.Take('(');
    PatternNode assertion;
    bool is_assertion = true;
    if (reader_.Take("?=") || reader_.Take("?!")) {
      assertion.kind = Kind::kLookAhead;
    } else if (reader_.Take("?<=") || reader_.Take("?<!")) {
      assertion.kind = Kind::kLookBehind;
    } else {
      is_assertion = false;
      TRY_VOID(GroupHead());
    }
    assertion.negative = is_assertion && reader_.Before() == '!';
    TRY(const int32_t inner, Choice(depth + 1));
    if (!reader_.Take(')')) {
      reader_.Back(start);
      return reader_.Bad("got '(' without ')'");
    }
    if (!is_assertion) return inner;
    const bool behind = assertion.kind == Kind::kLookBehind;
    assertion.children = {inner};
    auto made = Assertion(std::move(assertion), quantifiable);
    quantifiable = reader_.annex_b() && !behind;
    return made;
  }

  // What may stand after '(' of a group that is no assertion.
  Result<void> GroupHead() {
    if (!reader_.Take('?')) return {};
    if (reader_.Take(':')) return {};
    if (reader_.Take('<')) return reader_.GroupName();
    if (!reader_.AtEnd() &&
        std::string_view("imsx-").find(static_cast<char>(reader_.Peek())) != std::string_view::npos) {
      return Error::Unsupported(reader_.Where(), "got modifiers such as (?i), which this dialect (ECMA-262) lacks");
    }
    return reader_.Bad("got '(?' before something unknown, want (?:, (?=, (?!, (?<=, (?<! or (?<name>");
  }

  Reader reader_;
  EcmaPattern pattern_;
};

}  // namespace
}  // namespace ecma

Result<EcmaPattern> ParseEcmaPattern(std::string_view pattern) {
  if (pattern.size() > ecma::kMaxPatternBytes) {
    return Error::TooLarge("", "got a pattern of " + std::to_string(pattern.size()) + " bytes, want at most " +
                                   std::to_string(ecma::kMaxPatternBytes));
  }
  if (const size_t valid = ValidUtf8Prefix(pattern); valid < pattern.size()) {
    return Error::Invalid("byte " + std::to_string(valid + 1), "got bytes that are not UTF-8");
  }
  auto strict = ecma::Parser(pattern, /*annex_b=*/false).Parse();
  if (strict.ok() || strict.error().kind != ErrorKind::kInvalid) return strict;
  auto lenient = ecma::Parser(pattern, /*annex_b=*/true).Parse();
  if (lenient.ok() || lenient.error().kind != ErrorKind::kInvalid) return lenient;
  return strict;
}

}  // namespace atelier
