// Filters of sequences and dicts.
#include <algorithm>

#include "base/text/jinja_filters.h"
#include "base/text/unicode.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

Error Bad(std::string what) { return Error::Invalid("", std::move(what)); }

Value FoldCase(const Value& value) { return value.is_string() ? Value(LowerCase(value.text())) : value; }

// "a.b.0" as a path of names and numbers.
Result<Value> AttributeOf(Interp& interp, Value item, const Value& path, const Value* otherwise = nullptr) {
  if (path.is_none()) return item;
  const auto step = [&](const Value& key) -> Result<void> {
    TRY(item, interp.GetItem(item, key));
    if (item.is_undefined() && otherwise != nullptr && !otherwise->is_none()) item = *otherwise;
    return {};
  };
  if (!path.is_string()) {
    TRY_VOID(step(path));
    return item;
  }
  std::string_view rest = path.text();
  while (true) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    const std::string part(rest.substr(0, dot));
    const bool number = !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string::npos;
    TRY_VOID(step(number ? Value(static_cast<int64_t>(std::stoll(part))) : Value(part)));
    if (dot == rest.size()) return item;
    rest.remove_prefix(dot + 1);
  }
}

// What to order items by: the value, or its attributes where several are named with commas.
Result<Value> KeyOf(Interp& interp, const Value& item, const Value& attribute, bool fold, bool several) {
  if (!several || !attribute.is_string() || attribute.text().find(',') == std::string::npos) {
    TRY(const Value key, AttributeOf(interp, item, attribute));
    return fold ? FoldCase(key) : key;
  }
  Values keys;
  std::string_view rest = attribute.text();
  while (true) {
    const size_t comma = std::min(rest.find(','), rest.size());
    TRY(const Value key, AttributeOf(interp, item, Value(std::string(rest.substr(0, comma)))));
    keys.push_back(fold ? FoldCase(key) : key);
    if (comma == rest.size()) return Value::List(std::move(keys));
    rest.remove_prefix(comma + 1);
  }
}

struct Keyed {
  Value key;
  Value item;
};

// Merge sort, because an order that fails (int < str) must end in an error, and std::sort needs an order that holds.
Result<void> SortKeyed(Interp& interp, std::vector<Keyed>& items, bool reverse) {
  std::vector<Keyed> merged(items.size());
  for (size_t width = 1; width < items.size(); width *= 2) {
    for (size_t low = 0; low < items.size(); low += 2 * width) {
      const size_t middle = std::min(low + width, items.size()), high = std::min(low + 2 * width, items.size());
      for (size_t a = low, b = middle, out = low; out < high; ++out) {
        bool second = a == middle;
        if (!second && b < high) {
          TRY_VOID(interp.Step());
          TRY(const int order, interp.Order(items[b].key, items[a].key, "<"));
          second = reverse ? order > 0 : order < 0;
        }
        merged[out] = std::move(items[second ? b++ : a++]);
      }
    }
    items.swap(merged);
  }
  return {};
}

Result<Value> SortBy(Interp& interp, Values items, const Value& attribute, bool fold, bool reverse) {
  std::vector<Keyed> keyed;
  for (Value& item : items) {
    TRY(Value key, KeyOf(interp, item, attribute, fold, true));
    keyed.push_back({std::move(key), std::move(item)});
  }
  TRY_VOID(SortKeyed(interp, keyed, reverse));
  Values sorted;
  for (Keyed& one : keyed) sorted.push_back(std::move(one.item));
  return Value::List(std::move(sorted));
}

Result<Value> Sort(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"reverse", "case_sensitive", "attribute"}));
  TRY(Values items, interp.Iterate(value));
  return SortBy(interp, std::move(items), params.Or(2, Value::None()), !params.Flag(1, false), params.Flag(0, false));
}

