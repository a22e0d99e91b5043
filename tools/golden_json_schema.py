#!/usr/bin/env python3
"""What `jsonschema` says about changed instances of real schemas, for `RealSchemas.ChangedInstancesAgreeWithJsonschema`.

    pip install 'jsonschema[format]==4.26.0'
    tools/golden_json_schema.py ../shared/datasets/schemas/schemas.jsonl MUTANTS.jsonl [EVERY]
    ATELIER_SCHEMA_MUTANTS=MUTANTS.jsonl build/release/atelier_base_text_test --gtest_filter='RealSchemas.*'

The file is made of the dataset and stays outside the project.

One line a mutant: the schema's name, the changed instance, the verdict with formats asserted. Every EVERYth mutant is
written (default 100); 1 writes all 58,000.

In all drafts 1.0 is an integer and every format is checked, as Atelier has it (`jsonschema` does neither before draft 6).
Mutants whose verdict hangs on an e-mail address are left out: `jsonschema` asks no more of one than an @.
"""

import copy
import json
import pathlib
import random
import sys

from jsonschema import FormatChecker, validators

EMAILS = ("email", "idn-email")
MUTANTS = 12  # of each instance
SCALARS = [None, True, False, 0, -1, 1, 7, 2.5, 1e9, "", "a", "2024-02-30", "é🐲", "http://a b", [], {}, [None], {"x": 1}]


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], path + (index,))


def changed(value, rng):
    """A value near to this one."""
    if isinstance(value, bool) or value is None:
        return rng.choice(SCALARS)
    if isinstance(value, (int, float)):
        return rng.choice([value + 1, value - 1, -value, value * 1000, value + 0.5, str(value), None])
    if isinstance(value, str):
        middle = len(value) // 2
        return rng.choice([value + "x", value[:-1], value[1:], value[:middle] + " " + value[middle:], value.upper(),
                           value * 3, "", value[::-1], 5])
    if isinstance(value, list):
        return rng.choice([value + value[:1], value[1:], value[::-1], value * 2, value + [None], value + ["z"], []])
    keys = list(value)
    kind = rng.randrange(4)
    if kind == 0 and keys:
        gone = rng.choice(keys)
        return {key: value[key] for key in keys if key != gone}
    if kind == 1 and keys:
        renamed = rng.choice(keys)
        return {(key + "_" if key == renamed else key): value[key] for key in keys}
    if kind == 2:
        return {**value, "extra": rng.choice(SCALARS)}
    return {}


def mutant(instance, rng):
    result = copy.deepcopy(instance)
    for _ in range(rng.choice([1, 1, 2])):
        path = rng.choice(list(places(result)))
        if not path:
            result = changed(result, rng)
            continue
        holder = result
        for step in path[:-1]:
            holder = holder[step]
        new = rng.choice(SCALARS) if rng.random() < 0.3 else changed(holder[path[-1]], rng)
        holder[path[-1]] = copy.deepcopy(new)
    return result


def checkers():
    """All formats, with every e-mail address right and with every one wrong."""
    for answer in (True, False):
        checker = FormatChecker()
        checker.checkers = dict(validators.Draft202012Validator.FORMAT_CHECKER.checkers)
        for name in EMAILS:
            checker.checkers[name] = (lambda instance, answer=answer: answer or not isinstance(instance, str), ())
        yield checker


def verdict(kind, schema, data):
    """None where the answer hangs on an e-mail address."""
    answers = {kind(schema, format_checker=checker).is_valid(data) for checker in checkers()}
    return answers.pop() if len(answers) == 1 else None


def main():
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    types = validators.Draft202012Validator.TYPE_CHECKER
    rng = random.Random(4)
    written = seen = 0
    with pathlib.Path(sys.argv[2]).open("w") as out:
        for line in open(sys.argv[1]):
            entry = json.loads(line)
            kind = validators.validator_for(entry["schema"], default=validators.Draft202012Validator)
            kind = validators.extend(kind, type_checker=types)
            for test in entry["tests"]:
                for _ in range(MUTANTS):
                    data = mutant(test["data"], rng)
                    seen += 1
                    if seen % every:
                        continue
                    valid = verdict(kind, entry["schema"], data)
                    if valid is None:
                        continue
                    out.write(json.dumps({"name": entry["name"], "data": data, "valid": valid}, ensure_ascii=False) + "\n")
                    written += 1
    print(f"{written} of {seen} mutants written to {sys.argv[2]}")


if __name__ == "__main__":
    main()
