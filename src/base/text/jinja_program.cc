#include "base/text/jinja_program.h"

#include <set>

#include "base/text/jinja_interp.h"
#include "base/text/jinja_parser.h"

namespace atelier {
namespace jinja {
namespace {

bool IsConstantKey(const Expr& expr) {
  return expr.kind == Expr::Kind::kConst && (expr.value.is_string() || expr.value.is(Value::Kind::kInt));
}

// What the path calls a constant subscript.
std::string KeyOf(const Expr& expr) {
  return expr.value.is_string() ? expr.value.text() : std::to_string(expr.value.as_int());
}

class Finder {
 public:
  std::vector<JinjaReference> Find(const Body& body) {
    Walk(body);
    for (JinjaReference& reference : found_) reference.made_here = made_.contains(reference.name);
    return std::move(found_);
  }

 private:
  void Walk(const Body& body) {
    for (const StmtPtr& stmt : body) Walk(*stmt);
  }

  void Walk(const Stmt& stmt) {
    using Kind = Stmt::Kind;
    if (stmt.kind == Kind::kMacro) made_.insert(stmt.text);
    made_.insert(stmt.params.begin(), stmt.params.end());
    for (size_t i = 0; i < stmt.exprs.size(); ++i) {
      if (!stmt.exprs[i]) continue;
      const bool is_target = stmt.kind == Kind::kWith ? i % 2 == 0
                                                      : i == 0 && (stmt.kind == Kind::kFor || stmt.kind == Kind::kSet ||
                                                                   stmt.kind == Kind::kSetBlock);
      is_target ? Make(*stmt.exprs[i]) : Walk(*stmt.exprs[i]);
    }
    for (const ExprPtr& expr : stmt.defaults) Walk(*expr);
    Walk(stmt.body);
    Walk(stmt.other);
  }

  void Make(const Expr& target) {
    if (target.kind == Expr::Kind::kName) made_.insert(target.text);
    for (const ExprPtr& child : target.children) {
      if (child) Make(*child);
    }
  }

  void Walk(const Expr& expr) {
    using Kind = Expr::Kind;
    if (expr.kind == Kind::kName || expr.kind == Kind::kGetAttr || expr.kind == Kind::kGetItem) {
      if (Chain(expr)) return;
    }
    // A method is no part of the value: "text.split(x)" reads "text".
    const bool is_method = expr.kind == Kind::kCall && expr.children[0]->kind == Kind::kGetAttr;
    for (const ExprPtr& child : is_method ? expr.children[0]->children : expr.children) {
      if (child) Walk(*child);
    }
    for (const ExprPtr& child : expr.call.args) Walk(*child);
    for (const auto& [name, child] : expr.call.named) Walk(*child);
    if (expr.call.star_args) Walk(*expr.call.star_args);
    if (expr.call.star_kwargs) Walk(*expr.call.star_kwargs);
  }

  // Whether it is a name with constant members; then it is noted.
  bool Chain(const Expr& expr) {
    std::vector<std::string> path;
    const Expr* at = &expr;
    while (at->kind != Expr::Kind::kName) {
      if (at->kind == Expr::Kind::kGetAttr) {
        path.push_back(at->text);
      } else if (at->kind == Expr::Kind::kGetItem && at->children[1] && IsConstantKey(*at->children[1])) {
        path.push_back(KeyOf(*at->children[1]));
      } else {
        return false;
      }
      at = at->children[0].get();
    }
    if (BuiltinGlobal(at->text) || at->text == "loop" || at->text == "caller") return true;
    found_.push_back({.name = at->text, .path = {path.rbegin(), path.rend()}, .line = expr.line});
    return true;
  }

  std::vector<JinjaReference> found_;
  std::set<std::string> made_;
};

bool IsReference(const Expr& expr) {
  using Kind = Expr::Kind;
  if (expr.kind == Kind::kName) return true;
  if (expr.kind == Kind::kGetItem && !(expr.children[1] && IsConstantKey(*expr.children[1]))) return false;
  return (expr.kind == Kind::kGetAttr || expr.kind == Kind::kGetItem) && IsReference(*expr.children[0]);
}

}  // namespace
}  // namespace jinja

Result<JinjaProgram> JinjaProgram::Parse(std::string_view source) {
  TRY(Body body, jinja::ParseTemplate(source));
  return JinjaProgram(std::make_shared<const Body>(std::move(body)));
}

Result<std::string> JinjaProgram::Render(const Json& context, const JinjaLimits& limits) const {
  TRY(JinjaOutput output, jinja::Interp(*body_, limits, {}).Render(context));
  return std::move(output.text);
}

std::vector<JinjaReference> JinjaProgram::References() const { return jinja::Finder().Find(*body_); }

bool JinjaProgram::IsExpression() const {
  return body_->size() == 1 && body_->front()->kind == jinja::Stmt::Kind::kOutput && body_->front()->exprs.size() == 1;
}

bool JinjaProgram::IsReference() const { return IsExpression() && jinja::IsReference(*body_->front()->exprs.front()); }

Result<Json> JinjaProgram::Evaluate(const Json& context, const JinjaLimits& limits) const {
  CHECK(IsExpression());
  return jinja::Interp(*body_, limits, {}).Evaluate(context);
}

}  // namespace atelier
