// Compiled grammars by what they were made from, the least recently used dropped first. A schema that comes with every
// request of an application is compiled once. Any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/result.h"
#include "engine/grammar/grammar.h"

namespace atelier {

class GrammarCache {
 public:
  explicit GrammarCache(size_t capacity = 128) : capacity_(capacity) {}

  // The grammar of the spec over the vocabulary, compiled now if it was not. Errors: CompileGrammar's, which aren't
  // kept.
  Result<std::shared_ptr<const Grammar>> Get(const GrammarSpec& spec,
                                             const std::shared_ptr<const GrammarVocabulary>& vocabulary);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const GrammarVocabulary> vocabulary;  // keeps its address from meaning another
    std::shared_ptr<const Grammar> grammar;
  };

  std::mutex mutex_;
  size_t capacity_;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace atelier
