// What follows an operand: subscripts, calls, filters and tests.
#include <algorithm>

#include "base/text/jinja_parser.h"
#include "base/text/jinja_parser_internal.h"

namespace atelier::jinja {

ExprParser::Parsed ExprParser::Postfix(ExprPtr node) {
  while (IsOperator(".") || IsOperator("[") || IsOperator("(")) {
    TRY_VOID(CountLink());
    TRY(node, IsOperator("(") ? CallOf(std::move(node)) : Subscript(std::move(node)));
  }
  return node;
}

ExprParser::Parsed ExprParser::FilterOrTest(ExprPtr node) {
  while (IsOperator("|") || IsOperator("(") || IsName("is")) {
    TRY_VOID(CountLink());
    if (IsOperator("|")) {
      TRY(node, Filter(std::move(node), false));
    } else if (IsName("is")) {
      TRY(node, Test(std::move(node)));
    } else {
      TRY(node, CallOf(std::move(node)));
    }
  }
  return node;
}

ExprParser::Parsed ExprParser::Subscript(ExprPtr node) {
  const Token token = Next();
  if (token.text == ".") {
    if (Now().kind != TokenKind::kName && Now().kind != TokenKind::kInteger) return Unexpected("a name or a number");
    if (Now().kind == TokenKind::kName) {
      ExprPtr attribute = Make(Expr::Kind::kGetAttr, token.line);
      attribute->text = Next().text;
      attribute->children.push_back(std::move(node));
      return attribute;
    }
    ExprPtr item = Make(Expr::Kind::kGetItem, token.line);
    TRY(ExprPtr index, Primary(false));
    item->children.push_back(std::move(node));
    item->children.push_back(std::move(index));
    return item;
  }
  ExprPtr item = Make(Expr::Kind::kGetItem, token.line);
  ExprPtr index = Make(Expr::Kind::kTuple, token.line);
  while (!IsOperator("]")) {
    if (!index->children.empty()) TRY_VOID(WantOperator(","));
    TRY(ExprPtr part, SubscriptItem());
    index->children.push_back(std::move(part));
  }
  TRY_VOID(WantOperator("]"));
  if (index->children.size() == 1) index = ExprPtr(std::move(index->children[0]));
  item->children.push_back(std::move(node));
  item->children.push_back(std::move(index));
  return item;
}

ExprParser::Parsed ExprParser::SubscriptItem() {
  ExprPtr slice = Make(Expr::Kind::kSlice, Now().line);
  slice->children.resize(3);
  if (!IsOperator(":")) {
    TRY(slice->children[0], Condition());
    if (!IsOperator(":")) return std::move(slice->children[0]);
  }
  Next();
  for (size_t part = 1; part < 3; ++part) {
    if (!IsOperator(":") && !IsOperator("]") && !IsOperator(",")) {
      TRY(slice->children[part], Condition());
    }
    if (part == 1 && !TakeOperator(":")) break;
  }
  return slice;
}

ExprParser::Parsed ExprParser::CallOf(ExprPtr node) {
  ExprPtr call = Make(Expr::Kind::kCall, Now().line);
  TRY(call->call, CallArgs());
  call->children.push_back(std::move(node));
  return call;
}

Result<Call> ExprParser::CallArgs() {
  const int line = Now().line;
  TRY_VOID(WantOperator("("));
  Call call;
  while (!IsOperator(")")) {
    if (TakeOperator("*")) {
      if (call.star_args || call.star_kwargs) return Fail(line, "got a second '*', want one list of arguments");
      TRY(call.star_args, Condition());
    } else if (TakeOperator("**")) {
      if (call.star_kwargs) return Fail(line, "got a second '**', want one dict of arguments");
      TRY(call.star_kwargs, Condition());
    } else if (Now().kind == TokenKind::kName && Ahead().kind == TokenKind::kOperator && Ahead().text == "=") {
      if (call.star_kwargs) return Fail(line, "got an argument after '**', want it before");
      std::string name = Next().text;
      Next();
      TRY(ExprPtr value, Condition());
      call.named.emplace_back(std::move(name), std::move(value));
    } else {
      if (call.star_args || call.star_kwargs || !call.named.empty()) {
        return Fail(line, "got a positional argument after a named one, want it before");
      }
      TRY(ExprPtr value, Condition());
      call.args.push_back(std::move(value));
    }
    if (!IsOperator(")")) TRY_VOID(WantOperator(","));
  }
  Next();
  return call;
}

Result<std::string> ExprParser::DottedName() {
  TRY(std::string name, WantName());
  while (TakeOperator(".")) {
    TRY(const std::string part, WantName());
    name += "." + part;
  }
  return name;
}

ExprParser::Parsed ExprParser::Filter(ExprPtr operand, bool inline_start) {
  for (; inline_start || IsOperator("|"); inline_start = false) {
    TRY_VOID(CountLink());
    if (!inline_start) Next();
    ExprPtr filter = Make(Expr::Kind::kFilter, Now().line);
    TRY(filter->text, DottedName());
    if (IsOperator("(")) {
      TRY(filter->call, CallArgs());
    }
    filter->children.push_back(std::move(operand));
    operand = std::move(filter);
  }
  return operand;
}

ExprParser::Parsed ExprParser::Test(ExprPtr node) {
  ExprPtr test = Make(Expr::Kind::kTest, Next().line);
  const bool negated = TakeName("not");
  TRY(test->text, DottedName());
  test->children.push_back(std::move(node));
  const bool operand = Now().kind == TokenKind::kName || Now().kind == TokenKind::kString ||
                       Now().kind == TokenKind::kInteger || Now().kind == TokenKind::kFloat || IsOperator("[") ||
                       IsOperator("{");
  if (IsOperator("(")) {
    TRY(test->call, CallArgs());
  } else if (operand && !IsName("else") && !IsName("or") && !IsName("and")) {
    if (IsName("is")) return Unexpected("no second test after 'is'");
    TRY(ExprPtr argument, Primary(false));
    TRY(argument, Postfix(std::move(argument)));
    test->call.args.push_back(std::move(argument));
  }
  if (!negated) return test;
  ExprPtr negation = Make(Expr::Kind::kNot, test->line);
  negation->children.push_back(std::move(test));
  return negation;
}

}  // namespace atelier::jinja
