#include "engine/grammar/natural.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

__extension__ typedef unsigned __int128 DoubleWord;

}  // namespace

std::optional<Natural> Natural::FromDigits(std::string_view digits) {
  if (digits.size() > kMaxDigits) return std::nullopt;
  Natural result;
  for (const char c : digits) result.MultiplyAdd(10, static_cast<uint64_t>(c - '0'));
  return result;
}

std::string Natural::Digits() const {
  std::string reversed;
  Natural rest = *this;
  do {
    reversed += static_cast<char>('0' + rest.DivideBy(10));
  } while (!rest.is_zero());
  return {reversed.rbegin(), reversed.rend()};
}

std::strong_ordering Natural::operator<=>(const Natural& other) const {
  return std::lexicographical_compare_three_way(limbs_.rbegin(), limbs_.rend(), other.limbs_.rbegin(),
                                                other.limbs_.rend());
}

bool Natural::MultiplyAdd(uint64_t factor, uint64_t addend) {
  DoubleWord carry = addend;
  for (uint64_t& limb : limbs_) {
    carry += static_cast<DoubleWord>(limb) * factor;
    limb = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
  return carry == 0;
}

uint64_t Natural::DivideBy(uint64_t divisor) {
  CHECK(divisor > 0);
  DoubleWord remainder = 0;
  for (auto limb = limbs_.rbegin(); limb != limbs_.rend(); ++limb) {
    remainder = (remainder << 64) | *limb;
    *limb = static_cast<uint64_t>(remainder / divisor);
    remainder %= divisor;
  }
  return static_cast<uint64_t>(remainder);
}

Natural Natural::operator-(const Natural& other) const {
  Natural result;
  uint64_t borrow = 0;
  for (size_t i = 0; i < limbs_.size(); ++i) {
    const DoubleWord taken = static_cast<DoubleWord>(other.limbs_[i]) + borrow;
    borrow = limbs_[i] < taken ? 1 : 0;
    result.limbs_[i] = static_cast<uint64_t>(limbs_[i] - taken);
  }
  CHECK(borrow == 0);
  return result;
}

std::optional<Natural> Natural::Times(const Natural& other) const {
  Natural result;
  for (auto limb = other.limbs_.rbegin(); limb != other.limbs_.rend(); ++limb) {
    if (result.limbs_[3] != 0) return std::nullopt;
    std::ranges::rotate(result.limbs_, result.limbs_.end() - 1);  // × 2^64
    Natural part = *this;
    if (!part.MultiplyAdd(*limb, 0)) return std::nullopt;
    DoubleWord carry = 0;
    for (size_t i = 0; i < part.limbs_.size(); ++i) {
      carry += static_cast<DoubleWord>(result.limbs_[i]) + part.limbs_[i];
      result.limbs_[i] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    if (carry != 0) return std::nullopt;
  }
  return result;
}

Natural::Division Natural::Divide(const Natural& divisor) const {
  CHECK(!divisor.is_zero());
  Division result;
  for (int bit = 255; bit >= 0; --bit) {
    const uint64_t next = (limbs_[static_cast<size_t>(bit / 64)] >> (bit % 64)) & 1;
    const bool overflows = !result.remainder.MultiplyAdd(2, next);
    CHECK(!overflows);  // the divisor would need all 256 bits
    const bool goes = result.remainder >= divisor;
    if (goes) result.remainder = result.remainder - divisor;
    result.quotient.MultiplyAdd(2, goes ? 1 : 0);
  }
  return result;
}

Natural GreatestCommonDivisor(Natural a, Natural b) {
  while (!b.is_zero()) a = std::exchange(b, a.Divide(b).remainder);
  return a;
}

}  // namespace atelier
