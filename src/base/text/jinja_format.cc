#include "base/text/jinja_format.h"

#include <algorithm>
#include <cmath>

#include "base/text/jinja_interp.h"
#include "base/text/number_text.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

class Dumper {
 public:
  Dumper(Interp& interp, const DumpStyle& style) : interp_(interp), style_(style) {}

  Result<std::string> Run(const Value& value) {
    TRY_VOID(Write(value, 1));
    return std::move(out_);
  }

 private:
  Result<void> Write(const Value& value, int depth) {
    TRY_VOID(interp_.Step());
    // Shared values can make a text exponentially larger than what they take.
    TRY_VOID(interp_.Charge(out_.size() - charged_));
    charged_ = out_.size();
    if (depth > 700) return Error::TooLarge("", "got values nested too deep, want at most 700 levels");
    switch (value.kind()) {
      case Kind::kNone: out_ += "null"; return {};
      case Kind::kBool: out_ += value.as_bool() ? "true" : "false"; return {};
      case Kind::kFloat: out_ += FloatText(value.as_double()); return {};
      case Kind::kString: AppendJsonString(out_, value.text(), style_.ascii_only); return {};
      case Kind::kInt:
      case Kind::kBigInt: AppendRepr(out_, value, SIZE_MAX); return {};
      case Kind::kList:
      case Kind::kTuple: return WriteItems(value.items(), depth);
      case Kind::kDict: return WriteDict(value.dict(), depth);
      default:
        return Error::Invalid("", "Object of type " + std::string(value.TypeName()) + " is not JSON serializable");
    }
  }

  static std::string FloatText(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return DoubleText(number);
  }

  void Break(int depth) {
    if (!style_.breaks) return;
    out_ += '\n';
    for (int i = 0; i < depth; ++i) out_ += style_.indent;
  }

  Result<void> WriteItems(const Values& items, int depth) {
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      Break(depth);
      TRY_VOID(Write(items[i], depth + 1));
    }
    if (!items.empty()) Break(depth - 1);
    out_ += ']';
    return {};
  }

  using Entry = const std::pair<Value, Value>*;

  // Keys are distinct; once all are texts or all are numbers, they have an order.
  static Result<void> Sort(std::vector<Entry>& entries) {
    for (const Entry entry : entries) {
      TRY_VOID(Compare(entries[0]->first, entry->first, "<"));
      if (!entry->first.is_string() && !entry->first.is_number())
        return Error::Invalid("", "got keys without an order, want texts or numbers");
    }
    std::sort(entries.begin(), entries.end(), [](Entry a, Entry b) {
      const auto order = Compare(a->first, b->first, "<");
      return order.ok() && *order < 0;
    });
    return {};
  }

  Result<void> WriteDict(const Dict& dict, int depth) {
    std::vector<Entry> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    if (style_.sort_keys) TRY_VOID(Sort(entries));
    out_ += '{';
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      Break(depth);
      TRY_VOID(WriteKey(entries[i]->first));
      out_ += style_.key_separator;
      TRY_VOID(Write(entries[i]->second, depth + 1));
    }
    if (!entries.empty()) Break(depth - 1);
    out_ += '}';
    return {};
  }

  Result<void> WriteKey(const Value& key) {
    if (key.is_string()) return AppendJsonString(out_, key.text(), style_.ascii_only), Result<void>();
    if (!key.is_none() && !key.is_number()) {
      return Error::Invalid("", "keys must be str, int, float, bool or None, not " + std::string(key.TypeName()));
    }
    out_ += '"';
    TRY_VOID(Write(key, 1));
    out_ += '"';
    return {};
  }

  Interp& interp_;
  const DumpStyle& style_;
  std::string out_;
  size_t charged_ = 0;
};

}  // namespace

std::string HtmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

Result<std::string> DumpJson(Interp& interp, const Value& value, const DumpStyle& style) {
  return Dumper(interp, style).Run(value);
}

Result<Params> Params::Bind(const Args& args, std::initializer_list<std::string_view> names, size_t num_required) {
  Params params;
  CHECK(names.size() <= std::size(params.values_));
  if (args.positional.size() > names.size()) {
    return Error::Invalid("", "got " + std::to_string(args.positional.size()) + " arguments, want at most " +
                                  std::to_string(names.size()));
  }
  for (size_t i = 0; i < args.positional.size(); ++i) params.values_[i] = &args.positional[i];
  for (const auto& [name, value] : args.named) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return Error::Invalid("", "got an unexpected keyword argument '" + name + "'");
    const Value*& place = params.values_[found - names.begin()];
    if (place != nullptr) return Error::Invalid("", "got multiple values for argument '" + name + "'");
    place = &value;
  }
  for (size_t i = 0; i < num_required; ++i) {
    if (params.values_[i] == nullptr) {
      return Error::Invalid("", "missing required argument: '" + std::string(*(names.begin() + i)) + "'");
    }
  }
  return params;
}

Result<int64_t> Params::Int(size_t index, int64_t otherwise) const {
  if (!Has(index)) return otherwise;
  if (values_[index]->is_integral()) return values_[index]->as_int();
  if (values_[index]->is_undefined()) return Error::Invalid("", values_[index]->text());
  return Error::Invalid("", "got '" + std::string(values_[index]->TypeName()) + "', want an integer");
}

}  // namespace atelier::jinja
