"""Runs of agents over HTTP: a scripted model elsewhere, real tools, real approvals, and kill -9."""

import concurrent.futures
import json
import threading
import time
import urllib.error
import urllib.request

import pytest
from scripted_upstream import ScriptedUpstream, calculate_then_tell, num_turns
from test_bad_input import mutations

KEYS = {"keys": [{"key": "sk-a", "name": "a"}, {"key": "sk-b", "name": "b"}]}
A = {"authorization": "Bearer sk-a"}
B = {"authorization": "Bearer sk-b"}


@pytest.fixture
def desk(make_server):
    """Servers whose agents ask a scripted model."""
    upstreams = []

    def make(answer, keys=None, **agent):
        upstream = ScriptedUpstream(answer)
        upstreams.append(upstream)
        agent = {"name": "clerk", "model": "far/m", "tools": ["calculator"], **agent}
        config = {"providers": [{"name": "far", "base_url": upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
                  "tools": [{"type": "calculator"}], "agents": [agent], "server": keys or {}}
        server = make_server(config=config)
        server.upstream = upstream
        return server

    yield make
    for upstream in upstreams:
        upstream.stop()


def get(server, path, headers=None):
    request = urllib.request.Request(server.url + path, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def stream(server, path, body, headers=None):
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(),
                                     {"content-type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line[6:]) for line in response.read().decode().splitlines() if line.startswith("data: ")]


def test_a_run_is_answered_listed_shown_and_removed(desk):
    server = desk(calculate_then_tell)
    status, run = server.post("/v1/runs", {"agent": "clerk", "input": "What is 17% of 2340?"})
    assert status == 200, run
    assert run["status"] == "completed"
    assert "397.8" in run["output"]
    status, agents = get(server, "/v1/agents")
    assert [agent["id"] for agent in agents["data"]] == ["clerk"]
    status, runs = get(server, "/v1/runs")
    assert [one["id"] for one in runs["data"]] == [run["id"]]
    status, steps = get(server, f"/v1/runs/{run['id']}/steps")
    assert [step["kind"] for step in steps["data"]] == ["value", "model", "tool", "model"]
    request = urllib.request.Request(f"{server.url}/v1/runs/{run['id']}", method="DELETE")
    assert json.loads(urllib.request.urlopen(request, timeout=60).read())["deleted"]
    assert get(server, f"/v1/runs/{run['id']}")[0] == 404


def test_events_tell_each_step_and_end_with_the_run(desk):
    server = desk(calculate_then_tell)
    events = stream(server, "/v1/runs", {"input": "go", "stream": True})
    types = [event["type"] for event in events]
    assert types[0] == "run_started" and types[-1] == "run_ended"
    assert types.index("tool_called") < types.index("tool_answered") < types.index("text")
    assert events[-1]["status"] == "completed"


def test_an_approval_outlives_the_server(desk):
    server = desk(calculate_then_tell, needs_approval=["calc*"])
    status, run = server.post("/v1/runs", {"input": "go"})
    assert (status, run["status"]) == (200, "waiting")
    question = run["questions"][0]
    assert question["question"]["reason"] == "approval"
    server.crash()
    asked = len(server.upstream.asked)
    status, run = server.post(f"/v1/runs/{run['id']}/answer",
                              {"step": question["path"], "decision": "edit", "arguments": {"expression": "1+1"}})
    assert (status, run["status"]) == (200, "completed"), run
    assert run["output"].startswith("It is ") and "2" in run["output"]
    assert len(server.upstream.asked) == asked + 1, "the first answer of the model is in the journal"
    status, error = server.post(f"/v1/runs/{run['id']}/answer", {"step": question["path"]})
    assert status == 404, error


def test_a_run_belongs_to_its_key(desk):
    server = desk(calculate_then_tell, keys=KEYS)
    _, run = server.post("/v1/runs", {"input": "go"}, headers=A)
    assert run["status"] == "completed"
    assert get(server, f"/v1/runs/{run['id']}", A)[0] == 200
    assert get(server, f"/v1/runs/{run['id']}", B)[0] == 404
    assert get(server, f"/v1/runs/{run['id']}/steps", B)[0] == 404
    assert get(server, "/v1/runs", B)[1]["data"] == []
    for path in ("resume", "cancel", "answer", "fork"):
        status, _ = server.post(f"/v1/runs/{run['id']}/{path}", {"at": 1} if path == "fork" else {}, headers=B)
        assert status == 404, path


def test_killed_while_the_model_answers_the_run_goes_on_by_itself(desk):
    waiting, go = threading.Event(), threading.Event()

    def slow(body):
        if num_turns(body) == 1 and not go.is_set():
            waiting.set()
            go.wait(60)
        return calculate_then_tell(body)

    server = desk(slow)
    _, run = server.post("/v1/runs", {"input": "go", "background": True})
    assert waiting.wait(60)
    server.process.kill()
    server.process.wait()
    go.set()
    server._start()
    deadline = time.monotonic() + 60
    while get(server, f"/v1/runs/{run['id']}")[1]["status"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    _, run = get(server, f"/v1/runs/{run['id']}")
    assert run["status"] == "completed"
    _, steps = get(server, f"/v1/runs/{run['id']}/steps")
    assert [(step["kind"], step.get("attempt", 1)) for step in steps["data"]] == [
        ("value", 1), ("model", 1), ("tool", 1), ("model", 2)]


def test_a_run_is_cancelled_while_the_model_answers(desk):
    waiting = threading.Event()

    def endless(body):
        waiting.set()
        time.sleep(20)
        return "too late"

    server = desk(endless)
    _, run = server.post("/v1/runs", {"input": "go", "background": True})
    assert waiting.wait(60)
    status, run = server.post(f"/v1/runs/{run['id']}/cancel", {})
    assert (status, run["status"]) == (200, "cancelled")


def test_a_fork_begins_where_it_is_told(desk):
    server = desk(calculate_then_tell)
    _, run = server.post("/v1/runs", {"input": "go"})
    asked = len(server.upstream.asked)
    status, fork = server.post(f"/v1/runs/{run['id']}/fork", {"at": 3})
    assert status == 200, fork
    assert (fork["status"], fork["forked_from"], fork["output"]) == ("completed", run["id"], run["output"])
    assert len(server.upstream.asked) == asked + 1


def test_a_hundred_runs_at_once(desk):
    server = desk(calculate_then_tell)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        runs = list(pool.map(lambda i: server.post("/v1/runs", {"input": f"run {i}"})[1], range(100)))
    assert [run for run in runs if run["status"] != "completed"] == []
    assert len({run["id"] for run in runs}) == 100


def test_mistakes_are_named(desk):
    server = desk(calculate_then_tell)
    for body, status, param in (({"agent": "clark", "input": "x"}, 404, "agent"), ({"agent": "clerk"}, 400, "input"),
                                ({"input": 5}, 400, "input"), ({"input": "x", "streem": True}, 400, "streem")):
        got, error = server.post("/v1/runs", body)
        assert got == status, error
        assert param in json.dumps(error)
    assert "did you mean 'clerk'" in json.dumps(server.post("/v1/runs", {"agent": "clark", "input": "x"})[1])
    assert get(server, "/v1/runs/run_none")[0] == 404
    for path, body in (("/v1/runs", {"agent": "clerk", "input": "x", "background": False, "stream": False}),
                       ("/v1/runs/run_none/answer", {"step": "1", "decision": "approve", "text": "x"}),
                       ("/v1/runs/run_none/fork", {"at": 1})):
        for field, wrong in mutations(body):
            if wrong.get("stream") is not True:
                assert server.post(path, wrong)[0] in (200, 202, 400, 404), (path, field, wrong)
    assert get(server, "/v1/runs?status=odd")[0] == 400


def test_an_agent_is_a_model_by_name(desk):
    server = desk(calculate_then_tell, keys=KEYS)
    status, listed = get(server, "/v1/models/agent/clerk", A)
    assert (status, listed["kind"]) == (200, "agent"), listed
    ask = {"model": "agent/clerk", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "17% of 2340?"}]}
    status, reply = server.post("/v1/chat/completions", ask, A)
    assert status == 200, reply
    assert "397.8" in reply["choices"][0]["message"]["content"]
    assert (reply["usage"]["prompt_tokens"], reply["usage"]["completion_tokens"]) == (20, 10)
    told = stream_text(server, {**ask, "model": "clerk", "stream": True}, A)
    assert "397.8" in told
    status, response = server.post("/v1/responses", {"model": "clerk", "input": "17% of 2340?"}, A)
    assert status == 200, response
    assert [item["type"] for item in response["output"]] == ["mcp_call", "message"]
    assert response["output"][0]["name"] == "calculator"
    assert len(get(server, "/v1/runs", A)[1]["data"]) == 3
    assert get(server, "/v1/runs", B)[1]["data"] == []
    status, refused = server.post("/v1/chat/completions", {**ask, "n": 2}, A)
    assert (status, refused["error"]["param"]) == (400, "n"), refused


def test_an_agent_as_a_model_says_how_a_run_that_waits_goes_on(desk):
    server = desk(calculate_then_tell, needs_approval=["calculator"])
    status, reply = server.post("/v1/chat/completions", {"model": "agent/clerk", "messages": [{"role": "user", "content": "go"}]})
    assert status == 200, reply
    [run] = get(server, "/v1/runs?status=waiting")[1]["data"]
    assert f"atelier agent approve {run['id']}" in reply["choices"][0]["message"]["content"]
    assert server.post(f"/v1/runs/{run['id']}/answer", {"decision": "approve"})[0] == 200


def test_only_the_key_that_began_a_run_approves_it_through_responses(desk):
    server = desk(calculate_then_tell, keys=KEYS, needs_approval=["calculator"])
    status, first = server.post("/v1/responses", {"model": "agent/clerk", "input": "go"}, A)
    assert status == 200, first
    [request] = first["output"]
    answer = {"model": "agent/clerk", "input": [
        {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": True}]}
    status, refused = server.post("/v1/responses", answer, B)
    assert status == 404, refused
    assert [run["status"] for run in get(server, "/v1/runs", A)[1]["data"]] == ["waiting"]
    status, second = server.post("/v1/responses", answer, A)
    assert status == 200 and [item["type"] for item in second["output"]] == ["mcp_call", "message"], second
    assert len(get(server, "/v1/runs", A)[1]["data"]) == 1, "it is the same run that went on"


def stream_text(server, body, headers):
    request = urllib.request.Request(server.url + "/v1/chat/completions", json.dumps(body).encode(),
                                     {"content-type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=60) as response:
        events = [line[6:] for line in response.read().decode().splitlines() if line.startswith("data: {")]
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def test_a_workflow_runs_waits_and_tells_its_nodes(make_server):
    upstream = ScriptedUpstream(lambda body: "<" + body["messages"][-1]["content"] + ">")
    try:
        config = {"providers": [{"name": "far", "base_url": upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
                  "workflows": [{"name": "flow", "model": "far/m", "nodes": [
                      {"name": "both", "parallel": {"nodes": [{"name": "a", "ask": {"prompt": "a {{ input }}"}},
                                                              {"name": "b", "ask": {"prompt": "b {{ input }}"}}]}},
                      {"name": "look", "person": {"question": "Fine?"}},
                      {"name": "end", "value": "{{ both.a }} {{ both.b }} {{ look.text }}"}]}]}
        server = make_server(config=config)
        events = stream(server, "/v1/runs", {"agent": "flow", "input": "x", "stream": True})
        ended = {event["step"]: event["output"] for event in events if event["type"] == "node_ended"}
        assert ended["both.a"] == "<a x>" and ended["both"] == {"a": "<a x>", "b": "<b x>"}
        assert events[-1]["status"] == "waiting"
        assert [agent["policy"] for agent in get(server, "/v1/agents")[1]["data"]] == ["react", "workflow"]
        [run] = get(server, "/v1/runs?agent=flow")[1]["data"]
        server.crash()
        status, run = server.post(f"/v1/runs/{run['id']}/answer", {"step": "look", "text": "yes"})
        assert (status, run["status"], run["output"]) == (200, "completed", "<a x> <b x> yes"), run
        assert len(upstream.asked) == 2, "what was answered stands in the journal"
    finally:
        upstream.stop()
