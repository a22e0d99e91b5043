"""The official Python client's responses and conversations, against the real server with the real model."""

import json
import time

import openai
import pydantic
import pytest
from serving import CHAT

QUESTION = "What is the capital of France?"
WEATHER = {"type": "function", "name": "get_weather", "strict": True, "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "maxLength": 30}}, "required": ["city"],
    "additionalProperties": False}}


def ask(client, **more):
    return client.responses.create(**{"model": CHAT, "input": QUESTION, "temperature": 0, "max_output_tokens": 30,
                                      **more})


def test_a_response_is_made_kept_and_forgotten(client):
    made = ask(client, metadata={"k": "v"}, instructions="Be brief.")
    assert "Paris" in made.output_text and made.status == "completed" and made.metadata == {"k": "v"}
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    again = client.responses.retrieve(made.id)
    assert again.output_text == made.output_text and again.usage == made.usage
    items = client.responses.input_items.list(made.id)
    assert [item.content[0].text for item in items] == [QUESTION]
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(ask(client, store=False).id)


def test_going_on_from_a_response_is_the_same_as_saying_all_again(client):
    first = ask(client)
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": first.output_text},
             {"role": "user", "content": "And of Italy?"}]
    whole = ask(client, input=turns)
    second = ask(client, input="And of Italy?", previous_response_id=first.id)
    assert second.output_text == whole.output_text and second.usage.input_tokens == whole.usage.input_tokens
    with pytest.raises(openai.NotFoundError):
        ask(client, previous_response_id="resp_none")


def test_events_come_in_order(client):
    whole = ask(client)
    types, text, number = [], "", 0
    with client.responses.stream(model=CHAT, input=QUESTION, temperature=0, max_output_tokens=30) as stream:
        for event in stream:
            assert event.sequence_number == number
            number += 1
            text += event.delta if event.type == "response.output_text.delta" else ""
            types += [event.type] if event.type not in types else []
        final = stream.get_final_response()
    assert text == final.output_text == whole.output_text
    assert types == ["response.created", "response.in_progress", "response.output_item.added",
                     "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                     "response.content_part.done", "response.output_item.done", "response.completed"]


def test_a_cut_response_is_incomplete(client):
    cut = ask(client, max_output_tokens=2)
    assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens"
    assert cut.output[0].status == "incomplete"


def test_functions_are_called_and_answered(client):
    made = ask(client, input="What is the weather in Rome?", tools=[WEATHER], tool_choice="required",
               parallel_tool_calls=False, max_output_tokens=80)
    call = made.output[0]
    assert call.type == "function_call" and list(json.loads(call.arguments)) == ["city"]
    answer = ask(client, previous_response_id=made.id, tools=[WEATHER], tool_choice="none", input=[
        {"type": "function_call_output", "call_id": call.call_id, "output": "It is sunny, 25 degrees."}])
    assert answer.output_text
    events = list(ask(client, input="What is the weather in Rome?", tools=[WEATHER], stream=True, max_output_tokens=80,
                      tool_choice={"type": "function", "name": "get_weather"}))
    deltas = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    done = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert "".join(deltas) == done[0].arguments == call.arguments and len(deltas) > 2


def test_custom_tools(client):
    tool = {"type": "custom", "name": "shell", "format": {"type": "grammar", "syntax": "regex",
                                                          "definition": "ls( [a-z]{1,8}){1,2}"}}
    events = list(ask(client, input="List files.", tools=[tool], tool_choice="required", parallel_tool_calls=False,
                      max_output_tokens=60, stream=True))
    done = [event for event in events if event.type == "response.custom_tool_call_input.done"]
    assert done and done[0].input.startswith("ls ")
    assert events[-1].response.output[0].type == "custom_tool_call"


def test_parse_gives_the_object(client):
    class City(pydantic.BaseModel):
        name: str = pydantic.Field(max_length=20)
        inhabitants: int = pydantic.Field(ge=0, le=50_000_000)

    made = client.responses.parse(model=CHAT, input="Describe Paris as JSON.", text_format=City, temperature=0,
                                  max_output_tokens=100)
    assert isinstance(made.output_parsed, City)
    with pytest.raises(openai.BadRequestError) as fault:
        ask(client, text={"format": {"type": "json_schema", "name": "x", "schema": {"type": "nothing"}}})
    assert fault.value.param.startswith("text.format.schema")


def test_logprobs_are_included_on_request(client):
    made = ask(client, include=["message.output_text.logprobs"], top_logprobs=2, max_output_tokens=4)
    logprobs = made.output[0].content[0].logprobs
    assert len(logprobs) == 4 and all(len(entry.top_logprobs) == 2 for entry in logprobs)


def test_in_the_background(client):
    made = ask(client, background=True, stream=False)
    assert made.status in ("queued", "in_progress")
    for _ in range(200):
        now = client.responses.retrieve(made.id)
        if now.status == "completed":
            break
        time.sleep(0.05)
    assert "Paris" in now.output_text
    events = list(client.responses.retrieve(made.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events][:3] == ["response.created", "response.queued", "response.in_progress"]
    rest = list(client.responses.retrieve(made.id, stream=True, starting_after=4))
    assert rest[0].sequence_number == 5 and rest[-1].response.output_text == now.output_text


def test_cancelling(client):
    made = ask(client, input="Count to a thousand.", background=True, max_output_tokens=1500, extra_body={"seed": 1},
               temperature=1)
    cancelled = client.responses.cancel(made.id)
    assert cancelled.status == "cancelled"
    assert client.responses.retrieve(made.id).status == "cancelled"


def test_counting_and_compacting(client):
    made = ask(client)
    counted = client.responses.input_tokens.count(model=CHAT, input=QUESTION)
    assert counted.input_tokens == made.usage.input_tokens
    small = client.responses.compact(model=CHAT, input=[
        {"role": "user", "content": "My name is Ann."}, {"role": "assistant", "content": "Hello Ann."},
        {"role": "user", "content": "What is my name?"}])
    assert [item.type for item in small.output] == ["compaction"]
    assert ask(client, input=[item.to_dict() for item in small.output]).output_text


def test_truncation_leaves_out_the_oldest(client):
    long = [{"role": "user", "content": "word " * 1500}, {"role": "assistant", "content": "I see."}] * 6
    turns = long + [{"role": "user", "content": QUESTION}]
    with pytest.raises(openai.BadRequestError) as fault:
        ask(client, input=turns)
    assert fault.value.code == "context_length_exceeded"
    made = ask(client, input=turns[8:], truncation="auto", max_output_tokens=5)
    assert made.usage.input_tokens < 8192


def test_conversations_grow(client):
    conversation = client.conversations.create(metadata={"topic": "x"}, items=[
        {"type": "message", "role": "user", "content": "My name is Ann."}])
    assert client.conversations.retrieve(conversation.id).metadata == {"topic": "x"}
    made = ask(client, conversation=conversation.id)
    assert made.conversation.id == conversation.id
    items = client.conversations.items.list(conversation.id, order="asc").data
    assert [item.role for item in items] == ["user", "user", "assistant"]
    assert items[2].content[0].text == made.output_text
    one = client.conversations.items.retrieve(items[0].id, conversation_id=conversation.id)
    assert one.content[0].text == "My name is Ann."
    client.conversations.items.delete(items[0].id, conversation_id=conversation.id)
    assert len(client.conversations.items.list(conversation.id).data) == 2
    assert client.conversations.update(conversation.id, metadata={"topic": "y"}).metadata == {"topic": "y"}
    assert client.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)
