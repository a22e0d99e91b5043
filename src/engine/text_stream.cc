#include "engine/text_stream.h"

#include <algorithm>
#include <utility>

namespace atelier {

StopFinder::Step StopFinder::Push(std::string_view piece, bool watch) {
  if (!watch) {
    Step step{Flush(), std::nullopt};
    step.text += piece;
    return step;
  }
  waiting_ += piece;
  size_t begin = std::string::npos;
  const std::string* found = nullptr;
  for (const std::string& stop : stops_) {
    const size_t at = waiting_.find(stop);
    if (at < begin) {
      begin = at;
      found = &stop;
    }
  }
  if (found != nullptr) {
    Step step{waiting_.substr(0, begin + (include_ ? found->size() : 0)), *found};
    waiting_.clear();
    return step;
  }
  const size_t num_free = waiting_.size() - NumHeld();
  Step step{waiting_.substr(0, num_free), std::nullopt};
  waiting_.erase(0, num_free);
  return step;
}

size_t StopFinder::NumHeld() const {
  size_t longest = 0;
  for (const std::string& stop : stops_) {
    for (size_t length = std::min(stop.size() - 1, waiting_.size()); length > longest; --length) {
      if (std::string_view(waiting_).ends_with(std::string_view(stop).substr(0, length))) longest = length;
    }
  }
  return longest;
}

TextStream::TextStream(const Tokenizer* tokenizer, const DecodeOptions& options, int32_t last_prompt_token,
                       std::vector<std::string> stops, bool include_stop)
    : stops_(std::move(stops), include_stop) {
  if (tokenizer == nullptr) return;
  detokenizer_.emplace(*tokenizer, options);
  if (last_prompt_token >= 0) (void)detokenizer_->Push(last_prompt_token);
}

StopFinder::Step TextStream::Push(int32_t token, bool watch_stops) {
  return stops_.Push(detokenizer_ ? detokenizer_->Push(token) : std::string(), watch_stops);
}

std::string TextStream::Flush() {
  std::string text = stops_.Flush();
  if (detokenizer_) text += detokenizer_->Flush();
  return text;
}

}  // namespace atelier
