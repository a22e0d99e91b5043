"""Completions under schemas of all keywords, by the real model and by models of random weights, each judged by two
validators that are not ours.

  tests/models_fuzz/run --completions 10000 --schemas 620 --seconds 5400 [--seed 1] [--cases FILE]

Violations, and completions that were cut where nothing completes them, fail the run. The same seed gives the same
schemas and requests, and each completion is the same whatever runs beside it.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import judge  # noqa: E402
import schemas  # noqa: E402
import serving  # noqa: E402
import tiny_model  # noqa: E402

TINY = {"flat": -4, "peaked": -1}  # name -> exponent of the embedding's weights
LONGEST = 4096
MANY_SCHEMAS = 100  # from which on a share of them means something
PROMPTS = ["Write an example as JSON:\n", " ", "{\"", "The record, with every field filled in:\n"]


def make_home():
    """A data folder with the real model and the random ones."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="atelier-models-fuzz-"))
    users = serving.make_home()
    (home / "models").mkdir()
    real = (users / "models" / serving.CHAT).resolve()
    (home / "models" / serving.CHAT).symlink_to(real)
    source = next(real.glob("*.gguf"))
    for seed, (name, exponent) in enumerate(TINY.items()):
        path = home / f"{name}.gguf"
        tiny_model.write(source, path, seed + 1, exponent)
        subprocess.run([serving.ATELIER, "models", "import", str(path), "--name", name], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"ATELIER_HOME": str(home)})
        path.unlink()
    return home


