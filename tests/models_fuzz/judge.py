"""What two validators that are not ours say of a text, and where they differ, who is right."""

import decimal
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import jsonschema.validators

decimal.getcontext().prec = 20000
sys.set_int_max_str_digits(0)

DRAFTS = {"draft-03": 3, "draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 2019, "2020-12": 2020}
CLASSES = {3: jsonschema.Draft3Validator, 4: jsonschema.Draft4Validator, 6: jsonschema.Draft6Validator,
           7: jsonschema.Draft7Validator, 2019: jsonschema.Draft201909Validator, 2020: jsonschema.Draft202012Validator}

# Where one of the two calls a value invalid that is valid. (who, keyword or format): (of which values, why). Each was
# looked at.
JUDGED = {
    ("jsonschema", "format date"): (
        lambda value: value.startswith("0000"), "Python's years begin with 1, RFC 3339's with 0"),
    ("jsonschema", "format date-time"): (
        lambda value: value.startswith("0000") or ":60" in value, "the same; and RFC 3339 has leap seconds"),
    ("jsonschema", "format time"): (lambda value: ":60" in value, "RFC 3339 has leap seconds"),
    ("jsonschema", "format idn-hostname"): (
        lambda value: not value.isascii(), "PyPI idna knows another Unicode, and dots other than '.' only in part"),
    ("jsonschema", "format relative-json-pointer"): (
        lambda value: re.match(r"[1-9][0-9]*0[0-9]", value) is not None,
        "a 0 within the number is taken for one that begins it"),
    ("ajv", "multipleOf"): (
        lambda value: True, "of doubles: 0.3 is no multiple of 0.1 then, and integers above 2^53 are others; jsonschema "
                            "divides decimals"),
    ("ajv", "format uri-template"): (
        lambda value: re.search(r"\{[^}]*\.[^}]*\}", value) is not None, "RFC 6570 has dots within names"),
    ("ajv", "format email"): (
        lambda value: '"' in value or "[" in value or "." not in value.rpartition("@")[2],
        "RFC 5321 has quoted local parts, address literals and domains of one label"),
    ("ajv", "format uri"): (
        lambda value: re.match(r"[^:/?#]*:($|[?#])", value) is not None, "RFC 3986 has empty paths: 'a:' is a URI"),
}
for _name_of_format in ("iri", "iri-reference", "idn-email", "idn-hostname"):  # told under `not` alone
    JUDGED["ajv", "format " + _name_of_format] = (lambda value: False, "ajv-formats has none, so nothing fails it")
# The same where it agrees as soon as V8 searches for the patterns, and an empty one is a pattern.
PATTERNS = ("jsonschema", "patterns")
WHY_PATTERNS = ("Python's re is not ECMA-262: \\d, \\w and \\b take all of Unicode, $ a line end before the end, . some line "
                "ends; and an empty pattern of patternProperties is passed over")
# The same where the text has a number that no double is.
DOUBLES = ("ajv", "numbers that no double is")


def _has_if_without_then(schema):
    if isinstance(schema, list):
        return any(_has_if_without_then(item) for item in schema)
    if not isinstance(schema, dict):
        return False
    return "if" in schema and "then" not in schema or any(_has_if_without_then(part) for part in schema.values())


# The same of some schemas.
JUDGED_SCHEMAS = {
    ("ajv", "$dynamicRef"): (
        lambda schema: '"$dynamicRef"' in json.dumps(schema),
        "ajv does not follow the dynamic scope as JSON-Schema-Test-Suite has it"),
    ("ajv", "if"): (
        _has_if_without_then, "ajv passes over an if that no then follows; JSON-Schema-Test-Suite has it count as evaluated"),
}
# What fails where something within it is judged otherwise.
BRANCHING = {"if", "not", "oneOf", "anyOf", "contains", "unevaluatedProperties", "unevaluatedItems", "dependentSchemas"}


class Broken(Exception):
    """No JSON, or JSON that readers disagree on."""


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Broken("a name twice in one object")
    return members


def _no_constant(text):
    raise Broken(f"{text} is no number of JSON's")


def _look_at_texts(value):
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Broken("a lone surrogate") from None
    elif isinstance(value, list):
        for item in value:
            _look_at_texts(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            _look_at_texts(name)
            _look_at_texts(member)


def parse(text):
    """Numbers are decimals. Broken: see there."""
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_float=decimal.Decimal, parse_constant=_no_constant)
    except ValueError as error:
        raise Broken(f"no JSON: {error}") from None
    _look_at_texts(value)
    return value


def draft_of(schema):
    """By $schema; without, 2020-12, or draft 7 where older spellings stand in it."""
    named = schema.get("$schema", "") if isinstance(schema, dict) else ""
    for mark, draft in DRAFTS.items():
        if mark in named:
            return draft
    return 7 if re.search(r'"(items": \[|additionalItems"|dependencies")', json.dumps(schema)) else 2020


def _is_integer(_, value):
    if isinstance(value, decimal.Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _class_of(draft):
    cls = CLASSES[draft]
    return jsonschema.validators.extend(cls, type_checker=cls.TYPE_CHECKER.redefine("integer", _is_integer))


VALIDATORS = {draft: _class_of(draft) for draft in CLASSES}


def _leaves(error):
    if not error.context:
        yield error
    for inner in error.context:
        yield from _leaves(inner)


def _name(keyword, format_name):
    return f"format {format_name}" if keyword == "format" else keyword


def _has_other_numbers(value):
    """Whether what JavaScript reads has numbers other than these."""
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, decimal.Decimal)):
        return decimal.Decimal(repr(float(value))) != value if abs(value) < 10**300 else True
    if isinstance(value, list):
        return any(_has_other_numbers(item) for item in value)
    return isinstance(value, dict) and any(_has_other_numbers(member) for member in value.values())


