"""Schemas of all keywords of draft 2020-12, random from a seed; real ones, where the data set is there; and those of
JSON-Schema-Test-Suite."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared/datasets/schemas/schemas.jsonl"
SUITE = ROOT / "build/schema-suite/jsonschema-4.26.0/json/tests/draft2020-12"

NAMES = ["id", "name", "tags", "a", "b", "size", "née", "x-y", "$ref", "a\"b", "", "0"]
PATTERNS = ["^[a-z]+$", "\\d", "^x", "^(ab|c1)*$", "^.{2,4}$", "^[^x]*$", "é", "^\\p{L}+$", "b(?!c)", "\\bfoo\\b",
            "^(\\d{3}-)?\\d{4}$", "[\\s\\S]", "^$", "^[A-Z][a-z]* [A-Z]\\.$", "\\u{1F600}|:\\)", "^-?(0|[1-9]\\d*)(\\.\\d+)?$"]
FORMATS = ["date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
           "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer",
           "relative-json-pointer", "regex", "made-up"]
NUMBERS = [0, 1, 2, -1, 3, 10, -7, 100, 0.5, 1.5, -2.25, 1e3, 0.1, 1e21, 5e-7, 12345678901234567890]
UNITS = [1, 2, 3, 0.5, 0.01, 0.1, 7, 1e-3, 1.5]
TYPES = ["null", "boolean", "integer", "number", "string", "string", "array", "array", "object", "object", "object"]


class Generator:
    """Most schemas have a member; those that have none are refused by the server and count as refusals."""

    def __init__(self, rng):
        self.rng = rng

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, values):
        return self.rng.choice(values)

    def value(self, depth):
        kind = self.rng.randrange(8 if depth else 5)
        if kind < 5:
            return [None, self.chance(0.5), self.pick(NUMBERS), self.text(), self.text()][kind]
        if kind == 5:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(3))]
        return {self.pick(NAMES): self.value(depth - 1) for _ in range(self.rng.randrange(3))}

    def text(self):
        return "".join(self.pick(["a", "b", "foo", " ", "é", "7", "\"", "\\", "\n", "😀", "x"])
                       for _ in range(self.rng.randrange(4)))

    def some(self, depth, most):
        return [self.schema(depth) for _ in range(self.rng.randint(1, most))]

    def document(self):
        """A schema for a whole output, sometimes with definitions that it and they refer to."""
        if not self.chance(0.3):
            return self.schema(self.rng.randint(1, 3))
        names = ["node", "leaf", "other"][:self.rng.randint(1, 3)]
        defs = {name: self.schema(2) for name in names}
        if self.chance(0.5):
            name = self.pick(names)
            defs[name] = {"type": "object", "properties": {"next": {"$ref": "#/$defs/" + name}, "value": self.schema(1)},
                          "required": ["value"]}
            if self.chance(0.3):
                defs[name] = {"$anchor": "tree", "type": "array", "items": {"$ref": "#tree"}, "maxItems": 3}
        root = {"type": "object", "$defs": defs, "properties": {}}
        for _ in range(self.rng.randint(1, 3)):
            root["properties"][self.pick(NAMES)] = {"$ref": "#/$defs/" + self.pick(names)}
        root["required"] = sorted(root["properties"])
        return root

    def schema(self, depth):
        if depth == 0 and self.chance(0.15):
            return True
        if depth == 0 and self.chance(0.25):
            return {"const": self.value(1)}
        if depth == 0 and self.chance(0.25):
            values = []
            for _ in range(3):
                value = self.value(1)
                if value not in values:
                    values.append(value)
            return {"enum": values}
        kind = self.pick(TYPES[:7] if depth == 0 else TYPES)
        schema = {"type": [kind, self.pick(["null", "string"])] if self.chance(0.08) and kind not in ("null", "string") else kind}
        if self.chance(0.03):
            schema.update(title="t", description="d", examples=[self.value(1)], deprecated=False)
        add = {"integer": self.numbers, "number": self.numbers, "string": self.strings}.get(kind)
        if add:
            add(schema)
        if depth and kind == "array":
            self.arrays(schema, depth - 1)
        if depth and kind == "object":
            self.objects(schema, depth - 1)
        if depth:
            self.in_place(schema, depth - 1)
        return schema

    def numbers(self, schema):
        low = self.pick(NUMBERS)
        if self.chance(0.4):
            schema[self.pick(["minimum", "minimum", "exclusiveMinimum"])] = low
        if self.chance(0.4):
            schema[self.pick(["maximum", "maximum", "exclusiveMaximum"])] = low + self.pick([5, 10, 1000, 7.5])
        if self.chance(0.3):
            schema["multipleOf"] = self.pick(UNITS)

    def strings(self, schema):
        kind = self.rng.randrange(4)
        if kind == 0:
            schema["format"] = self.pick(FORMATS)
        if kind == 1:
            schema["pattern"] = self.pick(PATTERNS)
        if self.chance(0.3):
            schema["minLength"] = self.rng.randrange(4)
        if self.chance(0.5) and kind != 0:
            schema["maxLength"] = self.rng.randint(3, 12)

    def arrays(self, schema, depth):
        if self.chance(0.3):
            schema["prefixItems"] = self.some(depth, 2)
        if self.chance(0.7):
            schema["items"] = self.schema(depth)
        if self.chance(0.3):
            schema["minItems"] = self.rng.randrange(3)
        if self.chance(0.4):
            schema["maxItems"] = self.rng.randint(2, 5)
        if self.chance(0.15):
            schema["contains"] = self.schema(0)
            if self.chance(0.3):
                schema["minContains"] = self.rng.randrange(3)
            if self.chance(0.3):
                schema["maxContains"] = self.rng.randint(1, 2)
        if self.chance(0.06) and "prefixItems" not in schema:
            schema["uniqueItems"] = True
            schema["items"] = self.schema(0)
        if self.chance(0.05) and "contains" not in schema and "items" not in schema:
            schema["unevaluatedItems"] = self.schema(depth)

    def objects(self, schema, depth):
        schema["properties"] = {self.pick(NAMES): self.schema(depth) for _ in range(self.rng.randint(1, 4))}
        listed = sorted(schema["properties"])
        if self.chance(0.7):
            schema["required"] = self.rng.sample(listed, self.rng.randint(1, len(listed)))
        if self.chance(0.5):
            schema["additionalProperties"] = False if self.chance(0.6) else self.schema(depth)
        if self.chance(0.15):
            schema["patternProperties"] = {self.pick(PATTERNS): self.schema(depth)}
        if self.chance(0.1):
            schema["minProperties"] = self.rng.randrange(3)
        if self.chance(0.1):
            schema["maxProperties"] = self.rng.randint(len(listed), len(listed) + 2)
        if self.chance(0.07):
            schema["propertyNames"] = self.pick([{"maxLength": 5}, {"pattern": "^[^\"]*$"}, {"minLength": 1}])
        if self.chance(0.1):
            schema["dependentRequired"] = {self.pick(listed): [self.pick(listed)]}
        if self.chance(0.1):
            schema["dependentSchemas"] = {self.pick(listed): self.schema(depth)}
        if self.chance(0.06) and "additionalProperties" not in schema:
            schema["unevaluatedProperties"] = False if self.chance(0.5) else self.schema(depth)

    def in_place(self, schema, depth):
        kind = schema["type"]
        like = {"type": kind} if not self.chance(0.2) else {}
        if self.chance(0.12):
            schema["anyOf"] = [like | self.narrow(kind, depth) for _ in range(self.rng.randint(1, 3))]
        if self.chance(0.08):
            schema["oneOf"] = [like | self.narrow(kind, depth) for _ in range(self.rng.randint(1, 3))]
        if self.chance(0.08):
            schema["allOf"] = [self.narrow(kind, depth)]
        if self.chance(0.06):
            schema["not"] = self.pick([{"const": self.value(1)}, {"enum": [0, "", None]}, self.narrow(kind, depth)])
        if self.chance(0.06):
            schema["if"] = self.narrow(kind, depth)
            if self.chance(0.8):
                schema["then"] = self.narrow(kind, depth)
            if self.chance(0.8):
                schema["else"] = self.narrow(kind, depth)

    def narrow(self, kind, depth):
        """Keywords of a kind without its type."""
        schema = {}
        if kind in ("integer", "number"):
            self.numbers(schema)
        elif kind == "string":
            self.strings(schema)
        elif kind == "array":
            self.arrays(schema, depth)
        elif kind == "object":
            self.objects(schema, depth)
        return schema


def real():
    """(name, schema) of the data set, where it is there."""
    if not REAL.is_file():
        return []
    rows = [json.loads(line) for line in REAL.read_text().splitlines()]
    return [(row["name"], row["schema"]) for row in rows]


def suite():
    """(name, schema) of the test suite, where tests/schema/run has brought it: of its required and format tests those
    that some value of its own satisfies."""
    found = []
    for folder in (SUITE, SUITE / "optional/format"):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            for group in json.loads(path.read_text()):
                text = json.dumps(group["schema"])
                if "localhost" not in text and any(test["valid"] for test in group["tests"]):
                    found.append((f"suite {path.stem}: {group['description']}", group["schema"]))
    return found
