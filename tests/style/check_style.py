"""What STYLE asks of every file, as far as a program can see it.

File sizes, header guards, names, leftover markers, paths of one machine, and comments that name an
identifier which exists nowhere in the tree any more.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_LINES = {".h": 260, ".cc": 500, ".py": 400, ".ts": 400}
# Tables of facts (one row a thing) may be longer than code that one reads from top to bottom.
LONG_FILES = {
    # One contract in many small lane functions, included by one file per instruction set.
    "src/compute/kernel/attention_body.h": 400,
    # Snippets, one a feature.
    "tools/golden_jinja.py": 600,
}

MARKERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Split, so that this file does not find itself.
MACHINE_PATHS = re.compile("/(" + "work|opt/peer|opt/models" + r")/[a-z.]")
BRACED_AWAIT = re.compile(r"(?<!operator )co_await\b[^;{\[]*\{")
COMMENT_LINES = re.compile(r"//.*$", re.M)
COMMENT = re.compile(r"//(.*)$")
# Words in comments that look like code of ours: CamelCase calls, kConstants, members_.
CODE_WORD = re.compile(r"\b(k[A-Z]\w+|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+(?=\())")


def tracked():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def code_words(sources):
    """Every identifier that stands in code (not in a comment) anywhere in src/."""
    words = set()
    for text in sources.values():
        for line in text.splitlines():
            words.update(re.findall(r"\w+", COMMENT.sub("", line)))
    return words


def check_source(path, text, words):
    name = path.relative_to(ROOT)
    lines = text.splitlines()
    limit = LONG_FILES.get(str(name), MAX_LINES[path.suffix])
    if not path.stem.endswith("_test"):
        if len(lines) > limit:
            yield f"{name}: {len(lines)} lines, want at most {limit}: what idea is missing?"
    elif len(lines) > 2 * limit:
        yield f"{name}: {len(lines)} lines, want at most {2 * limit}"
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{name}: no #pragma once"
    if path.suffix in (".h", ".cc") and not re.match(r"[a-z0-9_]+(\.entry)?\.(h|cc)$", path.name):
        yield f"{name}: file names are snake_case"
    is_text = path.stem.endswith(("_fuzz", "_test", "pattern_texts"))  # seeds, expected texts and patterns are long lines
    for number, line in enumerate(lines, 1):
        if len(line) > 120 and path.suffix in (".h", ".cc") and "http" not in line and not is_text:
            yield f"{name}:{number}: {len(line)} columns, want at most 120"
        if path.suffix in (".h", ".cc"):
            comment = COMMENT.search(line)
            for word in CODE_WORD.findall(comment.group(1)) if comment else []:
                if word not in words:
                    yield f"{name}:{number}: the comment names {word}, which is nowhere in the code"
    if re.search(r"^\s*using namespace (?!std::literals)", text, re.M) and path.suffix == ".h":
        yield f"{name}: using namespace in a header"
    for found in BRACED_AWAIT.finditer(COMMENT_LINES.sub("", text)) if path.suffix in (".h", ".cc") else []:
        yield f"{name}: {found.group().split(chr(10))[0]}: g++ 12 destroys a braced aggregate in co_await twice; name it first"
    yield from check_names(name, text)


def check_names(name, text):
    if name.suffix not in (".h", ".cc"):
        return
    for kind, word in re.findall(r"^(?:\s*)(class|struct|enum class)\s+([A-Za-z_]\w*)(?: final)?(?: :[^:;]*)? \{", text, re.M):
        if word != "promise_type" and not re.match(r"[A-Z][A-Za-z0-9]*(_[A-Za-z0-9_]+)?$", word):
            yield f"{name}: {kind} {word}: types are CamelCase"
    for word in re.findall(r"^\s*(?:static )?constexpr [\w:<>, ]+? ([A-Za-z_]\w*)\s*(?:=|\[)", text, re.M):
        if not re.match(r"k[A-Z0-9]|[a-z]", word):
            yield f"{name}: constexpr {word}: constants are kCamelCase"


def main():
    files = tracked()
    sources = {path: path.read_text() for path in files
               if path.suffix in MAX_LINES and "golden" not in path.parts and "corpus" not in path.parts}
    words = code_words({path: text for path, text in sources.items() if path.suffix in (".h", ".cc")})
    faults = []
    for path, text in sources.items():
        faults += check_source(path, text, words)
    for path in files:
        if "corpus" not in path.parts and path.suffix in (".h", ".cc", ".py", ".md", ".txt", ".cmake", ".ts", "") and path.stat().st_size < 1 << 20:
            text = path.read_text(errors="replace")
            this_file = path == pathlib.Path(__file__).resolve()
            if not this_file and MARKERS.search(text):
                faults.append(f"{path.relative_to(ROOT)}: {MARKERS.search(text).group()} left in the tree")
            if not this_file and MACHINE_PATHS.search(text):
                faults.append(f"{path.relative_to(ROOT)}: names a path of one machine")
    print("\n".join(faults) or "style: ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
