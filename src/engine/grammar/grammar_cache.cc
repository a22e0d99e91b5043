#include "engine/grammar/grammar_cache.h"

namespace atelier {

Result<std::shared_ptr<const Grammar>> GrammarCache::Get(const GrammarSpec& spec,
                                                         const std::shared_ptr<const GrammarVocabulary>& vocabulary) {
  std::string key = std::to_string(reinterpret_cast<uintptr_t>(vocabulary.get())) + ":" + spec.Key();
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->grammar;
    }
  }
  // Two that ask at once both compile; the first stays.
  TRY(std::shared_ptr<const Grammar> grammar, CompileGrammar(spec, vocabulary));
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->grammar;
  entries_.push_front({key, vocabulary, grammar});
  by_key_.emplace(std::move(key), entries_.begin());
  if (entries_.size() > capacity_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return grammar;
}

}  // namespace atelier
