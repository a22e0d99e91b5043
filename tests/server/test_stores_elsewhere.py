"""A vector store of one Atelier is a corpus of another: searched, asked, filtered, told of, and never written."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request

import pytest
import serving

KEY = {"authorization": "Bearer sk-far-away"}
FACTS = {
    "engine.md": ("The scheduler preempts the sequence that came last when the cache is full. Its blocks are freed.", 2024),
    "kitchen.md": ("The oven bakes bread at two hundred degrees. The kettle boils water for tea.", 2020),
    "garden.md": ("Roses want sun and water. The scheduler of the garden is the season.", 2022),
}


@pytest.fixture(scope="module")
def far():
    """A server with a store of three files, and a key."""
    server = serving.Server(config={"server": {"keys": [{"key": "sk-far-away", "name": "near"}]}})
    files = {}
    for name, (text, year) in FACTS.items():
        file = upload_as(server, name, text)
        files[name] = {"file_id": file["id"], "attributes": {"year": year}}
    _, store = server.post("/v1/vector_stores", {"name": "facts", "embedding_model": "none"}, headers=KEY)
    status, batch = server.post(f"/v1/vector_stores/{store['id']}/file_batches", {"files": list(files.values())}, headers=KEY)
    assert status == 200, batch
    server.store = store["id"]
    wait_until_read(server)
    yield server
    assert server.stop() == 0, "".join(server.errors)


def upload_as(server, name, text):
    form = (f'--B0\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--B0\r\nContent-Disposition: '
            f'form-data; name="file"; filename="{name}"\r\n\r\n{text}\r\n--B0--\r\n').encode()
    status, file = server.post("/v1/files", form, {"content-type": "multipart/form-data; boundary=B0", **KEY})
    assert status == 200, file
    return file


def wait_until_read(server):
    deadline = time.monotonic() + 180
    while True:
        request = urllib.request.Request(f"{server.url}/v1/vector_stores/{server.store}", headers=KEY)
        with urllib.request.urlopen(request, timeout=30) as response:
            store = json.loads(response.read())
        if store["file_counts"]["completed"] == len(FACTS):
            return
        assert time.monotonic() < deadline, store
        time.sleep(0.05)


class Near:
    """A home whose atelier.yaml names a store elsewhere, and the commands over it."""

    def __init__(self, tmp_path, store, **more):
        self.home = tmp_path / "home"
        self.home.mkdir()
        (self.home / "models").mkdir()  # none: nothing here is embedded
        self.config = self.home / "atelier.yaml"
        self.corpus = {"name": "facts", "vector_store": store, **more}
        self.config.write_text(json.dumps({"corpora": [self.corpus]}))

    def run(self, *args, key="sk-far-away"):
        environment = {**os.environ, "ATELIER_HOME": str(self.home), "FAR_KEY": key}
        done = subprocess.run([serving.ATELIER, "--config", str(self.config), *args], capture_output=True, text=True,
                              timeout=300, env=environment)
        return done

    def json(self, *args):
        done = self.run(*args, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def near(far, tmp_path):
    return Near(tmp_path, {"base_url": far.url + "/v1", "id": far.store, "key": "env:FAR_KEY"})


def test_it_is_searched_and_asked_without_any_model(near):
    found = near.json("search", "scheduler preempts sequence", "--top", "3")["results"]
    assert found[0]["title"] == "engine.md" and found[0]["text"] == FACTS["engine.md"][0]
    assert found[0]["attributes"] == {"year": 2024}
    assert found == sorted(found, key=lambda one: -one["score"])
    answer = near.json("ask", "What does the scheduler preempt when the cache is full?")
    assert not answer["refused"] and answer["citations"]
    for citation in answer["citations"]:
        text = FACTS[citation["title"]][0].encode()
        begin, end = citation["span"]
        assert text[begin:end].decode() == citation["quote"]
    assert any("preempts" in citation["quote"] for citation in answer["citations"])
    shown = near.run("ask", "What does the scheduler preempt when the cache is full?")
    assert shown.returncode == 0 and "engine.md" in shown.stdout, shown.stderr


def test_a_model_writes_from_it(near):
    (near.home / "models").rmdir()
    (near.home / "models").symlink_to(serving.users_home() / "models")
    answer = near.json("ask", "--mode", "abstractive", "What does the scheduler preempt when the cache is full?")
    for citation in answer["citations"]:
        assert citation["quote"] in FACTS[citation["title"]][0]


def test_filters_are_kept_there(near):
    def titles(filter):
        found = near.json("search", "scheduler water", "--top", "10", "--filter", json.dumps(filter))["results"]
        return {one["title"] for one in found}

    assert titles({"type": "eq", "key": "year", "value": 2022}) == {"garden.md"}
    assert titles({"type": "gte", "key": "year", "value": 2022}) == {"engine.md", "garden.md"}
    assert titles({"type": "in", "key": "year", "value": [2020]}) == {"kitchen.md"}
    both = [{"type": "gt", "key": "year", "value": 2020}, {"type": "ne", "key": "year", "value": 2024}]
    assert titles({"type": "and", "filters": both}) == {"garden.md"}
    assert titles({"type": "eq", "key": "year", "value": 1}) == set()
    done = near.run("search", "water", "--filter", '{"type": "glob", "key": "year", "value": "2*"}')
    assert done.returncode != 0 and "got a glob over 'year', which vector stores elsewhere do not know" in done.stderr
    answer = near.json("ask", "What does the scheduler do?", "--filter", '{"type": "eq", "key": "year", "value": 2022}')
    assert {citation["title"] for citation in answer["citations"]} <= {"garden.md"}


def test_it_tells_what_it_can_and_refuses_the_rest_by_name(near, far):
    stats = near.json("corpus", "stats")
    assert stats["backend"] == f"vector store {far.store} at {far.url.split('//')[1]}"
    assert stats["documents"] == len(FACTS) and stats["chunks"] is None and stats["bytes"] > 0
    capabilities = stats["capabilities"]
    assert capabilities["words"] == capabilities["filters"] == capabilities["own_ranking"] == "yes"
    assert capabilities["phrases"] == capabilities["near_spellings"] == "passed_on"
    assert capabilities["writing"] == capabilities["vectors"] == capabilities["facets"] == "no"
    text = near.run("corpus", "stats").stdout
    assert "lacks" in text and "being written" in text and "passes on" in text
    assert [one["name"] for one in near.json("corpus", "list")] == ["facts"]
    for args, what in [(("corpus", "verify", "facts"), "checksums to verify"), (("corpus", "export", "facts"), "export"),
                       (("corpus", "snapshot", "facts-copy", "-c", "facts"), "snapshots"),
                       (("corpus", "rm", "facts", "--yes"), "being written"),
                       (("corpus", "reembed", "facts", "--embedder", "none"), "another embedder's vectors"),
                       (("search", "x", "--by", "vectors"), "search by vectors"),
                       (("index", str(near.home), "-c", "facts", "--embedder", "none"), "being written")]:
        done = near.run(*args)
        assert done.returncode != 0, args
        assert what in done.stderr and f"vector store {far.store} at" in done.stderr, (args, done.stderr)


def test_what_passes_on_is_kept_by_another_atelier(near):
    assert near.json("search", '+"kettle boils"')["results"][0]["title"] == "kitchen.md"
    assert near.json("search", '+"boils kettle"')["results"] == []


def test_refusals_are_told(near, far, tmp_path):
    done = near.run("search", "water", key="sk-wrong")
    assert done.returncode != 0 and "got status 401" in done.stderr and "sk-wrong" not in done.stderr, done.stderr
    other = tmp_path / "other"
    other.mkdir()
    missing = Near(other, {"base_url": far.url + "/v1", "id": "vs_none", "key": "env:FAR_KEY"})
    done = missing.run("search", "water")
    assert done.returncode != 0 and "got status 404" in done.stderr and "vs_none" in done.stderr, done.stderr
    assert "got status 404" in missing.json("corpus", "list")[0]["problem"]


@pytest.mark.parametrize("what", ["nobody", "hangs", "giant", "no JSON", "half"])
def test_servers_that_are_none(tmp_path, what):
    with Broken(what) as broken:
        near = Near(tmp_path, {"base_url": broken.url, "id": "vs_1", "seconds": 1 if what == "hangs" else 60})
        done = near.run("search", "water")
    wanted = {"nobody": "127.0.0.1", "hangs": "got no answer in time", "giant": "bytes", "no JSON": "got no JSON", "half": "127.0.0.1"}[what]
    assert done.returncode != 0 and done.stdout == ""
    assert "provider 127.0.0.1:" in done.stderr and wanted in done.stderr, done.stderr


def test_a_server_before_it_serves_it_too(near, far):
    os.environ["FAR_KEY"] = "sk-far-away"
    config = {"corpora": [near.corpus]}
    server = serving.Server(config=config)
    try:
        body = {"query": "scheduler water", "filters": {"type": "eq", "key": "year", "value": 2022}, "max_num_results": 5}
        status, page = server.post("/v1/vector_stores/facts/search", body)
        assert status == 200, page
        assert [hit["filename"] for hit in page["data"]] == ["garden.md"]
        assert page["data"][0]["file_id"].startswith("file-") and page["data"][0]["attributes"] == {"year": 2022}
        store = json.loads(server.get("/v1/vector_stores/facts"))
        assert store["file_counts"]["completed"] == len(FACTS) and store["status"] == "completed"
        status, error = server.post("/v1/vector_stores/facts/search", {**body, "filters": {
            "type": "not", "filter": body["filters"]}})
        assert status == 400 and "vector stores elsewhere do not know" in error["error"]["message"], error
        status, error = server.post("/v1/vector_stores/facts/files", {"file_id": "file-x"})
        assert status in (400, 404), error
        assert server.stop() == 0
    finally:
        server.kill()


def test_configurations_that_cannot_be(tmp_path):
    near = Near(tmp_path, {"id": "vs_1", "provider": "nobody"})
    done = near.run("corpus", "list")
    assert done.returncode != 0 and "corpora[0].vector_store.provider: got 'nobody'" in done.stderr, done.stderr
    near.config.write_text(json.dumps({"corpora": [{"name": "x", "folder": "/tmp", "vector_store": {
        "id": "vs_1", "base_url": "http://127.0.0.1:1/v1"}}]}))
    done = near.run("corpus", "list")
    assert done.returncode != 0 and "corpora[0].folder: got it beside vector_store" in done.stderr, done.stderr


class Broken:
    """A server of the wrong kind on a port of its own."""

    def __init__(self, what):
        self.what = what
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"
        self.held = []

    def __enter__(self):
        if self.what == "nobody":
            self.listener.close()
        else:
            threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.held:
            connection.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.held.append(connection)
            try:
                self.answer(connection)
            except OSError:
                pass

    def answer(self, connection):
        connection.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        if self.what == "giant":
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % (1 << 30))
            for _ in range(1 << 14):
                connection.sendall(b" " * 65536)
        elif self.what == "no JSON":
            connection.sendall(head + b"Content-Length: 6\r\n\r\n<html>")
        elif self.what == "half":
            connection.sendall(head + b"Content-Length: 100\r\n\r\n{")
            connection.close()


def test_a_corpus_is_embedded_and_searched_through_a_provider(far, tmp_path):
    """No model here: another Atelier embeds documents and questions, each text of a document once."""
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, (text, _) in FACTS.items():
        (folder / name).write_text(text)
    config = home / "atelier.yaml"
    config.write_text(json.dumps({"providers": [{"name": "far", "base_url": far.url + "/v1", "key": "env:FAR_KEY"}]}))

    def told(*args):
        done = subprocess.run([serving.ATELIER, "--config", config, "--json", *args], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "ATELIER_HOME": str(home), "FAR_KEY": "sk-far-away"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    model = "far/all-minilm-l6-v2"
    assert told("index", str(folder), "-c", "facts", "--embedder", model)["embedded"] == len(FACTS)
    assert told("corpus", "stats", "facts")["embedder"] == model
    found = told("search", "hot drink", "-c", "facts")["results"]
    assert found[0]["text"] == FACTS["kitchen.md"][0], "no word of it stands there: likeness found it"
    (folder / "engine.md").rename(folder / "motor.md")
    (folder / "kitchen.md").touch()
    assert told("index", str(folder), "-c", "facts")["embedded"] <= 1, "what is the same keeps its vector"
