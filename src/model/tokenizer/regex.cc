#include "model/tokenizer/regex.h"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/tokenizer/unicode.h"

namespace atelier {

struct TokenRegex::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;

  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

namespace {

constexpr size_t kMaxPatternBytes = 16 << 10;  // largest seen: 1,400; a class written out is up to 8 kB
constexpr uint32_t kMatchLimit = 10'000'000;   // backtracking steps of one match
constexpr uint32_t kHeapLimitKib = 64 * 1024;

// "\x{41}-\x{5a}…": the code points that `has` holds.
std::string Ranges(const std::function<bool(char32_t)>& has) {
  std::string out;
  char buffer[40];
  for (char32_t c = 0; c < 0x110000;) {
    if ((c >= 0xD800 && c < 0xE000) || !has(c)) {
      ++c;
      continue;
    }
    const char32_t first = c;
    while (c < 0x110000 && !(c >= 0xD800 && c < 0xE000) && has(c)) ++c;
    std::snprintf(buffer, sizeof buffer, "\\x{%x}-\\x{%x}", static_cast<unsigned>(first), static_cast<unsigned>(c - 1));
    out += buffer;
  }
  return out;
}

// The test that \p{name}, \s, \d or \w stands for; empty where we leave the name to PCRE2.
std::function<bool(char32_t)> TestFor(std::string_view name) {
  static constexpr std::string_view kNames[] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
                                                "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
                                                "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co"};
  if (name == "s") return [](char32_t c) { return IsSpace(c); };
  if (name == "d") name = "Nd";
  if (name == "w") return [](char32_t c) { return IsRegexWord(c); };
  if (name == "RustWord") return [](char32_t c) { return IsRustWord(c); };
  if (name.size() == 1 && std::string_view("LMNPSZC").find(name[0]) != std::string_view::npos) {
    const char major = name[0];
    return [major](char32_t c) { return kNames[static_cast<size_t>(CategoryOf(c))][0] == major; };
  }
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return [i](char32_t c) { return CategoryOf(c) == static_cast<Category>(i); };
  }
  return {};
}

// The ranges of the class that `name` stands for, or of all else; empty where we leave the name to PCRE2. Found once:
// it takes a million looks.
std::string ClassRanges(std::string_view name, bool negated) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  const auto test = TestFor(name);
  if (!test) return {};
  const std::scoped_lock lock(mutex);
  const auto [place, is_new] = known.try_emplace((negated ? "^" : "") + std::string(name));
  if (is_new) place->second = Ranges([&](char32_t code) { return test(code) != negated; });
  return place->second;
}

// Writes Unicode classes out as ranges; all else passes through.
std::string WriteOutClasses(const std::string& pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '\\' || i + 1 == pattern.size()) {
      if (c == '[' && in_class) out += '\\';  // a plain [ within a class
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      out += c;
      continue;
    }
    const char kind = pattern[i + 1];
    std::string_view name(&pattern[i + 1], 1);
    size_t length = 2;
    bool negated = kind == 'S' || kind == 'D' || kind == 'W' || kind == 'P';
    if ((kind == 'p' || kind == 'P') && i + 3 < pattern.size() && pattern[i + 2] == '{') {
      const size_t close = pattern.find('}', i);
      name = close == std::string::npos ? std::string_view() : std::string_view(pattern).substr(i + 3, close - i - 3);
      length = close == std::string::npos ? 2 : close - i + 1;
    }
    if (!name.empty() && name[0] == '^') {
      negated = !negated;
      name.remove_prefix(1);
    }
    if (name == "S" || name == "D" || name == "W") name = name == "S" ? "s" : name == "D" ? "d" : "w";
    if (length == 2 && (kind == 'p' || kind == 'P')) name = {};
    const bool is_class = std::string_view("sSdDwWpP").find(kind) != std::string_view::npos;
    const std::string ranges = is_class ? ClassRanges(name, negated) : std::string();
    if (ranges.empty()) {
      out.append(pattern, i, length);
    } else {
      out += in_class ? ranges : "[" + ranges + "]";
    }
    i += length - 1;
  }
  return out;
}

}  // namespace

TokenRegex::TokenRegex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
TokenRegex::TokenRegex(TokenRegex&&) noexcept = default;
TokenRegex& TokenRegex::operator=(TokenRegex&&) noexcept = default;
TokenRegex::~TokenRegex() = default;

Result<TokenRegex> TokenRegex::Compile(const std::string& pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return Error::TooLarge("regular expression", "got " + std::to_string(pattern.size()) + " bytes, want at most " +
                                                     std::to_string(kMaxPatternBytes));
  }
  const std::string written_out = WriteOutClasses(pattern);
  int code = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_unique<Compiled>();
  compiled->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(written_out.data()), written_out.size(),
                                 PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr);
  if (compiled->code == nullptr) {
    char message[128] = "";
    pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
    return Error::Invalid("regular expression",
                          "got '" + pattern + "', want one that compiles: " + std::string(message));
  }
  pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);  // without it matching is slower, not different
  compiled->context = pcre2_match_context_create(nullptr);
  if (compiled->context == nullptr) return Error::Exhausted("regular expression", "no memory");
  pcre2_set_match_limit(compiled->context, kMatchLimit);
  pcre2_set_heap_limit(compiled->context, kHeapLimitKib);
  return TokenRegex(std::move(compiled));
}

void TokenRegex::FindAll(std::string_view text, std::vector<std::pair<size_t, size_t>>& matches) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(pcre2_match_data_create(1, nullptr),
                                                                                  pcre2_match_data_free);
  if (match == nullptr) return;
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  const auto search = [&](size_t from, uint32_t options) {
    return pcre2_match(compiled_->code, subject, text.size(), from, options | PCRE2_NO_UTF_CHECK, match.get(),
                       compiled_->context);
  };
  size_t last_end = static_cast<size_t>(-1);
  for (size_t from = 0; from <= text.size();) {
    int found = search(from, 0);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = search(from, PCRE2_NO_JIT);  // the interpreter's stack is the heap
    if (found < 0) return;
    const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(match.get());
    if (offsets[0] >= offsets[1] && offsets[1] == last_end) {
      from += from < text.size() ? Utf8Length(text[from]) : 1;
      continue;
    }
    if (offsets[0] > offsets[1]) return;  // \K inside a lookahead
    matches.emplace_back(offsets[0], offsets[1]);
    from = last_end = offsets[1];
  }
}

}  // namespace atelier
