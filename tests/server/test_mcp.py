"""The application at /mcp: corpora searched and completed, agents as tasks (io.modelcontextprotocol/tasks) that ask the
client's user."""

import json
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import serving
from scripted_upstream import ScriptedUpstream, calculate_then_tell

REVISION = "2026-07-28"
KEYS = {"keys": [{"key": "sk-a", "name": "a"}, {"key": "sk-b", "name": "b"}]}
A = {"authorization": "Bearer sk-a"}
B = {"authorization": "Bearer sk-b"}
KNOWS_TASKS = {"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}}


def ask(server, method, params, capabilities=None, headers=None):
    meta = {"io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientCapabilities": capabilities or {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    name = params.get("name") or params.get("uri") or params.get("taskId")
    kinds = {"content-type": "application/json", "accept": "application/json, text/event-stream",
             "mcp-protocol-version": REVISION, "mcp-method": method, **({"mcp-name": name} if name else {}), **(headers or {})}
    request = urllib.request.Request(server.url + "/mcp", json.dumps(body).encode(), kinds)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return json.loads(lines[-1] if lines else text)


def until(server, task, wanted, headers=None):
    deadline = time.monotonic() + 60
    while True:
        got = ask(server, "tasks/get", {"taskId": task}, KNOWS_TASKS, headers)["result"]
        if got["status"] == wanted:
            return got
        assert got["status"] in ("working", wanted) and time.monotonic() < deadline, got
        time.sleep(0.05)


def test_corpora_are_searched_and_their_names_completed(make_server, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "house.md").write_text("# Heating\n\nThe heating is turned on in October.\n\n# Hours\n\nThe shop opens at nine.\n")
    home = serving.make_home()
    subprocess.run([serving.ATELIER, "index", str(docs), "-c", "house_rules"], check=True, capture_output=True,
                   env={"ATELIER_HOME": str(home), "PATH": "/usr/bin:/bin"})
    server = make_server(home=home)
    templates = [one["uriTemplate"] for one in ask(server, "resources/templates/list", {})["result"]["resourceTemplates"]]
    assert "atelier://corpora/{name}/search{?query}" in templates
    reference = {"type": "ref/resource", "uri": templates[1]}
    completed = ask(server, "completion/complete", {"ref": reference, "argument": {"name": "name", "value": "hou"}})
    assert completed["result"]["completion"]["values"] == ["house_rules"]
    query = urllib.parse.quote("When does the shop open?")
    found = ask(server, "resources/read", {"uri": f"atelier://corpora/house_rules/search?query={query}"})["result"]
    passages = json.loads(found["contents"][0]["text"])
    assert "nine" in passages[0]["text"] and passages[0]["score"] > 0
    for uri in ("atelier://corpora/none/search?query=x", "atelier://corpora/house_rules/search"):
        assert "error" in ask(server, "resources/read", {"uri": uri}), uri


def agents(make_server, upstream):
    return make_server(config={
        "providers": [{"name": "far", "base_url": upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
        "tools": [{"type": "calculator"}], "server": KEYS,
        "agents": [{"name": "careful", "model": "far/m", "tools": ["calculator"], "needs_approval": ["calculator"]}]})


def test_an_agent_is_a_task_that_asks_its_clients_user(make_server):
    upstream = ScriptedUpstream(calculate_then_tell)
    try:
        server = agents(make_server, upstream)
        call = {"name": "ask_careful", "arguments": {"input": "17% of 2340?"}}
        assert "io.modelcontextprotocol/tasks" in ask(server, "server/discover", {}, headers=A)["result"]["capabilities"]["extensions"]
        begun = ask(server, "tools/call", call, KNOWS_TASKS, A)["result"]
        assert begun["resultType"] == "task", begun
        asks = until(server, begun["taskId"], "input_required", A)
        [(key, question)] = asks["inputRequests"].items()
        assert question["method"] == "elicitation/create" and "calculator" in question["params"]["message"]
        assert ask(server, "tasks/get", {"taskId": begun["taskId"]}, KNOWS_TASKS, B)["error"]["code"] == -32602
        answer = {"taskId": begun["taskId"], "inputResponses": {key: {"action": "accept", "content": {"approve": True}}}}
        assert ask(server, "tasks/update", answer, KNOWS_TASKS, A)["result"]["resultType"] == "complete"
        done = until(server, begun["taskId"], "completed", A)
        assert "397.8" in done["result"]["content"][0]["text"], done
        # Who declines has the agent told so.
        begun = ask(server, "tools/call", call, KNOWS_TASKS, A)["result"]
        [key] = until(server, begun["taskId"], "input_required", A)["inputRequests"]
        ask(server, "tasks/update", {"taskId": begun["taskId"], "inputResponses": {key: {"action": "decline"}}}, KNOWS_TASKS, A)
        assert "refused" in until(server, begun["taskId"], "completed", A)["result"]["content"][0]["text"]
        # A client that knows no tasks is told the run that waits.
        plain = ask(server, "tools/call", call, {"elicitation": {}}, A)["result"]
        assert plain["resultType"] == "complete" and "waits for a person" in plain["content"][0]["text"]
        assert ask(server, "tasks/get", {"taskId": "x"}, {}, A)["error"]["code"] == -32021
    finally:
        upstream.stop()


def test_a_task_is_cancelled(make_server):
    upstream = ScriptedUpstream(calculate_then_tell)
    try:
        server = agents(make_server, upstream)
        call = {"name": "ask_careful", "arguments": {"input": "17% of 2340?"}}
        begun = ask(server, "tools/call", call, KNOWS_TASKS, A)["result"]
        until(server, begun["taskId"], "input_required", A)
        assert ask(server, "tasks/cancel", {"taskId": begun["taskId"]}, KNOWS_TASKS, A)["result"]["resultType"] == "complete"
        until(server, begun["taskId"], "cancelled", A)
    finally:
        upstream.stop()


class Gate:
    """A model that holds its answers back while it is closed."""

    def __init__(self, answer):
        self.open, self.asked, self.answer = threading.Event(), threading.Event(), answer
        self.open.set()

    def __call__(self, body):
        self.asked.set()
        self.open.wait(60)
        return self.answer(body)


def test_a_task_goes_on_after_kill_9(make_server):
    gate = Gate(calculate_then_tell)
    upstream = ScriptedUpstream(gate)
    try:
        server = agents(make_server, upstream)
        call = {"name": "ask_careful", "arguments": {"input": "17% of 2340?"}}
        # At work.
        gate.open.clear()
        task = ask(server, "tools/call", call, KNOWS_TASKS, A)["result"]["taskId"]
        assert gate.asked.wait(60)
        server.crash()
        gate.open.set()
        [asked] = until(server, task, "input_required", A)["inputRequests"]
        # While it asks: what it asks is asked again, and an answer to what it asked before is none.
        server.crash()
        assert ask(server, "tasks/get", {"taskId": task}, KNOWS_TASKS, B)["error"]["code"] == -32602
        [again] = until(server, task, "input_required", A)["inputRequests"]
        assert again != asked
        yes = {"action": "accept", "content": {"approve": True}}
        ask(server, "tasks/update", {"taskId": task, "inputResponses": {asked: yes}}, KNOWS_TASKS, A)
        assert list(until(server, task, "input_required", A)["inputRequests"]) == [again]
        ask(server, "tasks/update", {"taskId": task, "inputResponses": {again: yes}}, KNOWS_TASKS, A)
        done = until(server, task, "completed", A)
        # When it has ended.
        server.crash()
        after = until(server, task, "completed", A)
        assert after["result"] == done["result"] and "397.8" in after["result"]["content"][0]["text"]
        assert after["createdAt"] <= done["lastUpdatedAt"]
    finally:
        gate.open.set()
        upstream.stop()


def test_a_cancelled_task_stays_so_after_kill_9(make_server):
    upstream = ScriptedUpstream(calculate_then_tell)
    try:
        server = agents(make_server, upstream)
        call = {"name": "ask_careful", "arguments": {"input": "17% of 2340?"}}
        task = ask(server, "tools/call", call, KNOWS_TASKS, A)["result"]["taskId"]
        until(server, task, "input_required", A)
        ask(server, "tasks/cancel", {"taskId": task}, KNOWS_TASKS, A)
        server.crash()
        until(server, task, "cancelled", A)
        request = urllib.request.Request(f"{server.url}/v1/runs/{task}", headers=A)
        with urllib.request.urlopen(request, timeout=60) as response:
            assert json.loads(response.read())["status"] == "cancelled"
    finally:
        upstream.stop()
