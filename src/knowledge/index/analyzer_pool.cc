#include "knowledge/index/analyzer_pool.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace atelier {
namespace {

constexpr size_t kMaxKept = 8;  // of a language; more threads than that analyse at once only in bursts

struct Shelf {
  std::mutex mutex;
  std::map<std::string, std::vector<std::unique_ptr<Analyzer>>> kept;
};

Shelf& TheShelf() {
  // Never destroyed: the worker's thread may use it to the end.
  static Shelf& shelf = *new Shelf;
  return shelf;
}

}  // namespace

Result<BorrowedAnalyzer> BorrowAnalyzer(const std::string& language) {
  {
    Shelf& shelf = TheShelf();
    const std::lock_guard lock(shelf.mutex);
    auto& kept = shelf.kept[language];
    if (!kept.empty()) {
      std::unique_ptr<Analyzer> analyzer = std::move(kept.back());
      kept.pop_back();
      return BorrowedAnalyzer(language, std::move(analyzer));
    }
  }
  TRY(Analyzer analyzer, Analyzer::Create(language));
  return BorrowedAnalyzer(language, std::make_unique<Analyzer>(std::move(analyzer)));
}

BorrowedAnalyzer::~BorrowedAnalyzer() {
  if (analyzer_ == nullptr) return;
  Shelf& shelf = TheShelf();
  const std::lock_guard lock(shelf.mutex);
  auto& kept = shelf.kept[language_];
  if (kept.size() < kMaxKept) kept.push_back(std::move(analyzer_));
}

}  // namespace atelier
