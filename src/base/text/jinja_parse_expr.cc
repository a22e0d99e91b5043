#include <algorithm>
#include <charconv>

#include "base/text/jinja_parser.h"
#include "base/text/jinja_parser_internal.h"
#include "base/text/number_text.h"

namespace atelier::jinja {
namespace {

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kData: return "text";
    case TokenKind::kVariableBegin: return "'{{'";
    case TokenKind::kVariableEnd: return "'}}'";
    case TokenKind::kBlockBegin: return "'{%'";
    case TokenKind::kBlockEnd: return "'%}'";
    case TokenKind::kString: return "a string";
    case TokenKind::kEnd: return "the end of the template";
    default: return "'" + token.text + "'";
  }
}

Result<Value> IntegerOf(const Token& token) {
  std::string_view digits = token.text;
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0') {
    const char letter = static_cast<char>(digits[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    if (base != 10) digits.remove_prefix(2);
  }
  int64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (status == std::errc() && end == digits.data() + digits.size()) return Value(value);
  if (base == 10) return Value::BigInt(std::string(digits));
  return Error::Invalid("line " + std::to_string(token.line), "got " + token.text + ", want an integer of 64 bits");
}

}  // namespace

bool ExprParser::TakeOperator(std::string_view text) { return IsOperator(text) && (Next(), true); }
bool ExprParser::TakeName(std::string_view text) { return IsName(text) && (Next(), true); }

Error ExprParser::Fail(int line, std::string what) const {
  return Error::Invalid("line " + std::to_string(line), std::move(what));
}
Error ExprParser::Unexpected(std::string_view want) const {
  return Fail(Now().line, "got " + Describe(Now()) + ", want " + std::string(want));
}

Result<void> ExprParser::Want(TokenKind kind, std::string_view shown) {
  if (Now().kind != kind) return Unexpected(shown);
  Next();
  return {};
}
Result<void> ExprParser::WantOperator(std::string_view text) {
  if (TakeOperator(text)) return {};
  return Unexpected("'" + std::string(text) + "'");
}
Result<std::string> ExprParser::WantName() {
  if (Now().kind != TokenKind::kName) return Unexpected("a name");
  return Next().text;
}

Result<void> ExprParser::CheckDepth() const {
  if (depth_ <= kMaxNesting) return {};
  return Fail(Now().line, "got deeper nesting, want at most " + std::to_string(kMaxNesting) + " levels");
}

Result<void> ExprParser::CountLink() {
  if (++links_ <= kMaxLinks) return {};
  return Fail(Now().line, "got a longer expression, want at most " + std::to_string(kMaxLinks) + " operators");
}

ExprParser::Parsed ExprParser::Condition() {
  const Deeper deeper(depth_);
  TRY_VOID(CheckDepth());
  TRY(ExprPtr expr, Or());
  while (IsName("if")) {
    const int line = Next().line;
    TRY_VOID(CountLink());
    ExprPtr condition = Make(Expr::Kind::kCondition, line);
    TRY(ExprPtr test, Or());
    ExprPtr otherwise;
    if (TakeName("else")) {
      TRY(otherwise, Condition());
    }
    condition->children.push_back(std::move(test));
    condition->children.push_back(std::move(expr));
    condition->children.push_back(std::move(otherwise));
    expr = std::move(condition);
  }
  return expr;
}

namespace {

// left op right; a chain grows to the left.
void Join(ExprPtr& left, ExprPtr node, ExprPtr right) {
  node->children.push_back(std::move(left));
  node->children.push_back(std::move(right));
  left = std::move(node);
}

}  // namespace

ExprParser::Parsed ExprParser::Or() {
  TRY(ExprPtr left, And());
  while (IsName("or")) {
    ExprPtr node = Make(Expr::Kind::kOr, Next().line);
    TRY_VOID(CountLink());
    TRY(ExprPtr right, And());
    Join(left, std::move(node), std::move(right));
  }
  return left;
}

