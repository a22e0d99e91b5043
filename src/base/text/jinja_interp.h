// Walks a template's tree. Everything that could run away is counted: steps, bytes made, depth; a template that
// passes a limit is an error, never a hang. One Interp serves one rendering, on one thread.
#pragma once

#include <ctime>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text/jinja.h"
#include "base/text/jinja_ast.h"

namespace atelier::jinja {

// Names visible in one block; macros keep the scope they were made in.
struct Scope {
  std::vector<std::pair<std::string, Value>> names;
  std::shared_ptr<Scope> parent;
  bool is_captured = false;

  Value* Find(std::string_view name);
  void Set(std::string_view name, Value value);

 private:
  static constexpr size_t kIndexFrom = 24;            // below, looking at each is quicker
  std::map<std::string, size_t, std::less<>> index_;  // places in `names`, once there are so many
};

// What `loop` is. Items come lazily, because a loop's filter may depend on what its body did.
struct LoopState : std::enable_shared_from_this<LoopState> {
  const Stmt* stmt = nullptr;
  std::shared_ptr<Scope> scope;  // where the loop stands
  Values source;
  size_t next_source = 0;
  std::deque<Value> ahead;  // looked at, not yet gone through
  std::optional<Value> previous, current;
  std::optional<Values> last_changed;
  int64_t index0 = -1;
  int64_t nesting = 0;
  int depth = 1;
};

class Interp {
 public:
  Interp(const Body& body, const JinjaLimits& limits, const std::tm& now) : body_(body), limits_(limits), now_(now) {}
  ~Interp();
  Interp(const Interp&) = delete;
  Interp& operator=(const Interp&) = delete;

  Result<JinjaOutput> Render(const Json& context);
  // The value of the only expression that the body outputs.
  Result<Json> Evaluate(const Json& context);

  // For filters, tests and functions.
  Result<Value> GetAttr(const Value& object, const std::string& name);
  Result<Value> GetItem(const Value& object, const Value& key);
  Result<Value> Call(const Value& callee, const Args& args);
  Result<Value> Filter(const std::string& name, const Value& operand, const Args& args);
  Result<bool> Test(const std::string& name, const Value& operand, const Args& args);
  // str(value) within the limits; an error for unsafe undefineds.
  Result<std::string> Str(const Value& value);
  // The items of anything that can be iterated; an iterator is used up.
  Result<Values> Iterate(const Value& value);
  Result<Value> Binary(std::string_view op, const Value& left, const Value& right);
  Result<bool> Contains(const Value& container, const Value& item);
  // Counts bytes about to be made.
  Result<void> Charge(size_t bytes);
  Result<void> Step(size_t steps = 1);
  // Count what is about to be looked at: a text from end to end; a part looked for in a text; the values that a
  // comparison, or the hash of a key, goes through.
  Result<void> ChargeScan(const Value& value);
  Result<void> ChargeSearch(size_t text_bytes, size_t part_bytes);
  Result<void> ChargeCompare(const Value& a, const Value& b);
  Result<void> ChargeKey(const Value& key);
  // a == b, counted.
  Result<bool> IsEqual(const Value& a, const Value& b);
  // a < b and the like as below, equal to or above zero, counted.
  Result<int> Order(const Value& a, const Value& b, std::string_view op);
  Value NewNamespace(std::shared_ptr<Dict> attributes);
  const std::tm& now() const { return now_; }

 private:
  enum class Flow : uint8_t { kOn, kBreak, kContinue };

