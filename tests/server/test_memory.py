"""What is remembered, over HTTP: kept, found, shown, listed, exported and forgotten, each key its own; and that an agent
learns once it has answered, not before."""

import json
import threading
import time
import urllib.error
import urllib.request

import pytest
from scripted_upstream import ScriptedUpstream, calculate_then_tell, last_content
from test_mcp import ask as ask_mcp

KEYS = {"keys": [{"key": "sk-a", "name": "a"}, {"key": "sk-b", "name": "b"}]}
A = {"authorization": "Bearer sk-a"}
B = {"authorization": "Bearer sk-b"}
CANARY = "zebracanary"


def ask(server, method, path, headers=None):
    request = urllib.request.Request(server.url + path, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read().decode()
            return response.status, [json.loads(line) for line in text.splitlines()] if "ndjson" in response.headers[
                "content-type"] else json.loads(text)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def add(server, text, headers=None, **more):
    status, kept = server.post("/v1/memory", {"text": text, **more}, headers)
    assert status == 200, kept
    return kept["id"]


def files_with(folder, text):
    return [str(path) for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()]


def test_facts_and_turns_are_kept_found_shown_listed_and_exported(make_server):
    server = make_server()
    assert ask(server, "GET", "/v1/memory")[1]["data"] == []
    assert ask(server, "GET", "/v1/memory/export") == (200, [])
    nuts = add(server, "Ana is allergic to nuts.", user="ana", kind="profile")
    add(server, "Ben likes nuts.", user="ben")
    turn = add(server, "I moved to Porto.", user="ana", agent="friend", session="one", kind="turn", reference="m1")
    add(server, "I moved to Porto.", user="ana", agent="friend", session="one", kind="turn", reference="m1")
    _, found = server.post("/v1/memory/search", {"query": "What is she allergic to?", "user": "ana"})
    assert [fact["id"] for fact in found["facts"]] == [nuts] and found["facts"][0]["score"] > 0
    _, found = server.post("/v1/memory/search", {"query": "Where did Ana move?", "user": "ana", "agent": "friend"})
    assert [one["id"] for one in found["turns"]] == [turn], "said twice under one reference it is there once"
    assert ask(server, "GET", f"/v1/memory/{turn}")[1]["text"] == "I moved to Porto."
    assert ask(server, "GET", f"/v1/memory/{nuts}")[1]["said"] == []
    _, page = ask(server, "GET", "/v1/memory?limit=1")
    assert (len(page["data"]), page["has_more"]) == (1, True)
    _, rest = ask(server, "GET", f"/v1/memory?limit=1&after={page['last_id']}")
    assert {page["data"][0]["user"], rest["data"][0]["user"]} == {"ana", "ben"} and not rest["has_more"]
    [session] = ask(server, "GET", "/v1/memory?what=sessions")[1]["data"]
    assert (session["session"], session["turns"]) == ("one", 1)
    assert [one["type"] for one in ask(server, "GET", "/v1/memory/export?user=ana")[1]] == ["turn", "fact"]
    server.crash()
    assert len(ask(server, "GET", "/v1/memory?what=turns&session=one")[1]["data"]) == 1


def test_facts_that_hold_no_more_are_listed_only_when_asked_for(make_server):
    server = make_server()
    add(server, "Ana lives in Lisbon.", user="ana", valid_from_ms=1, valid_to_ms=2)
    assert ask(server, "GET", "/v1/memory")[1]["data"] == []
    assert len(ask(server, "GET", "/v1/memory?all=true")[1]["data"]) == 1


def test_each_key_has_its_own(make_server):
    server = make_server(config={"server": KEYS})
    mine = add(server, "I am allergic to nuts.", A, kind="turn", session="s")
    add(server, "I like nuts.", B, kind="turn", session="s")
    assert ask(server, "GET", "/v1/memory?what=turns", A)[1]["data"][0]["user"] == "a"
    assert [one["text"] for one in ask(server, "GET", "/v1/memory/export", B)[1]] == ["I like nuts."]
    found = server.post("/v1/memory/search", {"query": "nuts"}, B)[1]["turns"]
    assert [one["text"] for one in found] == ["I like nuts."]
    for method in ("GET", "DELETE"):
        assert ask(server, method, f"/v1/memory/{mine}", B)[0] == 404
    assert ask(server, "GET", "/v1/memory?user=a", B)[0] == 403
    assert ask(server, "DELETE", "/v1/memory?user=a", B)[0] == 403
    assert server.post("/v1/memory", {"text": "x", "user": "a"}, B)[0] == 403
    assert server.post("/v1/memory/search", {"query": "x", "user": "a"}, B)[0] == 403
    assert ask(server, "DELETE", "/v1/memory?all=true", B)[1]["forgotten"] == 1
    assert ask(server, "GET", f"/v1/memory/{mine}", A)[0] == 200
    assert ask(server, "GET", "/v1/memory")[0] == 401


def test_what_is_forgotten_is_gone_from_the_disk(make_server):
    server = make_server()
    fact, turn = add(server, f"The code is {CANARY}."), add(server, f"My code is {CANARY}.", kind="turn", session="s")
    add(server, "I am Ben.", user="ben", kind="turn")
    assert files_with(server.home / "memory", CANARY)
    assert ask(server, "DELETE", f"/v1/memory/{fact}")[1]["forgotten"] == 1
    assert ask(server, "DELETE", f"/v1/memory/{turn}")[1]["forgotten"] == 1
    assert ask(server, "DELETE", f"/v1/memory/{turn}")[0] == 404
    assert files_with(server.home / "memory", CANARY) == []
    add(server, f"My code is {CANARY}.", user="ana", kind="turn")
    assert ask(server, "DELETE", "/v1/memory")[0] == 400, "all of it has to be meant"
    assert ask(server, "DELETE", "/v1/memory?user=ana")[1]["forgotten"] == 1
    assert files_with(server.home, CANARY) == []
    assert len(ask(server, "GET", "/v1/memory?what=turns")[1]["data"]) == 1


def test_mistakes_are_named(make_server):
    server = make_server()
    for path in ("?what=odd", "?limit=0", "?order=desc", "?user=" + "x" * 300):
        assert ask(server, "GET", "/v1/memory" + path)[0] == 400, path
    assert server.post("/v1/memory", {"text": "x" * 5000})[0] == 400, "a fact is short"
    assert server.post("/v1/memory", {"text": "x", "kind": "episode"})[0] == 400
    assert ask(server, "GET", "/v1/memory/f/none")[0] == 404


@pytest.mark.parametrize("how", ["run", "model"])
def test_an_agent_learns_after_it_has_answered(make_server, how):
    noting, go = threading.Event(), threading.Event()

    def answer(body):
        if last_content(body).startswith("Write notes of the conversation"):
            noting.set()
            assert go.wait(60)
            return json.dumps({"notes": [{"kind": "fact", "text": "Ana moved to Porto.", "turns": [1], "importance": 5}],
                               "summary": "Ana tells where she lives."})
        return "How nice!"

    upstream = ScriptedUpstream(answer)
    try:
        server = make_server(config={
            "providers": [{"name": "far", "base_url": upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
            "agents": [{"name": "friend", "model": "far/m", "memory": {"user": "ana", "session": "s"}}]})
        said = "I moved to Porto."
        if how == "run":
            status, run = server.post("/v1/runs", {"agent": "friend", "input": said})
            assert (status, run["output"]) == (200, "How nice!"), run
        else:
            status, reply = server.post("/v1/responses", {"model": "agent/friend", "input": said})
            assert (status, reply["status"]) == (200, "completed"), reply
        # The answer is here, and the notes are not written yet.
        assert noting.wait(60)
        assert ask(server, "GET", "/v1/memory")[1]["data"] == []
        assert len(ask(server, "GET", "/v1/memory?what=turns&session=s")[1]["data"]) == 2
        go.set()
        deadline = time.monotonic() + 60
        while not (facts := ask(server, "GET", "/v1/memory?kind=fact")[1]["data"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert [fact["text"] for fact in facts] == ["Ana moved to Porto."]
        [source] = ask(server, "GET", f"/v1/memory/{facts[0]['id']}")[1]["said"]
        assert source["text"] == said
    finally:
        go.set()
        upstream.stop()


def talks(make_server, answer, **memory):
    upstream = ScriptedUpstream(answer)
    server = make_server(config={
        "providers": [{"name": "far", "base_url": upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
        "tools": [{"type": "calculator"}],
        "agents": [{"name": "friend", "model": "far/m", "tools": ["calculator"], "memory": memory}]})
    server.upstream = upstream
    return server


def remembered(server, session=None):
    query = "/v1/memory?what=turns&limit=100" + (f"&session={session}" if session else "")
    return [turn["text"] for turn in ask(server, "GET", query)[1]["data"]]


def sessions(server):
    return {one["session"]: one["turns"] for one in ask(server, "GET", "/v1/memory?what=sessions")[1]["data"]}


def test_of_a_conversation_each_turn_is_remembered_once_whoever_keeps_its_history(make_server):
    server = talks(make_server, lambda body: "Answer " + last_content(body)[-1], learn=False)
    try:
        chat = [{"role": "system", "content": "Be brief."}]
        for said in ("chat 1", "chat 2", "chat 3"):
            chat.append({"role": "user", "content": said})
            status, reply = server.post("/v1/chat/completions", {"model": "agent/friend", "messages": chat})
            assert status == 200, reply
            chat.append(reply["choices"][0]["message"])
        day = remembered(server)
        assert day == ["chat 1", "Answer 1", "chat 2", "Answer 2", "chat 3", "Answer 3"], \
            "the client sends all of it back, and the system message is not the person's"
        server.post("/v1/chat/completions", {"model": "agent/friend", "messages": chat[:-1]})
        assert remembered(server) == day, "an answer that is made anew is the same turn"

        sent = []
        for said in ("sent 1", "sent 2"):
            sent.append({"role": "user", "content": said})
            _, reply = server.post("/v1/responses", {"model": "agent/friend", "input": sent, "store": False})
            sent += reply["output"]
        assert len(remembered(server)) == 10

        first = previous = None
        for said in ("chained 1", "chained 2", "chained 3"):
            body = {"model": "agent/friend", "input": said}
            if previous:
                body["previous_response_id"] = previous
            _, reply = server.post("/v1/responses", body)
            previous = reply["id"]
            first = first or previous
        assert remembered(server, first) == ["chained 1", "Answer 1", "chained 2", "Answer 2", "chained 3", "Answer 3"]

        conversation = server.post("/v1/conversations", {})[1]["id"]
        for said in ("named 1", "named 2"):
            server.post("/v1/responses", {"model": "agent/friend", "input": said, "conversation": conversation})
        assert remembered(server, conversation) == ["named 1", "Answer 1", "named 2", "Answer 2"]

        for said in ("run 1", "run 2"):
            server.post("/v1/runs", {"agent": "friend", "input": said, "conversation": "mine"})
        assert remembered(server, "mine") == ["run 1", "Answer 1", "run 2", "Answer 2"]
    finally:
        server.upstream.stop()


def test_what_is_said_over_a2a_and_mcp_is_remembered(make_server):
    server = talks(make_server, lambda body: "Answer " + last_content(body)[-1], learn=False)
    try:
        for said in ("task 1", "task 2"):
            message = {"messageId": said, "role": "ROLE_USER", "contextId": "trip", "parts": [{"text": said}]}
            status, answer = server.post(
                "/a2a/friend/", {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}},
                {"A2A-Version": "1.0"})
            assert status == 200 and "result" in answer, answer
        assert remembered(server, "trip") == ["task 1", "Answer 1", "task 2", "Answer 2"]
        for said in ("call 1", "call 2"):
            answer = ask_mcp(server, "tools/call", {"name": "ask_friend", "arguments": {"input": said}})["result"]
            assert answer["content"][0]["text"] == "Answer " + said[-1], answer
        [day] = [name for name in sessions(server) if name != "trip"]
        assert remembered(server, day) == ["call 1", "Answer 1", "call 2", "Answer 2"]
    finally:
        server.upstream.stop()


def test_what_worked_is_learnt_from_what_the_run_did(make_server):
    def answer(body):
        last = last_content(body)
        if last.startswith("Write notes of the conversation"):
            return json.dumps({"notes": [], "summary": ""})
        if last.startswith("Say in a few words"):
            return json.dumps({"task": "a percentage of a number"})
        if body.get("logprobs"):  # whether the answer gives what was asked for; of nothing, it does not
            return {"Yes": 0.9, "No": 0.1} if "2340" in last else {"Yes": 0.1, "No": 0.9}
        return calculate_then_tell(body)

    server = talks(make_server, answer, user="ana", session="s")
    try:
        status, run = server.post("/v1/runs", {"agent": "friend", "input": "What is 17% of 2340?"})
        assert status == 200 and run["status"] == "completed", run
        deadline = time.monotonic() + 60
        while not (facts := ask(server, "GET", "/v1/memory?kind=procedure")[1]["data"]):
            assert time.monotonic() < deadline, server.upstream.asked[-1]
            time.sleep(0.05)
        assert [fact["text"] for fact in facts] == ["What worked for a percentage of a number: calculator"]
        assert [turn["text"] for turn in ask(server, "GET", f"/v1/memory/{facts[0]['id']}")[1]["said"]][0] \
            == "What is 17% of 2340?"
    finally:
        server.upstream.stop()
