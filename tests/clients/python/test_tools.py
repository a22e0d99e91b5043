"""The official Python client calling functions, against the real server with the real model."""

import json

import openai
import pydantic
import pytest
from serving import CHAT



class Weather(pydantic.BaseModel, extra="forbid", strict=True):
    city: str = pydantic.Field(max_length=40)
    unit: str = pydantic.Field(pattern="^(celsius|fahrenheit)$")
    days: int = pydantic.Field(ge=1, le=7)


WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 40},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Get the weather forecast of a city.",
                                      "parameters": WEATHER, "strict": True}},
    {"type": "function", "function": {"name": "get_time", "description": "Get the time in a city.",
                                      "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}},
]
MESSAGES = [{"role": "user", "content": "What is the weather in Paris for the next three days?"}]


def test_a_required_call_keeps_its_schema(client):
    for seed in range(4):
        answer = client.chat.completions.create(model=CHAT, messages=MESSAGES, tools=TOOLS, tool_choice="required",
                                                temperature=1, seed=seed, max_completion_tokens=400)
        choice = answer.choices[0]
        if choice.finish_reason == "length":
            continue
        assert choice.finish_reason == "tool_calls" and choice.message.content is None
        for call in choice.message.tool_calls:
            arguments = json.loads(call.function.arguments)
            assert call.function.name in ("get_weather", "get_time") and call.id.startswith("call_")
            if call.function.name == "get_weather":
                Weather.model_validate(arguments)


def test_a_named_tool_is_called_once(client):
    answer = client.chat.completions.create(
        model=CHAT, messages=MESSAGES, tools=TOOLS, temperature=0, max_completion_tokens=100,
        tool_choice={"type": "function", "function": {"name": "get_weather"}})
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_weather"]


def test_none_never_calls_and_allowed_tools_are_the_only_ones(client):
    answer = client.chat.completions.create(model=CHAT, messages=MESSAGES, tools=TOOLS, tool_choice="none",
                                            temperature=0, max_completion_tokens=20)
    assert answer.choices[0].message.tool_calls is None and answer.choices[0].message.content
    allowed = {"type": "allowed_tools", "allowed_tools": {
        "mode": "required", "tools": [{"type": "function", "function": {"name": "get_time"}}]}}
    answer = client.chat.completions.create(model=CHAT, messages=MESSAGES, tools=TOOLS, tool_choice=allowed,
                                            parallel_tool_calls=False, temperature=0, max_completion_tokens=100)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_time"]


def test_streamed_arguments_join_to_the_whole(client):
    request = dict(model=CHAT, messages=MESSAGES, tools=TOOLS, tool_choice="required", temperature=0,
                   parallel_tool_calls=False, max_completion_tokens=100)
    whole = client.chat.completions.create(**request).choices[0].message.tool_calls[0]
    text, names, pieces = "", [], 0
    for chunk in client.chat.completions.create(stream=True, **request):
        for call in chunk.choices[0].delta.tool_calls or []:
            assert call.index == 0
            names += [call.function.name] if call.function.name else []
            text += call.function.arguments or ""
            pieces += 1
    assert names == [whole.function.name] and text == whole.function.arguments and pieces > 3


def test_the_answer_of_a_tool_goes_back(client):
    call = {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": '{"city": "Paris"}'}}
    answer = client.chat.completions.create(
        model=CHAT, tools=TOOLS, tool_choice="none", temperature=0, max_completion_tokens=30,
        messages=MESSAGES + [{"role": "assistant", "content": None, "tool_calls": [call]},
                             {"role": "tool", "tool_call_id": "call_1", "content": "It is 12:30 in Paris."}])
    assert "12:30" in answer.choices[0].message.content


def test_tools_beside_a_response_format(client):
    class Answer(pydantic.BaseModel):
        words: list[str] = pydantic.Field(min_length=1, max_length=3)

    schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": Answer.model_json_schema()}}
    for choice in ("none", "auto"):
        answer = client.chat.completions.create(model=CHAT, messages=MESSAGES, tools=TOOLS, tool_choice=choice,
                                                response_format=schema, temperature=0, max_completion_tokens=200)
        message = answer.choices[0].message
        if message.tool_calls is None:
            Answer.model_validate_json(message.content)
        else:
            assert choice == "auto" and message.content is None


def test_custom_tools_keep_their_grammar(client):
    for syntax, definition in (("lark", 'start: "ls " PATH\nPATH: /[a-z\\/]{1,12}/'), ("regex", "ls [a-z/]{1,12}")):
        tool = {"type": "custom", "custom": {"name": "shell", "description": "Run a command.", "format": {
            "type": "grammar", "grammar": {"syntax": syntax, "definition": definition}}}}
        answer = client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "List files."}],
                                                tools=[tool], tool_choice="required", parallel_tool_calls=False,
                                                temperature=1, seed=3, max_completion_tokens=100)
        call = answer.choices[0].message.tool_calls[0]
        assert call.type == "custom" and call.custom.name == "shell"
        assert call.custom.input.startswith("ls ") and 4 <= len(call.custom.input) <= 15


