// One ranking of two: what words found and what vectors found.
//
//   reciprocal_rank  weighted sum over the legs of (k + 1) / (k + rank)      [Cormack, Clarke, Büttcher, SIGIR 2009]
//   relative_score   each leg's scores from its least to its greatest become 0 to 1, then a weighted sum
//   convex           BM25 from 0, and likeness from that of the 100th best, to the greatest found become 0 to 1, then
//                    a weighted sum                               [after Bruch, Gai, Ingber, arXiv:2210.11934]
// A leg that did not find a chunk gives it 0.
//
// Of convex, likeness is not scaled from -1: a model's cosines may all lie between 0.6 and 0.9, and then to be found at
// all would count more than to be found first. And its weight is less the more of the question's words the best by
// words says: who asks with a document's own words means that document. Both were fitted by tools/fit_fusion.py
// (docs/knowledge.md).
#pragma once

#include <string>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "knowledge/retrieve/retrieval_config.h"

namespace atelier {

struct Ranked {
  std::string chunk_id;
  double score = 0;  // in [0, 1]
};

// Best first, ties by chunk_id. A search with one leg alone keeps that leg's order.
//   said   of the question's terms, the share that stands in what words found best, in [0, 1]
std::vector<Ranked> Fuse(const std::vector<Found>& found, const FusionConfig& config, double said);

}  // namespace atelier
