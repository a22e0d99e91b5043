// Maximal marginal relevance: a ranking that does not say the same thing twice.   [Carbonell, Goldstein, SIGIR 1998]
//
// Each next place goes to the one not yet placed with the greatest
//   lambda * relevance - (1 - lambda) * its greatest likeness to one placed before   (0 for the first place)
// Equal ones keep the order before.
// COST: N * (N - 1) / 2 likenesses of N passages.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace atelier {

// Of two passages, by their places in the ranking before; in the scale of the relevance.
using Likeness = std::function<double(size_t, size_t)>;

// Places in the ranking before, in the order after.   REQUIRES: 0 <= lambda <= 1, finite relevance and likeness.
std::vector<size_t> MarginalOrder(std::span<const double> relevance, const Likeness& likeness, double lambda);

// The cosine of two vectors of one length; 0 where one of them is nothing.
double Cosine(std::span<const float> a, std::span<const float> b);

// The different words of a text, by hash and in order. A word is a run of ASCII letters and digits, whatever their
// case, and bytes outside ASCII.
std::vector<size_t> WordHashes(std::string_view text);

// Of the words of two texts together, the part that both have; 0 where neither has a word.
double WordOverlap(std::span<const size_t> a, std::span<const size_t> b);

}  // namespace atelier
