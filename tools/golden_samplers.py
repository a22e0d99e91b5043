#!/usr/bin/env python3
"""Writes tests/golden/engine_sample/warpers.json: what PyPI transformers' logits warpers leave of random logits, for
src/engine/sampler_golden_test.cc to compare with.

    pip install torch transformers
    tools/golden_samplers.py

Warpers run in the order of docs/sampling.md: repetition penalty, temperature, top-k, typical, top-p, min-p.
"""
import json
import pathlib
import random

import torch
from transformers.generation import logits_process as warpers

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/engine_sample/warpers.json"
VOCABULARY = 60
CASES = [
    {"temperature": 0.7}, {"temperature": 1.6}, {"top_k": 5}, {"top_k": 1}, {"top_p": 0.9}, {"top_p": 0.35},
    {"min_p": 0.1}, {"min_p": 0.5}, {"typical_p": 0.9}, {"typical_p": 0.4}, {"typical_p": 0.15},
    {"repetition_penalty": 1.3}, {"repetition_penalty": 0.8},
    {"temperature": 0.6, "top_p": 0.8}, {"temperature": 1.7, "min_p": 0.15}, {"temperature": 1.4, "typical_p": 0.6},
    {"top_k": 12, "top_p": 0.75}, {"top_k": 20, "typical_p": 0.5, "top_p": 0.8},
    {"repetition_penalty": 1.5, "temperature": 0.8, "top_k": 25, "top_p": 0.9, "min_p": 0.05},
    {"repetition_penalty": 1.2, "temperature": 1.3, "top_k": 30, "typical_p": 0.85, "top_p": 0.9, "min_p": 0.02},
]


def chain(params):
    if "repetition_penalty" in params:
        yield warpers.RepetitionPenaltyLogitsProcessor(params["repetition_penalty"])
    if "temperature" in params:
        yield warpers.TemperatureLogitsWarper(params["temperature"])
    if "top_k" in params:
        yield warpers.TopKLogitsWarper(params["top_k"])
    if "typical_p" in params:
        yield warpers.TypicalLogitsWarper(params["typical_p"])
    if "top_p" in params:
        yield warpers.TopPLogitsWarper(params["top_p"])
    if "min_p" in params:
        yield warpers.MinPLogitsWarper(params["min_p"])


def main():
    rng = random.Random(20260731)
    cases = []
    for params in CASES:
        logits = [round(rng.gauss(0.5, 1.8), 3) for _ in range(VOCABULARY)]
        history = [rng.randrange(VOCABULARY) for _ in range(12)]
        scores = torch.tensor([logits], dtype=torch.float64)
        for warper in chain(params):
            scores = warper(torch.tensor([history]), scores)
        probabilities = torch.softmax(scores, -1)[0].tolist()
        cases.append({"params": params, "logits": logits, "history": history,
                      "left": [[i, float(f"{p:.9g}")] for i, p in enumerate(probabilities) if p > 0]})
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    GOLDEN.write_text(f'{{"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
