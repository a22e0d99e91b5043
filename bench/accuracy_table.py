#!/usr/bin/env python3
"""How far Atelier's and llama.cpp's logits are from the same weights in F32, on the same tokens, as a Markdown table.

    bench/accuracy_table.py --peer-bin DIR --peer-python DIR --text prose.txt MODEL.gguf... >> reports.jsonl
    bench/accuracy_table.py --table reports.jsonl

The peer comes from the source distribution of PyPI's llama-cpp-python: --peer-bin is where its llama.cpp was built
(bench/peer_table.py says how) and holds libllama.so, --peer-python is the unpacked distribution, whose ctypes bindings
reach it (they import numpy, diskcache and jinja2). The peer cuts the text into tokens; both programs read them in
pieces of --piece, each from an empty cache, with an F16 and with a Q8_0 cache. The peer's logits go to
`atelier models accuracy` through pipes, as F32, so that both sides are judged by the same arithmetic. With --skip and --tokens a text can be measured in parts; the table
joins the reports of one model.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

CACHES = {"f16": 1, "q8_0": 8}  # ggml_type
BATCH = 512  # tokens of one llama_decode, the peer's own default


def load_peer(args):
    os.environ["LLAMA_CPP_LIB_PATH"] = str(args.peer_bin)
    sys.path.insert(0, str(args.peer_python))
    from llama_cpp import llama_cpp as peer  # pylint: disable=import-outside-toplevel
    return peer


def open_model(peer, path, vocab_only=False):
    silent = peer.llama_log_callback(lambda level, text, data: None)
    peer.llama_log_set(silent, None)
    open_model.keep = silent  # ctypes callbacks die with their last reference
    peer.llama_backend_init()
    params = peer.llama_model_default_params()
    params.vocab_only = vocab_only
    model = peer.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        sys.exit(f"{path}: llama.cpp cannot load it")
    return model


def tokenize(args, path):
    """The text's --tokens ids after --skip, by the peer's tokenizer."""
    peer = load_peer(args)
    model = open_model(peer, path, vocab_only=True)
    text = args.text.read_bytes()
    ids = (peer.llama_token * (len(text) + 16))()
    count = peer.llama_tokenize(peer.llama_model_get_vocab(model), text, len(text), ids, len(ids), False, False)
    wanted = args.skip + args.tokens
    if count < wanted:
        sys.exit(f"{args.text}: got {count} tokens, want {wanted}")
    return list(ids[args.skip:wanted])


def write_logits(args, path, cache, ids, out):
    """Logits of every token of every piece but its last, [V] f32 each."""
    import ctypes  # pylint: disable=import-outside-toplevel
    peer = load_peer(args)
    model = open_model(peer, path)
    params = peer.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = args.piece, BATCH, BATCH
    params.n_threads = params.n_threads_batch = args.threads
    params.type_k = params.type_v = CACHES[cache]
    params.flash_attn_type = 1 if cache == "q8_0" else -1  # a quantised cache of values wants it; else its own choice
    context = peer.llama_init_from_model(model, params)
    if not context:
        sys.exit(f"{path}: llama.cpp makes no context with a {cache} cache")
    vocabulary = peer.llama_vocab_n_tokens(peer.llama_model_get_vocab(model))
    batch = peer.llama_batch_init(BATCH, 0, 1)
    for start in range(0, len(ids) - args.piece + 1, args.piece):
        peer.llama_memory_clear(peer.llama_get_memory(context), True)
        for begin in range(0, args.piece - 1, BATCH):
            rows = min(BATCH, args.piece - 1 - begin)
            batch.n_tokens = rows
            for i in range(rows):
                batch.token[i] = ids[start + begin + i]
                batch.pos[i] = begin + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = 1
            if peer.llama_decode(context, batch) != 0:
                sys.exit(f"{path}: llama_decode failed")
            logits = peer.llama_get_logits(context)
            out.write(ctypes.string_at(ctypes.addressof(logits.contents), rows * vocabulary * 4))
    out.flush()


def measure(args, path):
    """The report of `atelier models accuracy` over our logits and the peer's."""
    ids = tokenize(args, path)
    with tempfile.TemporaryDirectory() as folder:
        ids_path = pathlib.Path(folder, "ids.txt")
        ids_path.write_text(" ".join(map(str, ids)))
        command = [str(args.atelier), "models", "accuracy", str(path), "--json", "--token-ids", str(ids_path),
                   "--tokens", str(args.tokens), "--piece", str(args.piece), "--threads", str(args.threads)]
        peers = []
        for cache in CACHES:
            pipe = pathlib.Path(folder, cache)
            os.mkfifo(pipe)
            command += ["--logits", f"llama.cpp {cache}={pipe}"]
            peers.append(subprocess.Popen([sys.executable, __file__, *sys.argv[1:], "--write-logits", cache, str(path),
                                           str(ids_path), str(pipe)]))
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        finally:
            for peer in peers:
                peer.terminate()
                peer.wait()
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stderr[-2000:]}")
    return json.loads(result.stdout)


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
    parser.add_argument("--peer-bin", type=pathlib.Path)
    parser.add_argument("--peer-python", type=pathlib.Path)
    parser.add_argument("--atelier", type=pathlib.Path, default=pathlib.Path("build/release/atelier"))
    parser.add_argument("--text", type=pathlib.Path)
    parser.add_argument("--skip", type=int, default=0, help="tokens at the text's beginning to pass over")
    parser.add_argument("--tokens", type=int, default=20480)
    parser.add_argument("--piece", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write-logits", nargs=4, metavar=("CACHE", "MODEL", "IDS", "OUT"),
                        help="what this script starts for each of the peer's caches")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    if args.table:
        print_table(args.table.read_text().splitlines())
    elif args.write_logits:
        cache, model, ids, out = args.write_logits
        with open(out, "wb") as pipe:
            write_logits(args, model, cache, [int(i) for i in pathlib.Path(ids).read_text().split()], pipe)
    else:
        for path in args.models:
            print(json.dumps(measure(args, path)), flush=True)


if __name__ == "__main__":
    main()
