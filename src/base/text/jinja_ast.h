// The tree of a Jinja template. Two node types with a kind each keep the evaluator a pair of switches; which
// fields a kind uses stands beside it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text/jinja_value.h"

namespace atelier::jinja {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Call {
  std::vector<ExprPtr> args;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star_args;    // *args
  ExprPtr star_kwargs;  // **kwargs
};

struct Expr {
  enum class Kind : uint8_t {
    kConst,      // value
    kName,       // text
    kNamespace,  // text.text2, as the target of an assignment
    kTuple,      // children
    kList,       // children
    kDict,       // children: key, value, key, value, ...
    kCondition,  // children: test, then, else (may be null)
    kOr,         // children: left, right
    kAnd,
    kNot,      // children: operand
    kCompare,  // children: first, then one for each of operators
    kConcat,   // children
    kBinary,   // text: operator; children: left, right
    kUnary,    // text: operator; children: operand
    kGetAttr,  // text; children: object
    kGetItem,  // children: object, index
    kSlice,    // children: start, stop, step (each may be null)
    kCall,     // call; children: callee
    kFilter,   // text, call; children: operand (null inside a filter block)
    kTest,     // text, call; children: operand
  };
  Kind kind;
  int line = 0;
  std::string text;
  std::string text2;
  Value value;
  std::vector<ExprPtr> children;
  std::vector<std::string> operators;
  Call call;
};

struct Stmt;
using StmtPtr = std::unique_ptr<Stmt>;
using Body = std::vector<StmtPtr>;

struct Stmt {
  enum class Kind : uint8_t {
    kData,         // text
    kOutput,       // exprs
    kIf,           // exprs: test; body, other (an elif is an If alone in `other`)
    kFor,          // exprs: target, iterable, filter (may be null); body, other; recursive
    kSet,          // exprs: target, value
    kSetBlock,     // exprs: target, filter (may be null); body
    kMacro,        // text: name; params, defaults (of the last params); body
    kCallBlock,    // exprs: call; params, defaults; body
    kFilterBlock,  // exprs: filter; body
    kWith,         // exprs: target, value, target, value, ...; body
    kScope,        // body: block and autoescape
    kGeneration,   // body
    kBreak,
    kContinue,
  };
  Kind kind;
  int line = 0;
  std::string text;
  std::vector<ExprPtr> exprs;
  Body body;
  Body other;
  std::vector<std::string> params;
  std::vector<ExprPtr> defaults;
  bool recursive = false;
  // Of a macro or call block: the special names that its body uses.
  bool uses_caller = false, uses_kwargs = false, uses_varargs = false;
};

}  // namespace atelier::jinja
