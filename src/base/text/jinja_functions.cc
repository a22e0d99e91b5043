// The functions that every template sees.
#include <ctime>

#include "base/text/jinja_format.h"
#include "base/text/jinja_interp.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;
using Body = Result<Value> (*)(Interp&, const Args&);

constexpr int64_t kMaxRange = 100'000;  // jinja2's sandbox has the same

Value MakeFunction(std::string_view name, std::function<Result<Value>(Interp&, const Args&)> call, int depth = 1) {
  auto function = std::make_shared<Function>();
  function->name = name;
  function->call = std::move(call);
  function->depth = depth;
  return Value(std::move(function));
}

Result<Value> Range(Interp& interp, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"start", "stop", "step"}, 1));
  TRY(int64_t start, params.Int(0, 0));
  TRY(int64_t stop, params.Int(1, 0));
  TRY(const int64_t step, params.Int(2, 1));
  if (!params.Has(1)) stop = std::exchange(start, 0);
  if (step == 0) return Error::Invalid("", "range() arg 3 must not be zero");
  std::string shown = "range(" + std::to_string(start) + ", " + std::to_string(stop);
  shown += step == 1 ? ")" : ", " + std::to_string(step) + ")";
  Values items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<int64_t>(items.size()) >= kMaxRange) {
      return Error::TooLarge("", "got a range of over " + std::to_string(kMaxRange) + " numbers, want fewer");
    }
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  TRY_VOID(interp.Step(items.size()));
  return Value::List(std::move(items), Kind::kView, std::move(shown));
}

// dict(mapping or pairs, **more), also for namespace().
Result<std::shared_ptr<Dict>> DictOf(Interp& interp, const Args& args) {
  auto dict = std::make_shared<Dict>();
  if (args.positional.size() > 1)
    return Error::Invalid("", "dict expected at most 1 argument, got " + std::to_string(args.positional.size()));
  if (!args.positional.empty()) {
    const Value& from = args.positional[0];
    if (from.is_dict()) {
      TRY_VOID(interp.ChargeKey(from));
      for (const auto& [key, value] : from.dict().entries) dict->Set(key, value);
    } else {
      TRY(const Values pairs, interp.Iterate(from));
      for (const Value& pair : pairs) {
        TRY(const Values items, interp.Iterate(pair));
        if (items.size() != 2)
          return Error::Invalid(
              "", "got an element of " + std::to_string(items.size()) + " items, want pairs of key and value");
        TRY_VOID(interp.ChargeKey(items[0]));
        if (!IsHashable(items[0]))
          return Error::Invalid("", "unhashable type: '" + std::string(items[0].TypeName()) + "'");
        dict->Set(items[0], items[1]);
      }
    }
  }
  for (const auto& [key, value] : args.named) dict->Set(key, value);
  return dict;
}

Result<Value> MakeDict(Interp& interp, const Args& args) {
  TRY(std::shared_ptr<Dict> dict, DictOf(interp, args));
  return Value(std::move(dict));
}

Result<Value> MakeNamespace(Interp& interp, const Args& args) {
  TRY(std::shared_ptr<Dict> dict, DictOf(interp, args));
  for (const auto& [key, value] : dict->entries) {
    if (key.is_string() && key.text().starts_with('_')) {
      return Error::Invalid("",
                            "got attribute '" + key.text() + "' of a namespace, want one without leading underscore");
    }
  }
  return interp.NewNamespace(std::move(dict));
}

Result<Value> RaiseException(Interp& interp, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"message"}, 1));
  TRY(std::string message, interp.Str(params[0]));
  return Error::Invalid("", std::move(message)).WithCode("template_raised");
}

// strftime of a naive datetime: %f is six digits, %z and %Z are empty.
Result<Value> StrftimeNow(Interp& interp, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"format"}, 1));
  if (!params[0].is_string())
    return Error::Invalid("", "strftime_now: got '" + std::string(params[0].TypeName()) + "', want a string");
  std::string format;
  const std::string& given = params[0].text();
  if (given.size() > 4096)
    return Error::TooLarge("", "strftime_now: got a format of over 4096 bytes, want a shorter one");
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] == '\0') break;
    if (given[i] != '%' || i + 1 == given.size()) {
      format += given[i];
      continue;
    }
    const char next = given[++i];
    if (next == 'f') format += "000000";
    if (next != 'f' && next != 'z' && next != 'Z') format += '%', format += next;
  }
  std::string text(format.size() * 32 + 64, '\0');
  const std::tm now = interp.now();
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &now));
  return Value(std::move(text));
}

Result<Value> MakeJoiner(Interp&, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"sep"}));
  const Value separator = params.Or(0, Value(std::string(", ")));
  return MakeFunction(
      "joiner",
      [separator, used = std::make_shared<bool>(false)](Interp&, const Args&) -> Result<Value> {
        return std::exchange(*used, true) ? separator : Value(std::string());
      },
      separator.depth() + 1);
}

// An object with next(), reset() and current. `current` is an attribute that moves, so it lives in a namespace's dict.
Result<Value> MakeCycler(Interp& interp, const Args& args) {
  if (args.positional.empty()) return Error::Invalid("", "at least one item has to be provided");
  auto attributes = std::make_shared<Dict>();
  auto at = std::make_shared<size_t>(0);
  attributes->Set("current", args.positional[0]);
  const std::weak_ptr<Dict> weak = attributes;
  int depth = 1;
  for (const Value& item : args.positional) depth = std::max(depth, item.depth() + 1);
  const auto show = [weak, items = args.positional](size_t index) {
    if (const auto dict = weak.lock()) dict->Set("current", items[index]);
  };
  attributes->Set("next", MakeFunction(
                              "next",
                              [at, show, items = args.positional](Interp&, const Args&) -> Result<Value> {
                                const Value item = items[*at];
                                *at = (*at + 1) % items.size();
                                show(*at);
                                return item;
                              },
                              depth));
  attributes->Set("reset", MakeFunction(
                               "reset",
                               [at, show](Interp&, const Args&) -> Result<Value> {
                                 *at = 0;
                                 show(0);
                                 return Value::None();
                               },
                               depth));
  return interp.NewNamespace(std::move(attributes));
}

struct GlobalEntry {
  std::string_view name;
  Body body;
};
constexpr GlobalEntry kGlobals[] = {
    {"range", Range},
    {"dict", MakeDict},
    {"namespace", MakeNamespace},
    {"raise_exception", RaiseException},
    {"strftime_now", StrftimeNow},
    {"joiner", MakeJoiner},
    {"cycler", MakeCycler},
};

}  // namespace

std::optional<Value> BuiltinGlobal(std::string_view name) {
  for (const GlobalEntry& entry : kGlobals) {
    if (entry.name == name) return MakeFunction(name, entry.body);
  }
  return std::nullopt;
}

}  // namespace atelier::jinja
