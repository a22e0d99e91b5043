// Statements.
#include <algorithm>

#include "base/text/jinja_interp.h"

namespace atelier::jinja {

using Kind = Stmt::Kind;

namespace {
constexpr size_t kScannedBytesPerStep = 128;    // decoded, one character after the other
constexpr size_t kComparedBytesPerStep = 1024;  // that a search may compare
}  // namespace

Value* Scope::Find(std::string_view name) {
  if (!index_.empty()) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &names[found->second].second;
  }
  for (auto& [key, value] : names) {
    if (key == name) return &value;
  }
  return nullptr;
}

void Scope::Set(std::string_view name, Value value) {
  if (Value* old = Find(name)) {
    *old = std::move(value);
  } else {
    names.emplace_back(name, std::move(value));
    if (!index_.empty()) index_.emplace(name, names.size() - 1);
    if (index_.empty() && names.size() >= kIndexFrom) {
      for (size_t i = 0; i < names.size(); ++i) index_.emplace(names[i].first, i);
    }
  }
}

Interp::~Interp() {
  for (const auto& scope : captured_) scope->names.clear();
  for (const auto& dict : namespaces_) dict->entries.clear();
  for (const auto& scope : captured_) scope->parent.reset();
}

Interp::Inside::Inside(Interp& interp, std::shared_ptr<Scope> parent)
    : interp_(interp), saved_(std::exchange(interp.scope_, std::make_shared<Scope>())) {
  interp.scope_->parent = std::move(parent);
}
Interp::Inside::~Inside() { interp_.scope_ = std::move(saved_); }

void Interp::EnterContext(const Json& context) {
  scope_ = std::make_shared<Scope>();
  if (!context.is_object()) return;
  for (const JsonMember& member : context.members()) scope_->Set(member.key, Value::FromJson(member.value));
}

Result<Json> Interp::Evaluate(const Json& context) {
  EnterContext(context);
  TRY(const Value value, Eval(*body_.front()->exprs.front()));
  if (value.is_undefined()) return Json();
  TRY(const Value text, CallBuiltinFilter(*this, "tojson", value, {}));
  return Json::Parse(text.text());
}

Result<JinjaOutput> Interp::Render(const Json& context) {
  EnterContext(context);
  out_ = &output_.text;
  TRY_VOID(Exec(body_));
  return std::move(output_);
}

Result<void> Interp::Step(size_t steps) {
  steps_ += static_cast<int64_t>(std::min(steps, static_cast<size_t>(limits_.max_steps) + 1));
  if (steps_ <= limits_.max_steps) return {};
  return Error::TooLarge("", "got a rendering of over " + std::to_string(limits_.max_steps) + " steps, want fewer");
}

Result<void> Interp::Charge(size_t bytes) {
  if (bytes > limits_.max_text_bytes) {
    return Error::TooLarge(
        "", "got a text of over " + std::to_string(limits_.max_text_bytes) + " bytes, want a smaller one");
  }
  bytes_ += bytes;
  if (bytes_ <= limits_.max_total_bytes) return {};
  return Error::TooLarge("",
                         "got texts of over " + std::to_string(limits_.max_total_bytes) + " bytes in all, want fewer");
}

Result<void> Interp::ChargeScan(const Value& value) {
  return value.is_string() ? Step(value.text().size() / kScannedBytesPerStep) : Result<void>();
}

// A search may compare the whole part at every place.
Result<void> Interp::ChargeSearch(size_t text_bytes, size_t part_bytes) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(text_bytes, std::max<size_t>(1, part_bytes), &bytes)) bytes = SIZE_MAX / 2;
  return Step(bytes / kComparedBytesPerStep);
}

Result<void> Interp::ChargeCompare(const Value& a, const Value& b) {
  return Step(static_cast<size_t>(std::min(a.weight(), b.weight())));
}

Result<void> Interp::ChargeKey(const Value& key) { return Step(static_cast<size_t>(key.weight())); }

Result<bool> Interp::IsEqual(const Value& a, const Value& b) {
  TRY_VOID(ChargeCompare(a, b));
  return Equal(a, b);
}