def make_schemas(rng, count):
    """Real ones and the suite's where they are there, at most two fifths and an eighth; the others random."""
    found = schemas.real()
    chosen = rng.sample(found, min(len(found), count * 2 // 5))
    found = schemas.suite()
    chosen += rng.sample(found, min(len(found), count // 8))
    generator = schemas.Generator(rng)
    while len(chosen) < count:
        chosen.append((f"random {len(chosen)}", generator.document()))
    rng.shuffle(chosen)
    return chosen


def make_request(rng, schema, real_share, n):
    """How long: mostly short, so that closing has to work, sometimes up to LONGEST."""
    outputs = {"prefer_closing": rng.random() < 0.9}
    body = {"model": serving.CHAT if rng.random() < real_share else rng.choice(list(TINY)), "prompt": rng.choice(PROMPTS),
            "n": n, "seed": rng.randrange(1 << 31), "temperature": rng.choice([0.7, 1, 1, 1.5]),
            "max_tokens": rng.choice([64, 128, 128, 256, 256, 512])}
    if rng.random() < 0.04:
        body["max_tokens"] = LONGEST
    spelling = rng.randrange(6)
    if spelling < 2:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "made", "schema": schema}}
    else:
        outputs["json"] = schema
        if spelling == 2:
            outputs["disable_any_whitespace"] = True
        if spelling == 3:
            outputs["whitespace_pattern"] = rng.choice(["[ \\n]{0,3}", "\\s?", "\\t*"])
    body["structured_outputs"] = outputs
    return body


class Completions:
    """Asks `atelier grammar check` whether texts that were cut can be completed, and how."""

    def __init__(self):
        self.process = subprocess.Popen([serving.ATELIER, "grammar", "check", "--any-order"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def rest(self, schema, text):
        """What completes the text; None: nothing does."""
        self.process.stdin.write(json.dumps({"schema": schema, "texts": [text]}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        verdict = answer.get("texts", [{}])[0]
        return "" if verdict.get("is") == "whole" else verdict.get("rest")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Tally:
    def __init__(self, cases):
        self.counts = collections.Counter()
        self.names = {kind: collections.Counter() for kind in ("judged", "refused", "empty", "half read")}
        self.violations = []
        self.cases = cases
        self.judge = judge.Judge()
        self.completions = Completions()

    def keep(self, kind, name, body, schema, text, what):
        if self.cases:
            self.cases.write(json.dumps({"kind": kind, "name": name, "what": what, "text": text, "schema": schema, "body": body})
                             + "\n")
            self.cases.flush()

    def violation(self, name, body, schema, text, what):
        self.violations.append(f"{name}: {what}")
        self.keep("violation", name, body, schema, text, what)
        print(f"VIOLATION {name}: {what}\n  schema {json.dumps(schema)[:600]}\n  text   {text[:600]!r}", flush=True)

    def refused(self, name, body, schema, answer):
        message = answer["error"]["message"]
        is_empty = "no value" in message or "satisf" in message
        self.counts["empty schemas" if is_empty else "refused schemas"] += 1
        self.names["empty" if is_empty else "refused"][message.split(": ", 1)[-1][:110]] += 1
        self.keep("refused", name, body, schema, "", message)

    def completion(self, name, body, schema, text, reason):
        self.counts["completions"] += 1
        whole = text
        prefers = body["structured_outputs"]["prefer_closing"]
        if prefers:
            self.counts["with closing preferred"] += 1
        if reason == "length":
            self.counts["cut"] += 1
            self.counts["cut though closing was preferred"] += prefers
            rest = self.completions.rest(schema, text)
            if rest is None:
                return self.violation(name, body, schema, text, "cut, and nothing completes it")
            whole = text + rest
        else:
            self.counts["ended"] += 1
        kind, what = self.judge.verdict(schema, whole)
        self.counts[kind] += 1
        if kind == "violation":
            self.violation(name, body, schema, whole, what)
        elif kind == "judged":
            self.names["judged"][what] += 1
            self.keep("judged", name, body, schema, whole, what)
        elif kind == "valid" and what:
            self.counts["read by one validator alone"] += 1
            self.names["half read"][what] += 1
        return None

    def report(self, num_schemas, seconds):
        counts = self.counts
        print(f"{counts['completions']} completions of {num_schemas} schemas in {seconds:.0f} s: {counts['ended']} ended, "
              f"{counts['cut']} cut and completable ({counts['cut though closing was preferred']} of the "
              f"{counts['with closing preferred']} with closing preferred)")
        print(f"  {counts['valid']} valid by both validators or the one that reads the schema "
              f"({counts['read by one validator alone']}), {counts['judged']} judged, "
              f"{counts['unread']} with a schema that neither reads, {len(self.violations)} violations")
        print(f"  {counts['refused schemas']} schemas refused, {counts['empty schemas']} have no value")
        for kind, names in self.names.items():
            for name, count in names.most_common():
                print(f"  {kind}: {count} {name}")
        whys = {key: why for key, (_, why) in (judge.JUDGED_SCHEMAS | judge.JUDGED).items()}
        whys[judge.PATTERNS] = judge.WHY_PATTERNS
        for (who, what), why in whys.items():
            print(f"  {who}, {what}: {why}")

    def end(self):
        self.judge.ajv.end()
        self.completions.end()


def run(server, requests, args, tally):
    """Asks for all of them, several at once, and has each answer judged in their order."""
    begin = time.monotonic()
    refused = set()
    with concurrent.futures.ThreadPoolExecutor(args.together) as pool:
        def ask(request):
            if request[0] in refused or time.monotonic() - begin > args.seconds:
                return request, None, None
            return request, *server.post("/v1/completions", request[2], timeout=1800)

        for (name, schema, body), status, answer in pool.map(ask, requests):
            if status is None or name in refused:
                continue
            if status == 200:
                for choice in answer["choices"]:
                    tally.completion(name, body, schema, choice["text"], choice["finish_reason"])
            elif status == 400:
                refused.add(name)
                tally.refused(name, body, schema, answer)
            else:
                tally.violation(name, body, schema, "", f"status {status}: {json.dumps(answer)[:300]}")
    tally.report(len({name for name, _, _ in requests}), time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--completions", type=int, default=240)
    parser.add_argument("--schemas", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600, help="begin no request after that")
    parser.add_argument("--real-share", type=float, default=0.06, help="of requests to the real model")
    parser.add_argument("--n", type=int, default=4, help="completions a request")
    parser.add_argument("--together", type=int, default=6, help="requests at once")
    parser.add_argument("--cases", help="write violations, judged cases and refusals to this file")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    chosen = make_schemas(rng, args.schemas)
    requests = []
    while len(requests) * args.n < args.completions:
        name, schema = chosen[len(requests) % len(chosen)]
        requests.append((name, schema, make_request(rng, schema, args.real_share, args.n)))

    server = serving.Server(home=make_home())
    tally = Tally(open(args.cases, "w") if args.cases else None)
    try:
        run(server, requests, args, tally)
    finally:
        tally.end()
        code = server.stop()
    if code != 0:
        print(f"the server ended with {code}\n{''.join(server.errors)[-2000:]}")
    counts = tally.counts
    few_ended = counts["cut though closing was preferred"] * 20 > counts["with closing preferred"]
    many_refused = len(chosen) >= MANY_SCHEMAS and counts["refused schemas"] * 50 > len(chosen)
    if few_ended:
        print("less than 95% of those with closing preferred ended")
    if many_refused:
        print("over 2% of the schemas are refused")
    return 1 if tally.violations or code != 0 or few_ended or many_refused else 0


if __name__ == "__main__":
    sys.exit(main())
