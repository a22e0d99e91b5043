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


def make_batch(server, num_lines, max_tokens):
    lines = [json.dumps({"custom_id": f"q{i}", "method": "POST", "url": "/v1/completions", "body": {
        "model": serving.CHAT, "prompt": f"{i}", "max_tokens": max_tokens, "temperature": 0, "ignore_eos": True}})
        for i in range(num_lines)]
    _, file = upload(server, "\n".join(lines).encode(), "batch")
    status, batch = server.post("/v1/batches", {
        "input_file_id": file["id"], "endpoint": "/v1/completions", "completion_window": "24h"})
    assert status == 200, batch
    return batch["id"]


def now(server, batch):
    return json.loads(server.get(f"/v1/batches/{batch}"))


def wait_for(server, batch, status):
    deadline = time.monotonic() + 120
    while now(server, batch)["status"] != status and time.monotonic() < deadline:
        time.sleep(0.05)
    batch = now(server, batch)
    assert batch["status"] == status, batch
    return batch


def change(home, sql, *values):
    with sqlite3.connect(home / "atelier.db") as database:
        database.execute(sql, values)


def test_a_batch_goes_on_after_kill_without_asking_again():
    home = serving.make_home()
    try:
        server = serving.Server(home=home)
        batch = make_batch(server, 60, 24)
        while now(server, batch)["request_counts"]["completed"] < 5:
            time.sleep(0.02)
        server.process.kill()
        server.process.wait()
        with sqlite3.connect(f"file:{home / 'atelier.db'}?mode=ro", uri=True) as database:
            before = dict(database.execute("SELECT custom_id, answer FROM batch_line WHERE ok = 1"))
        assert 5 <= len(before) < 60
        server = serving.Server(home=home)
        done = wait_for(server, batch, "completed")
        assert done["request_counts"] == {"total": 60, "completed": 60, "failed": 0}
        answers = lines_of(server, done["output_file_id"])
        assert [answer["custom_id"] for answer in answers] == [f"q{i}" for i in range(60)]
        for answer in answers:
            if answer["custom_id"] in before:
                assert json.loads(before[answer["custom_id"]]) == answer  # the very same, ids and all
        assert server.stop() == 0
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_output_is_made_once_though_a_crash_parts_it_from_its_batch():
    home = serving.make_home()
    try:
        server = serving.Server(home=home)
        batch = make_batch(server, 3, 2)
        before = wait_for(server, batch, "completed")["output_file_id"]
        server.process.kill()
        server.process.wait()
        # As if the crash had been after the file's commit and before the batch's.
        change(home, "UPDATE batch SET status = 'finalizing', completed = NULL, output_file_id = NULL WHERE id = ?", batch)
        server = serving.Server(home=home)
        assert wait_for(server, batch, "completed")["output_file_id"] == before
        files = json.loads(server.get("/v1/files?purpose=batch_output"))["data"]
        assert [file["id"] for file in files] == [before]
        assert server.stop() == 0
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_a_batch_whose_time_is_over_tells_of_the_lines_nobody_asked():
    home = serving.make_home()
    try:
        server = serving.Server(home=home)
        batch = make_batch(server, 40, 60)
        while now(server, batch)["request_counts"]["completed"] < 1:
            time.sleep(0.02)
        server.process.kill()
        server.process.wait()
        change(home, "UPDATE batch SET expires = 1 WHERE id = ?", batch)  # the clock cannot be moved
        server = serving.Server(home=home)
        done = wait_for(server, batch, "expired")
        assert done["expired_at"] and done["request_counts"]["total"] == 40
        answered = lines_of(server, done["output_file_id"])
        left = lines_of(server, done["error_file_id"])
        assert len(answered) + len(left) == 40 and answered and left
        assert {line["error"]["code"] for line in left} == {"batch_expired"}
        assert all(line["response"] is None for line in left)
        assert server.stop() == 0
    finally:
        shutil.rmtree(home, ignore_errors=True)
