"""The official Python client's helpers for structured outputs, against the real server with the real model."""

import enum
import json

import openai
import pydantic
import pytest
from serving import CHAT


class Colour(str, enum.Enum):
    red = "red"
    green = "green"
    blue = "blue"


class Place(pydantic.BaseModel):
    city: str = pydantic.Field(max_length=20)
    country: str = pydantic.Field(max_length=20)


class Painter(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=30)
    born: int = pydantic.Field(ge=1000, le=2000)
    place: Place
    colours: list[Colour] = pydantic.Field(min_length=1, max_length=3)


MESSAGES = [{"role": "user", "content": "Describe Claude Monet, the painter, as JSON."}]


def test_parse_gives_the_object(client):
    answer = client.chat.completions.parse(model=CHAT, messages=MESSAGES, response_format=Painter, temperature=0.7,
                                           seed=11, max_completion_tokens=200)
    painter = answer.choices[0].message.parsed
    assert isinstance(painter, Painter)
    assert 1000 <= painter.born <= 2000 and painter.colours
    assert list(json.loads(answer.choices[0].message.content)) == ["name", "born", "place", "colours"]


def test_a_stream_parses_to_the_same(client):
    options = dict(model=CHAT, messages=MESSAGES, response_format=Painter, temperature=0.7, seed=11,
                   max_completion_tokens=200)
    whole = client.chat.completions.parse(**options)
    with client.chat.completions.stream(**options) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_completion()
    assert streamed.choices[0].message.parsed == whole.choices[0].message.parsed


def test_an_output_cut_by_length_is_marked(client):
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model=CHAT, messages=MESSAGES, response_format=Painter, max_completion_tokens=4)


def test_what_cannot_be_kept_is_named(client):
    schema = {"name": "x", "schema": {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a)\\1"}}}}
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=CHAT, messages=MESSAGES,
                                       response_format={"type": "json_schema", "json_schema": schema})
    assert refused.value.param == "response_format.json_schema.schema"
    assert "#/properties/a/pattern" in refused.value.message


@pytest.mark.parametrize("extra, allowed", [
    ({"structured_outputs": {"choice": ["yes", "no"]}}, {"yes", "no"}),
    ({"guided_regex": "(left|right)!"}, {"left!", "right!"}),
])
def test_choices_and_expressions(client, extra, allowed):
    answer = client.chat.completions.create(model=CHAT, messages=MESSAGES, extra_body=extra)
    assert answer.choices[0].message.content in allowed
    assert answer.choices[0].finish_reason == "stop"