Result<int> Interp::Order(const Value& a, const Value& b, std::string_view op) {
  TRY_VOID(ChargeCompare(a, b));
  return Compare(a, b, op);
}

Result<void> Interp::CheckDepth() const {
  if (depth_ <= limits_.max_depth) return {};
  return Error::TooLarge("", "got recursion deeper than " + std::to_string(limits_.max_depth) + ", want less");
}

Result<void> Interp::Append(std::string_view text) {
  TRY_VOID(Charge(text.size()));
  if (out_->size() + text.size() > limits_.max_text_bytes) TRY_VOID(Charge(out_->size() + text.size()));
  *out_ += text;
  return {};
}

Result<void> Interp::Output(const Value& value) {
  if (value.is_string()) return Append(value.text());
  TRY(const std::string text, Str(value));
  return Append(text);
}

Result<Interp::Flow> Interp::Exec(const Body& body) {
  for (const StmtPtr& stmt : body) {
    auto flow = ExecStmt(*stmt);
    if (!flow.ok()) {
      if (flow.error().where.empty()) flow.error().where = "line " + std::to_string(stmt->line);
      return flow;
    }
    if (*flow != Flow::kOn) return *flow;
  }
  return Flow::kOn;
}

Result<Interp::Flow> Interp::ExecStmt(const Stmt& stmt) {
  const Deeper deeper(*this);
  TRY_VOID(CheckDepth());
  TRY_VOID(Step());
  switch (stmt.kind) {
    case Kind::kData: TRY_VOID(Append(stmt.text)); break;
    case Kind::kOutput:
      for (const ExprPtr& expr : stmt.exprs) {
        TRY(const Value value, Eval(*expr));
        TRY_VOID(Output(value));
      }
      break;
    case Kind::kIf: return ExecIf(stmt);
    case Kind::kFor: {
      TRY(const Value iterable, Eval(*stmt.exprs[1]));
      return ExecFor(stmt, iterable, 0);
    }
    case Kind::kSet:
    case Kind::kSetBlock: TRY_VOID(ExecSet(stmt)); break;
    case Kind::kMacro: scope_->Set(stmt.text, MakeMacro(stmt)); break;
    case Kind::kCallBlock: TRY_VOID(ExecCallBlock(stmt)); break;
    case Kind::kFilterBlock: {
      TRY(std::string text, Capture(stmt.body));
      TRY(const Value value, ApplyFilters(*stmt.exprs[0], Value(std::move(text))));
      TRY_VOID(Output(value));
      break;
    }
    case Kind::kWith: return ExecWith(stmt);
    case Kind::kScope: return ExecScoped(stmt.body);
    case Kind::kGeneration: TRY_VOID(ExecGeneration(stmt)); break;
    case Kind::kBreak: return Flow::kBreak;
    case Kind::kContinue: return Flow::kContinue;
  }
  return Flow::kOn;
}

Result<Interp::Flow> Interp::ExecIf(const Stmt& first) {
  for (const Stmt* stmt = &first;;) {
    TRY(const Value test, Eval(*stmt->exprs[0]));
    if (Truth(test)) return Exec(stmt->body);
    const bool has_elif = stmt->other.size() == 1 && stmt->other[0]->kind == Kind::kIf;
    if (!has_elif) return Exec(stmt->other);
    stmt = stmt->other[0].get();
  }
}

Result<Interp::Flow> Interp::ExecFor(const Stmt& stmt, const Value& iterable, int64_t nesting) {
  auto loop = std::make_shared<LoopState>();
  loop->stmt = &stmt;
  loop->scope = scope_;
  loop->nesting = nesting;
  loop->depth = iterable.depth() + 1;
  TRY(loop->source, Iterate(iterable));
  bool reached_end = false;
  while (true) {
    TRY_VOID(LookAhead(*loop, 1));
    if (loop->ahead.empty()) break;
    loop->previous = std::move(loop->current);
    loop->current = std::move(loop->ahead.front());
    loop->ahead.pop_front();
    ++loop->index0;
    const Inside inside(*this, scope_);
    scope_->Set("loop", Value(loop));
    TRY_VOID(Assign(*stmt.exprs[0], *loop->current));
    TRY(const Flow flow, Exec(stmt.body));
    if (flow == Flow::kBreak) break;
    reached_end = reached_end || flow == Flow::kOn;
  }
  loop->scope.reset();
  // As jinja2 compiles it: iterations that break or continue do not keep `else` from running.
  if (!reached_end) return ExecScoped(stmt.other);
  return Flow::kOn;
}

