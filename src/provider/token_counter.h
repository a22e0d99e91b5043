// Counts text as a model reads it, for what must fit a model before it is sent there.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace atelier {

class Tokenizer;

class TokenCounter {
 public:
  virtual ~TokenCounter() = default;
  // Tokens of `text` alone, without what a model puts around it. Any thread.   COST: one encoding.
  virtual int64_t Count(std::string_view text) const = 0;
};

std::shared_ptr<const TokenCounter> CounterOf(std::shared_ptr<const Tokenizer> tokenizer);

}  // namespace atelier
