#include "knowledge/remote/excerpts.h"

#include <utility>

namespace atelier {

int64_t Excerpts::BytesOf(const Passage& passage) {
  constexpr size_t kBeside = 1024;  // attributes, and what keeps all of it together
  return static_cast<int64_t>(passage.text.size() * 2 + passage.chunk_id.size() * 3 + passage.title.size() + kBeside);
}

void Excerpts::Put(Passage passage) {
  const std::lock_guard lock(mutex_);
  const auto known = places_.find(passage.chunk_id);
  if (known != places_.end()) {
    num_bytes_ -= BytesOf(*known->second);
    order_.erase(known->second);
    places_.erase(known);
  }
  num_bytes_ += BytesOf(passage);
  order_.push_front(std::move(passage));
  places_.emplace(order_.front().chunk_id, order_.begin());
  while (num_bytes_ > max_bytes_) {
    num_bytes_ -= BytesOf(order_.back());
    places_.erase(order_.back().chunk_id);
    order_.pop_back();
  }
}

std::optional<Passage> Excerpts::Find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto known = places_.find(id);
  if (known == places_.end()) return std::nullopt;
  order_.splice(order_.begin(), order_, known->second);
  return *known->second;
}

}  // namespace atelier