ExprParser::Parsed ExprParser::And() {
  TRY(ExprPtr left, Not());
  while (IsName("and")) {
    ExprPtr node = Make(Expr::Kind::kAnd, Next().line);
    TRY_VOID(CountLink());
    TRY(ExprPtr right, Not());
    Join(left, std::move(node), std::move(right));
  }
  return left;
}

ExprParser::Parsed ExprParser::Not() {
  const Deeper deeper(depth_);
  TRY_VOID(CheckDepth());
  if (!IsName("not")) return Compare();
  ExprPtr node = Make(Expr::Kind::kNot, Next().line);
  TRY(ExprPtr operand, Not());
  node->children.push_back(std::move(operand));
  return node;
}

ExprParser::Parsed ExprParser::Compare() {
  TRY(ExprPtr first, Binary(0));
  ExprPtr node;
  while (true) {
    static constexpr std::string_view kOperators[] = {"==", "!=", "<", "<=", ">", ">="};
    const int line = Now().line;
    std::string name;
    if (Now().kind == TokenKind::kOperator &&
        std::find(std::begin(kOperators), std::end(kOperators), Now().text) != std::end(kOperators)) {
      name = Next().text;
    } else if (TakeName("in")) {
      name = "in";
    } else if (IsName("not") && Ahead().kind == TokenKind::kName && Ahead().text == "in") {
      Next(), Next();
      name = "not in";
    } else {
      break;
    }
    if (!node) {
      node = Make(Expr::Kind::kCompare, line);
      node->children.push_back(std::move(first));
    }
    TRY(ExprPtr right, Binary(0));
    node->children.push_back(std::move(right));
    node->operators.push_back(std::move(name));
  }
  return node ? std::move(node) : std::move(first);
}

ExprParser::Parsed ExprParser::Binary(int level) {
  static constexpr std::string_view kLevels[][4] = {{"+", "-"}, {}, {"*", "/", "//", "%"}, {"**"}};
  if (level == 1) return Concat();
  const auto operand = [&] { return level == 3 ? Unary(true) : Binary(level + 1); };
  TRY(ExprPtr left, operand());
  const auto& operators = kLevels[level];
  while (Now().kind == TokenKind::kOperator &&
         std::find(std::begin(operators), std::end(operators), Now().text) != std::end(operators)) {
    const Token token = Next();
    TRY_VOID(CountLink());
    ExprPtr node = Make(Expr::Kind::kBinary, token.line);
    node->text = token.text;
    TRY(ExprPtr right, operand());
    Join(left, std::move(node), std::move(right));
  }
  return left;
}

ExprParser::Parsed ExprParser::Concat() {
  TRY(ExprPtr first, Binary(2));
  if (!IsOperator("~")) return first;
  ExprPtr node = Make(Expr::Kind::kConcat, Now().line);
  node->children.push_back(std::move(first));
  while (TakeOperator("~")) {
    TRY(ExprPtr next, Binary(2));
    node->children.push_back(std::move(next));
  }
  return node;
}

ExprParser::Parsed ExprParser::Unary(bool with_filter) {
  const Deeper deeper(depth_);
  TRY_VOID(CheckDepth());
  ExprPtr node;
  if (IsOperator("-") || IsOperator("+")) {
    const Token token = Next();
    node = Make(Expr::Kind::kUnary, token.line);
    node->text = token.text;
    TRY(ExprPtr operand, Unary(false));
    node->children.push_back(std::move(operand));
  } else {
    TRY(node, Primary(false));
  }
  TRY(node, Postfix(std::move(node)));
  if (!with_filter) return node;
  return FilterOrTest(std::move(node));
}

