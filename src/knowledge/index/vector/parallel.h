// Work divided among threads in pieces that do not depend on their number, so that what is made of them does not
// either.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace atelier {

// Calls work(begin, end) for pieces of [0, num_items) of at most `piece` items, in any order, on num_threads threads.
template <class Work>
void InPieces(int num_threads, size_t num_items, size_t piece, const Work& work) {
  std::atomic<size_t> next = 0;
  const auto run = [&] {
    for (size_t begin = next.fetch_add(piece); begin < num_items; begin = next.fetch_add(piece)) {
      work(begin, std::min(num_items, begin + piece));
    }
  };
  std::vector<std::jthread> helpers;
  const size_t num_pieces = (num_items + piece - 1) / piece;
  for (int i = 1; i < num_threads && static_cast<size_t>(i) < num_pieces; ++i) helpers.emplace_back(run);
  run();
}

}  // namespace atelier
