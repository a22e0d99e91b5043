"""Ollama's Python client against the real server with the real models."""

import datetime
import hashlib
import http.server
import json
import threading

import ollama
import pydantic
import pytest
import serving
from serving import CHAT, EMBED
from test_tools import THINKS

GREEDY = {"temperature": 0, "num_predict": 16}
ASK = [{"role": "user", "content": "Name three fruits."}]


class Fruit(pydantic.BaseModel, extra="forbid"):
    name: str = pydantic.Field(max_length=20)
    is_sweet: bool


@pytest.fixture(scope="module")
def client(server):
    return ollama.Client(host=server.url)


def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
      a: The first number
      b: The second number
    """
    return a + b


def test_a_stream_adds_up_to_the_whole(client):
    whole = client.chat(CHAT, ASK, options=GREEDY)
    assert isinstance(whole, ollama.ChatResponse) and whole.message.role == "assistant" and whole.done
    assert whole.model == CHAT and whole.eval_count == 16 and whole.done_reason == "length"
    assert whole.total_duration > whole.eval_duration > 0 and whole.prompt_eval_count > 5
    assert datetime.datetime.fromisoformat(whole.created_at[:19]).year >= 2024
    chunks = list(client.chat(CHAT, ASK, options=GREEDY, stream=True))
    assert "".join(chunk.message.content for chunk in chunks) == whole.message.content
    assert len(chunks) > 8 and [chunk.done for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    generated = client.generate(CHAT, ASK[0]["content"], options=GREEDY)
    assert generated.response == whole.message.content
    pieces = [piece.response for piece in client.generate(CHAT, ASK[0]["content"], options=GREEDY, stream=True)]
    assert "".join(pieces) == generated.response


def test_the_conversation_goes_on_with_context(client):
    first = client.generate(CHAT, "My name is Ada.", system="Be brief.", options=GREEDY)
    second = client.generate(CHAT, "What is my name?", context=first.context, options=GREEDY)
    assert second.context[:len(first.context)] == first.context


def test_a_format_is_kept(client):
    answer = client.chat(CHAT, ASK, format=Fruit.model_json_schema(), options={"seed": 1, "num_predict": 100})
    Fruit.model_validate_json(answer.message.content)
    answer = client.generate(CHAT, "A fruit as JSON", format="json", options={"temperature": 0, "num_predict": 400})
    assert answer.done_reason == "length" or isinstance(json.loads(answer.response), dict)


def test_tools_are_offered_called_and_answered(client, server):
    """The client knows no tool_choice: what it sends is sent with one."""
    body = ollama.Tool.model_validate(
        {"type": "function", "function": {"name": "add", "description": "Add two numbers.", "parameters": {
            "type": "object", "required": ["a", "b"],
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}}})
    status, reply = server.post("/api/chat", {
        "model": CHAT, "messages": [{"role": "user", "content": "What is 2 + 3?"}], "stream": False,
        "tools": [body.model_dump(exclude_none=True)], "tool_choice": "required", "options": {"temperature": 0}})
    assert status == 200, reply
    message = ollama.ChatResponse.model_validate(reply).message
    call = message.tool_calls[0]
    result = add(**call.function.arguments)
    turns = [{"role": "user", "content": "What is 2 + 3?"}, message,
             {"role": "tool", "tool_name": "add", "content": str(result)}]
    assert client.chat(CHAT, turns, tools=[add], options=GREEDY).message.role == "assistant"


def test_thinking_is_set_apart(client, server):
    request = {"model": CHAT, "messages": ASK, "stream": False, "options": GREEDY, "chat_template": THINKS}
    status, reply = server.post("/api/chat", {**request, "think": True})
    thought = ollama.ChatResponse.model_validate(reply).message
    assert status == 200 and thought.thinking
    with pytest.raises(ollama.ResponseError, match="think") as refused:
        client.chat(CHAT, ASK, think=True)
    assert refused.value.status_code == 400


def test_logprobs_have_the_clients_type(client):
    answer = client.chat(CHAT, ASK, logprobs=True, top_logprobs=3, options=GREEDY)
    assert len(answer.logprobs) == 16 and all(len(entry.top_logprobs) == 3 for entry in answer.logprobs)


def test_models_are_listed_shown_loaded_and_unloaded(client):
    listed = {model.model: model for model in client.list().models}
    assert {CHAT, EMBED} <= set(listed)
    assert listed[CHAT].size > 50_000_000 and listed[CHAT].details.family == "llama"
    shown = client.show(CHAT)
    assert "completion" in shown.capabilities and "tools" in shown.capabilities
    assert shown.modelinfo["general.architecture"] == "llama" and "im_start" in shown.template
    assert client.show(EMBED).capabilities == ["embedding"]
    assert client.generate(EMBED + ":latest", keep_alive="1h").done_reason == "load"
    running = {model.model: model for model in client.ps().models}
    left = running[EMBED].expires_at - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=50) < left <= datetime.timedelta(hours=1)
    assert client.generate(EMBED, keep_alive=0).done_reason == "unload"


def test_vectors(client):
    many = client.embed(EMBED, ["a", "b"])
    assert len(many.embeddings) == 2 and many.prompt_eval_count > 2
    assert client.embeddings(EMBED, "a").embedding == many.embeddings[0]
    assert len(client.embed(EMBED, "a", dimensions=16).embeddings[0]) == 16


def test_errors_reach_the_client(client):
    with pytest.raises(ollama.ResponseError) as missing:
        client.chat("no-such-model", ASK)
    assert missing.value.status_code == 404 and "no-such-model" in missing.value.error
    with pytest.raises(ollama.ResponseError, match="images"):
        client.chat(CHAT, [{"role": "user", "content": "x", "images": [b"\x89PNG"]}])
    with pytest.raises(ollama.ResponseError, match="no-such-model"):
        list(client.generate("no-such-model", "x", stream=True))


# --- pull and delete ---

class Hub(http.server.BaseHTTPRequestHandler):
    """A model hub with one repository: the files of a model of the user's."""

    files = {}

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if self.path.startswith("/api/models/org/copy/revision/"):
            siblings = [{"rfilename": name, "size": len(data), "lfs": {"size": len(data), "sha256":
                         hashlib.sha256(data).hexdigest()}} for name, data in self.files.items()]
            data = json.dumps({"sha": "0" * 40, "siblings": siblings, "cardData": {"license": "mit"}}).encode()
        elif self.path.startswith("/org/copy/resolve/") and name in self.files:
            data = self.files[name]
        else:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    (gguf,) = (serving.users_home() / "models" / CHAT).glob("*.gguf")
    Hub.files = {"tiny.gguf": gguf.read_bytes()}
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def names_of_files(client):
    """Agents are listed too: they are asked as models are, and no file is theirs."""
    return [model.model for model in client.list().models if not model.model.startswith("agent/")]


def test_a_model_is_pulled_and_deleted(hub, tmp_path):
    running = serving.Server(home=tmp_path, env={"ATELIER_HUB": hub})
    try:
        client = ollama.Client(host=running.url)
        steps = list(client.pull("org/copy:tiny.gguf", stream=True))
        assert all(isinstance(step, ollama.ProgressResponse) for step in steps)
        assert steps[0].status == "pulling manifest" and steps[-1].status == "success"
        loads = [step for step in steps if step.total]
        assert loads and loads[-1].completed <= loads[-1].total == len(Hub.files["tiny.gguf"])
        assert client.pull("org/copy:tiny.gguf").status == "success"
        assert names_of_files(client) == ["tiny"]
        assert client.chat("tiny", ASK, options=GREEDY).eval_count == 16
        with pytest.raises(ollama.ResponseError, match="404"):
            list(client.pull("org/none", stream=True))
        with pytest.raises(ollama.ResponseError) as missing:
            client.pull("org/none")
        assert missing.value.status_code in (404, 503)
        assert client.delete("tiny").status == "success"
        assert names_of_files(client) == []
        with pytest.raises(ollama.ResponseError):
            client.delete("tiny")
    finally:
        assert running.stop() == 0
