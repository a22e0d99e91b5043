// One ranking of two: what words found and what vectors found.
//
//   reciprocal_rank  sum over the legs of 1 / (k + rank)                    [Cormack, Clarke, Büttcher, SIGIR 2009]
//   relative_score   each leg's scores from its least to its greatest become 0 to 1, then a weighted sum
//   convex           each leg's scores from the least that is possible (0 of BM25, -1 of a cosine) to the greatest
//   found
//                    become 0 to 1, then a weighted sum                     [Bruch, Gai, Ingber, arXiv:2210.11934]
// A leg that did not find a chunk gives it 0.
#pragma once

#include <string>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "knowledge/retrieve/retrieval_config.h"

namespace atelier {

struct Ranked {
  std::string chunk_id;
  double score = 0;  // convex and relative_score: in [0, 1]
};

// Best first, ties by chunk_id. A search with one leg alone keeps that leg's order.
std::vector<Ranked> Fuse(const std::vector<Found>& found, const FusionConfig& config);

}  // namespace atelier
