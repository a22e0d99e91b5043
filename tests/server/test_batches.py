"""Batches survive kill -9."""

import json
import shutil
import sqlite3
import time
import urllib.request

import serving
from test_stored import upload


def lines_of(server, file_id):
    with urllib.request.urlopen(f"{server.url}/v1/files/{file_id}/content", timeout=30) as response:
        return [json.loads(line) for line in response.read().splitlines()]


def test_a_batch_goes_on_after_kill_without_asking_again():
    home = serving.make_home()
    try:
        server = serving.Server(home=home)
        lines = [json.dumps({"custom_id": f"q{i}", "method": "POST", "url": "/v1/completions", "body": {
            "model": serving.CHAT, "prompt": f"{i}", "max_tokens": 24, "temperature": 0, "ignore_eos": True}})
            for i in range(60)]
        _, file = upload(server, "\n".join(lines).encode(), "batch")
        status, batch = server.post("/v1/batches", {
            "input_file_id": file["id"], "endpoint": "/v1/completions", "completion_window": "24h"})
        assert status == 200, batch

        def now():
            return json.loads(server.get(f"/v1/batches/{batch['id']}"))

        while now()["request_counts"]["completed"] < 5:
            time.sleep(0.02)
        server.process.kill()
        server.process.wait()
        with sqlite3.connect(f"file:{home / 'atelier.db'}?mode=ro", uri=True) as database:
            before = dict(database.execute("SELECT custom_id, answer FROM batch_line WHERE ok = 1"))
        assert 5 <= len(before) < 60
        server = serving.Server(home=home)
        deadline = time.monotonic() + 120
        while now()["status"] != "completed" and time.monotonic() < deadline:
            time.sleep(0.05)
        done = now()
        assert done["status"] == "completed" and done["request_counts"] == {"total": 60, "completed": 60, "failed": 0}
        answers = lines_of(server, done["output_file_id"])
        assert [answer["custom_id"] for answer in answers] == [f"q{i}" for i in range(60)]
        for answer in answers:
            if answer["custom_id"] in before:
                assert json.loads(before[answer["custom_id"]]) == answer  # the very same, ids and all
        assert server.stop() == 0
    finally:
        shutil.rmtree(home, ignore_errors=True)
