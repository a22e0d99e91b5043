#include "base/text/ecma_regex.h"

#include <vector>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace atelier {

struct EcmaRegex::Compiled {
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

constexpr size_t kMaxPatternBytes = 64 << 10;  // PCRE2's own bound is near; largest seen: 4,100
constexpr uint32_t kMatchLimit = 2'000'000;    // backtracking steps of one search: a tenth of a second
constexpr uint32_t kHeapLimitKib = 64 * 1024;
constexpr size_t kMaxBreadthBytes = 1'000;    // of a text that is searched in breadth; its states grow with its length
constexpr size_t kBreadthWorkspace = 30'000;  // numbers, six of them a state

std::string MessageOf(int code) {
  char message[128] = "";
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
  return message;
}

}  // namespace

EcmaRegex::EcmaRegex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
EcmaRegex::EcmaRegex(EcmaRegex&&) noexcept = default;
EcmaRegex& EcmaRegex::operator=(EcmaRegex&&) noexcept = default;
EcmaRegex::~EcmaRegex() = default;

Result<EcmaRegex> EcmaRegex::Compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return Error::TooLarge(
        "", "got " + std::to_string(pattern.size()) + " bytes, want at most " + std::to_string(kMaxPatternBytes));
  }
  TRY(const std::string translated, EcmaRegexToPcre2(pattern));
  // One match from the start that skips what stands before: PCRE2 counts its steps for each start anew, so that a
  // search of its own would have no bound that matters.
  const std::string search = "(?s:.*?)(?:" + translated + ")";
  int code = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_unique<Compiled>();
  constexpr uint32_t kOptions =
      PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ANCHORED | PCRE2_NEVER_BACKSLASH_C;
  compiled->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(search.data()), search.size(), kOptions, &code, &offset, nullptr);
  if (compiled->code == nullptr) {
    return Error::Unsupported("", "got a regular expression that cannot be compiled: " + MessageOf(code));
  }
  compiled->context = pcre2_match_context_create(nullptr);
  if (compiled->context == nullptr) return Error::Exhausted("", "no memory for a regular expression");
  pcre2_set_match_limit(compiled->context, kMatchLimit);
  pcre2_set_heap_limit(compiled->context, kHeapLimitKib);
  return EcmaRegex(std::move(compiled));
}

// Backtracking first, which is fast. A pattern like (a*)* that goes astray there is then run in breadth, all its states
// at once, which takes time in proportion to the text; only back references cannot be searched so.
Result<bool> EcmaRegex::Search(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(pcre2_match_data_create(1, nullptr),
                                                                                  pcre2_match_data_free);
  if (match == nullptr) return Error::Exhausted("", "no memory for a regular expression");
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  int found = pcre2_match(compiled_->code, subject, text.size(), 0, 0, match.get(), compiled_->context);
  const bool went_astray = found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT;
  if (went_astray && text.size() <= kMaxBreadthBytes) {
    std::vector<int> workspace(kBreadthWorkspace);
    found = pcre2_dfa_match(compiled_->code, subject, text.size(), 0, PCRE2_DFA_SHORTEST, match.get(),
                            compiled_->context, workspace.data(), workspace.size());
  }
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  if (went_astray) {
    return Error::TooLarge(
        "", "got a regular expression that takes too long on a text of " + std::to_string(text.size()) + " bytes");
  }
  return Error::Invalid("", "got a text that cannot be searched: " + MessageOf(found));
}

}  // namespace atelier
