"""Every parameter that says what an output must be, in the words of each API, over chat completions and completions."""

import json
import re
import urllib.request

import pytest
from serving import CHAT

PAIR = {"type": "object", "properties": {"a": {"enum": [1, 2]}, "b": {"type": "boolean"}}, "required": ["a", "b"],
        "additionalProperties": False}
OPEN_PAIR = {key: value for key, value in PAIR.items() if key != "additionalProperties"}
GBNF = 'root ::= "(" root ")" | "x" [0-9]'
LARK = 'start: "say " WORD ("," WORD)~1..2 "."\nWORD: /[a-z]{1,4}/'
TAG = {"type": "structural_tag", "format": {"type": "tag", "begin": "<call>", "end": "</call>", "content": {
    "type": "json_schema", "style": "qwen_xml", "json_schema": {"properties": {"unit": {"enum": ["C", "F"]}, "n": {"type": "boolean"}},
                                                                "required": ["unit", "n"]}}}}
OLDER_TAG = {"type": "structural_tag", "triggers": ["<"], "structures": [{"begin": "<f>", "schema": PAIR, "end": "</f>"}]}


def is_pair(text):
    pair = json.loads(text)
    return list(pair) == ["a", "b"] and pair["a"] in (1, 2) and isinstance(pair["b"], bool)


def matches(pattern):
    return lambda text: re.fullmatch(pattern, text, re.DOTALL) is not None


def is_nested(text):
    return matches(r"(\(*)x[0-9](\)*)")(text) and text.count("(") == text.count(")")


is_said = matches(r"say [a-z]{1,4}(,[a-z]{1,4}){1,2}\.")
is_call = matches(r"<call>\s*<parameter=unit>\n?[CF]\n?</parameter>\s*<parameter=n>\s*(true|false)\s*</parameter>\s*</call>")

KEPT = {
    "structured_outputs.json": ({"structured_outputs": {"json": PAIR}}, is_pair),
    "structured_outputs.json as text": ({"structured_outputs": {"json": json.dumps(PAIR)}}, is_pair),
    "structured_outputs.regex": ({"structured_outputs": {"regex": "[ab]{2}-\\d"}}, matches("[ab]{2}-[0-9]")),
    "structured_outputs.choice": ({"structured_outputs": {"choice": ["left", "right"]}}, matches("left|right")),
    "structured_outputs.grammar, GBNF": ({"structured_outputs": {"grammar": GBNF}}, is_nested),
    "structured_outputs.grammar, Lark": ({"structured_outputs": {"grammar": LARK}}, is_said),
    "structured_outputs.structural_tag": ({"structured_outputs": {"structural_tag": TAG}}, is_call),
    "structured_outputs.structural_tag as text": ({"structured_outputs": {"structural_tag": json.dumps(TAG)}}, is_call),
    "structured_outputs.disable_any_whitespace": (
        {"structured_outputs": {"json": PAIR, "disable_any_whitespace": True}}, matches('{"a":[12],"b":(true|false)}')),
    "structured_outputs.whitespace_pattern": (
        {"structured_outputs": {"json": PAIR, "whitespace_pattern": " ?"}}, matches('{ ?"a" ?: ?[12] ?, ?"b" ?: ?(true|false) ?}')),
    "structured_outputs.disable_additional_properties": (
        {"structured_outputs": {"json": OPEN_PAIR, "disable_additional_properties": True}}, is_pair),
    "guided_json": ({"guided_json": PAIR}, is_pair),
    "guided_regex": ({"guided_regex": "[ab]{2}-\\d"}, matches("[ab]{2}-[0-9]")),
    "guided_choice": ({"guided_choice": ["left", "right"]}, matches("left|right")),
    "guided_grammar, GBNF": ({"guided_grammar": GBNF}, is_nested),
    "guided_grammar, Lark": ({"guided_grammar": LARK}, is_said),
    "grammar": ({"grammar": GBNF}, is_nested),
    "json_schema": ({"json_schema": PAIR}, is_pair),
    "response_format.json_schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "pair", "schema": PAIR}}}, is_pair),
    "response_format structural_tag": ({"response_format": TAG}, is_call),
}
ROUTES = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Write something."}]},
    "/v1/completions": {"prompt": "Here is what was asked for:"},
}


