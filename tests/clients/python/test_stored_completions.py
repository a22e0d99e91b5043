"""Stored chat completions through the official Python client, against the real server with the real model."""

import openai
import pytest
from serving import CHAT
from test_tools import TOOLS

ASK = [{"role": "system", "content": "Be brief."},
       {"role": "user", "content": [{"type": "text", "text": "Say "}, {"type": "text", "text": "hi"}]}]


@pytest.fixture(scope="module")
def kept(client):
    """Three of them: whole, streamed, and one that calls."""
    request = dict(model=CHAT, messages=ASK, store=True, max_completion_tokens=4, temperature=0)
    whole = client.chat.completions.create(**request, metadata={"team": "red", "x": "1"})
    chunks = list(client.chat.completions.create(**request, stream=True, metadata={"team": "red"}))
    called = client.chat.completions.create(**{**request, "max_completion_tokens": 100}, tools=TOOLS,
                                            tool_choice={"type": "function", "function": {"name": "get_weather"}})
    yield whole, chunks, called
    for completion in client.chat.completions.list(limit=100).data:
        client.chat.completions.delete(completion.id)


def test_what_was_answered_is_there_whole_and_streamed(client, kept):
    whole, chunks, called = kept
    found = client.chat.completions.retrieve(whole.id)
    assert found.choices == whole.choices and found.usage == whole.usage and found.created == whole.created
    streamed = client.chat.completions.retrieve(chunks[0].id)
    assert streamed.object == "chat.completion"
    assert streamed.choices[0].message.content == whole.choices[0].message.content
    assert streamed.choices[0].finish_reason == "length" and streamed.usage.completion_tokens == 4
    assert client.chat.completions.retrieve(called.id).choices[0].message.tool_calls == called.choices[0].message.tool_calls


def test_lists_are_filtered_and_paged(client, kept):
    whole, chunks, called = kept
    ids = [whole.id, chunks[0].id, called.id]

    def listed(**query):
        return [completion.id for completion in client.chat.completions.list(**query)]

    assert listed() == ids and listed(order="desc", limit=1) == ids[::-1]
    assert listed(model=CHAT) == ids and listed(model="none") == []
    assert listed(metadata={"team": "red"}) == ids[:2] and listed(metadata={"team": "red", "x": "1"}) == ids[:1]
    page = client.chat.completions.list(limit=2)
    assert page.has_more and [completion.id for completion in page.data] == ids[:2]
    assert listed(after=ids[1]) == ids[2:]


def test_messages_are_those_that_were_sent(lenient_client, kept):
    """The SDK's type knows none but the assistant's, where OpenAI answers with what was asked."""
    whole = kept[0]
    page = lenient_client.chat.completions.messages.list(whole.id)
    assert [(message.role, message.content) for message in page.data] == [("system", "Be brief."), ("user", "Say hi")]
    assert page.data[0].content_parts is None and [part.text for part in page.data[1].content_parts] == ["Say ", "hi"]
    behind = lenient_client.chat.completions.messages.list(whole.id, after=page.data[0].id, limit=1)
    assert [message.id for message in behind.data] == [page.data[1].id]
    assert [message.role for message in lenient_client.chat.completions.messages.list(whole.id, order="desc")] == [
        "user", "system"]


def test_metadata_is_changed_and_one_is_forgotten(client):
    made = client.chat.completions.create(model=CHAT, messages=ASK, store=True, max_completion_tokens=2)
    changed = client.chat.completions.update(made.id, metadata={"seen": "yes"})
    assert changed.metadata == {"seen": "yes"} and changed.choices == made.choices
    assert client.chat.completions.delete(made.id).deleted
    for lost in (client.chat.completions.retrieve, client.chat.completions.delete,
                 client.chat.completions.messages.list):
        with pytest.raises(openai.NotFoundError):
            lost(made.id)
    unkept = client.chat.completions.create(model=CHAT, messages=ASK, max_completion_tokens=2)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve(unkept.id)
