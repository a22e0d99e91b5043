"""What is stored survives kill -9 and is whole: files at random moments of their coming in."""

import json
import os
import random
import shutil
import threading
import time
import urllib.request

import serving

SEED = int(os.environ.get("ATELIER_CRASH_SEED", random.randrange(1 << 30)))
ROUNDS = int(os.environ.get("ATELIER_CRASH_ROUNDS", "3"))


def upload(server, content, purpose="user_data"):
    form = (b'--B0\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n' + purpose.encode() +
            b'\r\n--B0\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + content + b"\r\n--B0--\r\n")
    return server.post("/v1/files", form, {"content-type": "multipart/form-data; boundary=B0"})


class Uploader(threading.Thread):
    """Uploads until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.random, self.kept = server, random.Random(seed), {}

    def run(self):
        while True:
            content = self.random.randbytes(self.random.randrange(1, 300_000))
            try:
                status, answer = upload(self.server, content)
            except Exception:  # the server is gone
                return
            assert status == 200, answer
            self.kept[answer["id"]] = content


def test_acknowledged_files_survive_kill_and_halves_go():
    print(f"seed {SEED}")
    choices = random.Random(SEED)
    home = serving.make_home()
    kept = {}
    try:
        for number in range(ROUNDS):
            server = serving.Server(home=home)
            uploaders = [Uploader(server, choices.random()) for _ in range(3)]
            for uploader in uploaders:
                uploader.start()
            time.sleep(choices.uniform(0.2, 1.5))
            deadline = time.monotonic() + 60
            while not any(uploader.kept for uploader in uploaders) and time.monotonic() < deadline:
                time.sleep(0.05)
            server.process.kill()
            server.process.wait()
            for uploader in uploaders:
                uploader.join(30)
                kept |= uploader.kept
        server = serving.Server(home=home)
        assert kept
        for file_id, content in kept.items():
            with urllib.request.urlopen(f"{server.url}/v1/files/{file_id}/content", timeout=30) as response:
                assert response.read() == content, file_id
        assert os.listdir(home / "files" / "incoming") == []
        rows = {row[0] for row in serving.rows(home, "SELECT id FROM file")}
        assert {name for name in os.listdir(home / "files") if name.startswith("file-")} == rows
        assert kept.keys() <= rows
        assert server.stop() == 0
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_a_second_server_of_a_home_leaves_the_first_ones_files_alone():
    home = serving.make_home()
    try:
        first = serving.Server(home=home)
        (home / "files" / "incoming" / "half").write_bytes(b"x")  # as if it were coming in
        second = serving.Server(home=home)
        assert (home / "files" / "incoming" / "half").exists()
        assert second.stop() == 0 and first.stop() == 0
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_limits_of_files_are_kept(make_server):
    server = make_server(config={"files": {"max_file_mib": 1, "max_total_mib": 2}})
    status, answer = upload(server, b"x" * (1 << 20))
    assert status == 200
    assert upload(server, b"x" * ((1 << 20) + 1))[0] == 413
    assert upload(server, b"x" * (1 << 20))[0] == 200
    status, refused = upload(server, b"x")
    assert status == 429 and refused["error"]["code"] == "exhausted"
    request = urllib.request.Request(f"{server.url}/v1/files/{answer['id']}", method="DELETE")
    assert urllib.request.urlopen(request, timeout=30).status == 200
    assert upload(server, b"x")[0] == 200


def test_no_form_is_refused_in_openais_shape(make_server):
    server = make_server()
    for headers, body in (({"content-type": "application/json"}, b"{}"),
                          ({"content-type": "multipart/form-data; boundary=B0"}, b"--B0--"),
                          ({"content-type": "multipart/form-data; boundary=B0"}, b"--B0\r\n"),
                          ({"content-type": "multipart/form-data; boundary=B0"}, b"junk"),
                          ({"content-type": "multipart/form-data; boundary=B0"}, b"")):
        status, answer = server.post("/v1/files", body, headers)
        assert status == 400 and answer["error"]["message"], (headers, body, answer)


def test_responses_survive_a_kill(make_server):
    """A response that was answered is there after kill -9; one under way in the background has failed."""
    server = make_server()
    ask = {"model": serving.CHAT, "input": "Count.", "temperature": 0, "max_output_tokens": 8}
    status, conversation = server.post("/v1/conversations", {"items": [{"role": "user", "content": "Hello."}]})
    assert status == 200
    status, made = server.post("/v1/responses", {**ask, "conversation": conversation["id"]})
    assert status == 200 and made["output"]
    long = {**ask, "background": True, "max_output_tokens": 4000, "temperature": 1, "seed": 1, "stream": False}
    status, running = server.post("/v1/responses", {**long, "input": "Write a very long story."})
    assert status == 200 and running["status"] == "queued"
    server.crash()
    assert json.loads(server.get("/v1/responses/" + made["id"])) == made
    failed = json.loads(server.get("/v1/responses/" + running["id"]))
    assert failed["status"] == "failed" and "restarted" in failed["error"]["message"]
    items = json.loads(server.get(f"/v1/conversations/{conversation['id']}/items"))["data"]
    assert [item["role"] for item in items] == ["assistant", "user", "user"]
    assert server.stop() == 0


def test_stored_completions_survive_a_kill(make_server):
    """A completion that was answered with store, whole or streamed, is there after kill -9."""
    server = make_server()
    ask = {"model": serving.CHAT, "messages": [{"role": "user", "content": "Count."}], "max_tokens": 4, "store": True}
    made = {}
    for number in range(5):
        status, made[number] = server.post("/v1/chat/completions", {**ask, "metadata": {"number": str(number)}})
        assert status == 200
    request = urllib.request.Request(server.url + "/v1/chat/completions", json.dumps({**ask, "stream": True}).encode(),
                                     {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        streamed = json.loads(response.read().split(b"\n")[0].removeprefix(b"data: "))["id"]
    server.crash()
    for whole in made.values():
        assert json.loads(server.get("/v1/chat/completions/" + whole["id"])) == whole
    listed = json.loads(server.get("/v1/chat/completions?limit=100"))["data"]
    assert [completion["id"] for completion in listed] == [*(whole["id"] for whole in made.values()), streamed]
    assert server.stop() == 0
