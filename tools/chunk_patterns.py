#!/usr/bin/env python3
"""A megabyte of one repeated pattern, cut by every method that asks no model, as each kind of text: what hangs shows here.

    tools/chunk_patterns.py build/fuzz/chunk_fuzz [--bytes 1000000] [--first N] [--every N]

Each pattern becomes one input of the fuzzer (src/knowledge/chunk/chunk_fuzz.cc) for each kind; its checks hold too. Prints the
slowest inputs; ends with 1 where one failed or took longer than --seconds.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

PATTERNS = [
    "a", " ", "\n", "\r\n", "\t", ".", ". ", "A. ", "Dr. ", "a b ", "word ", "a.b", "e\u0301", "\u0301", "\U0001f469\u200d", "\u200b", "你", "你好。",
    "(", ")", "()", "[", "]", "{", "}", "{}", "<", ">", "<>", "<a>", "</a>", "<div>", "<p>x", "<!--", "-->", "<![CDATA[", "&amp;", "&#0;",
    "#", "# a\n", "###### a\n", "a\n=\n", "-\n", "- a\n", " - a\n", "> ", ">>", "1. a\n", "| a ", "| a |\n", "|-|-|\n", "```", "```\n", "~~~\n", "``", "`",
    "*", "**a**", "_", "[a](b)", "![", "\\", "\\\n", "---\n", "$", "$$",
    "\"", "'", "\"\"\"", "'''", "/*", "*/", "//", "// a\n", "/", "/a/", "R\"(", ")\"", "r#\"", "\"#", "f\"{", "`${", "'a ", "b'a'",
    "#if a\n", "#else\n", "#endif\n", "#define a \\\n", "def a():\n", " def a():\n", "class A:\n", "class A {", "if a:\n  ", "@a\n", "fn a() {", "func a() {\n",
    "namespace a {", "template <", "a<b>(", "a < b > ", "=> ", "return /", ";", ";\n", "a;", "a,", ":", "::", "->", "x = 1\n", "case a:\n",
]
KINDS = ["text", "markdown", "html", "python", "c++", "typescript", "go", "rust", "java"]  # as chunk_fuzz.cc has them
LIMIT_BYTE = 200  # unit and limit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fuzzer", type=pathlib.Path)
    parser.add_argument("--bytes", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    took, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for pattern in PATTERNS[options.first::options.every]:
            text = (pattern * (options.bytes // len(pattern.encode()))).encode()
            for place, kind in enumerate(KINDS):
                path = pathlib.Path(folder) / "input"
                path.write_bytes(bytes([place, LIMIT_BYTE]) + text)
                done = subprocess.run([options.fuzzer.resolve(), f"-timeout={options.seconds}", path], cwd=folder, capture_output=True, text=True)
                ms = re.search(r"Executed \S+ in (\d+) ms", done.stderr)
                if done.returncode or not ms:
                    failed.append((pattern, kind, done.stderr[-300:]))
                    print(f"FAILED {pattern!r} as {kind}", flush=True)
                else:
                    took.append((int(ms.group(1)), pattern, kind))
    took.sort(reverse=True)
    print(f"{len(took) + len(failed)} inputs of {options.bytes} bytes, {len(failed)} failed; the slowest:")
    for ms, pattern, kind in took[:10]:
        print(f"  {ms / 1000:6.1f} s  {pattern!r} as {kind}")
    for pattern, kind, said in failed:
        print(f"{pattern!r} as {kind}: {said}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
