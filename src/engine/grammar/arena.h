// Memory that grows and is given back at once: what a matcher's frames live in. Trivially destructible values, but for
// those that Keep takes. One thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/text/json.h"

namespace atelier {

class Arena {
 public:
  // What was made since the mark is given back by Reset.
  struct Mark {
    size_t block = 0, used = 0, kept = 0;
  };

  template <class T>
  const T* Make(T value) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Take(sizeof(T), alignof(T))) T(std::move(value));
  }
  template <class T>
  T* MakeArray(size_t size) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Take(sizeof(T) * size, alignof(T))) T[size];
  }
  std::string_view Copy(std::string_view text) {
    char* bytes = static_cast<char*>(Take(text.size() + 1, 1));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }
  const Json* Keep(Json value) { return &kept_.emplace_back(std::move(value)); }

  Mark Now() const { return {block_, used_, kept_.size()}; }
  void Reset(const Mark& mark) {
    block_ = mark.block;
    used_ = mark.used;
    while (kept_.size() > mark.kept) kept_.pop_back();
  }

 private:
  static constexpr size_t kBlockBytes = 32 << 10;

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
  };

  void* Take(size_t size, size_t alignment) {
    for (;; ++block_, used_ = 0) {
      if (block_ == blocks_.size()) {
        const size_t wanted = std::max(size + alignment, kBlockBytes);
        blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(wanted), wanted});
      }
      const size_t at = (used_ + alignment - 1) / alignment * alignment;
      if (at + size > blocks_[block_].size) continue;
      used_ = at + size;
      return blocks_[block_].bytes.get() + at;
    }
  }

  std::vector<Block> blocks_;
  size_t block_ = 0;
  size_t used_ = 0;
  std::deque<Json> kept_;
};

}  // namespace atelier
