#!/usr/bin/env python3
"""What a search costs as the collection grows: vectors and chunks, a table and a plot of both axes' logarithms.

    make_retrieval_sets.py writes SETS; pip install numpy
    bench/index_cost.py SETS FOLDER --vectors build/release/atelier_knowledge_index_vector_bench \\
        --text build/release/atelier_knowledge_index_text_bench --plot docs/figures/index_cost.svg

Vectors are made by the recipe of make_retrieval_sets.py, so many as are asked for; chunks are those of SETS, once and
ten times over. FOLDER keeps what was made.
"""
import argparse
import json
import math
import os
import pathlib
import re
import shutil
import subprocess

NUM_QUERIES, DIMENSIONS = 1000, 384


def make_vectors(folder, num):
    """base.f32, query.f32, and truth.u32: each query's ten neighbours by the whole multiplication."""
    import numpy as np
    random = np.random.default_rng(1)
    centres = random.standard_normal((2000, 32)).astype("f4")
    lift = (random.standard_normal((32, DIMENSIONS)) / np.sqrt(32)).astype("f4")

    def points(n):
        inner = 0.7 * centres[random.integers(0, 2000, n)] + 0.7 * random.standard_normal((n, 32)).astype("f4")
        outer = np.tanh(inner @ lift) + 0.1 * random.standard_normal((n, DIMENSIONS)).astype("f4")
        return (outer / np.linalg.norm(outer, axis=1, keepdims=True)).astype("f4")

    step = 100_000
    base = np.concatenate([points(min(step, num - i)) for i in range(0, num, step)])
    query = points(NUM_QUERIES)
    best, ids = np.full((NUM_QUERIES, 10), -9, "f4"), np.zeros((NUM_QUERIES, 10), "i8")
    for i in range(0, num, step):
        scores = query @ base[i:i + step].T
        top = np.argpartition(-scores, 10, axis=1)[:, :10]
        both = np.concatenate([best, np.take_along_axis(scores, top, 1)], 1)
        both_ids = np.concatenate([ids, top + i], 1)
        order = np.argsort(-both, 1)[:, :10]
        best, ids = np.take_along_axis(both, order, 1), np.take_along_axis(both_ids, order, 1)
    base.tofile(folder / "base.f32")
    query.tofile(folder / "query.f32")
    ids.astype("<u4").tofile(folder / "truth.u32")


def vector_rows(bench, folder, sizes):
    for num in sizes:
        at = folder / f"vectors-{num}"
        at.mkdir(exist_ok=True)
        if not (at / "truth.u32").exists():
            make_vectors(at, num)
        build = [bench, "build", at / "base.f32", str(DIMENSIONS), at / "segment", "2"]
        built = json.loads(subprocess.run(build, capture_output=True, check=True).stdout)
        row = {"num": num, "build_s": built["build_s"], "bytes": built["bytes_beside"]}
        for name, recall, mode in (("0.95", "0.95", "single"), ("0.99", "0.99", "single"), ("filter", "1", "filter")):
            search = [bench, "search", at / "segment", at / "query.f32", at / "truth.u32", recall, mode]
            found = json.loads(subprocess.run(search, capture_output=True, check=True).stdout)
            row[name], row[name + " recall"] = 1e6 / found["qps"], found["recall"]
        yield row


def text_rows(bench, sets, folder, times):
    for n in times:
        at = folder / f"chunks-{n}"
        if not at.exists():
            at.mkdir()
            lines = (sets / "chunks.jsonl").read_bytes()
            (at / "chunks.jsonl").write_bytes(lines * n)
            for name in ("queries.txt", "phrases.txt"):
                shutil.copy(sets / name, at / name)
        run = subprocess.run([bench, "--benchmark_format=json", "--benchmark_filter=IndexText|Queries"],
                             env=dict(os.environ, ATELIER_RETRIEVAL_SETS=str(at)), capture_output=True, check=True)
        row = {"num": sum(1 for _ in open(at / "chunks.jsonl", "rb"))}
        for one in json.loads(run.stdout)["benchmarks"]:
            if one["name"] == "IndexText":
                row["MB_s"], row["MB"] = one["bytes_per_second"] / 1e6, one["segment_MB"]
            else:
                row[re.sub(".*/", "", one["name"])] = (1e6 / one["best_round_qps"], one["p99_us"])
        yield row


