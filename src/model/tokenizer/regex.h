// Regular expressions of tokenizer.json on PCRE2's compiler (JIT where it can).
//
// The files are written for Oniguruma and its Unicode; so classes that depend on Unicode (\p{L}, \s, \d, \w …) are
// written out as ranges from our own table before PCRE2 sees them, and both find the same. \p{RustWord} is Rust's \w.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace atelier {

class TokenRegex {
 public:
  // An expression that PCRE2 refuses is an error that gives its reason and place.
  static Result<TokenRegex> Compile(const std::string& pattern);
  TokenRegex(TokenRegex&&) noexcept;
  TokenRegex& operator=(TokenRegex&&) noexcept;
  ~TokenRegex();

  // Appends all matches, from left to right, as [begin, end); an empty one only where no match ended before it.
  // A match that would take more than its bounded effort counts as none, and the search ends there.
  // REQUIRES: text is UTF-8.   Thread-safe.
  void FindAll(std::string_view text, std::vector<std::pair<size_t, size_t>>& matches) const;

 private:
  struct Compiled;
  explicit TokenRegex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace atelier
