#include <algorithm>

#include "base/text/jinja_interp.h"
#include "base/text/jinja_parser.h"
#include "base/text/jinja_parser_internal.h"

namespace atelier::jinja {
namespace {

using Ends = std::initializer_list<std::string_view>;

class StmtParser : public ExprParser {
 public:
  using ExprParser::ExprParser;

  Result<Body> Template() {
    TRY(Body body, Statements({}));
    return body;
  }

 private:
  using ParsedStmt = Result<StmtPtr>;

  static StmtPtr Make(Stmt::Kind kind, int line) {
    auto stmt = std::make_unique<Stmt>();
    stmt->kind = kind;
    stmt->line = line;
    return stmt;
  }

  // Statements up to one of the end tags; then the current token is its name.
  Result<Body> Statements(Ends ends) {
    const Deeper deeper(depth_);
    TRY_VOID(CheckDepth());
    Body body;
    while (Now().kind != TokenKind::kEnd) {
      const Token token = Next();
      links_ = 0;
      if (token.kind == TokenKind::kData) {
        body.push_back(Make(Stmt::Kind::kData, token.line));
        body.back()->text = token.text;
      } else if (token.kind == TokenKind::kVariableBegin) {
        body.push_back(Make(Stmt::Kind::kOutput, token.line));
        TRY(ExprPtr value, Tuple(true));
        body.back()->exprs.push_back(std::move(value));
        TRY_VOID(Want(TokenKind::kVariableEnd, "'}}'"));
      } else {
        if (Now().kind == TokenKind::kName && std::find(ends.begin(), ends.end(), Now().text) != ends.end())
          return body;
        TRY(StmtPtr stmt, Statement());
        body.push_back(std::move(stmt));
        TRY_VOID(Want(TokenKind::kBlockEnd, "'%}'"));
      }
    }
    if (ends.size() == 0) return body;
    return Fail(Now().line, "got the end of the template, want '" + std::string(*(ends.end() - 1)) + "'");
  }

  // The body of a tag: from behind its head to one of the end tags, whose name stays current.
  Result<Body> BodyOf(Ends ends) {
    TakeOperator(":");
    TRY_VOID(Want(TokenKind::kBlockEnd, "'%}'"));
    return Statements(ends);
  }
  Result<Body> WholeBody(std::string_view end) {
    TRY(Body body, BodyOf({end}));
    Next();
    return body;
  }

  ParsedStmt Statement() {
    const int line = Now().line;
    if (Now().kind != TokenKind::kName) return Unexpected("the name of a tag");
    const std::string name = Next().text;
    if (name == "set") return Set(line);
    if (name == "for") return For(line);
    if (name == "if") return If(line);
    if (name == "macro") return Macro(line);
    if (name == "call") return CallBlock(line);
    if (name == "filter") return FilterBlock(line);
    if (name == "with") return With(line);
    if (name == "print") return Print(line);
    if (name == "block") return Block(line);
    if (name == "autoescape") return Autoescape(line);
    if (name == "break") return Make(Stmt::Kind::kBreak, line);
    if (name == "continue") return Make(Stmt::Kind::kContinue, line);
    if (name == "generation") {
      StmtPtr stmt = Make(Stmt::Kind::kGeneration, line);
      TRY(stmt->body, WholeBody("endgeneration"));
      return stmt;
    }
    if (name == "include" || name == "import" || name == "from" || name == "extends") {
      return Fail(line, "got tag '" + name + "', want a template that stands alone");
    }
    return Fail(line, "got unknown tag '" + name + "', want a tag of Jinja");
  }

  ParsedStmt Set(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kSet, line);
    TRY(ExprPtr target, Target(true));
    stmt->exprs.push_back(std::move(target));
    if (TakeOperator("=")) {
      TRY(ExprPtr value, Tuple(true));
      stmt->exprs.push_back(std::move(value));
      return stmt;
    }
    stmt->kind = Stmt::Kind::kSetBlock;
    TRY(ExprPtr filter, Filter(nullptr, false));
    stmt->exprs.push_back(std::move(filter));
    TRY(stmt->body, WholeBody("endset"));
    return stmt;
  }

  ParsedStmt For(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kFor, line);
    stmt->exprs.resize(3);
    TRY(stmt->exprs[0], Target(false));
    if (!TakeName("in")) return Unexpected("'in'");
    TRY(stmt->exprs[1], Tuple(false));
    if (TakeName("if")) {
      TRY(stmt->exprs[2], Expression());
    }
    stmt->recursive = TakeName("recursive");
    TRY(stmt->body, BodyOf({"endfor", "else"}));
    if (Next().text == "else") {
      TRY(stmt->other, WholeBody("endfor"));
    }
    return stmt;
  }

