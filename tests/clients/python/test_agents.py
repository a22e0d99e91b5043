"""Agents as models, by the official Python client (strict: what does not match its types raises): the real model with
tools of its own, what they did as items, and a person's word on a run that waits."""

import json
import pathlib
import sys

import openai
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import serving  # noqa: E402
from scripted_upstream import ScriptedUpstream, call, last_content  # noqa: E402

QUESTION = "What is 17% of 2340?"


def ask_then_tell(body):
    if body["messages"][-1]["role"] == "tool":
        return "They say: " + last_content(body)
    return [call("ask_person", {"question": "Red or blue?"})]


def two_calls_then_tell(body):
    told = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if told:
        return "They are " + " and ".join(told)
    return [call("calculator", {"expression": "1+1"}, "call_1"), call("calculator", {"expression": "1/0"}, "call_2")]


def script(body):
    return two_calls_then_tell(body) if "two" in json.dumps(body["messages"]) else ask_then_tell(body)


@pytest.fixture(scope="module")
def agents():
    far = ScriptedUpstream(script)
    guided = {"policy": "guided", "tools": ["calculator"]}
    config = {"providers": [{"name": "far", "base_url": far.base_url, "models": [{"id": "m", "kind": "chat"}]}],
              "tools": [{"type": "calculator"}],
              "agents": [{"name": "clerk", **guided},
                         {"name": "careful", **guided, "needs_approval": ["calculator"]},
                         {"name": "asker", "model": "far/m", "tools": ["calculator"], "ask_person": True}]}
    server = serving.Server(config=config)
    yield server
    far.stop()
    assert server.stop() == 0, "".join(server.errors)


@pytest.fixture
def agent_client(agents):
    return openai.OpenAI(base_url=agents.url + "/v1", api_key="unused", max_retries=0, _strict_response_validation=True)


def test_chat_whole_and_streamed(agent_client):
    messages = [{"role": "user", "content": QUESTION}]
    whole = agent_client.chat.completions.create(model="agent/clerk", messages=messages)
    assert "397.8" in whole.choices[0].message.content and whole.choices[0].finish_reason == "stop"
    chunks = list(agent_client.chat.completions.create(model="agent/clerk", messages=messages, stream=True,
                                                       stream_options={"include_usage": True}))
    assert "397.8" in "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens > 0


def test_what_tools_did_are_items_of_the_response(agent_client):
    response = agent_client.responses.create(model="agent/clerk", input=QUESTION)
    assert [item.type for item in response.output] == ["mcp_call", "message"]
    called = response.output[0]
    assert (called.server_label, called.name, called.status, called.error, called.approval_request_id) == (
        "clerk", "calculator", "completed", None, None)
    assert "17%" in json.loads(called.arguments)["expression"] and "397.8" in called.output
    assert "397.8" in response.output_text
    # The conversation goes on, and what was called before is no call of the caller's.
    second = agent_client.responses.create(model="agent/clerk", input="What is 2 + 2?", previous_response_id=response.id)
    assert "4" in second.output_text


def test_the_response_streamed(agent_client):
    with agent_client.responses.stream(model="agent/clerk", input=QUESTION) as stream:
        types = [event.type for event in stream]
        final = stream.get_final_response()
    at = types.index("response.mcp_call.in_progress")
    assert types[at - 1:at + 5] == [
        "response.output_item.added", "response.mcp_call.in_progress", "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done", "response.mcp_call.completed", "response.output_item.done"]
    assert [item.type for item in final.output] == ["mcp_call", "message"] and "397.8" in final.output_text


def test_calls_beside_each_other_and_one_that_fails(agent_client):
    response = agent_client.responses.create(model="agent/asker", input="Do two things.")
    assert [(item.type, getattr(item, "status", None)) for item in response.output] == [
        ("mcp_call", "completed"), ("mcp_call", "failed"), ("message", "completed")]
    assert response.output[0].output == "2" and "zero" in str(response.output[1].error)
    with agent_client.responses.stream(model="agent/asker", input="Do two things.") as stream:
        types = [event.type for event in stream]
    assert types.count("response.mcp_call.completed") == types.count("response.mcp_call.failed") == 1


@pytest.mark.parametrize("store", [True, False])
def test_a_person_approves(agents, agent_client, store):
    first = agent_client.responses.create(model="agent/careful", input=QUESTION, store=store)
    assert [item.type for item in first.output] == ["mcp_approval_request"]
    request = first.output[0]
    assert (request.server_label, request.name) == ("careful", "calculator") and "17%" in request.arguments
    agents.crash()
    more = {"previous_response_id": first.id} if store else {"store": False}
    answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
    client = agent_client.with_options(base_url=agents.url + "/v1")
    second = client.responses.create(model="agent/careful", input=[answer], **more)
    assert [item.type for item in second.output] == ["mcp_call", "message"]
    assert second.output[0].approval_request_id == request.id and "397.8" in second.output_text
    with pytest.raises(openai.NotFoundError):  # it waits for nothing any more
        client.responses.create(model="agent/careful", input=[answer], **more)


def test_a_person_refuses(agent_client):
    first = agent_client.responses.create(model="agent/careful", input=QUESTION, stream=True)
    request = [event.item for event in first if event.type == "response.output_item.done"][-1]
    answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": False, "reason": "No."}
    second = agent_client.responses.create(model="agent/careful", input=[answer])
    assert [item.type for item in second.output][-1] == "message"
    assert "mcp_call" not in [item.type for item in second.output]


def test_a_person_is_asked_and_answers(agent_client):
    first = agent_client.responses.create(model="agent/asker", input="Which colour?")
    assert [item.type for item in first.output] == ["message", "function_call"]
    assert first.output_text == "Red or blue?"
    asked = first.output[1]
    assert (asked.name, json.loads(asked.arguments)) == ("ask_person", {"question": "Red or blue?"})
    answer = {"type": "function_call_output", "call_id": asked.call_id, "output": "Blue."}
    second = agent_client.responses.create(model="agent/asker", input=[answer], previous_response_id=first.id)
    assert second.output_text == "They say: Blue."


def test_answers_to_nothing(agent_client):
    def answer(run):
        return {"type": "mcp_approval_response", "approval_request_id": f"mcpr_{run}.1", "approve": True}

    with pytest.raises(openai.NotFoundError):
        agent_client.responses.create(model="agent/careful", input=[answer("run_none")])
    for items in ([answer("run_a"), answer("run_b")], [answer("run_a"), {"role": "user", "content": "And?"}]):
        with pytest.raises(openai.BadRequestError):
            agent_client.responses.create(model="agent/careful", input=items)