Result<Value> DictSort(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"case_sensitive", "by", "reverse"}));
  if (!value.is_dict())
    return Bad(value.is_undefined() ? value.text() : "got '" + std::string(value.TypeName()) + "', want a dict");
  const std::string by = params.Has(1) && params[1].is_string() ? params[1].text() : "key";
  if (by != "key" && by != "value") return Bad("You can only sort by either \"key\" or \"value\"");
  Values pairs;
  for (const auto& [key, item] : value.dict().entries) pairs.push_back(Value::List({key, item}, Kind::kTuple));
  return SortBy(interp, std::move(pairs), Value(int64_t{by == "value"}), !params.Flag(0, false), params.Flag(2, false));
}

Result<Value> GroupBy(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"attribute", "default", "case_sensitive"}, 1));
  const bool fold = !params.Flag(2, false);
  TRY(const Values items, interp.Iterate(value));
  const Value otherwise = params.Or(1, Value::None());
  std::vector<Keyed> keyed;
  for (const Value& item : items) {
    TRY(const Value key, AttributeOf(interp, item, params[0], &otherwise));
    keyed.push_back({fold ? FoldCase(key) : key, item});
  }
  TRY_VOID(SortKeyed(interp, keyed, false));
  Values groups;
  for (size_t i = 0; i < keyed.size();) {
    Values members;
    const size_t first = i;
    for (; i < keyed.size(); ++i) {
      TRY(const bool equal, interp.IsEqual(keyed[i].key, keyed[first].key));
      if (!equal) break;
      members.push_back(keyed[i].item);
    }
    TRY(const Value grouper, AttributeOf(interp, members[0], params[0], &otherwise));
    groups.push_back(Value::List({grouper, Value::List(std::move(members))}, Kind::kTuple));
  }
  return Value::List(std::move(groups));
}

Result<Value> Unique(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"case_sensitive", "attribute"}));
  TRY(const Values items, interp.Iterate(value));
  Dict seen;
  Values unique;
  for (const Value& item : items) {
    TRY(const Value key, KeyOf(interp, item, params.Or(1, Value::None()), !params.Flag(0, false), false));
    TRY_VOID(interp.ChargeKey(key));
    if (!IsHashable(key)) return Bad("unhashable type: '" + std::string(key.TypeName()) + "'");
    if (seen.Find(key) != nullptr) continue;
    seen.Set(key, Value::None());
    unique.push_back(item);
  }
  return Value::List(std::move(unique), Kind::kIterator);
}

template <int kSign>
Result<Value> Extreme(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"case_sensitive", "attribute"}));
  TRY(const Values items, interp.Iterate(value));
  if (items.empty()) return Value::Undefined("No aggregated item, sequence was empty.");
  Keyed best;
  for (size_t i = 0; i < items.size(); ++i) {
    TRY(Value key, KeyOf(interp, items[i], params.Or(1, Value::None()), !params.Flag(0, false), false));
    if (i > 0) {
      TRY(const int order, interp.Order(key, best.key, kSign > 0 ? ">" : "<"));
      if (order * kSign <= 0) continue;
    }
    best = {std::move(key), items[i]};
  }
  return best.item;
}

Result<Value> Default(Interp&, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"default_value", "boolean"}));
  if (!value.is_undefined() && !(params.Flag(1, false) && !Truth(value))) return value;
  return params.Or(0, Value(std::string()));
}

Result<Value> Join(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"d", "attribute"}));
  TRY(const Values items, interp.Iterate(value));
  TRY(const std::string separator, params.Has(0) ? interp.Str(params[0]) : Result<std::string>(""));
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += separator;
    TRY(const Value item, AttributeOf(interp, items[i], params.Or(1, Value::None())));
    TRY(const std::string text, interp.Str(item));
    TRY_VOID(interp.Charge(text.size() + separator.size()));
    out += text;
  }
  TRY_VOID(interp.Charge(out.size()));
  return Value(std::move(out));
}

