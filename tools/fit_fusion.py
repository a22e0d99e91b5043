#!/usr/bin/env python3
"""Which way of making one ranking of two does best, over what `atelier eval retrieval --legs FILE` wrote.

    tools/fit_fusion.py LEGS.jsonl...

Prints nDCG@10 of each leg alone, and of each method and weight of the vectors, a column a file. Methods differ in what
becomes 0 of a leg's scores (the greatest found becomes 1, and what a leg did not find is 0):

    possible    the least that is possible: 0 of BM25, -1 of a cosine
    found       the least found in either leg
    mixed       0 of BM25, the least found of a cosine
    deviations  both legs by how many standard deviations above their mean; what was not found is two below
    quoted      0 of BM25, the 100th likeness; the vectors' weight is less by itself times said ** power, but at least
                the last figure; `said` is the share of the question's terms that the best by words has, as the file
                has it (src/knowledge/retrieve/fusion.h)
"""
import json
import math
import statistics
import sys

WEIGHTS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
POWERS = [1, 1.5, 2, 3]
LEAST_WEIGHTS = [0.05, 0.02]


def ndcg(ranking, relevant):
    gain = sum(relevant.get(name, 0) / math.log2(at + 2) for at, name in enumerate(ranking[:10]))
    ideal = sum(grade / math.log2(at + 2) for at, grade in enumerate(sorted(relevant.values(), reverse=True)[:10]))
    return gain / ideal if ideal else 0.0


def by_document(rows, scores):
    best = {}
    for (name, *_), score in zip(rows, scores):
        best[name] = max(best.get(name, -1e9), score)
    return sorted(best, key=lambda name: (-best[name], name))


def scaled(leg, least):
    there = [score for score in leg if score is not None]
    if not there:
        return [0.0] * len(leg)
    low, high = (min(there) if least is None else least), max(there)
    span = high - low
    return [0.0 if score is None else (max(0.0, (score - low) / span) if span > 0 else 1.0) for score in leg]


def deviations(leg):
    there = [score for score in leg if score is not None]
    if len(there) < 2:
        return [0.0 if score is None else 1.0 for score in leg]
    mean, spread = statistics.fmean(there), statistics.pstdev(there) or 1.0
    return [-2.0 if score is None else (score - mean) / spread for score in leg]


METHODS = {
    "possible": lambda text, vector: (scaled(text, 0.0), scaled(vector, -1.0)),
    "found": lambda text, vector: (scaled(text, None), scaled(vector, None)),
    "mixed": lambda text, vector: (scaled(text, 0.0), scaled(vector, None)),
    "deviations": lambda text, vector: (deviations(text), deviations(vector)),
}


def quoted(query, weight, power, least_weight):
    text, vector = [row[1] for row in query["found"]], [row[2] for row in query["found"]]
    likeness = sorted((score for score in vector if score is not None), reverse=True)
    weight = max(least_weight, weight * (1 - query["said"] ** power))
    least = likeness[min(99, len(likeness) - 1)] if likeness else None
    return [(1 - weight) * a + weight * b for a, b in zip(scaled(text, 0.0), scaled(vector, least))]


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def mean_ndcg(queries, scores_of):
    return statistics.fmean(ndcg(by_document(q["found"], scores_of(q)), q["relevant"]) for q in queries)


def leg(query, column):
    return [-1e9 if row[column] is None else row[column] for row in query["found"]]


def main():
    sets = [read(path) for path in sys.argv[1:]]
    if not sets:
        sys.exit(__doc__)

    def show(name, scores_of):
        figures = [mean_ndcg(queries, scores_of) for queries in sets]
        print(f"{name:20}" + "".join(f" {figure:.4f}" for figure in figures) + f"   {statistics.fmean(figures):.4f}")

    show("words", lambda q: leg(q, 1))
    show("vectors", lambda q: leg(q, 2))
    for name, method in METHODS.items():
        for weight in WEIGHTS:
            def fused(query):
                text, vector = method([row[1] for row in query["found"]], [row[2] for row in query["found"]])
                return [(1 - weight) * a + weight * b for a, b in zip(text, vector)]
            show(f"{name} {weight}", fused)
    for weight in WEIGHTS[1:5]:
        for power in POWERS:
            for least in LEAST_WEIGHTS:
                show(f"quoted {weight} {power} {least}", lambda q: quoted(q, weight, power, least))


if __name__ == "__main__":
    main()
