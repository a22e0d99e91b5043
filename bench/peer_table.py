#!/usr/bin/env python3
"""Prefill and decode speed of Atelier beside llama.cpp's, on the same model files, as a Markdown table.

    bench/peer_table.py --peer NAME=DIR [--peer NAME=DIR ...] [--atelier PROGRAM] MODEL.gguf...

DIR holds llama.cpp's programs, built in its ordinary way from the source distribution of PyPI's llama-cpp-python:

    pip download --no-deps --no-binary :all: llama-cpp-python
    cmake -S vendor/llama.cpp -B build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON && cmake --build build -j

Several builds of it may take part (on some machines one without AMX is faster, or the only one that runs); the ratios
are to the best of them, cell by cell. Other formats of a model are made with its llama-quantize --allow-requantize.
All programs run in turn, round by round, so that a change in the machine's load meets them alike; the table shows
medians over rounds, in tokens per second. The median of Atelier's own repetitions is not used: each round has one.
"""
import argparse
import functools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

PHASES = ("prefill", "decode")
ROOT = pathlib.Path(__file__).resolve().parents[1]


def run_json(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{command[0]}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return json.loads(result.stdout)


def peer_once(folder, args, model, threads):
    """One repetition each of prefill and decode: {"prefill": tokens/s, "decode": tokens/s}."""
    rows = run_json([str(folder / "llama-bench"), "-m", str(model), "-t", str(threads), "-r", "1",
                     "-p", str(args.prefill), "-n", str(args.decode), "-o", "json"])
    return {"prefill" if row["n_prompt"] else "decode": row["avg_ts"] for row in rows}


def atelier_once(args, model, threads):
    figures = run_json([str(args.atelier), "bench", str(model), "--json", "--threads", str(threads), "--prefill",
                        str(args.prefill), "--decode", str(args.decode), "--repetitions", "1"])
    return {phase: figures[f"{phase}_tokens_per_s"] for phase in PHASES}


def measure(args, model, threads):
    """Medians over rounds: {"atelier": {"prefill": ...}, "llama.cpp": {...}}."""
    programs = {"atelier": atelier_once}
    for name, folder in args.peer:
        programs[name] = functools.partial(peer_once, folder)
    samples = {name: [] for name in programs}
    for _ in range(args.rounds):
        for name, once in programs.items():
            samples[name].append(once(args, model, threads))
    return {name: {phase: statistics.median(sample[phase] for sample in taken) for phase in PHASES}
            for name, taken in samples.items()}


def machine():
    """The processor's name and what the system gives us of it."""
    name = platform.processor() or platform.machine()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def print_table(args, rows):
    print(f"{machine()}; prefill {args.prefill}, decode {args.decode} tokens; "
          f"tokens/s, medians of {args.rounds} rounds\n")
    names = list(rows[0][2])
    header = ["model", "threads"] + [f"{phase}, {name}" for phase in PHASES for name in names]
    header += [f"{phase}, times the best peer" for phase in PHASES]
    print("| " + " | ".join(header) + " |")
    print("|---" * len(header) + "|")
    for model, threads, figures in rows:
        cells = [model.stem, str(threads)]
        cells += [f"{figures[name][phase]:,.0f}" for phase in PHASES for name in names]
        for phase in PHASES:
            best = max(figures[name][phase] for name in names[1:])
            cells.append(f"**{figures['atelier'][phase] / best:.2f}**")
        print("| " + " | ".join(cells) + " |")


def named_folder(text):
    name, equals, folder = text.partition("=")
    if not equals or not (pathlib.Path(folder) / "llama-bench").is_file():
        raise argparse.ArgumentTypeError(f"got {text}, want NAME=DIR with a llama-bench in DIR")
    return name, pathlib.Path(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--peer", type=named_folder, action="append", required=True, metavar="NAME=DIR")
    parser.add_argument("--atelier", type=pathlib.Path, default=ROOT / "build/release/atelier", help="our program")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=64)
    args = parser.parse_args()
    rows = [(model, threads, measure(args, model, threads)) for model in args.models for threads in args.threads]
    print_table(args, rows)


if __name__ == "__main__":
    main()
