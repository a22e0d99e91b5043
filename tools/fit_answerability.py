#!/usr/bin/env python3
"""Fit the weights of src/knowledge/answerability.cc to judged questions (needs numpy).

    atelier eval answers tests/knowledge/questions/open.jsonl --corpus questions --cues cues.jsonl
    tools/fit_answerability.py cues.jsonl [OTHER.jsonl ...]

Logistic regression of "the documents answer it" on the cues of each question, with a small penalty; no cue may make an
answer likelier. Beside the weights, held out by five folds and over ten shuffles: AUROC, the expected calibration error
(ten bins of equal width), and accuracy, where a question counts if it is refused and has no answer, or is answered at the
right place. It is refused where that is likelier to be right: below 1 / (1 + r), r the share of answerable questions
whose right place is cited. OTHER: the cues of other questions, judged with these weights.
"""
import json
import sys

import numpy as np

CUES = ("specifics_missing", "quantity_asked", "quantity_missing")
NEAR = 0.02  # answers.refuse_below
FOLDS, SHUFFLES, BINS = 5, 10, 10


def fit(x, y, penalty=2e-2, steps=1500, rate=0.5):
    z = np.c_[-x, np.ones(len(x))]
    b = np.zeros(z.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-z @ b))
        b -= rate * (z.T @ (p - y) / len(y) + penalty * np.r_[b[:-1], 0])
        b[:-1] = np.maximum(b[:-1], 0)
    return -b[:-1], b[-1]


def probability(x, weights, bias):
    return 1 / (1 + np.exp(-(x @ weights + bias)))


def auroc(scores, answerable):
    a, b = scores[answerable][:, None], scores[~answerable][None]
    return ((a > b) + 0.5 * (a == b)).mean()


def calibration_error(p, y):
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    parts = [bins == b for b in range(BINS) if (bins == b).any()]
    return sum(part.sum() * abs(p[part].mean() - y[part].mean()) for part in parts) / len(p)


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    near = np.minimum(1, np.array([row["relevance"] for row in rows]) / NEAR)
    return rows, np.array([[row[name] for name in CUES] for row in rows], float), near


def main():
    rows, x, near = read(sys.argv[1])
    answerable, found = (np.array([row[name] for row in rows]) for name in ("answerable", "found"))
    y = answerable.astype(float)
    refuse_below = 1 / (1 + found[answerable].mean())

    def accuracy(p):
        refused = p < refuse_below
        return np.where(refused, ~answerable, found & answerable).mean()

    def figures(p):
        return np.array([auroc(p, answerable), calibration_error(p, y), accuracy(p)])

    weights, bias = fit(x, y)
    print("weights", dict(zip(CUES, weights.round(2).tolist())), "bias", round(float(bias), 2))
    print(f"refuse below {refuse_below:.3f}; always refusing: accuracy {(~answerable).mean():.3f}")
    held_out = []
    for shuffle in range(SHUFFLES):
        folds = np.random.default_rng(shuffle).permutation(len(y)) % FOLDS
        p = np.zeros(len(y))
        for fold in range(FOLDS):
            w, b = fit(x[folds != fold], y[folds != fold])
            p[folds == fold] = probability(x[folds == fold], w, b)
        held_out.append(figures(p * near))
    for name, values in (("fitted", figures(probability(x, weights, bias) * near)), ("held out", np.mean(held_out, 0))):
        print(f"{name}: AUROC {values[0]:.3f}, calibration error {values[1]:.3f}, accuracy {values[2]:.3f}")
    for path in sys.argv[2:]:
        rows, x, near = read(path)
        p = probability(x, weights, bias) * near
        answerable, found = (np.array([row[name] for row in rows]) for name in ("answerable", "found"))
        y = answerable.astype(float)
        if answerable.any():
            values = figures(p)
            print(f"{path}: AUROC {values[0]:.3f}, calibration error {values[1]:.3f}, accuracy {values[2]:.3f}")
        else:
            print(f"{path}: {len(p)} questions, {(p < refuse_below).mean():.3f} refused, {(near < 1).mean():.3f} by likeness")


if __name__ == "__main__":
    main()