  void EnterContext(const Json& context);
  Result<Value> Eval(const Expr& expr);
  Result<Value> EvalKind(const Expr& expr);
  Result<Value> EvalItems(const Expr& expr);
  Result<Value> EvalDict(const Expr& expr);
  Result<Value> EvalCondition(const Expr& expr);
  Result<Value> EvalLogic(const Expr& expr);
  Result<Value> EvalCompare(const Expr& expr);
  Result<bool> CompareOne(const std::string& op, const Value& left, const Value& right);
  Result<Value> EvalConcat(const Expr& expr);
  Result<Value> EvalBinary(const Expr& expr);
  Result<Value> EvalUnary(const Expr& expr);
  Result<Value> EvalGetItem(const Expr& expr);
  Result<Value> EvalSlice(const Value& object, const Expr& slice);
  Result<Value> EvalCall(const Expr& expr);
  Result<Value> EvalFilter(const Expr& expr);
  Result<Value> EvalTest(const Expr& expr);
  Result<Args> EvalArgs(const struct Call& call);
  Result<Value> Lookup(const std::string& name);
  Result<Value> SliceText(const Value& text, int64_t start, int64_t stop, int64_t step);
  Result<Value> LoopAttr(LoopState& loop, const std::string& name);
  Result<void> LookAhead(LoopState& loop, size_t count);

  Result<Flow> Exec(const Body& body);
  Result<Flow> ExecStmt(const Stmt& stmt);
  Result<Flow> ExecIf(const Stmt& stmt);
  Result<Flow> ExecFor(const Stmt& stmt, const Value& iterable, int64_t nesting);
  Result<void> ExecSet(const Stmt& stmt);
  Result<Flow> ExecWith(const Stmt& stmt);
  Result<void> ExecCallBlock(const Stmt& stmt);
  Result<void> ExecGeneration(const Stmt& stmt);
  // Runs a body in a scope of its own, its output in a string of its own.
  Result<std::string> Capture(const Body& body);
  Result<Flow> ExecScoped(const Body& body);
  Result<void> Assign(const Expr& target, const Value& value);
  Result<void> Output(const Value& value);
  Result<void> Append(std::string_view text);
  Result<Value> ApplyFilters(const Expr& filter, Value operand);
  Value MakeMacro(const Stmt& stmt);
  Result<Value> CallMacro(const Stmt& stmt, const std::shared_ptr<Scope>& closure, const Args& args);
  Result<void> BindMacro(const Stmt& stmt, const Args& args);

  // A scope for as long as it lives.
  class Inside {
   public:
    Inside(Interp& interp, std::shared_ptr<Scope> parent);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Interp& interp_;
    std::shared_ptr<Scope> saved_;
  };
  struct Deeper {
    explicit Deeper(Interp& interp) : interp(interp) { ++interp.depth_; }
    ~Deeper() { --interp.depth_; }
    Interp& interp;
  };
  Result<void> CheckDepth() const;

  const Body& body_;
  const JinjaLimits& limits_;
  const std::tm now_;
  std::shared_ptr<Scope> scope_;
  std::string* out_ = nullptr;
  JinjaOutput output_;
  int64_t steps_ = 0;
  size_t bytes_ = 0;
  int depth_ = 0;
  // Scopes and namespaces can hold each other in circles: they are emptied at the end.
  std::vector<std::shared_ptr<Scope>> captured_;
  std::vector<std::shared_ptr<Dict>> namespaces_;
};

// Which builtin filters and tests there are: jinja2 refuses unknown ones when it compiles, except inside conditions.
bool HasFilter(std::string_view name);
bool HasTest(std::string_view name);
// Also notes in each macro which of caller, kwargs and varargs it uses.
Result<void> CheckNames(Body& body);

Result<Value> CallBuiltinFilter(Interp& interp, std::string_view name, const Value& operand, const Args& args);
Result<bool> CallBuiltinTest(Interp& interp, std::string_view name, const Value& operand, const Args& args);
// range, dict, namespace, raise_exception, strftime_now, joiner, cycler; nothing for other names.
std::optional<Value> BuiltinGlobal(std::string_view name);
// A method of a string, list or dict, bound to it; nothing if Python has none of that name.
std::optional<Value> MethodOf(const Value& object, const std::string& name);

}  // namespace atelier::jinja