Result<void> Interp::LookAhead(LoopState& loop, size_t count) {
  while (loop.ahead.size() < count && loop.next_source < loop.source.size()) {
    TRY_VOID(Step());
    Value item = loop.source[loop.next_source++];
    if (const Expr* filter = loop.stmt->exprs[2].get()) {
      const Inside inside(*this, loop.scope ? loop.scope : scope_);
      TRY_VOID(Assign(*loop.stmt->exprs[0], item));
      TRY(const Value passes, Eval(*filter));
      if (!Truth(passes)) continue;
    }
    loop.ahead.push_back(std::move(item));
  }
  return {};
}

Result<void> Interp::ExecSet(const Stmt& stmt) {
  if (stmt.kind == Kind::kSet) {
    TRY(const Value value, Eval(*stmt.exprs[1]));
    return Assign(*stmt.exprs[0], value);
  }
  TRY(std::string text, Capture(stmt.body));
  Value value(std::move(text));
  if (stmt.exprs[1]) {
    TRY(value, ApplyFilters(*stmt.exprs[1], std::move(value)));
  }
  return Assign(*stmt.exprs[0], value);
}

Result<void> Interp::Assign(const Expr& target, const Value& value) {
  if (target.kind == Expr::Kind::kName) {
    scope_->Set(target.text, value);
    return {};
  }
  if (target.kind == Expr::Kind::kNamespace) {
    TRY(const Value object, Lookup(target.text));
    if (!object.is(Value::Kind::kNamespace)) {
      return Error::Invalid("", "cannot assign attribute on non-namespace object");
    }
    if (target.text2.starts_with('_')) {
      return Error::Invalid("",
                            "got attribute '" + target.text2 + "' of a namespace, want one without leading underscore");
    }
    object.dict().Set(target.text2, value);
    return {};
  }
  TRY(const Values items, Iterate(value));
  if (items.size() != target.children.size()) {
    return Error::Invalid("", "got " + std::to_string(items.size()) + " values to unpack, want " +
                                  std::to_string(target.children.size()));
  }
  for (size_t i = 0; i < items.size(); ++i) TRY_VOID(Assign(*target.children[i], items[i]));
  return {};
}

Result<Interp::Flow> Interp::ExecWith(const Stmt& stmt) {
  Values values;
  for (size_t i = 1; i < stmt.exprs.size(); i += 2) {
    TRY(Value value, Eval(*stmt.exprs[i]));
    values.push_back(std::move(value));
  }
  const Inside inside(*this, scope_);
  for (size_t i = 0; i < values.size(); ++i) TRY_VOID(Assign(*stmt.exprs[2 * i], values[i]));
  return Exec(stmt.body);
}

Result<Interp::Flow> Interp::ExecScoped(const Body& body) {
  if (body.empty()) return Flow::kOn;
  const Inside inside(*this, scope_);
  return Exec(body);
}

Result<std::string> Interp::Capture(const Body& body) {
  std::string text;
  std::string* const saved = std::exchange(out_, &text);
  auto flow = ExecScoped(body);
  out_ = saved;
  if (!flow.ok()) return std::move(flow).error();
  return text;
}

Result<void> Interp::ExecGeneration(const Stmt& stmt) {
  const size_t begin = output_.text.size();
  TRY(const std::string text, Capture(stmt.body));
  output_.generations.push_back({begin, begin + text.size()});
  return Append(text);
}

