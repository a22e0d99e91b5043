#!/usr/bin/env python3
"""Writes what JSON-Schema-Test-Suite says of strings and formats (draft 2020-12, optional/format), one a line:
{"f": format, "s": string, "valid": bool}. The suite lies in the source distribution of PyPI's `jsonschema`:

    python3 -m pip download --no-deps --no-binary :all: jsonschema==4.26.0 && tar xzf jsonschema-4.26.0.tar.gz
    python3 tools/golden_formats.py jsonschema-4.26.0 > tests/golden/engine_grammar/formats.jsonl
"""
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1]) / "json/tests/draft2020-12/optional/format"
for path in sorted(folder.glob("*.json")):
    for group in json.loads(path.read_text(encoding="utf-8")):
        name = group["schema"].get("format")
        for test in group["tests"] if name else ():
            if isinstance(test["data"], str):
                print(json.dumps({"f": name, "s": test["data"], "valid": test["valid"]}, ensure_ascii=False))
