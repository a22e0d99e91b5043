"""Batches survive kill -9."""

import json
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


def wait_for_lines(server, batch, completed):
    """Until so many lines of a batch have their answers."""
    deadline = time.monotonic() + 120
    while now(server, batch)["request_counts"]["completed"] < completed:
        assert time.monotonic() < deadline, now(server, batch)
        time.sleep(0.02)


def answers_kept(home):
    return dict(serving.rows(home, "SELECT custom_id, answer FROM batch_line WHERE ok = 1"))


def test_a_batch_goes_on_after_kill_without_asking_again(make_server):
    server = make_server()
    batch = make_batch(server, 60, 24)
    wait_for_lines(server, batch, 5)
    before = {}
    server.crash(lambda home: before.update(answers_kept(home)))
    assert 5 <= len(before) < 60
    done = wait_for(server, batch, "completed")
    assert done["request_counts"] == {"total": 60, "completed": 60, "failed": 0}
    answers = lines_of(server, done["output_file_id"])
    assert [answer["custom_id"] for answer in answers] == [f"q{i}" for i in range(60)]
    for answer in answers:
        if answer["custom_id"] in before:
            assert json.loads(before[answer["custom_id"]]) == answer  # the very same, ids and all
    assert server.stop() == 0


def test_output_is_made_once_though_a_crash_parts_it_from_its_batch(make_server):
    server = make_server()
    batch = make_batch(server, 3, 2)
    before = wait_for(server, batch, "completed")["output_file_id"]
    # As if the crash had been after the file's commit and before the batch's.
    server.crash(serving.change(
        "UPDATE batch SET status = 'finalizing', completed = NULL, output_file_id = NULL WHERE id = ?", batch))
    assert wait_for(server, batch, "completed")["output_file_id"] == before
    files = json.loads(server.get("/v1/files?purpose=batch_output"))["data"]
    assert [file["id"] for file in files] == [before]
    assert server.stop() == 0


def test_a_batch_whose_time_is_over_tells_of_the_lines_nobody_asked(make_server):
    server = make_server()
    batch = make_batch(server, 40, 60)
    wait_for_lines(server, batch, 1)
    server.crash(serving.change("UPDATE batch SET expires = 1 WHERE id = ?", batch))  # the clock cannot be moved
    done = wait_for(server, batch, "expired")
    assert done["expired_at"] and done["request_counts"]["total"] == 40
    answered = lines_of(server, done["output_file_id"])
    left = lines_of(server, done["error_file_id"])
    assert len(answered) + len(left) == 40 and answered and left
    assert {line["error"]["code"] for line in left} == {"batch_expired"}
    assert all(line["response"] is None for line in left)
    assert server.stop() == 0
