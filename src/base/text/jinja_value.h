// A value inside a template: what Python's objects are to jinja2, as far as templates can tell. Values are
// immutable and shared; only namespaces change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"

namespace atelier::jinja {

class Value;
class Interp;
struct Dict;
struct Function;
struct LoopState;
using Values = std::vector<Value>;

struct Args {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Value {
 public:
  enum class Kind : uint8_t {
    kUndefined,  // prints as nothing; most uses are errors that name it
    kNone,
    kBool,
    kInt,
    kBigInt,  // an integer beyond 64 bits, by its text: it can be printed and compared, not computed with
    kFloat,
    kString,
    kList,
    kTuple,
    kView,      // dict.items() and the like, ranges: a sequence of another name
    kIterator,  // what map, select, reverse give: can be gone through once
    kDict,
    kNamespace,
    kFunction,
    kLoop,
  };

  Value() = default;
  explicit Value(bool value) : kind_(Kind::kBool), int_(value) {}
  explicit Value(int64_t value) : kind_(Kind::kInt), int_(value) {}
  explicit Value(double value) : kind_(Kind::kFloat), float_(value) {}
  explicit Value(std::string text, bool markup = false);
  explicit Value(std::shared_ptr<Dict> dict, Kind kind = Kind::kDict) : kind_(kind), ref_(std::move(dict)) {}
  explicit Value(std::shared_ptr<Function> function) : kind_(Kind::kFunction), ref_(std::move(function)) {}
  explicit Value(std::shared_ptr<LoopState> loop) : kind_(Kind::kLoop), ref_(std::move(loop)) {}
  static Value None() { return Value(Kind::kNone, nullptr); }
  // `why` is the message of the error that using it gives, e.g. "'x' is undefined".
  static Value Undefined(std::string why);
  static Value BigInt(std::string digits);
  // kList, kTuple, kIterator or kView; then `name` is its Python type, of a range its repr.
  static Value List(Values items, Kind kind = Kind::kList, std::string name = "");
  static Value FromJson(const Json& json);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_undefined() const { return is(Kind::kUndefined); }
  bool is_none() const { return is(Kind::kNone); }
  bool is_range() const { return is(Kind::kView) && view_name().starts_with("range("); }
  bool is_string() const { return is(Kind::kString); }
  bool is_dict() const { return is(Kind::kDict); }
  bool is_integral() const { return is(Kind::kInt) || is(Kind::kBool); }
  bool is_number() const { return is_integral() || is(Kind::kFloat) || is(Kind::kBigInt); }
  // A list, tuple, view or iterator.
  bool is_items() const { return kind_ >= Kind::kList && kind_ <= Kind::kIterator; }
  // Safe text: jinja2's Markup.
  bool marked() const { return int_ != 0; }

  // REQUIRES: the kind.
  bool as_bool() const { return int_ != 0; }
  int64_t as_int() const { return int_; }
  double as_double() const;                                                                 // any number
  const std::string& text() const { return *static_cast<const std::string*>(ref_.get()); }  // also kBigInt, kUndefined
  const Values& items() const;
  const std::string& view_name() const;
  // Takes an iterator's items; the next Take finds none.
  Values Take() const;
  Dict& dict() const { return *static_cast<Dict*>(ref_.get()); }  // also kNamespace
  const Function& function() const { return *static_cast<const Function*>(ref_.get()); }
  LoopState& loop() const { return *static_cast<LoopState*>(ref_.get()); }
  // How deep values hold each other: what bounds recursion over them, freeing included.
  int depth() const;
  // How much a comparison or a hash of it may have to look at: values within it, each time they occur (shared parts
  // count again), and a 128th of the bytes of texts. Namespaces, functions and loops are known by their identity.
  int64_t weight() const;
  const void* identity() const { return ref_.get(); }

  // Python's name of the type, for messages.
  std::string_view TypeName() const;

 private:
  struct Items {
    Values values;
    std::string name;
    int depth = 1;
    int64_t weight = 1;
  };
  Value(Kind kind, std::shared_ptr<void> ref) : kind_(kind), ref_(std::move(ref)) {}
  Items& items_ref() const { return *static_cast<Items*>(ref_.get()); }

  Kind kind_ = Kind::kUndefined;
  union {
    int64_t int_ = 0;  // also the mark
    double float_;
  };
  std::shared_ptr<void> ref_;
};

// Ordered; keys are any hashable values, equal as Python has it (1 == 1.0 == True).
struct Dict {
  static constexpr size_t kIndexFrom = 9;
  std::vector<std::pair<Value, Value>> entries;
  int depth = 1;
  int64_t weight = 1;  // at most: what was replaced still counts

  const Value* Find(const Value& key) const;
  const Value* Find(std::string_view key) const;
  // Replaces in place.
  void Set(const Value& key, Value value);
  void Set(std::string_view key, Value value) { Set(Value(std::string(key)), std::move(value)); }

 private:
  void Index(size_t from);
  std::map<std::string, size_t, std::less<>> index_;  // by KeyText; kept from kIndexFrom entries on
};

struct Function {
  std::string name;
  std::function<Result<Value>(Interp&, const Args&)> call;
  // What a macro shows as attributes: name, arguments, catch_kwargs, catch_varargs, caller.
  std::shared_ptr<Dict> attributes;
  int depth = 1;  // of what `call` holds
};

// False for lists, dicts and what holds them.
bool IsHashable(const Value& value);
// One text for all values that are equal as keys.   REQUIRES: IsHashable.
std::string KeyText(const Value& value);

bool Truth(const Value& value);
bool Equal(const Value& a, const Value& b);
// Below, equal or above zero, as Python's < has it; an error for types without order.
Result<int> Compare(const Value& a, const Value& b, std::string_view op);

// Python's str and repr. `out` grows; false: it passed `max_bytes`, or the nesting is too deep.
bool AppendStr(std::string& out, const Value& value, size_t max_bytes);
bool AppendRepr(std::string& out, const Value& value, size_t max_bytes, int depth = 0);
std::string ShortRepr(const Value& value);  // for messages

}  // namespace atelier::jinja
