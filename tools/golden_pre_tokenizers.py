#!/usr/bin/env python3
"""Writes tests/golden/model_tokenizer/pre_tokenizers.json: the names of pre-tokenizers that llama.cpp's tree knows,
and where the PyPI package `tokenizers` cuts 2,000 random texts by each one's regular expressions.

    python3 -m pip install tokenizers==0.23.3
    python3 tools/golden_pre_tokenizers.py LLAMA_CPP

LLAMA_CPP is the tree in the source distribution of PyPI `llama-cpp-python` (vendor/llama.cpp): the names come from its
src/llama-vocab.cpp. The regular expressions come from src/model/tokenizer/patterns.cc, because llama.cpp's own only
approximate some models' (it has no \\p{Lu} and no case folding); this compiles a small program that prints them.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from tokenizers import Regex, pre_tokenizers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from random_text import fnv, random_text  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
NUM_TEXTS = 2000
PRINT = r"""
#include <cstdio>
#include "model/tokenizer/patterns.h"
int main() {
  for (const auto& named : atelier::NamedPreTokenizers()) {
    std::printf("%.*s", static_cast<int>(named.name.size()), named.name.data());
    for (const auto pattern : named.patterns) {
      std::putchar('\0');
      std::fwrite(pattern.data(), 1, pattern.size(), stdout);
    }
    std::printf("%c%c", 0, 0);
  }
}
"""


def our_patterns():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "print.cc"
        source.write_text(PRINT)
        program = pathlib.Path(folder) / "print"
        subprocess.run(["g++", "-std=c++23", f"-I{ROOT}/src", str(source),
                        str(ROOT / "src/model/tokenizer/patterns.cc"), "-o", str(program)], check=True)
        printed = subprocess.run([str(program)], check=True, capture_output=True).stdout
    rows = [row.split(b"\0") for row in printed.split(b"\0\0") if row]
    return {row[0].decode(): [p.decode() for p in row[1:]] for row in rows}


def names_of(tree):
    source = (tree / "src/llama-vocab.cpp").read_text(encoding="utf-8")
    return sorted(set(re.findall(r'tokenizer_pre == "([^"]+)"', source)))


def hashes(patterns, texts):
    cut = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(p), "isolated") for p in patterns])
    out = []
    for text in texts:
        value = 0xCBF29CE484222325
        for piece, _ in cut.pre_tokenize_str(text):
            value = fnv(piece.encode() + b"\xff", value)
        out.append("%04x" % (value & 0xFFFF))
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    args = parser.parse_args()
    texts = [random_text(i) for i in range(NUM_TEXTS)]
    ours = our_patterns()
    names, cuts, index = {}, [], {}
    for name in names_of(args.tree):
        if name not in ours:
            print(f"{name} is not known here")
            continue
        key = tuple(ours[name])
        if key not in index:
            index[key] = len(cuts)
            cuts.append({"patterns": list(key), "hashes": hashes(key, texts)})
        names[name] = index[key]
    out = ROOT / "tests/golden/model_tokenizer/pre_tokenizers.json"
    out.write_text(json.dumps({"names": names, "cuts": cuts}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{len(names)} names, {len(cuts)} sequences of expressions")


if __name__ == "__main__":
    main()
