#!/usr/bin/env python3
"""Function calling on the Berkeley Function Calling Leaderboard's data: calls attempted, valid and correct, with the grammar
of the request's tools and without, as a Markdown table.

    bench/bfcl.py [--atelier PROGRAM] [--data DIR] [--limit N] [--clients 4] [--answers FILE] [MODEL]

Temperature 0. Constrained: /v1/chat/completions with tools, tool_choice auto; required: the same with tool_choice
required, and with parallel_tool_calls off where the category has one call. Free: the same prompt through
/v1/completions, the text read for calls by the form that the prompt asks for. Types are mapped as BFCL does (dict is
object, float number, tuple array, any anything); names keep their dots.

--answers keeps each verdict as a line of FILE; a run that was cut goes on from there.

  attempted  answers with a call, or with the tag that begins one
  valid      of these: every call is of a given function, its arguments are JSON and keep the function's schema (checked
             by the PyPI package jsonschema)
  correct    by BFCL's rules for calls as syntax trees [gorilla, bfcl_eval/eval_checker/ast_eval]; in irrelevance: no call
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[1]
CATEGORIES = ("simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance")
TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": None}
MOST_TOKENS = 300
LONGEST_WAIT = 3600  # seconds for one answer: the queue before it counts
TAG = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.S)


def mapped(schema):
    """A schema of BFCL as a JSON Schema."""
    if isinstance(schema, list):
        return [mapped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, str):
            value = TYPES.get(value, value)
            if value is None:
                continue
        elif key == "properties":
            value = {name: mapped(inner) for name, inner in value.items()}
        elif key in ("items", "additionalProperties", "anyOf", "oneOf"):
            value = mapped(value)
        elif key in ("optional", "format") or key == "default":
            continue
        out[key] = value
    return out


def plain(text):
    return re.sub(r"[ \,\.\/\-\_\*\^]", "", text).lower().replace("'", '"')


def alike(given, wanted):
    if isinstance(given, str) and isinstance(wanted, str):
        return plain(given) == plain(wanted)
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    if isinstance(given, (int, float)) and isinstance(wanted, (int, float)):
        return given == wanted
    if isinstance(given, list) and isinstance(wanted, (list, tuple)):
        return len(given) == len(wanted) and all(alike(a, b) for a, b in zip(given, wanted))
    if isinstance(given, dict) and isinstance(wanted, dict):
        return (set(given) <= set(wanted)
                and all(any(alike(given[key], one) for one in wanted[key]) for key in given)
                and all("" in wanted[key] for key in wanted if key not in given))
    return given == wanted


def call_is_correct(call, wanted):
    (name, parameters), = wanted.items()
    if call["name"] != name:
        return False
    arguments = call["arguments"]
    if any(key not in parameters for key in arguments):
        return False
    return all(any(alike(arguments[key], one) for one in values) if key in arguments else "" in values
               for key, values in parameters.items())


def calls_are_correct(calls, wanted):
    if len(calls) != len(wanted):
        return False
    left = list(wanted)
    for call in calls:
        found = next((one for one in left if call_is_correct(call, one)), None)
        if found is None:
            return False
        left.remove(found)
    return True


class Server:
    def __init__(self, program):
        self.home = tempfile.TemporaryDirectory(prefix="bfcl_")
        models = os.path.join(os.environ.get("ATELIER_HOME", os.path.expanduser("~/.atelier")), "models")
        os.symlink(os.path.realpath(models), os.path.join(self.home.name, "models"))
        self.process = subprocess.Popen([program, "serve", "--port", "0"], text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env={**os.environ, "ATELIER_HOME": self.home.name})
        for line in self.process.stdout:
            if "listening on" in line:
                self.url = line.split()[-1]
                break

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=LONGEST_WAIT) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def read_free(text):
    """(attempted, calls or None where one is broken)"""
    attempted = "<tool_call>" in text
    calls = []
    for found in TAG.findall(text):
        try:
            call = json.loads(found)
            calls.append({"name": call["name"], "arguments": call["arguments"]})
        except (ValueError, KeyError, TypeError):
            return attempted, None
    return attempted, calls if len(calls) == text.count("<tool_call>") else None


def ask(server, model, row, mode):
    tools = [{"type": "function", "function": {**function, "parameters": mapped(function["parameters"])}}
             for function in row["function"]]
    body = {"model": model, "messages": row["question"][0], "tools": tools}
    if mode != "free":
        choice = "required" if mode == "required" else "auto"
        several = mode != "required" or "parallel" in row["id"]
        answer = server.post("/v1/chat/completions",
                             {**body, "tool_choice": choice, "parallel_tool_calls": several, "temperature": 0,
                              "max_tokens": MOST_TOKENS})
        choice = answer["choices"][0]
        calls = []
        for call in choice["message"].get("tool_calls") or []:
            try:
                calls.append({"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])})
            except ValueError:
                return True, None, choice["finish_reason"] == "length"
        return bool(calls), calls, choice["finish_reason"] == "length"
    prompt = server.post("/apply-template", body)["prompt"]
    answer = server.post("/v1/completions", {"model": model, "prompt": prompt, "temperature": 0,
                                             "max_tokens": MOST_TOKENS, "add_special_tokens": False})
    attempted, calls = read_free(answer["choices"][0]["text"])
    return attempted, calls, answer["choices"][0]["finish_reason"] == "length"


def are_valid(row, calls):
    schemas = {function["name"]: mapped(function["parameters"]) for function in row["function"]}
    if not calls:
        return False
    for call in calls:
        if call["name"] not in schemas or not isinstance(call["arguments"], dict):
            return False
        if list(jsonschema.Draft202012Validator(schemas[call["name"]]).iter_errors(call["arguments"])):
            return False
    return True


class Verdicts:
    """Verdicts by (row, mode), in memory and, where a file is named, as its lines."""

    def __init__(self, path):
        self.known = {}
        if path and pathlib.Path(path).exists():
            for row_id, mode, verdict in map(json.loads, pathlib.Path(path).open()):
                self.known[row_id, mode] = tuple(verdict)
        self.file = open(path, "a", buffering=1) if path else None
        self.lock = threading.Lock()

    def of(self, row_id, mode, find):
        if (row_id, mode) not in self.known:
            verdict = find()
            with self.lock:
                self.known[row_id, mode] = verdict
                if self.file:
                    self.file.write(json.dumps([row_id, mode, verdict]) + "\n")
        return self.known[row_id, mode]


def measure(server, model, rows, wanted, mode, clients, verdicts):
    def find(row):
        try:
            attempted, calls, cut = ask(server, model, row, mode)
        except urllib.error.HTTPError as error:
            return "refused", json.load(error)["error"]["message"], row["id"]
        valid = attempted and are_valid(row, calls)
        correct = (not attempted) if wanted is None else bool(calls) and calls_are_correct(calls, wanted[row["id"]])
        return attempted, valid, correct, cut

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda row: verdicts.of(row["id"], mode, lambda: find(row)), rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atelier", default=str(ROOT / "build/release/atelier"))
    parser.add_argument("--data", default=str(ROOT / "../shared/datasets/bfcl"))
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--answers")
    parser.add_argument("model", nargs="?", default="smollm2-135m-instruct")
    options = parser.parse_args()
    data = pathlib.Path(options.data)
    verdicts = Verdicts(options.answers)
    server = Server(options.atelier)
    print("| category | tools | cases | refused | attempted | valid | cut by length | correct |")
    print("|---|---|---|---|---|---|---|---|")
    try:
        for category in CATEGORIES:
            rows = [json.loads(line) for line in (data / f"BFCL_v4_{category}.json").open()][:options.limit]
            answers = data / "possible_answer" / f"BFCL_v4_{category}.json"
            wanted = None
            if category != "irrelevance":
                wanted = {row["id"]: row["ground_truth"] for row in map(json.loads, answers.open())}
            for mode in ("constrained", "free", "required")[:2 if wanted is None else 3]:
                begin = time.time()
                results = measure(server, options.model, rows, wanted, mode, options.clients, verdicts)
                refused = [result for result in results if result[0] == "refused"]
                kept = [result for result in results if result[0] != "refused"]
                attempted = [result for result in kept if result[0]]
                print(f"| {category} | {mode} | {len(rows)} | {len(refused)} | "
                      f"{len(attempted)} | {sum(result[1] for result in attempted)} | "
                      f"{sum(result[3] for result in attempted)} | {sum(result[2] for result in kept)} |", flush=True)
                for _, message, row_id in refused[:3]:
                    print(f"<!-- {row_id}: {message} -->")
                print(f"<!-- {time.time() - begin:.0f} s -->", flush=True)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