def test_500_tools(client):
    tools = [{"type": "function", "function": {"name": f"tool_{i}", "parameters": {
        "type": "object", "properties": {f"x{i}": {"type": "integer"}}, "required": [f"x{i}"],
        "additionalProperties": False}}} for i in range(500)]
    answer = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": "Call tool_321."}], tools=tools,
        tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
            {"type": "function", "function": {"name": "tool_321"}}]}},
        extra_body={"chat_template": "{% for m in messages %}{{ m.content[-200:] }}\n{% endfor %}"},
        parallel_tool_calls=False, temperature=0, max_completion_tokens=60)
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "tool_321" and list(json.loads(call.function.arguments)) == ["x321"]


def test_faults_name_the_place(client):
    for bad, param in (
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": TOOLS + TOOLS[:1]}, "tools[2].function.name"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "other"}}},
         "tool_choice.function.name"),
        ({"tool_choice": "required"}, "tool_choice"),
    ):
        with pytest.raises(openai.BadRequestError) as fault:
            client.chat.completions.create(model=CHAT, messages=MESSAGES, **bad)
        assert fault.value.param == param
    broken = {"type": "object", "properties": {"x": {"type": "string", "pattern": "(a)\\1"}}, "required": ["x"]}
    with pytest.raises(openai.BadRequestError) as fault:
        client.chat.completions.create(model=CHAT, messages=MESSAGES, tool_choice="required", tools=[
            {"type": "function", "function": {"name": "f", "parameters": broken}}])
    assert "pattern" in str(fault.value)


# A template that opens the reasoning, as those of reasoning models do; this model makes of it what it can.
THINKS = ("{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}"
          "\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
          "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}")


def test_reasoning_is_apart_and_ends_at_its_budget(client):
    def ask(**more):
        body = {"chat_template": THINKS, "thinking_token_budget": 12, **more.pop("extra", {})}
        return client.chat.completions.create(model=CHAT, messages=MESSAGES, temperature=0, max_completion_tokens=40,
                                              extra_body=body, **more)

    whole = ask()
    message = whole.choices[0].message
    assert message.reasoning and message.reasoning_content == message.reasoning and message.content
    assert "</think>" not in message.reasoning
    assert 12 <= whole.usage.completion_tokens_details.reasoning_tokens <= 20
    reasoning = content = ""
    for chunk in ask(stream=True):
        delta = chunk.choices[0].delta
        assert not (content and getattr(delta, "reasoning", None))
        reasoning += getattr(delta, "reasoning", None) or ""
        content += delta.content or ""
    assert (reasoning, content) == (message.reasoning, message.content)
    assert not hasattr(ask(extra={"include_reasoning": False}).choices[0].message, "reasoning")
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {
        "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}}}
    kept = ask(response_format=schema).choices[0].message
    assert kept.reasoning and list(json.loads(kept.content)) == ["n"]


def test_reasoning_goes_back_to_the_template(client):
    turns = MESSAGES + [{"role": "assistant", "content": "Sunny.", "reasoning": "I looked out."},
                        {"role": "user", "content": "Thanks."}]
    counted = [client.chat.completions.create(
        model=CHAT, messages=messages, max_completion_tokens=1, extra_body={"chat_template": THINKS}).usage.prompt_tokens
        for messages in (turns, MESSAGES + [{"role": "assistant", "content": "Sunny."}] + turns[-1:])]
    assert counted[0] > counted[1] + 4