def plot(path, lines):
    """Lines of (label, [(x, y)]) over the logarithms of both."""
    width, height, left, bottom = 640, 400, 70, 50
    points = [p for _, line in lines for p in line]
    low = [math.floor(math.log10(min(p[i] for p in points))) for i in (0, 1)]
    high = [math.ceil(math.log10(max(p[i] for p in points))) for i in (0, 1)]

    def at(p):
        share = [(math.log10(p[i]) - low[i]) / (high[i] - low[i]) for i in (0, 1)]
        return left + share[0] * (width - left - 150), (height - bottom) - share[1] * (height - bottom - 20)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
             'font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for i in (0, 1):
        for power in range(low[i], high[i] + 1):
            x, y = at((10.0 ** power, 10.0 ** low[1]) if i == 0 else (10.0 ** low[0], 10.0 ** power))
            end = (x, 20) if i == 0 else (width - 150, y)
            parts.append(f'<line x1="{x}" y1="{y}" x2="{end[0]}" y2="{end[1]}" stroke="#ddd"/>')
            place = f'x="{x}" y="{y + 18}" text-anchor="middle"' if i == 0 else f'x="{x - 8}" y="{y + 4}" text-anchor="end"'
            parts.append(f'<text {place}>{10 ** power:,}</text>')
    for n, (label, line) in enumerate(lines):
        colour = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910")[n % 5]
        drawn = " ".join("{:.1f},{:.1f}".format(*at(p)) for p in line)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x, y = at(line[-1])
        parts.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" fill="{colour}">{label}</text>')
    parts.append(f'<text x="{(width - 80) / 2}" y="{height - 8}" text-anchor="middle">vectors, chunks</text>')
    parts.append('<text x="4" y="14">µs a query, one thread</text></svg>')
    path.write_text("\n".join(parts) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--plot", type=pathlib.Path)
    args = parser.parse_args()
    args.folder.mkdir(exist_ok=True)
    vectors = list(vector_rows(args.vectors, args.folder, (10_000, 100_000, 1_000_000)))
    print("| vectors | built in s | bytes beside | µs at 0.95 | µs at 0.99 | µs, filter 1%, recall 1 |\n|---|---|---|---|---|---|")
    for v in vectors:
        print(f"| {v['num']:,} | {v['build_s']:.1f} | {v['bytes']:.0f} | {v['0.95']:.0f} ({v['0.95 recall']:.4f}) | "
              f"{v['0.99']:.0f} ({v['0.99 recall']:.4f}) | {v['filter']:.0f} ({v['filter recall']:.4f}) |")
    texts = list(text_rows(args.text, args.sets, args.folder, (1, 10)))
    print("\n| chunks | MB/s | MB | OR, µs | p99 | phrase, µs | p99 |\n|---|---|---|---|---|---|---|")
    for t in texts:
        (either, either_99), (phrase, phrase_99) = t["or_words"], t["phrases"]
        print(f"| {t['num']:,} | {t['MB_s']:.0f} | {t['MB']:.1f} | {either:.0f} | {either_99:.0f} | {phrase:.0f} | {phrase_99:.0f} |")
    if args.plot:
        plot(args.plot, [(name, [(v["num"], v[key]) for v in vectors]) for name, key in
                         (("recall 0.95", "0.95"), ("recall 0.99", "0.99"), ("filter of 1%", "filter"))] +
             [(name, [(t["num"], t[key][0]) for t in texts]) for name, key in (("OR words", "or_words"), ("phrases", "phrases"))])


if __name__ == "__main__":
    main()
