#!/usr/bin/env python3
"""One name, one type: no two files of src/ define types of the same qualified name.

The linker keeps one of two templates that are instantiated for types of the same name, however different these are, and
says nothing; what uses the other then writes beyond its memory. Types in unnamed namespaces and within classes are apart, and so
are other names for a type within a file.
Tests are looked at too, as they are linked with what they test.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2] / "src"
OPEN = re.compile(r"^namespace ([\w:]*)\s*\{")
CLOSE = re.compile(r"^\}\s*// namespace")
TYPE = re.compile(r"^(?:struct|class|union|enum class|enum) (?:\[\[\w+\]\] )?([A-Z]\w*)(?: final)?(?: : [^;]*)? \{")
ALIAS = re.compile(r"^using ([A-Z]\w*) =")


def definitions(path):
    """(qualified name) of each type that the file defines outside of unnamed namespaces and classes."""
    spaces = []
    for line in path.read_text().splitlines():
        if opened := OPEN.match(line):
            spaces.append(opened.group(1))
        elif CLOSE.match(line) and spaces:
            spaces.pop()
        elif (found := TYPE.match(line) or (path.suffix == ".h" and ALIAS.match(line))) and "" not in spaces:
            yield "::".join([*spaces, found.group(1)])


def main():
    where = collections.defaultdict(set)
    for path in sorted(ROOT.rglob("*")):
        if path.suffix in (".h", ".cc"):
            for name in definitions(path):
                where[name].add(str(path.relative_to(ROOT.parent)))
    twice = {name: files for name, files in where.items() if len(files) > 1}
    for name, files in sorted(twice.items()):
        print(f"{name}: defined in {', '.join(sorted(files))}; want another name in all but one")
    print("names: failed" if twice else "names: ok")
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main())
