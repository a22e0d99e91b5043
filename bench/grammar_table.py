#!/usr/bin/env python3
"""Schemas kept, masks and compile times of Atelier, llguidance and xgrammar, on the same schemas, tokens and machine.

    pip install llguidance==1.9.1 xgrammar==0.2.8 tokenizers gguf
    bench/grammar_table.py build/release/atelier schemas.jsonl [--limit N]
    bench/grammar_table.py build/release/atelier grammars.jsonl     # of bench/stack_grammars.py

Atelier cuts the instances into tokens of the model's vocabulary and hands vocabulary and tokens to the others, which run
in processes of their own, one thread each, any key order and white space. A mask is timed before every token of the valid
instances; a compile from the schema's text. xgrammar's compiler takes seconds for some schemas: --xgrammar-every K gives
it every K-th schema only.
"""
import argparse
import base64
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def quantile(values, share):
    values = sorted(values)
    return values[int(share * (len(values) - 1))] if values else 0.0


def summary(values):
    return {"num": len(values), "median": quantile(values, 0.5), "mean": statistics.fmean(values) if values else 0.0,
            "p99": quantile(values, 0.99)}


class LlGuidance:
    """It cuts forced text with the model's own tokenizer, which it wants as tokenizer.json says it."""

    def __init__(self, pieces, end, model):
        import llguidance
        import llguidance.numpy
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
        from golden_tokenizers import byte_level, read_gguf
        from tokenizers import pre_tokenizers
        cut = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
        self.guidance = llguidance
        self.numpy = llguidance.numpy
        self.tokenizer = llguidance.LLTokenizer(byte_level(read_gguf(model), cut).to_str(), n_vocab=len(pieces),
                                                eos_token=end)
        self.mask = self.numpy.allocate_token_bitmask(1, len(pieces))

    def compile(self, schema, is_schema):
        if is_schema:
            grammar = self.guidance.LLMatcher.grammar_from_json_schema(schema)
        else:
            from llguidance.gbnf_to_lark import any_to_lark
            grammar = self.guidance.LLMatcher.grammar_from_lark(any_to_lark(schema))
        matcher = self.guidance.LLMatcher(self.tokenizer, grammar)
        if matcher.is_error():
            raise ValueError(matcher.get_error())
        return matcher

    def start(self, compiled):
        return compiled.deep_copy()

    def fill(self, matcher):
        self.numpy.fill_next_token_bitmask(matcher, self.mask, 0)

    def allowed(self, token):
        return (int(self.mask[0, token // 32]) >> (token % 32)) & 1

    def accept(self, matcher, token):
        return matcher.consume_token(token)

    def ended(self, matcher):
        return matcher.is_accepting()


class XGrammar:
    def __init__(self, pieces, end, _model):
        import xgrammar
        self.xgrammar = xgrammar
        info = xgrammar.TokenizerInfo(pieces, xgrammar.VocabType.RAW, vocab_size=len(pieces), stop_token_ids=[end])
        self.compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        self.mask = xgrammar.allocate_token_bitmask(1, len(pieces))
        self.rows = self.mask.numpy()

    def compile(self, schema, is_schema):
        if not is_schema:
            return self.compiler.compile_grammar(schema)
        return self.compiler.compile_json_schema(schema, any_whitespace=True, strict_mode=False)

    def start(self, compiled):
        return self.xgrammar.GrammarMatcher(compiled)

    def fill(self, matcher):
        matcher.fill_next_token_bitmask(self.mask)

    def allowed(self, token):
        return (int(self.rows[0, token // 32]) >> (token % 32)) & 1

    def accept(self, matcher, token):
        return matcher.accept_token(token)

    def ended(self, matcher):
        return matcher.is_completed() if hasattr(matcher, "is_completed") else matcher.is_terminated()


def follow(engine, matcher, tokens, times):
    for token in tokens:
        begin = time.perf_counter()
        engine.fill(matcher)
        times.append((time.perf_counter() - begin) * 1e6)
        if not engine.allowed(token) or not engine.accept(matcher, token):
            return False
    return engine.ended(matcher)


def measure(name, path, every, model):
    with open(path, encoding="utf-8") as file:
        head = json.loads(file.readline())
        engine = {"llguidance": LlGuidance, "xgrammar": XGrammar}[name](
            [base64.b64decode(piece) for piece in head["pieces"]], head["end"], model)
        result = dict(schemas=0, right=0, refused=0, invalid_accepted=0, valid_rejected=0)
        compiles, masks = [], []
        for number, line in enumerate(file):
            if number % every:
                continue
            row = json.loads(line)
            result["schemas"] += 1
            is_schema = "grammar" not in row
            schema = json.dumps(row["schema"]) if is_schema else row["grammar"]
            begin = time.perf_counter()
            try:
                compiled = engine.compile(schema, is_schema)
            except Exception:  # each engine has its own kinds
                result["refused"] += 1
                continue
            finally:
                compiles.append((time.perf_counter() - begin) * 1e3)
            right = True
            for test in row["tests"]:
                accepted = follow(engine, engine.start(compiled), test["tokens"], masks if test["valid"] else [])
                right = right and bool(accepted) == test["valid"]
                result["invalid_accepted"] += bool(accepted) and not test["valid"]
                result["valid_rejected"] += test["valid"] and not accepted
            result["right"] += right
    print(json.dumps({**result, "compile_ms": summary(compiles), "mask_us": summary(masks)}))


def table(results):
    print("| | schemas | right | refused | invalid accepted | valid rejected | mask µs: median, mean, p99 | "
          "compile ms: median, p99 |\n|---|---|---|---|---|---|---|---|")
    for name, r in results.items():
        m, c = r["mask_us"], r["compile_ms"]
        print(f"| {name} | {r['schemas']} | {r['right']} | {r['refused']} | {r['invalid_accepted']} | "
              f"{r['valid_rejected']} | {m['median']:.1f}, {m['mean']:.1f}, {m['p99']:.0f} | "
              f"{c['median']:.2f}, {c['p99']:.1f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("atelier")
    parser.add_argument("schemas")
    parser.add_argument("--model", default=pathlib.Path.home() /
                        ".atelier/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--xgrammar-every", type=int, default=10)
    parser.add_argument("--peers", default="llguidance,xgrammar")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        return measure(args.measure, args.schemas, args.xgrammar_every if args.measure == "xgrammar" else 1, args.model)
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(args.schemas).read_text(encoding="utf-8").splitlines(keepends=True)
        chosen = pathlib.Path(folder, "schemas.jsonl")
        chosen.write_text("".join(lines[:args.limit or None]), encoding="utf-8")
        tokens = pathlib.Path(folder, "tokens.jsonl")
        run = lambda *command: json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        run(args.atelier, "--json", "grammar", "bench", chosen, "--write", tokens)
        results = {"atelier": run(args.atelier, "--json", "grammar", "bench", chosen),
                   "atelier, as served": run(args.atelier, "--json", "grammar", "bench", chosen, "--served")}
        for peer in filter(None, args.peers.split(",")):
            results[peer] = run(sys.executable, __file__, args.atelier, tokens, "--measure", peer, "--model", args.model,
                                "--xgrammar-every", str(args.xgrammar_every))
        table(results)


if __name__ == "__main__":
    main()
