#!/usr/bin/env python3
"""Writes what llguidance says of random texts under Lark grammars: one JSON object a grammar,
{"g": grammar, "same": whether longest terminals change nothing, "y": [texts matched], "n": [texts not matched]}.

    python3 tools/golden_llguidance.py > tests/golden/engine_grammar/llguidance.jsonl      (needs the package llguidance)
"""
import json
import random

import llguidance

# (grammar, pieces of texts, whether every text it divides in one way is matched)
GRAMMARS = [
    ('start: e ";"\ne: e "+" t | t\nt: t "*" f | f\nf: "(" e ")" | /[0-9]+/ | NAME\nNAME: /[a-z]+/\n%ignore / +/\n',
     ["1", "2", "a", "b", "(", ")", "+", "*", ";", " ", "12", "a+", "(1)", "1;"], True),
    ('start: "select" NAME\nNAME: /[a-z]+/\n', ["select", "a", "sel", "z"], True),
    ('start: v\n?v: o | a | STR | N\no: "{" [p ("," p)*] "}"\np: STR ":" v\na: "[" [v ("," v)*] "]"\n'
     'STR: /"[a-b]*"/\nN: /-?[0-9]+/\n%ignore /[ ]+/\n',
     ["{", "}", "[", "]", ",", ":", '"a"', '"', "1", "-", " ", '"a":', "[1", "{}", ",1"], True),
    ('start: a\na: b "x" | "(" a ")"\nb: o a "y" | "z"\no: "o"?\n', ["x", "y", "z", "o", "(", ")", "zx", "yx"], True),
    ('start: "call(" %json {"type": "integer", "minimum": 3} ")" ["!"]\n', ["call(", "3", "1", "2", ")", "!", "-"], True),
    ('start: head "end" tail\nhead[lazy]: /[a-d]*/\ntail[suffix="!"]: /[a-z]*/\n', ["a", "d", "end", "e", "!", "n"], False),
    ('start: ("if" | NAME) (NAME | INT)* "x"?\nNAME: /[a-z]+/\nINT: /[0-9]+/\n%ignore " "\n',
     ["if", "x", "1", " ", "a", "ifx"], True),
    ('start: A B\nA: /a+/\nB: /ab/\n', ["a", "b"], False),
    ('start: A A\nA: /a+/\n', ["a"], False),
    ('start: A "b"? A "c"\nA: /[ab]+/\n', ["a", "b", "c"], False),
    ('start: %regex {"substring_words": "foo b\u00e9_r.  \u0663b\u00e9z, foo"}\n',
     ["foo", " ", "  ", "b\u00e9_r", ".", "b", "\u0663b\u00e9z", ", foo"], True),
    ('start: C\nC: %regex {"substring_chunks": ["ab", "c", "ab", "", "d"]}\n', ["a", "b", "c", "d", "ab"], True),
    ('start: %regex {"substring_chars": "abca \u4e00b"} "!"?\n', ["a", "b", "c", " ", "\u4e00"], True),
    ('%llguidance {"allow_initial_skip": true}\nstart: "a" "b"\n%ignore / {1,2}/\n', ["a", "b", " "], True),
]


def matched(tokenizer, grammar, text):
    matcher = llguidance.LLMatcher(tokenizer, grammar, log_level=0)
    if matcher.is_error():
        raise SystemExit(f"{grammar}: {matcher.get_error()}")
    return all(matcher.consume_token(byte) for byte in text.encode()) and matcher.is_accepting()


def main():
    rng = random.Random(7)
    tokenizer = llguidance.LLTokenizer("byte")
    for grammar, pieces, same in GRAMMARS:
        verdicts = {"y": set(), "n": set()}
        for _ in range(2500):
            text = "".join(rng.choice(pieces) for _ in range(rng.randint(1, 8)))
            if not text.startswith(" "):
                verdicts["y" if matched(tokenizer, grammar, text) else "n"].add(text)
        chosen = {key: rng.sample(sorted(texts), min(50, len(texts))) for key, texts in verdicts.items()}
        print(json.dumps({"g": grammar, "same": same, **chosen}))


if __name__ == "__main__":
    main()