class JsonSchema:
    """PyPI jsonschema with its FORMAT_CHECKER.

    expressions: what it searches for patterns with; Python's re, or something that has its search, compile and error.
    """

    name = "jsonschema"
    MODULES = [jsonschema._keywords, jsonschema._legacy_keywords, jsonschema._utils]

    def __init__(self, expressions=re):
        self.expressions = expressions

    def errors(self, schema, draft, text):
        """What it finds wrong, as [(keyword or format, value)]; None: it cannot read the schema."""
        written = json.dumps(schema)
        if self.expressions is not re:
            written = written.replace('"patternProperties": {"": ', '"patternProperties": {"(?:)": ')
        schema = json.loads(written, parse_float=decimal.Decimal)
        checker = jsonschema.FormatChecker(())
        checker.checkers = CLASSES[draft].FORMAT_CHECKER.checkers | {"regex": (self._is_regex, re.error)}
        validator = VALIDATORS[draft](schema, format_checker=checker)
        for module in self.MODULES:
            module.re = self.expressions
        try:
            found = [leaf for error in validator.iter_errors(parse(text)) for leaf in _leaves(error)]
        except Broken:
            raise
        except re.error:
            return [("pattern", "")]
        except Exception:  # a reference to elsewhere, a keyword of the wrong type: whatever it raises
            return None
        return [(_name(leaf.validator, leaf.validator_value), leaf.instance) for leaf in found]

    def _is_regex(self, value):
        return not isinstance(value, str) or bool(self.expressions.compile(value))