Result<Value> First(Interp& interp, const Value& value, const Args&) {
  if (value.is(Kind::kList) && !value.items().empty()) return value.items().front();
  TRY(const Values items, interp.Iterate(value));
  return items.empty() ? Value::Undefined("No first item, sequence was empty.") : items.front();
}

Result<Value> Last(Interp& interp, const Value& value, const Args&) {
  if (value.is(Kind::kIterator)) return Bad("'generator' object is not reversible");
  if (value.is(Kind::kList) && !value.items().empty()) return value.items().back();
  TRY(const Values items, interp.Iterate(value));
  return items.empty() ? Value::Undefined("No last item, sequence was empty.") : items.back();
}

Result<Value> Length(Interp& interp, const Value& value, const Args&) {
  if (value.is_string()) return Value(static_cast<int64_t>(CountCodePoints(value.text())));
  if (value.is_undefined()) return Value(int64_t{0});
  if (value.is_dict()) return Value(static_cast<int64_t>(value.dict().entries.size()));
  if (value.is_items() && !value.is(Kind::kIterator)) return Value(static_cast<int64_t>(value.items().size()));
  if (value.is(Kind::kLoop)) return interp.GetAttr(value, "length");
  return Bad("object of type '" + std::string(value.TypeName()) + "' has no len()");
}

Result<Value> ListOf(Interp& interp, const Value& value, const Args&) {
  TRY(Values items, interp.Iterate(value));
  return Value::List(std::move(items));
}

Result<Value> Items(Interp&, const Value& value, const Args&) {
  if (value.is_undefined()) return Value::List({}, Kind::kIterator);
  if (!value.is_dict()) return Bad("Can only get item pairs from a mapping.");
  Values pairs;
  for (const auto& [key, item] : value.dict().entries) pairs.push_back(Value::List({key, item}, Kind::kTuple));
  return Value::List(std::move(pairs), Kind::kIterator);
}

Result<Value> Reverse(Interp& interp, const Value& value, const Args&) {
  TRY(Values items, interp.Iterate(value));
  std::reverse(items.begin(), items.end());
  if (!value.is_string()) return Value::List(std::move(items), Kind::kIterator);
  std::string text;
  for (const Value& item : items) text += item.text();
  return Value(std::move(text), value.marked());
}

Result<Value> Sum(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"attribute", "start"}));
  TRY(const Values items, interp.Iterate(value));
  Value total = params.Or(1, Value(int64_t{0}));
  if (total.is_string()) return Bad("sum() can't sum strings [use ''.join(seq) instead]");
  for (const Value& item : items) {
    TRY(const Value part, AttributeOf(interp, item, params.Or(0, Value::None())));
    TRY(total, interp.Binary("+", total, part));
  }
  return total;
}

Result<Value> Batch(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"linecount", "fill_with"}, 1));
  TRY(const int64_t count, params.Int(0, 1));
  if (count < 1 || count > 100'000) return Bad("got a line count of " + std::to_string(count) + ", want 1 to 100000");
  TRY(const Values items, interp.Iterate(value));
  Values batches, batch;
  for (const Value& item : items) {
    if (batch.size() == static_cast<size_t>(count)) batches.push_back(Value::List(std::exchange(batch, {})));
    batch.push_back(item);
  }
  if (!batch.empty()) {
    if (params.Has(1) && !params[1].is_none()) batch.resize(static_cast<size_t>(count), params[1]);
    batches.push_back(Value::List(std::move(batch)));
  }
  return Value::List(std::move(batches), Kind::kIterator);
}

Result<Value> Slice(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"slices", "fill_with"}, 1));
  TRY(const int64_t count, params.Int(0, 1));
  if (count < 1 || count > 100'000) return Bad("got " + std::to_string(count) + " slices, want 1 to 100000");
  TRY(const Values items, interp.Iterate(value));
  const size_t slices = static_cast<size_t>(count), each = items.size() / slices, extra = items.size() % slices;
  Values out;
  for (size_t i = 0, at = 0; i < slices; ++i) {
    const size_t size = each + (i < extra ? 1 : 0);
    Values part(items.begin() + static_cast<std::ptrdiff_t>(at),
                items.begin() + static_cast<std::ptrdiff_t>(at + size));
    if (params.Has(1) && !params[1].is_none() && i >= extra) part.push_back(params[1]);
    out.push_back(Value::List(std::move(part)));
    at += size;
  }
  return Value::List(std::move(out), Kind::kIterator);
}

