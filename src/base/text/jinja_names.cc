// What jinja2's compiler finds out before a template runs: unknown filters and tests, except inside conditions, where
// it waits until they are used; and which of caller, kwargs and varargs a macro's body names.
#include "base/text/jinja_interp.h"

namespace atelier::jinja {
namespace {

class NameChecker {
 public:
  Result<void> Check(Body& body, bool soft) {
    for (const StmtPtr& stmt : body) TRY_VOID(Check(*stmt, soft));
    return {};
  }

 private:
  struct Used {
    bool caller = false, kwargs = false, varargs = false;
  };

  Result<void> Check(Stmt& stmt, bool soft) {
    using Kind = Stmt::Kind;
    const bool is_macro = stmt.kind == Kind::kMacro || stmt.kind == Kind::kCallBlock;
    if (stmt.kind == Kind::kIf) soft = true;
    if (stmt.kind == Kind::kCallBlock) {
      TRY_VOID(Check(*stmt.exprs[0], soft));
    } else {
      for (const ExprPtr& expr : stmt.exprs) {
        if (expr) TRY_VOID(Check(*expr, soft));
      }
    }
    const bool own_frame = stmt.kind != Kind::kIf;
    const Used outer = used_;
    if (is_macro) used_ = {};
    for (const ExprPtr& expr : stmt.defaults) TRY_VOID(Check(*expr, false));
    if (is_macro) used_ = {};
    TRY_VOID(Check(stmt.body, own_frame ? false : soft));
    TRY_VOID(Check(stmt.other, own_frame ? false : soft));
    if (is_macro) {
      stmt.uses_caller = used_.caller;
      stmt.uses_kwargs = used_.kwargs;
      stmt.uses_varargs = used_.varargs;
      used_ = {used_.caller || outer.caller, used_.kwargs || outer.kwargs, used_.varargs || outer.varargs};
    }
    return {};
  }

  Result<void> Check(const Expr& expr, bool soft) {
    if (expr.kind == Expr::Kind::kName) {
      used_.caller |= expr.text == "caller";
      used_.kwargs |= expr.text == "kwargs";
      used_.varargs |= expr.text == "varargs";
    }
    if (expr.kind == Expr::Kind::kCondition) soft = true;
    const bool unknown_filter = expr.kind == Expr::Kind::kFilter && !HasFilter(expr.text);
    const bool unknown_test = expr.kind == Expr::Kind::kTest && !HasTest(expr.text);
    if (!soft && (unknown_filter || unknown_test)) {
      return Error::Invalid("line " + std::to_string(expr.line),
                            std::string("No ") + (unknown_filter ? "filter" : "test") + " named '" + expr.text + "'.");
    }
    const auto each = [&](const ExprPtr& child) -> Result<void> {
      if (child) return Check(*child, soft);
      return {};
    };
    for (const ExprPtr& child : expr.children) TRY_VOID(each(child));
    for (const ExprPtr& child : expr.call.args) TRY_VOID(each(child));
    for (const auto& [name, child] : expr.call.named) TRY_VOID(each(child));
    TRY_VOID(each(expr.call.star_args));
    return each(expr.call.star_kwargs);
  }

  Used used_;
};

}  // namespace

Result<void> CheckNames(Body& body) { return NameChecker().Check(body, false); }

}  // namespace atelier::jinja
