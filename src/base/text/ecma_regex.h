// Regular expressions as JSON Schema means them: ECMA-262 with the u flag, searched for anywhere in a text. They are
// translated into PCRE2's language and matched by PCRE2.
//
// What the u flag forbids but means one thing only is taken: escaped punctuation that needs no escape (`\-`, `\:`), a
// brace or bracket that closes nothing, a hyphen beside a class (`[\w-.]`). Escaped letters and digits that ECMA does
// not know, and `{,3}`, are errors, since other engines read them otherwise.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace atelier {

class EcmaRegex {
 public:
  // Errors have no `where`.
  //   Invalid      no regular expression of ECMA-262
  //   Unsupported  one that PCRE2 cannot compile: lookbehind of unbounded length, counts above 65,535
  static Result<EcmaRegex> Compile(std::string_view pattern);

  EcmaRegex(EcmaRegex&&) noexcept;
  EcmaRegex& operator=(EcmaRegex&&) noexcept;
  ~EcmaRegex();

  // Whether the pattern matches anywhere in `text`, which must be UTF-8. TooLarge where the answer would take too
  // long: only for long texts, or back references within repetitions. Thread-safe.
  Result<bool> Search(std::string_view text) const;

 private:
  struct Compiled;
  explicit EcmaRegex(std::unique_ptr<Compiled> compiled);

  std::unique_ptr<Compiled> compiled_;
};

// The same pattern in PCRE2's language, for PCRE2_UTF, _DOLLAR_ENDONLY and _MATCH_UNSET_BACKREF. Errors as above.
Result<std::string> EcmaRegexToPcre2(std::string_view pattern);

}  // namespace atelier
