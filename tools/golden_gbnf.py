#!/usr/bin/env python3
"""Writes what llama.cpp's own reader of GBNF says of random texts under grammars, some random: a JSON object a grammar,
{"g": grammar, "y": [texts matched], "b": [texts that begin one], "n": [texts that begin none]} or {"g": grammar, "bad": true}.

    tools/golden_gbnf.py LLAMA_CPP BUILD > tests/golden/engine_grammar/gbnf.jsonl     (sources, and a build with static libraries)
"""
import json
import pathlib
import random
import select
import subprocess
import sys
import tempfile

SECONDS = 1
# grammar, characters to try
GRAMMARS = [
    ('root ::= "- " item ("\\n- " item)* "\\n"?\nitem ::= [a-z]+ ([ ] [a-z]+)*\n', "- ab\n"),
    ('root ::= term ([-+*/] term)* ";"\nterm ::= name | [0-9]+ | "(" ws root ")" ws\nname ::= [a-z] [a-z0-9_]* ws\nws ::= " "*\n',
     "a1+(*); _-"),
    ('root ::= value\nvalue ::= object | array | string | number | "true" | "null"\n'
     'object ::= "{" (string ":" value ("," string ":" value)*)? "}"\narray ::= "[" (value ("," value)*)? "]"\n'
     'string ::= "\\"" ([^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\\""\n'
     'number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)?\n', '{}[],:"\\u0atrue1.-'),
    ('root ::= "a"{2} [b]{1,} "c"{0,2} ("d" | "e"){1,2} "!"?', "abcde!"),
    ('root ::= . [^a-c] [\\u3041-\\u309f]+ "\\U0001F600"?', "aé😀あん\n-"),
    ('root ::= "" | x | (x | "q" | ) root2\nx ::= "x" x?\nroot2 ::= "y" root2 | "z"\n', "xyzq"),
    ('# comment\nroot ::= a | # more\n  b  # and more\na ::= (\n  "1"\n  | "2"\n)+\n\nb-c ::= "3"\nb ::= b-c b-c\n', "123"),
    ('root ::= [\\]\\-x]+ [\\[] "\\x41\\u00e9\\t\\r\\n\\\\\\""', "]-x[Aé\t\r\n\\\""),
    ('root ::= ("ab" | "a") ("bc" | "c") | "abcd"', "abcd"),
    ('root ::= s s\ns ::= "(" s* ")" | "[" s "]"', "()[]"),
]
BROKEN = ['root ::= "a', 'root ::= ("a"', 'root ::= a', 'root = "a"', 'root ::= * "a"', 'root ::= "a"{', 'root ::= [a-', 'a ::= "x"',
          'root ::= "a" )', 'root ::= "\\q"', 'root ::= "\\xg0"']


class Peer:
    def __init__(self, source, build):
        folder = pathlib.Path(tempfile.mkdtemp())
        program = folder / "golden_gbnf"
        (folder / "tests").mkdir()
        code = pathlib.Path(__file__).with_suffix(".cc").read_text().replace("../src/", f"{source}/src/")
        (folder / "golden_gbnf.cc").write_text(code)
        libraries = [str(path) for path in (build / "src/libllama.a", build / "ggml/src/libggml.a", build / "ggml/src/libggml-cpu.a",
                                            build / "ggml/src/libggml-base.a")]
        subprocess.run(["c++", "-O1", "-std=c++17", f"-I{source}/include", f"-I{source}/ggml/include", f"-I{source}/src",
                        str(folder / "golden_gbnf.cc"), "-o", str(program), "-Wl,--start-group", *libraries, "-Wl,--end-group",
                        "-fopenmp", "-lpthread", "-ldl"], check=True)
        self.program = str(program)
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, kind, text):
        data = text.encode()
        self.process.stdin.write(f"{kind} {len(data)}\n".encode() + data)
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:  # ambiguous grammars may take it forever
            self.process.kill()
            self.process.wait()
            self.start()
            raise TimeoutError
        return self.process.stdout.readline().decode().strip()


def random_grammar(rng):
    """Rules that refer to later ones, and to any behind a character: never left-recursive, which the peer refuses."""
    names = ["root", "one", "two", "three"]

    def part(rule, depth, behind):
        kind = rng.randrange(7 if depth else 4)
        if kind < 2:
            text = json.dumps(rng.choice(["a", "b", "ab", "ba", "c"]))
        elif kind == 2:
            text = rng.choice(["[a-b]", "[^a]", "[bc]", "."])
        elif kind == 3:
            later = names[rule + 1:] if not behind else names
            text = rng.choice(later) if later else '"c"'
        else:
            text = "(" + alternatives(rule, depth - 1, behind) + ")"
        return text + rng.choice(["", "", "", "?", "*", "+", "{1,2}", "{2}"] if kind != 3 else ["", "", "?"])

    def sequence(rule, depth, behind):
        parts = []
        for _ in range(rng.randint(1, 3)):
            parts.append(part(rule, depth, behind or (parts and parts[0].startswith('"') and parts[0][-1] == '"')))
        return " ".join(parts)

    def alternatives(rule, depth, behind):
        return " | ".join(sequence(rule, depth, behind) for _ in range(rng.randint(1, 3)))

    return "".join(f"{name} ::= {alternatives(rule, 2, False)}\n" for rule, name in enumerate(names))


def verdicts(peer, rng, grammar, characters):
    found = {"whole": set(), "begun": set(), "wrong": set()}
    for _ in range(50):
        text = ""
        for _ in range(14):
            tried = text + rng.choice(characters)
            said = peer.ask("T", tried)
            found[said].add(tried)
            if said != "wrong":
                text = tried
    return {key: rng.sample(sorted(found[kind]), min(30, len(found[kind])))
            for key, kind in (("y", "whole"), ("b", "begun"), ("n", "wrong"))}


def main():
    rng = random.Random(7)
    peer = Peer(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
    cases = GRAMMARS + [(random_grammar(rng), "abcd") for _ in range(60)]
    for grammar, characters in cases:
        try:
            if peer.ask("G", grammar) == "ok":
                print(json.dumps({"g": grammar, **verdicts(peer, rng, grammar, characters)}), flush=True)
        except TimeoutError:
            continue
    for grammar in BROKEN:
        if peer.ask("G", grammar) == "bad":
            print(json.dumps({"g": grammar, "bad": True}))


if __name__ == "__main__":
    main()
