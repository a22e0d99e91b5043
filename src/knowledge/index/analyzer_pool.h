// Analyzers to borrow: each is one thread's at a time, and all indexes of a language share them, so that a thousand
// small indexes hold none of their own. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {

class BorrowedAnalyzer {
 public:
  BorrowedAnalyzer(std::string language, std::unique_ptr<Analyzer> analyzer)
      : language_(std::move(language)), analyzer_(std::move(analyzer)) {}
  ~BorrowedAnalyzer();  // gives it back
  BorrowedAnalyzer(BorrowedAnalyzer&&) noexcept = default;
  BorrowedAnalyzer& operator=(BorrowedAnalyzer&&) = delete;
  const Analyzer& operator*() const { return *analyzer_; }

 private:
  std::string language_;
  std::unique_ptr<Analyzer> analyzer_;
};

// Errors: of Analyzer::Create.
Result<BorrowedAnalyzer> BorrowAnalyzer(const std::string& language);

}  // namespace atelier
