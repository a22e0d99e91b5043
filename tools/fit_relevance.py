#!/usr/bin/env python3
"""Fit the weights of src/knowledge/sentence_choice.cc to judged questions (needs numpy).

    atelier eval answers tests/knowledge/questions/open.jsonl --corpus questions --figures figures.jsonl
    tools/fit_relevance.py figures.jsonl

Logistic regression with a small penalty over every sentence that was read; beside the weights, how often one of the three
best sentences is right, with weights of the other four fifths of the questions, and how well each figure's best tells
questions that have an answer from those that have none.
"""
import json
import sys

import numpy as np

FIGURES = ("cosine", "share", "share_in_place", "passage", "passage_cosine")


def fit(x, y, penalty=1e-2, steps=3000, rate=0.3):
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    b = np.zeros(z.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-z @ b))
        b -= rate * (z.T @ (p - y) / len(y) + penalty * np.r_[b[:-1], 0])
    weights = b[:-1] / spread
    return weights, b[-1] - (weights * mean).sum()


def auroc(positives, negatives):
    a, b = np.array(positives)[:, None], np.array(negatives)[None]
    return ((a > b) + 0.5 * (a == b)).mean()


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    x = np.array([[row[name] for name in FIGURES] for row in rows])
    y = np.array([row["right"] for row in rows], float)
    question = np.array([row["question"] for row in rows])
    answerable = {row["question"]: row["answerable"] for row in rows}
    weights, bias = fit(x, y)
    print("weights", dict(zip(FIGURES, weights.round(2).tolist())), "bias", round(float(bias), 2))
    ids = np.random.default_rng(0).permutation(sorted(answerable))
    scores = np.zeros(len(y))
    for fold in range(5):
        held_out = np.isin(question, ids[fold::5])
        w, b = fit(x[~held_out], y[~held_out])
        scores[held_out] = x[held_out] @ w + b
    mine = [i for i in ids if answerable[i]]
    hits = sum(y[question == i][np.argsort(-scores[question == i])[:3]].max() > 0 for i in mine)
    print(f"one of three right, held out: {hits} of {len(mine)}")
    for name, values in (*zip(FIGURES, x.T), ("fitted, held out", scores)):
        best = {i: values[question == i].max() for i in ids}
        print(f"AUROC of the best {name}: {auroc([best[i] for i in mine], [best[i] for i in ids if not answerable[i]]):.3f}")


if __name__ == "__main__":
    main()
