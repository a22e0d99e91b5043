#include "provider/token_counter.h"

#include <utility>

#include "model/tokenizer/tokenizer.h"

namespace atelier {
namespace {

class TokenizerCounter final : public TokenCounter {
 public:
  explicit TokenizerCounter(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {}

  int64_t Count(std::string_view text) const override {
    return static_cast<int64_t>(tokenizer_->Encode(text, {.add_special = false}).size());
  }

 private:
  const std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace

std::shared_ptr<const TokenCounter> CounterOf(std::shared_ptr<const Tokenizer> tokenizer) {
  return std::make_shared<TokenizerCounter>(std::move(tokenizer));
}

}  // namespace atelier
