#!/usr/bin/env python3
"""Writes tests/golden/observe/vllm_metrics.json: the metrics that vLLM declares.

    pip download --no-deps 'vllm==0.33.*' -d /tmp/vllm
    tools/golden_vllm_metrics.py /tmp/vllm/vllm-*.whl > tests/golden/observe/vllm_metrics.json

Nothing of the package is run: v1/metrics/loggers.py is read as a syntax tree, and bucket lists as the
literals of v1/metrics/buckets.py. "conditional" marks what vLLM declares only with some feature on.
"""
import ast
import json
import re
import sys
import zipfile

MAX_MODEL_LEN = 8192


def bucket_families(source):
    tree = ast.parse(source)
    names = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple):
            names[node.target.id] = list(ast.literal_eval(node.value))
        if isinstance(node, ast.AnnAssign) and node.target.id == "_STATIC_FAMILY_DEFAULTS":
            families = {ast.literal_eval(k): names[v.id] for k, v in zip(node.value.keys, node.value.values)}
    # request_tokens: 1, 2, 5 times powers of ten up to the context.
    families["request_tokens"] = [
        m * 10**e for e in range(12) for m in (1, 2, 5) if m * 10**e <= MAX_MODEL_LEN
    ]
    return families


class Declarations(ast.NodeVisitor):
    def __init__(self, families):
        self.families = families
        self.variables = {}
        self.conditions = 0
        self.found = []

    def visit_If(self, node):
        self.conditions += 1
        for child in node.body:
            self.visit(child)
        self.conditions -= 1
        for child in node.orelse:
            self.visit(child)

    def visit_Assign(self, node):
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name) and isinstance(value, ast.List):
            if all(isinstance(item, ast.Constant) for item in value.elts):
                self.variables[target.id] = ast.literal_eval(value)
        if isinstance(target, ast.Name) and isinstance(value, ast.Call):
            if isinstance(value.func, ast.Name) and value.func.id == "histogram_buckets":
                self.variables[target.id] = self.families[ast.literal_eval(value.args[0])]
        self.generic_visit(node)

    def evaluate(self, node):
        if isinstance(node, ast.Name):
            return self.variables[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.evaluate(node.left) + self.evaluate(node.right)
        return ast.literal_eval(node)

    def visit_Call(self, node):
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute):
            return
        kind = {"_gauge_cls": "gauge", "_counter_cls": "counter", "_histogram_cls": "histogram"}.get(node.func.attr)
        words = {word.arg: word.value for word in node.keywords}
        if kind is None or not isinstance(words["name"], ast.Constant):
            return
        metric = {"name": words["name"].value, "type": kind}
        # prometheus_client exposes counters under their name and "_total".
        if kind == "counter":
            metric["name"] = re.sub("_total$", "", metric["name"]) + "_total"
        try:
            metric["labels"] = self.evaluate(words["labelnames"])
        except ValueError:  # names held by attributes: the adapters' gauge
            metric["labels"] = []
        if kind == "histogram":
            metric["buckets"] = self.evaluate(words["buckets"])
        metric["conditional"] = self.conditions > 0
        self.found.append(metric)


def main():
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        read = lambda name: wheel.read("vllm/v1/metrics/" + name).decode()
        families = bucket_families(read("buckets.py"))
        loggers = ast.parse(read("loggers.py"))
    for node in loggers.body:
        if isinstance(node, ast.ClassDef) and node.name == "PrometheusStatLogger":
            init = next(f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__")
    declarations = Declarations(families)
    for statement in init.body:
        declarations.visit(statement)
    version = re.search(r"vllm-([0-9.]+)", sys.argv[1]).group(1)
    golden = {"package": "vllm " + version, "max_model_len": MAX_MODEL_LEN, "metrics": declarations.found}
    json.dump(golden, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