ExprParser::Parsed ExprParser::Primary(bool with_namespace) {
  const Token token = Now();
  if (token.kind == TokenKind::kName) {
    Next();
    ExprPtr node = Make(Expr::Kind::kConst, token.line);
    if (token.text == "true" || token.text == "True" || token.text == "false" || token.text == "False") {
      node->value = Value(token.text == "true" || token.text == "True");
    } else if (token.text == "none" || token.text == "None") {
      node->value = Value::None();
    } else {
      node->kind = Expr::Kind::kName;
      node->text = token.text;
      if (with_namespace && TakeOperator(".")) {
        node->kind = Expr::Kind::kNamespace;
        TRY(node->text2, WantName());
      }
    }
    return node;
  }
  if (token.kind == TokenKind::kString || token.kind == TokenKind::kInteger || token.kind == TokenKind::kFloat) {
    ExprPtr node = Make(Expr::Kind::kConst, token.line);
    std::string text = Next().text;
    if (token.kind == TokenKind::kInteger) {
      TRY(node->value, IntegerOf(token));
    } else if (token.kind == TokenKind::kFloat) {
      node->value = Value(ParseDouble(text).value_or(0));
    } else {
      while (Now().kind == TokenKind::kString) text += Next().text;
      node->value = Value(std::move(text));
    }
    return node;
  }
  if (TakeOperator("(")) {
    TRY(ExprPtr node, Tuple(true, true));
    TRY_VOID(WantOperator(")"));
    return node;
  }
  if (IsOperator("[")) return List();
  if (IsOperator("{")) return Dict();
  return Unexpected("an expression");
}

bool ExprParser::AtTupleEnd() const {
  return Now().kind == TokenKind::kVariableEnd || Now().kind == TokenKind::kBlockEnd || IsOperator(")") ||
         IsName("in") || IsName("recursive");
}

ExprParser::Parsed ExprParser::Tuple(bool with_condition, bool parenthesised) {
  ExprPtr tuple = Make(Expr::Kind::kTuple, Now().line);
  bool is_tuple = false;
  while (!AtTupleEnd()) {
    TRY(ExprPtr item, with_condition ? Condition() : Or());
    tuple->children.push_back(std::move(item));
    if (!TakeOperator(",")) break;
    is_tuple = true;
  }
  if (is_tuple || (tuple->children.empty() && parenthesised)) return tuple;
  if (tuple->children.empty()) return Unexpected("an expression");
  return std::move(tuple->children[0]);
}

ExprParser::Parsed ExprParser::Target(bool with_namespace) {
  const Deeper deeper(depth_);
  TRY_VOID(CheckDepth());
  ExprPtr tuple = Make(Expr::Kind::kTuple, Now().line);
  bool is_tuple = false;
  while (!AtTupleEnd() && !IsOperator("=")) {
    const int line = Now().line;
    ExprPtr item;
    if (TakeOperator("(")) {
      TRY(item, Target(with_namespace));
      TRY_VOID(WantOperator(")"));
    } else {
      TRY(item, Primary(with_namespace));
    }
    if (item->kind != Expr::Kind::kName && item->kind != Expr::Kind::kNamespace && item->kind != Expr::Kind::kTuple) {
      return Fail(line, "got a value, want a name to assign to");
    }
    tuple->children.push_back(std::move(item));
    if (!TakeOperator(",")) break;
    is_tuple = true;
  }
  if (tuple->children.empty()) return Unexpected("a name to assign to");
  return is_tuple ? std::move(tuple) : std::move(tuple->children[0]);
}

ExprParser::Parsed ExprParser::List() {
  ExprPtr list = Make(Expr::Kind::kList, Next().line);
  while (!IsOperator("]")) {
    TRY(ExprPtr item, Condition());
    list->children.push_back(std::move(item));
    if (!TakeOperator(",")) break;
  }
  TRY_VOID(WantOperator("]"));
  return list;
}

ExprParser::Parsed ExprParser::Dict() {
  ExprPtr dict = Make(Expr::Kind::kDict, Next().line);
  while (!IsOperator("}")) {
    TRY(ExprPtr key, Condition());
    TRY_VOID(WantOperator(":"));
    TRY(ExprPtr value, Condition());
    dict->children.push_back(std::move(key));
    dict->children.push_back(std::move(value));
    if (!TakeOperator(",")) break;
  }
  TRY_VOID(WantOperator("}"));
  return dict;
}

}  // namespace atelier::jinja
