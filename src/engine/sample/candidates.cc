#include "engine/sample/candidates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "engine/sample/portable_math.h"

namespace atelier {
namespace {

bool Before(const TokenCandidate& a, const TokenCandidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

// A number that rises as the logit falls.
uint32_t FallingKey(float logit) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0F);  // -0 becomes 0, so that both are equal
  return (bits & 0x80000000U) != 0 ? bits : ~bits & 0x7FFFFFFFU;
}

// Sorts by falling logit and rising token. REQUIRES: equal logits stand in order of tokens.
// Three passes over 11 bits each: six times as fast as a sort by comparing, for a whole vocabulary.
void RadixSort(std::vector<TokenCandidate>* items) {
  constexpr int kBits = 11;
  std::vector<TokenCandidate> other(items->size());
  for (int shift = 0; shift < 33; shift += kBits) {
    std::array<uint32_t, 1 << kBits> starts{};
    const auto digit = [&](const TokenCandidate& c) { return (FallingKey(c.logit) >> shift) & ((1U << kBits) - 1); };
    for (const TokenCandidate& c : *items) ++starts[digit(c)];
    std::exclusive_scan(starts.begin(), starts.end(), starts.begin(), 0U);
    for (const TokenCandidate& c : *items) other[starts[digit(c)]++] = c;
    items->swap(other);
  }
}

bool AnyAtLeast(const float* values, float bound) {
  using Floats = float __attribute__((vector_size(16)));
  using Ints = int32_t __attribute__((vector_size(16)));
  Ints any = {};
  for (int i = 0; i < 16; i += 4) {
    Floats x;
    std::memcpy(&x, values + i, sizeof x);
    any |= x >= bound;
  }
  return (any[0] | any[1] | any[2] | any[3]) != 0;
}

}  // namespace

void SelectLargest(std::span<const float> values, size_t n, std::vector<TokenCandidate>* out) {
  n = std::min(n, values.size());
  out->clear();
  constexpr size_t kMany = 2048;  // from here on sorting all is faster than selecting
  if (n >= kMany) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i])) out->push_back({values[i], static_cast<int32_t>(i)});
    }
    RadixSort(out);
    out->resize(std::min(n, out->size()));
    return;
  }
  // Whatever lies below the n-th best seen so far cannot be among the n best; the list is cut back to n when it has
  // doubled, so it is cut about log(V / n) times.
  const size_t capacity = std::max<size_t>(2 * n, 256);
  float bound = -std::numeric_limits<float>::infinity();
  const auto take = [&](size_t i) {
    if (!(values[i] >= bound)) return;
    out->push_back({values[i], static_cast<int32_t>(i)});
    if (out->size() < capacity) return;
    std::nth_element(out->begin(), out->begin() + static_cast<std::ptrdiff_t>(n) - 1, out->end(), Before);
    out->resize(n);
    bound = out->back().logit;
  };
  if (n == 0) return;
  size_t i = 0;
  for (; i + 16 <= values.size(); i += 16) {
    if (!AnyAtLeast(values.data() + i, bound)) continue;
    for (size_t j = i; j < i + 16; ++j) take(j);
  }
  for (; i < values.size(); ++i) take(i);
  if (out->size() > n) {
    std::nth_element(out->begin(), out->begin() + static_cast<std::ptrdiff_t>(n) - 1, out->end(), Before);
    out->resize(n);
  }
  std::sort(out->begin(), out->end(), Before);
}

void Candidates::Reset(std::span<const float> logits, float scale) {
  logits_ = logits;
  scale_ = scale;
  max_token_ = ArgMax(logits);
  max_ = logits[max_token_];
  complete_ = false;
  list_.clear();
  blocks_.clear();
}

std::span<const TokenCandidate> Candidates::Top(size_t n) {
  n = std::min(n, size());
  if (!complete_ && list_.size() < n) SelectLargest(logits_, n, &list_);
  return std::span(list_).first(std::min(n, list_.size()));
}

void Candidates::KeepTop(size_t n) {
  CHECK(n > 0);
  if (n >= size()) return;
  Top(n);
  list_.resize(std::min(n, list_.size()));
  complete_ = true;
}

void Candidates::DropTop(size_t n) {
  CHECK(n < size());
  Top(size());
  n = std::min(n, list_.size() - 1);
  list_.erase(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(n));
  complete_ = true;
  max_ = list_.front().logit;
  max_token_ = list_.front().token;
}

void Candidates::Keep(std::vector<TokenCandidate> list) {
  CHECK(!list.empty());
  list_ = std::move(list);
  complete_ = true;
  max_ = list_.front().logit;
  max_token_ = list_.front().token;
}

void Candidates::KeepAtLeast(float lowest) {
  const auto kept = [&](std::span<const TokenCandidate> top) {
    const auto end = std::ranges::find_if(top, [&](const TokenCandidate& c) { return !(c.logit >= lowest); });
    return static_cast<size_t>(end - top.begin());
  };
  for (size_t n = 64;; n *= 16) {
    const auto top = Top(n);
    const size_t num_kept = kept(top);
    if (num_kept < top.size() || top.size() == size() || top.size() < n) {
      KeepTop(std::max<size_t>(num_kept, 1));
      return;
    }
  }
}

double Candidates::Weight(float logit) const { return PortableExp((logit - max_) * scale_); }

double Candidates::TotalWeight() {
  if (complete_) {
    double total = 0;
    for (const TokenCandidate& c : list_) total += Weight(c.logit);
    return total;
  }
  blocks_.resize((logits_.size() + kSumBlock - 1) / kSumBlock);
  return SumWeights(logits_, max_, scale_, blocks_);
}

int32_t Candidates::Draw(double u) {
  if (!complete_) return DrawFromAll(u);
  double left = u * TotalWeight();
  for (const TokenCandidate& c : list_) {
    left -= Weight(c.logit);
    if (left < 0) return c.token;
  }
  return max_token_;  // rounding ate the last step, or the weights are no numbers
}

int32_t Candidates::DrawFromAll(double u) {
  double left = u * TotalWeight();
  for (size_t block = 0; block < blocks_.size(); ++block) {
    if (left >= blocks_[block]) {
      left -= blocks_[block];
      continue;
    }
    int32_t last = max_token_;
    const size_t end = std::min(logits_.size(), (block + 1) * kSumBlock);
    for (size_t i = block * kSumBlock; i < end; ++i) {
      const double weight = Weight(logits_[i]);
      if (weight > 0) last = static_cast<int32_t>(i);
      left -= weight;
      if (left < 0) break;
    }
    return last;
  }
  return max_token_;
}

}  // namespace atelier
