// The pieces of files that a vector store has returned lately, by their ids: what is quoted from it is looked up in
// them, since its files themselves are not to be had. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "knowledge/corpus/corpus.h"

namespace atelier {

class Excerpts {
 public:
  // Texts and ids of at most so many bytes are kept; who was asked for longest ago goes first.
  explicit Excerpts(int64_t max_bytes) : max_bytes_(max_bytes) {}

  // By passage.chunk_id. A longer passage than all the room there is, is not kept.
  void Put(Passage passage);
  std::optional<Passage> Find(std::string_view id);

 private:
  using Order = std::list<Passage>;  // the latest first
  static int64_t BytesOf(const Passage& passage);

  const int64_t max_bytes_;
  std::mutex mutex_;
  Order order_;
  std::map<std::string, Order::iterator, std::less<>> places_;
  int64_t num_bytes_ = 0;
};

}  // namespace atelier
