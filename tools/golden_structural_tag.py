#!/usr/bin/env python3
"""Writes what xgrammar says of random texts of structural tags: one JSON object a format,
{"f": format, "y": [texts matched], "n": [texts not matched]}.

    python3 tools/golden_structural_tag.py > tests/golden/engine_grammar/structural_tag.jsonl   (needs the package xgrammar)

Formats are such that xgrammar keeps their schemas, so that both sides must say the same: no bounds of numbers, no name twice.
"""
import json
import random

import xgrammar

STYLES = {
    "qwen_xml": ("<parameter=%s>", "</parameter>"),
    "minimax_xml": ('<parameter name="%s">', "</parameter>"),
    "deepseek_xml": ('<｜DSML｜parameter name="%s" string="%s">', "</｜DSML｜parameter>"),
    "deepseek_v4_1_xml": ('<｜DSML｜ parameter name="%s" string="%s">', "</｜DSML｜ parameter>"),
    "kimi_k3_xml": ('<|open|>argument key="%s" type="%s"<|sep|>', "<|close|>argument<|sep|>"),
    "glm_xml": ("<arg_key>%s</arg_key><arg_value>", "</arg_value>"),
}
SCHEMAS = [
    {"properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]},
    {"properties": {"unit": {"enum": ["C", "F"]}, "on": {"type": "boolean"}, "tags": {"type": "array", "items": {"type": "string"}}},
     "required": ["on"]},
    {"properties": {"code": {"type": "string", "pattern": "^[a-c]{2}$"}, "at": {"type": "object", "properties": {
        "x": {"type": "integer"}}, "required": ["x"], "additionalProperties": False}}, "required": ["code"]},
]
KIMI_TYPES = {"age": "number", "on": "boolean", "tags": "array", "at": "object"}
VALUES = ["Bob", "", "7", "-12", "7.5", "true", "C", "F", "ab", "abc", '["a"]', "[1]", '{"x": 1}', '{"y": 1}', "</par", '"q"', "{}"]


def random_text(rng, style, schema):
    begin, end = STYLES[style]
    names = list(schema["properties"])
    text = rng.choice(["", "\n"])
    for name in names if rng.random() < 0.8 else [rng.choice(names)]:
        if rng.random() < 0.15:
            continue
        bare = "enum" in schema["properties"][name] or schema["properties"][name].get("type") == "string"
        value = rng.choice(VALUES)
        if not bare:
            value = rng.choice(["", "\n", " "]) + value + rng.choice(["", "\n"])
        if style.startswith("deepseek"):
            opened = begin % (name, "true" if bare else "false")
        elif style == "kimi_k3_xml":
            opened = begin % (name, KIMI_TYPES.get(name, "string") if rng.random() < 0.95 else "null")
        else:
            opened = begin % name
        text += opened + value + end + rng.choice(["", "\n", " \n"])
    return text


def main():
    rng = random.Random(11)
    info = xgrammar.TokenizerInfo([bytes([i]).decode("latin-1") for i in range(1, 128)])
    compiler = xgrammar.GrammarCompiler(info)
    for schema in SCHEMAS:
        for style in STYLES:
            form = {"type": "json_schema", "style": style,
                    "json_schema": {"type": "object", **schema, "additionalProperties": False}}
            compiled = compiler.compile_structural_tag({"type": "structural_tag", "format": form})
            verdicts = {"y": set(), "n": set()}
            for _ in range(1500):
                text = random_text(rng, style, schema)
                matcher = xgrammar.GrammarMatcher(compiled, terminate_without_stop_token=True)
                whole = matcher.accept_string(text) and matcher.is_completed()
                verdicts["y" if whole else "n"].add(text)
            chosen = {key: rng.sample(sorted(texts), min(25, len(texts))) for key, texts in verdicts.items()}
            print(json.dumps({"f": form, **chosen}, ensure_ascii=False))


if __name__ == "__main__":
    main()
