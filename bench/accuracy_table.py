#!/usr/bin/env python3
"""How far Atelier's and llama.cpp's logits are from the same weights in F32, on the same tokens, as a Markdown table.

    bench/accuracy_table.py --peer-source DIR --peer-build DIR --text prose.txt MODEL.gguf... >> reports.jsonl
    bench/accuracy_table.py --table reports.jsonl

The peer is llama.cpp as bench/peer_table.py says: its source tree, and the folder where it was built with
-DBUILD_SHARED_LIBS=OFF; bench/peer_logits.cc is compiled against both. The peer cuts the text into tokens; both programs
read them in pieces of --piece, each from an empty cache, with an F16 and with a Q8_0 cache. The peer's logits go to
`atelier models accuracy` through files, as F32, so that both sides are judged by the same arithmetic. A text is measured
in parts of --part, each a report of its own, as logits are large: 0.2 MB a token for a vocabulary of 49,152. With --skip
and --tokens a part can be measured alone; the table joins the reports of one model.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

CACHES = ("f16", "q8_0")
PEER_LIBRARIES = ("src/libllama.a", "ggml/src/libggml.a", "ggml/src/libggml-cpu.a", "ggml/src/libggml-base.a")


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stderr[-2000:]}")
    return result.stdout


def build_peer_logits(args, folder):
    program = pathlib.Path(folder, "peer_logits")
    run(["c++", "-std=c++20", "-O2", "-o", program, pathlib.Path(__file__).with_name("peer_logits.cc"),
         f"-I{args.peer_source}/include", f"-I{args.peer_source}/ggml/include",
         *(args.peer_build / name for name in PEER_LIBRARIES), "-fopenmp", "-lpthread", "-ldl"])
    return program


def token_ids(args, path, peer_logits):
    wanted = args.skip + args.tokens
    ids = run([peer_logits, "ids", path, args.text]).split()
    if len(ids) < wanted:
        sys.exit(f"{args.text}: got {len(ids)} tokens, want {wanted}")
    return ids[args.skip:wanted]


def measure(args, path, peer_logits, ids, folder):
    """The report of `atelier models accuracy` over our logits and the peer's. One program runs at a time: each has
    threads that spin while they wait, and several at once on the same cores wait for each other."""
    ids_path = pathlib.Path(folder, "ids.txt")
    ids_path.write_text(" ".join(ids))
    command = [args.atelier, "--json", "models", "accuracy", path, "--token-ids", ids_path, "--tokens", str(len(ids)),
               "--piece", str(args.piece), "--threads", str(args.threads)]
    for cache in CACHES:
        logits = pathlib.Path(folder, cache)
        with logits.open("wb") as output:
            words = [peer_logits, "logits", path, ids_path, str(args.piece), cache, str(args.threads)]
            subprocess.run(words, stdout=output, check=True)
        command += ["--logits", f"llama.cpp {cache}={logits}"]
    return json.loads(run(command))


def merge(reports):
    """One report of several over different tokens, all of as many positions."""
    merged = json.loads(json.dumps(reports[0]))
    n = len(reports)
    merged["positions"] = sum(report["positions"] for report in reports)
    merged["f32_perplexity"] = math.exp(sum(math.log(report["f32_perplexity"]) for report in reports) / n)
    for at, row in enumerate(merged["candidates"]):
        rows = [report["candidates"][at] for report in reports]
        row["mean_kl"] = sum(r["mean_kl"] for r in rows) / n
        row["kl_error"] = math.sqrt(sum(r["kl_error"] ** 2 for r in rows)) / n
        row["largest_kl"] = max(r["largest_kl"] for r in rows)
        row["top1_agreement"] = sum(r["top1_agreement"] for r in rows) / n
        row["perplexity"] = math.exp(sum(math.log(r["perplexity"]) for r in rows) / n)
    return merged


def figures(row):
    return (f"{row['mean_kl']:.2e} ± {row['kl_error']:.0e}", f"{100 * row['top1_agreement']:.2f}%",
            f"{row['perplexity']:.4f}")


def print_table(lines):
    by_model = {}
    for line in lines:
        report = json.loads(line)
        by_model.setdefault(pathlib.Path(report["model"]).stem, []).append(report)
    print("| weights | cache | positions | KL, Atelier | KL, llama.cpp | ratio | top-1, Atelier | llama.cpp | "
          "perplexity in F32 | Atelier | llama.cpp |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, reports in by_model.items():
        report = merge(reports)
        rows = {row["name"]: row for row in report["candidates"]}
        for cache in CACHES:
            theirs = rows[f"llama.cpp {cache}"]
            ours = next(row for name, row in rows.items() if name.endswith(f" {cache}") and row is not theirs)
            kl, top, perplexity = figures(ours)
            peer_kl, peer_top, peer_perplexity = figures(theirs)
            print(f"| {name} | {cache.upper()} | {report['positions']} | {kl} | {peer_kl} | "
                  f"{ours['mean_kl'] / theirs['mean_kl']:.2f} | {top} | {peer_top} | {report['f32_perplexity']:.4f} | "
                  f"{perplexity} | {peer_perplexity} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=pathlib.Path, metavar="REPORTS", help="print the table of these reports")
    parser.add_argument("--peer-source", type=pathlib.Path, help="llama.cpp's source tree")
    parser.add_argument("--peer-build", type=pathlib.Path, help="where it was built")
    parser.add_argument("--atelier", type=pathlib.Path, default=pathlib.Path("build/release/atelier"))
    parser.add_argument("--text", type=pathlib.Path)
    parser.add_argument("--skip", type=int, default=0, help="tokens at the text's beginning to pass over")
    parser.add_argument("--tokens", type=int, default=20480)
    parser.add_argument("--part", type=int, default=4096)
    parser.add_argument("--piece", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    if args.table:
        print_table(args.table.read_text().splitlines())
        return
    with tempfile.TemporaryDirectory() as folder:
        peer_logits = build_peer_logits(args, folder)
        for path in args.models:
            ids = token_ids(args, path, peer_logits)
            for begin in range(0, len(ids), args.part):
                part = ids[begin:begin + args.part]
                print(json.dumps(measure(args, path, peer_logits, part, folder)), flush=True)


if __name__ == "__main__":
    main()
