#!/usr/bin/env python3
"""Our tokenizer beside the PyPI package `tokenizers`: 10 MB of prose and of source code, one thread, one run.

    python3 -m pip install tokenizers==0.23.3 gguf==0.19.0
    cmake --build build/release --target atelier_model_tokenizer_bench
    python3 bench/tokenizer_bench.py [--build build/release] [--model SmolLM2.gguf] [--runs 5]

Prose is documentation under /usr/share/doc and /usr/share/perl, source code is Python's library and C headers. The
two take turns, and medians are printed.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
BYTES = 10_000_000


def machine():
    lines = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(lines)} x {lines[0]}" if lines else "an unknown machine"


def gather(places, suffixes):
    parts, size = [], 0
    for place in places:
        for path in sorted(pathlib.Path(place).rglob("*")):
            if not path.is_file() or not path.name.lower().endswith(suffixes):
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            parts.append(text)
            size += len(text.encode())
            if size >= BYTES:
                return "".join(parts).encode()[:BYTES].decode(errors="ignore")
    text = "".join(parts)
    return (text * (BYTES // max(1, size) + 1)).encode()[:BYTES].decode(errors="ignore")


def cut(text, piece):
    """Pieces of about `piece` bytes that end with a line, as tokenizer_bench.cc cuts them."""
    data, at, out = text.encode(), 0, []
    while at < len(data):
        end = len(data)
        if at + piece < len(data):
            line = data.rfind(b"\n", at, at + piece + 1)
            end = at + piece if line <= at else line + 1
        out.append(data[at:end].decode(errors="replace"))
        at = end
    return out


def peer_seconds(tokenizer, texts):
    start = time.perf_counter()
    tokens = sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)
    return time.perf_counter() - start, tokens


def our_seconds(program, name, env):
    out = subprocess.run([program, f"--benchmark_filter=EncodeText/{name}$", "--benchmark_format=json",
                          "--benchmark_min_time=0.5"], env=env, check=True, capture_output=True, text=True).stdout
    run = json.loads(out)["benchmarks"][0]
    return run["real_time"] / 1e3, int(run["tokens"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path.home() /
                        ".atelier/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    import tokenizers
    from tokenizers import pre_tokenizers
    from golden_tokenizers import byte_level, read_gguf
    peer = byte_level(read_gguf(args.model), pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    program = str(args.build / "atelier_model_tokenizer_bench")
    texts = {
        "prose": gather(["/usr/share/doc", "/usr/share/perl"], (".txt", ".md", ".html", "readme", "copyright", "news",
                                                                ".pod", ".rst")),
        "source code": gather([pathlib.Path(os.__file__).parent, "/usr/include"], (".py", ".h", ".hpp")),
    }
    print(f"tokenizers {tokenizers.__version__}, SmolLM2's vocabulary, one thread, medians of {args.runs}, on {machine()}\n")
    print("| text | cut | ours MB/s | tokenizers MB/s | ratio |\n|---|---|---|---|---|")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for kind, text in texts.items():
            file.seek(0)
            file.truncate()
            file.write(text)
            file.flush()
            env = dict(os.environ, ATELIER_BENCH_VOCABULARY=str(args.model), ATELIER_BENCH_TEXT=file.name)
            size = len(text.encode()) / 1e6
            for name, label, piece in (("whole", "one piece", 1 << 30), ("pieces_10kB", "10 kB", 10_000)):
                pieces = cut(text, piece)
                ours, theirs, counts = [], [], set()
                for _ in range(args.runs):
                    seconds, tokens = our_seconds(program, name, env)
                    ours.append(seconds)
                    counts.add(tokens)
                    seconds, tokens = peer_seconds(peer, pieces)
                    theirs.append(seconds)
                    counts.add(tokens)
                if len(counts) != 1:
                    print(f"token counts differ: {counts}")
                a, b = size / statistics.median(ours), size / statistics.median(theirs)
                print(f"| {kind} | {label} | {a:.1f} | {b:.2f} | {a / b:.1f} |", flush=True)


if __name__ == "__main__":
    main()