def without_siblings(schema):
    """As drafts up to 7 read it: keywords beside a $ref say nothing. ajv obeys them."""
    if isinstance(schema, list):
        return [without_siblings(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    is_reference = isinstance(schema.get("$ref"), str)
    return {key: value if key in ("enum", "const", "default", "examples") else without_siblings(value)
            for key, value in schema.items() if not is_reference or key in ("$ref", "$schema", "definitions", "$defs")}


class Ajv:
    """npm ajv with ajv-formats, in a process of its own."""

    name = "ajv"

    def __init__(self):
        script = pathlib.Path(__file__).with_name("judge_ajv.js")
        self.process = subprocess.Popen(["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def search(self, pattern, text):
        """What ECMA-262's expressions find, by V8; re.error where they have no such pattern."""
        answer = self._ask({"pattern": pattern, "text": text})
        if "unreadable" in answer:
            raise re.error(answer["unreadable"], pattern)
        return answer["found"]

    def errors(self, schema, draft, text):
        if draft <= 7:
            schema = without_siblings(schema)
        answer = self._ask({"schema": schema, "draft": draft, "text": text})
        if "unreadable" in answer:
            return None
        return [(_name(error["keyword"], error.get("format")), error.get("value")) for error in answer["errors"]]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Expressions:
    """Those of ECMA-262, in the words of Python's re that jsonschema uses."""

    error = re.error

    def __init__(self, ajv):
        self.ajv = ajv

    def search(self, pattern, text):
        return self.ajv.search(pattern, text)

    def compile(self, pattern):
        self.search(pattern, "")
        return True


def _explained(name, errors):
    """Whether JUDGED explains each error, and not only one of them."""
    return all(entry and entry[0](value) for entry, value in ((JUDGED.get((name, error)), value) for error, value in errors))


def _judgement(name, errors, schema):
    """The entry of JUDGED that explains why a validator alone finds errors; None: none does."""
    for error, value in errors:
        entry = JUDGED.get((name, error))
        if entry and entry[0](value):
            return name, error
    if BRANCHING & {error for error, _ in errors}:
        written = json.dumps(schema)
        for who, error in JUDGED:
            if who == name and f'"{error.removeprefix("format ")}"' in written:
                return who, error
    for (who, keyword), (is_such, _) in JUDGED_SCHEMAS.items():
        if who == name and is_such(schema):
            return who, keyword
    return None


class Judge:
    def __init__(self):
        self.ajv = Ajv()
        self.validators = [JsonSchema(), self.ajv]
        self.with_patterns = JsonSchema(Expressions(self.ajv))

    def verdict(self, schema, text):
        """(kind, what): "valid"; "judged", where one of the two is wrong by JUDGED; "unread" where neither reads the schema;
        "violation"."""
        draft = draft_of(schema)
        try:
            value = parse(text)
        except Broken as broken:
            return "violation", str(broken)
        said = {v.name: v.errors(schema, draft, text) for v in self.validators}
        silent = [name for name, errors in said.items() if errors is None]
        if len(silent) == len(said):
            return "unread", ""
        wrong = [name for name, errors in said.items() if errors]
        if not wrong:
            return "valid", "".join(name + " cannot read it" for name in silent)
        judged = None if silent else self._judged(said, wrong, schema, draft, value, text)
        if judged:
            return "judged", ": ".join(judged)
        return "violation", "; ".join(sorted({f"{name}: {error}" for name in wrong for error, _ in said[name]}))

    def _judged(self, said, wrong, schema, draft, value, text):
        """Why what they say is no violation; None: it is one."""
        if PATTERNS[0] in wrong:
            said = said | {PATTERNS[0]: self.with_patterns.errors(schema, draft, text)}
            wrong = [name for name, errors in said.items() if errors]
        if not wrong:
            return PATTERNS
        if wrong == [DOUBLES[0]] and _has_other_numbers(value):
            return DOUBLES
        if len(wrong) == 1:
            return _judgement(wrong[0], said[wrong[0]], schema)
        # Each is wrong where the other is right.
        told = [{(error, json.dumps(value, default=str)) for error, value in said[name]} for name in wrong]
        if told[0] & told[1] or not all(_explained(name, said[name]) for name in wrong):
            return None
        return wrong[0], said[wrong[0]][0][0]