  ParsedStmt If(int line) {
    StmtPtr first = Make(Stmt::Kind::kIf, line);
    Stmt* stmt = first.get();
    while (true) {
      TRY(ExprPtr test, Tuple(false));
      stmt->exprs.push_back(std::move(test));
      TRY(stmt->body, BodyOf({"elif", "else", "endif"}));
      const Token token = Next();
      if (token.text == "endif") return first;
      if (token.text == "else") {
        TRY(stmt->other, WholeBody("endif"));
        return first;
      }
      stmt->other.push_back(Make(Stmt::Kind::kIf, token.line));
      stmt = stmt->other.back().get();
      if (++elifs_ > 500) return Fail(token.line, "got over 500 branches, want fewer");
    }
  }

  Result<void> Signature(Stmt& stmt) {
    TRY_VOID(WantOperator("("));
    while (!IsOperator(")")) {
      if (!stmt.params.empty()) TRY_VOID(WantOperator(","));
      TRY(std::string name, WantName());
      stmt.params.push_back(std::move(name));
      if (TakeOperator("=")) {
        TRY(ExprPtr value, Expression());
        stmt.defaults.push_back(std::move(value));
      } else if (!stmt.defaults.empty()) {
        return Unexpected("a default, because the parameter before has one");
      }
    }
    return WantOperator(")");
  }

  ParsedStmt Macro(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kMacro, line);
    TRY(stmt->text, WantName());
    TRY_VOID(Signature(*stmt));
    TRY(stmt->body, WholeBody("endmacro"));
    return stmt;
  }

  ParsedStmt CallBlock(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kCallBlock, line);
    if (IsOperator("(")) TRY_VOID(Signature(*stmt));
    TRY(ExprPtr call, Expression());
    if (call->kind != Expr::Kind::kCall) return Fail(line, "got another expression after 'call', want a call");
    stmt->exprs.push_back(std::move(call));
    TRY(stmt->body, WholeBody("endcall"));
    return stmt;
  }

  ParsedStmt FilterBlock(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kFilterBlock, line);
    TRY(ExprPtr filter, Filter(nullptr, true));
    stmt->exprs.push_back(std::move(filter));
    TRY(stmt->body, WholeBody("endfilter"));
    return stmt;
  }

  ParsedStmt With(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kWith, line);
    while (Now().kind != TokenKind::kBlockEnd) {
      if (!stmt->exprs.empty()) TRY_VOID(WantOperator(","));
      ExprPtr target = ExprParser::Make(Expr::Kind::kName, Now().line);
      TRY(target->text, WantName());
      TRY_VOID(WantOperator("="));
      TRY(ExprPtr value, Expression());
      stmt->exprs.push_back(std::move(target));
      stmt->exprs.push_back(std::move(value));
    }
    TRY(stmt->body, WholeBody("endwith"));
    return stmt;
  }

  ParsedStmt Print(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kOutput, line);
    while (Now().kind != TokenKind::kBlockEnd) {
      if (!stmt->exprs.empty()) TRY_VOID(WantOperator(","));
      TRY(ExprPtr value, Expression());
      stmt->exprs.push_back(std::move(value));
    }
    return stmt;
  }

  ParsedStmt Block(int line) {
    StmtPtr stmt = Make(Stmt::Kind::kScope, line);
    TRY(const std::string name, WantName());
    TakeName("scoped");
    TakeName("required");
    TRY(stmt->body, WholeBody("endblock"));
    TakeName(name);
    return stmt;
  }

  ParsedStmt Autoescape(int line) {
    TRY(const ExprPtr on, Expression());
    if (on->kind != Expr::Kind::kConst || Truth(on->value)) return Fail(line, "got autoescape on, want it off");
    StmtPtr stmt = Make(Stmt::Kind::kScope, line);
    TRY(stmt->body, WholeBody("endautoescape"));
    return stmt;
  }

  int elifs_ = 0;
};

}  // namespace

Result<Body> ParseTemplate(std::string_view source) {
  TRY(std::vector<Token> tokens, Tokenize(source));
  TRY(Body body, StmtParser(std::move(tokens)).Template());
  TRY_VOID(CheckNames(body));
  return body;
}

}  // namespace atelier::jinja
