#!/usr/bin/env python3
"""Writes what Lark (Earley, lexer dynamic_complete) says of random texts: one JSON object a grammar,
{"g": grammar, "y": [texts matched], "n": [texts not matched]}.

    python3 tools/golden_lark.py > tests/golden/engine_grammar/lark.jsonl      (needs the package lark)
"""
import json
import random

import lark

GRAMMARS = [
    ('start: e ";"\ne: e "+" t | t\nt: t "*" f | f\nf: "(" e ")" | /[0-9]+/ | NAME\nNAME: /[a-z]+/\n%ignore / +/\n',
     ["12a(b)+*; ", "a+", "(1)", "1;"]),
    ('start: s\ns: s s | "a" | "(" s ")"\n', ["a()", "(a", "a)", "aa"]),
    ('start: ("if" | NAME) (NAME | INT)* "x"?\nNAME: /[a-z]+/\nINT: /[0-9]+/\n%ignore " "\n', ["ifx 1", "if", " 1"]),
    ('start: v\n?v: o | a | STR | N\no: "{" [p ("," p)*] "}"\np: STR ":" v\na: "[" [v ("," v)*] "]"\n'
     'STR: /"[a-b]*"/\nN: /-?[0-9]+/\n%ignore /[ ]+/\n', ['{}[],:"ab1- ', '"a":', "[1", "{}", ",1", "]"]),
    ('start: a\na: b "x" | "(" a ")"\nb: o a "y" | "z"\no: "o"?\n', ["xyzo()", "zx", "yx", "o"]),
    ('start: p~2..3 "." p* ("!" p)~1\np: "(" [p] ")"\n', ["().!", "()", "!()", "(())"]),
]


def main():
    rng = random.Random(7)
    for grammar, alphabets in GRAMMARS:
        parser = lark.Lark(grammar, parser="earley", lexer="dynamic_complete")
        pieces = list(alphabets[0]) + alphabets[1:] * 2
        verdicts = {"y": set(), "n": set()}
        for _ in range(3000):
            text = "".join(rng.choice(pieces) for _ in range(rng.randint(1, 9)))
            if text.startswith(" "):
                continue  # nothing is ignored at the start here
            try:
                parser.parse(text)
                verdicts["y"].add(text)
            except lark.exceptions.LarkError:
                verdicts["n"].add(text)
        chosen = {key: rng.sample(sorted(texts), min(60, len(texts))) for key, texts in verdicts.items()}
        print(json.dumps({"g": grammar, **chosen}))


if __name__ == "__main__":
    main()
