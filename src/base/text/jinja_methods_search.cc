// Methods of strings that look for a part.
#include <algorithm>

#include "base/text/jinja_methods.h"
#include "base/text/utf8.h"

namespace atelier::jinja {
namespace {

using Kind = Value::Kind;

Error Bad(std::string what) { return Error::Invalid("", std::move(what)); }

// The part of the text that start and end, in characters, choose; nothing where start is beyond the end.
struct Range {
  size_t begin, end;
};
Result<std::optional<Range>> RangeOf(const std::string& text, const Params& params) {
  if (!params.Has(1) && !params.Has(2)) return std::optional<Range>(Range{0, text.size()});
  const int64_t size = static_cast<int64_t>(CountCodePoints(text));
  const auto place = [&](size_t index, int64_t otherwise) -> Result<int64_t> {
    if (!params.Has(index) || params[index].is_none()) return otherwise;
    TRY(const int64_t at, params.Int(index, 0));
    return at < 0 ? std::max<int64_t>(0, at + size) : at;
  };
  TRY(const int64_t begin, place(1, 0));
  TRY(const int64_t end, place(2, size));
  if (begin > size || begin > end) return std::optional<Range>();
  return std::optional<Range>(Range{CodePointOffset(text, static_cast<size_t>(begin)),
                                    CodePointOffset(text, static_cast<size_t>(std::min(end, size)))});
}

template <bool kStart>
Result<Value> StartsOrEnds(Interp&, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"affix", "start", "end"}, 1));
  TRY(const auto range, RangeOf(self.text(), params));
  const Values one{params[0]};
  bool holds = false;
  for (const Value& affix : params[0].is(Kind::kTuple) ? params[0].items() : one) {
    TRY(const std::string wanted, WantText(affix));
    if (!range) continue;
    const std::string_view text = std::string_view(self.text()).substr(range->begin, range->end - range->begin);
    holds = holds || (kStart ? text.starts_with(wanted) : text.ends_with(wanted));
  }
  return Value(holds);
}

template <bool kFromRight, bool kMust>
Result<Value> Find(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"sub", "start", "end"}, 1));
  TRY(const std::string wanted, WantText(params[0]));
  TRY(const auto range, RangeOf(self.text(), params));
  TRY_VOID(interp.ChargeSearch(self.text().size(), wanted.size()));
  size_t at = std::string::npos;
  if (range) {
    const std::string_view text = std::string_view(self.text()).substr(0, range->end);
    at = kFromRight ? text.rfind(wanted) : text.find(wanted, range->begin);
    if (kFromRight && at != std::string::npos && at < range->begin) at = std::string::npos;
  }
  if (at != std::string::npos)
    return Value(static_cast<int64_t>(CountCodePoints(std::string_view(self.text()).substr(0, at))));
  if (kMust) return Bad("substring not found");
  return Value(int64_t{-1});
}

Result<Value> Count(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"sub", "start", "end"}, 1));
  TRY(const std::string wanted, WantText(params[0]));
  TRY(const auto range, RangeOf(self.text(), params));
  TRY_VOID(interp.ChargeSearch(self.text().size(), wanted.size()));
  if (!range) return Value(int64_t{0});
  const std::string_view text = std::string_view(self.text()).substr(range->begin, range->end - range->begin);
  if (wanted.empty()) return Value(static_cast<int64_t>(CountCodePoints(text) + 1));
  int64_t count = 0;
  for (size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + wanted.size())) ++count;
  return Value(count);
}

Result<Value> Replace(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"old", "new", "count"}, 2));
  TRY(const std::string from, WantText(params[0]));
  TRY(const std::string to, WantText(params[1]));
  TRY(int64_t most, params.Int(2, -1));
  const std::string_view text = self.text();
  TRY_VOID(interp.ChargeSearch(text.size(), from.size()));
  std::string out;
  size_t at = 0;
  for (; most != 0; --most) {
    const size_t next = from.empty() ? at : text.find(from, at);
    if (next == std::string_view::npos) break;
    TRY_VOID(interp.Charge(to.size()));
    out.append(text.substr(at, next - at)).append(to);
    at = next + from.size();
    if (!from.empty()) continue;
    if (at >= text.size()) break;
    const size_t length = CodePointOffset(text.substr(at, 4), 1);
    out.append(text.substr(at, length));
    at += length;
  }
  out.append(text.substr(std::min(at, text.size())));
  TRY_VOID(interp.Charge(out.size()));
  return TextOf(self, out);
}

template <bool kPrefix>
Result<Value> RemoveAffix(Interp&, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"affix"}, 1));
  TRY(const std::string affix, WantText(params[0]));
  std::string_view text = self.text();
  if (kPrefix && text.starts_with(affix)) text.remove_prefix(affix.size());
  if (!kPrefix && text.ends_with(affix)) text.remove_suffix(affix.size());
  return TextOf(self, text);
}

template <bool kFromRight>
Result<Value> Partition(Interp& interp, const Value& self, const Args& args) {
  TRY(const Params params, Params::Bind(args, {"sep"}, 1));
  TRY(const std::string separator, WantText(params[0]));
  if (separator.empty()) return Bad("empty separator");
  TRY_VOID(interp.ChargeSearch(self.text().size(), separator.size()));
  const std::string_view text = self.text();
  const size_t at = kFromRight ? text.rfind(separator) : text.find(separator);
  if (at == std::string_view::npos) {
    const Value none = TextOf(self, "");
    return Value::List(kFromRight ? Values{none, none, self} : Values{self, none, none}, Kind::kTuple);
  }
  return Value::List(
      {TextOf(self, text.substr(0, at)), TextOf(self, separator), TextOf(self, text.substr(at + separator.size()))},
      Kind::kTuple);
}

constexpr MethodEntry kMethods[] = {
    {"count", Count},
    {"endswith", StartsOrEnds<false>},
    {"find", Find<false, false>},
    {"index", Find<false, true>},
    {"partition", Partition<false>},
    {"removeprefix", RemoveAffix<true>},
    {"removesuffix", RemoveAffix<false>},
    {"replace", Replace},
    {"rfind", Find<true, false>},
    {"rindex", Find<true, true>},
    {"rpartition", Partition<true>},
    {"startswith", StartsOrEnds<true>},
};

}  // namespace

std::span<const MethodEntry> SearchMethods() { return kMethods; }

}  // namespace atelier::jinja
