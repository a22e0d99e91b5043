"""Anthropic's Python client against the real server with the real model."""

import json

import anthropic
import pytest
from serving import CHAT
from test_tools import THINKS, WEATHER

GREEDY = {"top_k": 1}  # today's SDK sends it only so
ASK = [{"role": "user", "content": "What is the weather in Paris for the next three days?"}]
TOOLS = [{"name": "get_weather", "description": "Get the weather forecast of a city.", "input_schema": WEATHER,
          "strict": True, "cache_control": {"type": "ephemeral"}},
         {"name": "get_time", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]


@pytest.fixture(scope="module")
def claude(server):
    return anthropic.Anthropic(base_url=server.url, api_key="unused", max_retries=0,
                               _strict_response_validation=True)


def test_a_stream_adds_up_to_the_whole(claude):
    request = dict(model=CHAT, max_tokens=20, messages=ASK, extra_body=GREEDY, metadata={"user_id": "u"},
                   system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}])
    whole = claude.messages.create(**request)
    assert whole.stop_reason == "max_tokens" and whole.usage.output_tokens == 20 and whole.id.startswith("msg_")
    with claude.messages.stream(**request) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert final.content[0].text == whole.content[0].text and final.stop_reason == "max_tokens"
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop" and "content_block_stop" in kinds
    counted = claude.messages.count_tokens(model=CHAT, messages=ASK, system=request["system"])
    usage = whole.usage
    assert counted.input_tokens == usage.input_tokens + usage.cache_read_input_tokens


def test_a_stop_sequence_and_a_begun_answer(claude):
    answer = claude.messages.create(
        model=CHAT, max_tokens=40, extra_body=GREEDY, stop_sequences=["5"],
        messages=[{"role": "user", "content": "Count from 1 to 9."}, {"role": "assistant", "content": "1, 2, 3,"}])
    assert answer.stop_reason == "stop_sequence" and answer.stop_sequence == "5" and "4" in answer.content[0].text


def test_tools_are_used_and_answered(claude):
    choice = {"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True}
    request = dict(model=CHAT, max_tokens=200, extra_body=GREEDY, messages=ASK, tools=TOOLS)
    whole = claude.messages.create(tool_choice=choice, **request)
    (use,) = [block for block in whole.content if block.type == "tool_use"]
    assert whole.stop_reason == "tool_use" and use.name == "get_weather" and 1 <= use.input["days"] <= 7
    with claude.messages.stream(tool_choice=choice, **request) as stream:
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        assert stream.get_final_message().content[-1].input == use.input
    assert len(pieces) > 3 and json.loads("".join(pieces)) == use.input
    result = {"type": "tool_result", "tool_use_id": use.id, "content": [{"type": "text", "text": "Rain at 12:30."}]}
    turns = ASK + [{"role": "assistant", "content": [use.model_dump(exclude_none=True)]},
                   {"role": "user", "content": [result]}]
    answer = claude.messages.create(**{**request, "messages": turns}, tool_choice={"type": "none"})
    assert answer.content[0].type == "text"
    any_use = claude.messages.create(tool_choice={"type": "any"}, **request)
    assert any_use.stop_reason in ("tool_use", "max_tokens")


def test_an_output_format_is_kept(claude):
    schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}}, "required": ["city"],
              "additionalProperties": False}
    answer = claude.messages.create(model=CHAT, max_tokens=60, messages=ASK,
                                    output_config={"format": {"type": "json_schema", "schema": schema}})
    assert list(json.loads(answer.content[0].text)) == ["city"]


def test_thinking_is_a_block_and_goes_back(claude):
    request = dict(model=CHAT, max_tokens=40, messages=ASK, extra_body={"chat_template": THINKS, **GREEDY})
    thinking = {"type": "enabled", "budget_tokens": 12}
    whole = claude.messages.create(thinking=thinking, **request)
    assert [block.type for block in whole.content] == ["thinking", "text"]
    assert 12 <= whole.usage.output_tokens_details.thinking_tokens <= 20
    with claude.messages.stream(thinking=thinking, **request) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_message()
    assert {"thinking", "signature"} <= kinds
    assert final.content[0].thinking == whole.content[0].thinking
    assert final.content[0].signature == whole.content[0].signature
    hidden = claude.messages.create(thinking={**thinking, "display": "omitted"}, **request).content[0]
    assert not hidden.thinking and hidden.signature

    def count(block):
        turns = [ASK[0], {"role": "assistant", "content": [block, {"type": "text", "text": "Rain."}]}, ASK[0]]
        return claude.messages.count_tokens(model=CHAT, messages=turns,
                                            extra_body={"chat_template": THINKS}).input_tokens

    shown = count(whole.content[0].model_dump())
    assert shown == count(hidden.model_dump()) > count({"type": "text", "text": ""})


def test_errors_have_anthropics_shape(claude):
    with pytest.raises(anthropic.NotFoundError) as missing:
        claude.messages.create(model="no-such-model", max_tokens=2, messages=ASK)
    assert missing.value.body["error"]["type"] == "not_found_error"
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    with pytest.raises(anthropic.BadRequestError) as refused:
        claude.messages.create(model=CHAT, max_tokens=2, messages=[{"role": "user", "content": [image]}])
    assert "messages[0].content[0].type" in refused.value.message
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        claude.messages.create(model=CHAT, max_tokens=2, messages=ASK, thinking={"type": "enabled", "budget_tokens": 4})
    web = {"type": "web_search_20250305", "name": "web_search"}
    with pytest.raises(anthropic.BadRequestError, match=r"tools\[0\]\.type"):
        claude.messages.create(model=CHAT, max_tokens=2, messages=ASK, tools=[web])