Result<Value> Map(Interp& interp, const Value& value, const Args& args) {
  if (!Truth(value) && !value.is_items()) return Value::List({}, Kind::kIterator);
  TRY(const Values items, interp.Iterate(value));
  Values mapped;
  if (args.positional.empty()) {
    TRY(const Params params, Params::Bind(args, {"attribute", "default"}));
    if (!params.Has(0)) return Bad("map requires a filter argument");
    const Value otherwise = params.Or(1, Value::None());
    for (const Value& item : items) {
      TRY(Value attribute, AttributeOf(interp, item, params[0], &otherwise));
      mapped.push_back(std::move(attribute));
    }
  } else {
    if (!args.positional[0].is_string()) return Bad("got another value, want the name of a filter");
    const Args rest{Values(args.positional.begin() + 1, args.positional.end()), args.named};
    for (const Value& item : items) {
      TRY(Value result, interp.Filter(args.positional[0].text(), item, rest));
      mapped.push_back(std::move(result));
    }
  }
  return Value::List(std::move(mapped), Kind::kIterator);
}

// select, reject, selectattr, rejectattr.
template <bool kWanted, bool kByAttribute>
Result<Value> Pick(Interp& interp, const Value& value, const Args& args) {
  if (!Truth(value) && !value.is_items()) return Value::List({}, Kind::kIterator);
  size_t used = 0;
  if (kByAttribute && args.positional.empty()) return Bad("Missing parameter for attribute name");
  const Value attribute = kByAttribute ? args.positional[used++] : Value::None();
  std::string test;
  if (used < args.positional.size()) {
    if (!args.positional[used].is_string()) return Bad("got another value, want the name of a test");
    test = args.positional[used++].text();
  }
  const Args rest{Values(args.positional.begin() + static_cast<std::ptrdiff_t>(used), args.positional.end()),
                  args.named};
  TRY(const Values items, interp.Iterate(value));
  Values picked;
  for (const Value& item : items) {
    TRY(const Value tested, AttributeOf(interp, item, attribute));
    TRY(const bool holds, test.empty() ? Result<bool>(Truth(tested)) : interp.Test(test, tested, rest));
    if (holds == kWanted) picked.push_back(item);
  }
  return Value::List(std::move(picked), Kind::kIterator);
}

Result<Value> Attr(Interp& interp, const Value& value, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"name"}, 1));
  TRY(const std::string name, interp.Str(params[0]));
  if (value.is_dict() && !MethodOf(value, name))
    return Value::Undefined("'dict object' has no attribute '" + name + "'");
  return interp.GetAttr(value, name);
}

constexpr FilterEntry kFilters[] = {
    {"attr", Attr},
    {"batch", Batch},
    {"count", Length},
    {"d", Default},
    {"default", Default},
    {"dictsort", DictSort},
    {"first", First},
    {"groupby", GroupBy},
    {"items", Items},
    {"join", Join},
    {"last", Last},
    {"length", Length},
    {"list", ListOf},
    {"map", Map},
    {"max", Extreme<1>},
    {"min", Extreme<-1>},
    {"reject", Pick<false, false>},
    {"rejectattr", Pick<false, true>},
    {"reverse", Reverse},
    {"select", Pick<true, false>},
    {"selectattr", Pick<true, true>},
    {"slice", Slice},
    {"sort", Sort},
    {"sum", Sum},
    {"unique", Unique},
};

}  // namespace

std::span<const FilterEntry> SequenceFilters() { return kFilters; }

}  // namespace atelier::jinja
