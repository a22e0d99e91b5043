"""Holds layers.txt: a file may include only what its folder is listed to include.

Also fails on a folder that layers.txt does not name, on a folder that names a later one (so that the
graph stays acyclic by construction) and on heavy outside headers anywhere but in the .cc that wraps them.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# Outside headers by the package names that layers.txt uses.
PACKAGE_HEADERS = {
    "boost": r"boost/",
    "openssl": r"openssl/",
    "archive": r"archive(_entry)?\.h",
    "sqlite": r"sqlite3\.h",
    "prometheus": r"prometheus/",
    "spdlog": r"spdlog/",
    "yaml": r"yaml-cpp/",
    "utf8proc": r"utf8proc\.h",
    "pcre2": r"pcre2\.h",
    "nlohmann": r"nlohmann/",
    "cli11": r"CLI/",
    "readline": r"readline/",
    "threads": r"(?!)",
}
TESTING_HEADERS = re.compile(r"^(gtest|gmock|benchmark)/")
# Headers that cost seconds to compile stay out of our headers.
HEAVY = re.compile(r"^(boost/|nlohmann/|CLI/|yaml-cpp/|spdlog/|sqlite3\.h|prometheus/)")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def read_layers():
    allowed, packages, order = {}, {}, []
    for number, line in enumerate((ROOT / "layers.txt").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        folder, rest = line.split(":", 1)
        folders, outside = rest.split("|")
        folder = folder.strip()
        order.append(folder)
        allowed[folder] = set(folders.split()) | {folder}
        packages[folder] = set(outside.split())
        late = [name for name in folders.split() if name not in order]
        if late:
            yield f"layers.txt:{number}: {folder}: got {late[0]}, want a folder named above it"
    read_layers.result = (allowed, packages)


def folder_of(include, allowed):
    """The folder a quoted include lives in."""
    folder = str(pathlib.PurePosixPath(include).parent)
    return folder if folder in allowed else None


def check_file(path, allowed, packages):
    folder = str(path.parent.relative_to(SRC))
    name = path.relative_to(ROOT)
    if folder not in allowed:
        yield f"{name}: its folder is not in layers.txt"
        return
    is_test = path.stem.endswith(("_test", "_bench", "_fuzz"))
    for quote, include in INCLUDE.findall(path.read_text()):
        if quote == '"':
            target = folder_of(include, allowed)
            if target is None:
                yield f"{name}: includes {include}: no such folder in layers.txt (includes are relative to src/)"
            elif target not in allowed[folder]:
                yield f"{name}: includes {include}: layers.txt does not let {folder} include {target}"
            elif not (SRC / include).exists():
                yield f"{name}: includes {include}: no such file"
            continue
        if TESTING_HEADERS.match(include):
            if not is_test and not path.stem.endswith("_testing"):
                yield f"{name}: includes {include} outside a test"
            continue
        for package, pattern in PACKAGE_HEADERS.items():
            if re.match(pattern, include) and package not in packages[folder]:
                yield f"{name}: includes <{include}>: layers.txt does not list {package} for {folder}"


def check_heavy_headers():
    """A header of ours with a heavy include is for its own folder alone."""
    headers = {path for path in SRC.rglob("*.h")
               if any(quote == "<" and HEAVY.match(include) for quote, include in INCLUDE.findall(path.read_text()))}
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        for quote, include in INCLUDE.findall(path.read_text()):
            heavy = SRC / include
            if quote == '"' and heavy in headers and heavy.parent != path.parent:
                yield f"{path.relative_to(ROOT)}: includes {include}, which costs seconds: wrap what it gives"


def main():
    faults = list(read_layers())
    allowed, packages = read_layers.result
    for path in sorted(SRC.rglob("*")):
        if path.suffix in (".h", ".cc"):
            faults += check_file(path, allowed, packages)
    faults += check_heavy_headers()
    print("\n".join(faults) or "layers: ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
