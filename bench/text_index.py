#!/usr/bin/env python3
"""Our text index beside tantivy, on the sets that make_retrieval_sets.py writes.

    cargo build --release --manifest-path bench/tantivy_peer/Cargo.toml --target-dir /tmp/tantivy_peer
    ninja -C build/release atelier_knowledge_index_text_bench
    bench/text_index.py SETS --bench build/release/atelier_knowledge_index_text_bench \\
        --tantivy /tmp/tantivy_peer/release/tantivy_peer [--rounds 2]

Both run in turn, one thread each; of each figure the best round counts. q/s is that of the best whole round; the
percentiles are over queries, each at its best. Both count all that match and keep the best ten.
"""
import argparse
import json
import os
import re
import subprocess
import tempfile


def ours(bench, sets, language):
    env = dict(os.environ, ATELIER_RETRIEVAL_SETS=sets, ATELIER_LANGUAGE=language)
    command = [bench, "--benchmark_format=json", "--benchmark_filter=IndexText|Queries"]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    figures = {}
    for row in json.loads(run.stdout)["benchmarks"]:
        if row["name"] == "IndexText":
            figures["index_MB_s"], figures["size_MB"] = row["bytes_per_second"] / 1e6, row["segment_MB"]
        else:
            name = "or" if "or_words" in row["name"] else "phrase"
            figures[name] = (row["best_round_qps"], row["p50_us"], row["p99_us"], int(row["num_matching"]))
    return figures


def tantivy(program, sets, tokenizer):
    files = [os.path.join(sets, name) for name in ("chunks.jsonl", "queries.txt", "phrases.txt")]
    with tempfile.TemporaryDirectory() as scratch:
        command = [program, *files, tokenizer, os.path.join(scratch, "index")]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = r"([0-9.]+)"
    index = re.search(rf"index MB/s {number} size_MB {number}", text)
    figures = {"index_MB_s": float(index[1]), "size_MB": float(index[2])}
    for name in ("or", "phrase"):
        whole = re.search(rf"^{name} best_round_qps {number} total_count {number}", text, re.M)
        each = re.search(rf"^{name} qps {number} p50_us {number} p99_us {number}", text, re.M)
        figures[name] = (float(whole[1]), float(each[2]), float(each[3]), int(whole[2]))
    return figures


def better(a, b):
    if a is None:
        return b
    best = {"index_MB_s": max(a["index_MB_s"], b["index_MB_s"]), "size_MB": b["size_MB"]}
    for name in ("or", "phrase"):
        x, y = a[name], b[name]
        best[name] = (max(x[0], y[0]), min(x[1], y[1]), min(x[2], y[2]), y[3])
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets")
    parser.add_argument("--bench", required=True)
    parser.add_argument("--tantivy", required=True)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    contestants = {
        "atelier, en": lambda: ours(args.bench, args.sets, "en"),
        "atelier, none": lambda: ours(args.bench, args.sets, "none"),
        "tantivy, default": lambda: tantivy(args.tantivy, args.sets, "default"),
        "tantivy, en_stem": lambda: tantivy(args.tantivy, args.sets, "en_stem"),
    }
    best = dict.fromkeys(contestants)
    for _ in range(args.rounds):
        for name, run in contestants.items():
            best[name] = better(best[name], run())
    print("| engine, analysis | index MB/s | size MB | OR q/s | p50 us | p99 us | phrase q/s | p50 us | p99 us | OR matches |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, f in best.items():
        o, p = f["or"], f["phrase"]
        print(f"| {name} | {f['index_MB_s']:.1f} | {f['size_MB']:.2f} | {o[0]:,.0f} | {o[1]:.1f} | {o[2]:.1f} | "
              f"{p[0]:,.0f} | {p[1]:.1f} | {p[2]:.1f} | {o[3]:,} |")


if __name__ == "__main__":
    main()
