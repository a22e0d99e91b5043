// The two halves of the parser: expressions and statements.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "base/text/jinja_ast.h"
#include "base/text/jinja_lexer.h"

namespace atelier::jinja {

class ExprParser {
 public:
  explicit ExprParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  using Parsed = Result<ExprPtr>;

  const Token& Now() const { return tokens_[at_]; }
  const Token& Ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token Next() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }
  bool IsOperator(std::string_view text) const { return Now().kind == TokenKind::kOperator && Now().text == text; }
  bool IsName(std::string_view text) const { return Now().kind == TokenKind::kName && Now().text == text; }
  bool TakeOperator(std::string_view text);
  bool TakeName(std::string_view text);
  Result<void> Want(TokenKind kind, std::string_view shown);
  Result<void> WantOperator(std::string_view text);
  Result<std::string> WantName();
  Error Unexpected(std::string_view want) const;
  Error Fail(int line, std::string what) const;

  Parsed Expression() { return Condition(); }
  // Comma-separated expressions: a tuple if there is a comma.
  Parsed Tuple(bool with_condition, bool parenthesised = false);
  Parsed Or();
  // What may stand left of "=": names, tuples of names and, where allowed, namespace attributes.
  Parsed Target(bool with_namespace);
  // `operand` may be null, for filter blocks; `inline_start`: no '|' before the first name.
  Parsed Filter(ExprPtr operand, bool inline_start);

  static ExprPtr Make(Expr::Kind kind, int line) {
    auto expr = std::make_unique<Expr>();
    expr->kind = kind;
    expr->line = line;
    return expr;
  }

  // Counts nesting for as long as it lives.
  struct Deeper {
    explicit Deeper(int& depth) : depth(depth) { ++depth; }
    ~Deeper() { --depth; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    int& depth;
  };
  Result<void> CheckDepth() const;
  // Operators, subscripts and filters of one statement: they bound the height of its tree.
  Result<void> CountLink();

  int depth_ = 0;
  int links_ = 0;

 private:
  Parsed Condition();
  Parsed And();
  Parsed Not();
  Parsed Compare();
  // + and -, then ~, then * / // %, then **: level 0 to 3.
  Parsed Binary(int level);
  Parsed Concat();
  Parsed Unary(bool with_filter);
  Parsed Primary(bool with_namespace);
  Parsed Postfix(ExprPtr node);
  Parsed FilterOrTest(ExprPtr node);
  Parsed Test(ExprPtr node);
  Parsed Subscript(ExprPtr node);
  Parsed SubscriptItem();
  Parsed CallOf(ExprPtr node);
  Result<Call> CallArgs();
  Parsed List();
  Parsed Dict();
  Result<std::string> DottedName();
  bool AtTupleEnd() const;

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace atelier::jinja