Result<void> Interp::ExecCallBlock(const Stmt& stmt) {
  const Expr& call = *stmt.exprs[0];
  TRY(const Value callee, Eval(*call.children[0]));
  TRY(Args args, EvalArgs(call.call));
  args.named.emplace_back("caller", MakeMacro(stmt));
  TRY(const Value value, Call(callee, args));
  return Output(value);
}

Value Interp::MakeMacro(const Stmt& stmt) {
  auto function = std::make_shared<Function>();
  function->name = stmt.kind == Kind::kCallBlock ? "caller" : stmt.text;
  if (!scope_->is_captured) {
    scope_->is_captured = true;
    captured_.push_back(scope_);
  }
  function->call = [&stmt, closure = scope_](Interp& interp, const Args& args) {
    return interp.CallMacro(stmt, closure, args);
  };
  Values names;
  for (const std::string& name : stmt.params) names.emplace_back(name);
  function->attributes = std::make_shared<Dict>();
  function->attributes->Set("name", Value(function->name));
  function->attributes->Set("arguments", Value::List(std::move(names), Value::Kind::kTuple));
  function->attributes->Set("catch_kwargs", Value(stmt.uses_kwargs));
  function->attributes->Set("catch_varargs", Value(stmt.uses_varargs));
  function->attributes->Set("caller", Value(stmt.uses_caller));
  return Value(std::move(function));
}

Result<Value> Interp::CallMacro(const Stmt& stmt, const std::shared_ptr<Scope>& closure, const Args& args) {
  const Inside inside(*this, closure);
  TRY_VOID(BindMacro(stmt, args));
  TRY(std::string text, Capture(stmt.body));
  return Value(std::move(text));
}

Result<void> Interp::BindMacro(const Stmt& stmt, const Args& args) {
  const std::string name = stmt.kind == Kind::kCallBlock ? "caller" : stmt.text;
  std::vector<std::pair<std::string, Value>> named = args.named;
  TRY_VOID(Step(stmt.params.size() * (named.size() + 1) / 16));
  const auto take = [&](std::string_view key) -> std::optional<Value> {
    const auto found = std::find_if(named.begin(), named.end(), [&](const auto& pair) { return pair.first == key; });
    if (found == named.end()) return std::nullopt;
    Value value = std::move(found->second);
    named.erase(found);
    return value;
  };
  const size_t first_default = stmt.params.size() - stmt.defaults.size();
  for (size_t i = 0; i < stmt.params.size(); ++i) {
    const std::string& param = stmt.params[i];
    if (i < args.positional.size()) {
      scope_->Set(param, args.positional[i]);
    } else if (auto value = take(param)) {
      scope_->Set(param, *std::move(value));
    } else if (i >= first_default) {
      TRY(Value value, Eval(*stmt.defaults[i - first_default]));
      scope_->Set(param, std::move(value));
    } else {
      scope_->Set(param, Value::Undefined("parameter '" + param + "' was not provided"));
    }
  }
  if (stmt.uses_caller && scope_->Find("caller") == nullptr) {
    scope_->Set("caller", take("caller").value_or(Value::Undefined("No caller defined")));
  }
  if (stmt.uses_kwargs) {
    auto rest = std::make_shared<Dict>();
    for (auto& [key, value] : named) rest->Set(key, value);
    scope_->Set("kwargs", Value(std::move(rest)));
  } else if (!named.empty()) {
    return Error::Invalid("", "macro '" + name + "' takes no keyword argument '" + named[0].first + "'");
  }
  const size_t num_bound = std::min(args.positional.size(), stmt.params.size());
  Values rest(args.positional.begin() + static_cast<std::ptrdiff_t>(num_bound), args.positional.end());
  if (stmt.uses_varargs) {
    scope_->Set("varargs", Value::List(std::move(rest), Value::Kind::kTuple));
  } else if (!rest.empty()) {
    return Error::Invalid(
        "", "macro '" + name + "' takes not more than " + std::to_string(stmt.params.size()) + " argument(s)");
  }
  return {};
}

}  // namespace atelier::jinja
