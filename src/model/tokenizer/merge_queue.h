// The merges that wait to be made in one long word: least rank first, leftmost among equals.
//
// A bucket a rank keeps places in the order they came, which is from left to right but for those that came while
// different ranks were open: it is put in order when its turn comes. So a word costs as much as it has places, and a
// logarithm only of the ranks that occur. What comes with a rank that is open or below, as untrained lists may have it,
// goes to a heap of its own. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace atelier {

class MergeQueue {
 public:
  struct Item {
    uint32_t rank, place;
  };

  // REQUIRES: empty, as it is after Pop said so.   Ranks will be below num_ranks.
  void Start(size_t num_ranks) {
    if (buckets_.size() < num_ranks) buckets_.resize(num_ranks);
  }

  void Push(uint32_t rank, uint32_t place) {
    if (is_open_ && rank <= open_rank_) {
      urgent_.push_back(Key(rank, place));
      std::push_heap(urgent_.begin(), urgent_.end(), std::greater<>());
      return;
    }
    Bucket& bucket = buckets_[rank];
    const auto node = static_cast<uint32_t>(nodes_.size());
    nodes_.push_back({place, kNone});
    if (bucket.first == kNone) {
      bucket.first = node;
      ranks_.push_back(rank);
      std::push_heap(ranks_.begin(), ranks_.end(), std::greater<>());
    } else {
      nodes_[bucket.last].next = node;
    }
    bucket.last = node;
  }

  // False: there is none, and the queue is as new.
  bool Pop(Item& item) {
    while (urgent_.empty() && next_open_ == open_.size()) {
      if (!Open()) return false;
    }
    if (!urgent_.empty() && (next_open_ == open_.size() || urgent_.front() < Key(open_rank_, open_[next_open_]))) {
      item = {static_cast<uint32_t>(urgent_.front() >> 32), static_cast<uint32_t>(urgent_.front())};
      std::pop_heap(urgent_.begin(), urgent_.end(), std::greater<>());
      urgent_.pop_back();
    } else {
      item = {open_rank_, open_[next_open_++]};
    }
    return true;
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Bucket {
    uint32_t first = kNone, last = kNone;  // nodes
  };
  struct Node {
    uint32_t place, next;
  };
  static uint64_t Key(uint32_t rank, uint32_t place) { return (uint64_t{rank} << 32) | place; }

  // Takes the bucket of the least rank, in order.
  bool Open() {
    open_.clear();
    next_open_ = 0;
    is_open_ = !ranks_.empty();
    if (!is_open_) {
      nodes_.clear();
      return false;
    }
    open_rank_ = ranks_.front();
    std::pop_heap(ranks_.begin(), ranks_.end(), std::greater<>());
    ranks_.pop_back();
    for (uint32_t node = buckets_[open_rank_].first; node != kNone; node = nodes_[node].next) {
      open_.push_back(nodes_[node].place);
    }
    buckets_[open_rank_] = {};
    if (!std::is_sorted(open_.begin(), open_.end())) std::sort(open_.begin(), open_.end());
    return true;
  }

  std::vector<Bucket> buckets_;  // by rank
  std::vector<Node> nodes_;
  std::vector<uint32_t> ranks_;  // a heap: those with a bucket that is not empty
  std::vector<uint32_t> open_;   // places of the rank whose turn it is
  size_t next_open_ = 0;
  uint32_t open_rank_ = 0;
  bool is_open_ = false;
  std::vector<uint64_t> urgent_;  // a heap of keys up to the open rank
};

}  // namespace atelier