def body_of(route, parameters):
    return {"model": CHAT, "temperature": 1, "seed": 5, "max_tokens": 90, **ROUTES[route], **parameters}


def ask(server, route, parameters):
    return server.post(route, body_of(route, parameters))


def text_of(choice):
    return choice["message"]["content"] if "message" in choice else choice["text"]


def streamed_text(server, route, parameters):
    body = json.dumps({**body_of(route, parameters), "stream": True}).encode()
    request = urllib.request.Request(server.url + route, body, {"content-type": "application/json"})
    text = ""
    with urllib.request.urlopen(request, timeout=120) as lines:
        for line in lines:
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                text += (choice["delta"].get("content") or "") if "delta" in choice else choice["text"]
    return text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", KEPT)
def test_an_output_is_what_was_asked_for(server, route, name):
    parameters, is_right = KEPT[name]
    prefer_closing = {"structured_outputs": {**parameters.get("structured_outputs", {}), "prefer_closing": True}}
    status, answer = ask(server, route, {**parameters, **prefer_closing})
    assert status == 200, answer
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "stop" and is_right(text_of(choice)), choice


@pytest.mark.parametrize("route", ROUTES)
def test_a_stream_is_the_same_text(server, route):
    for name in ("structured_outputs.grammar, Lark", "response_format structural_tag", "guided_json"):
        _, answer = ask(server, route, KEPT[name][0])
        assert streamed_text(server, route, KEPT[name][0]) == text_of(answer["choices"][0]), name


def test_the_older_form_of_a_tag_leaves_text_free_until_its_trigger(server):
    for parameters in ({"response_format": OLDER_TAG}, {"structured_outputs": {"structural_tag": OLDER_TAG}}):
        status, answer = ask(server, "/v1/chat/completions", parameters)
        assert status == 200, answer
        for call in re.findall("<.*?(?:</f>|$)", text_of(answer["choices"][0]), re.DOTALL):
            assert call == "<" or call.startswith("<f")


# Control tokens of the model's: one is named within, one ends the output.
def test_a_grammar_names_tokens_of_the_model(server):
    grammar = 'start: "a" <|im_start|> ("b" | "c") <|im_end|>'
    for route in ROUTES:
        status, answer = ask(server, route, {"structured_outputs": {"grammar": grammar}})
        assert status == 200, answer
        choice = answer["choices"][0]
        assert text_of(choice) in ("ab", "ac") and choice["finish_reason"] == "stop"
        assert answer["usage"]["completion_tokens"] == 4


REFUSED = {
    "structured_outputs.grammar": ({"structured_outputs": {"grammar": "root ::= other"}}, "other"),
    "structured_outputs.regex": ({"structured_outputs": {"regex": "(a)\\1"}}, "back reference"),
    "structured_outputs.structural_tag": (
        {"structured_outputs": {"structural_tag": {"type": "structural_tag", "format": {"type": "none"}}}}, "format.type"),
    "structured_outputs.choice": ({"structured_outputs": {"choice": []}}, ""),
    "structured_outputs.whitespace_pattern": ({"structured_outputs": {"json": PAIR, "whitespace_pattern": "x"}}, ""),
    "structured_outputs": ({"structured_outputs": {"regex": "a", "choice": ["a"]}}, "more than one"),
    "guided_grammar": ({"guided_grammar": "start: <|no_such|>"}, "<|no_such|>"),
    "guided_json": ({"guided_json": {"type": "string", "pattern": "(a)\\1"}}, "#/pattern"),
    "grammar": ({"grammar": "root ::= ["}, "line 1"),
    "json_schema": ({"json_schema": {"minimum": "x"}}, "minimum"),
    "response_format": ({"response_format": {"type": "structural_tag", "format": {"type": "regex", "pattern": "("}}}, "format.pattern"),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_names_its_parameter(server, route, name):
    parameters, told = REFUSED[name]
    status, answer = ask(server, route, parameters)
    assert status == 400, answer
    assert answer["error"]["param"] == name, answer
    assert told in answer["error"]["message"], answer
