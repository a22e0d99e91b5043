"""Vector stores survive kill -9: files that are being read are read again, whole and once; what was removed is gone."""

import json
import os
import random
import time
import urllib.request

from test_stored import upload

SEED = int(os.environ.get("ATELIER_CRASH_SEED", random.randrange(1 << 30)))
ROUNDS = int(os.environ.get("ATELIER_CRASH_ROUNDS", "2"))
NUM_FILES = 24


def text_of(number):
    return "\n\n".join(f"Paragraph {i} of file n{number} tells of thing t{number} and of words w{i}." for i in range(40))


def counts(server, store):
    return json.loads(server.get(f"/v1/vector_stores/{store}"))["file_counts"]


def wait_for(server, store, completed):
    deadline = time.monotonic() + 240
    while counts(server, store)["completed"] < completed:
        assert time.monotonic() < deadline, counts(server, store)
        time.sleep(0.02)


def search(server, store, query, num=50):
    status, page = server.post(f"/v1/vector_stores/{store}/search", {"query": query, "max_num_results": num})
    assert status == 200, page
    return page["data"]


def test_files_are_read_though_the_server_is_killed(make_server):
    print(f"seed {SEED}")
    choices = random.Random(SEED)
    server = make_server()
    ids = [upload(server, text_of(i).encode())[1]["id"] for i in range(NUM_FILES)]
    _, store = server.post("/v1/vector_stores", {"name": "crash"})
    status, batch = server.post(f"/v1/vector_stores/{store['id']}/file_batches", {"file_ids": ids})
    assert status == 200, batch
    for number in range(ROUNDS):
        wait_for(server, store["id"], number + 1)
        time.sleep(choices.uniform(0, 0.2))
        before = counts(server, store["id"])
        server.crash()
        assert counts(server, store["id"])["completed"] >= before["completed"]
    wait_for(server, store["id"], NUM_FILES)
    for i in choices.sample(range(NUM_FILES), 6):
        found = [hit for hit in search(server, store["id"], f"thing t{i}") if hit["file_id"] == ids[i]]
        texts = [part["text"] for hit in found for part in hit["content"]]
        assert texts and len(texts) == len(set(texts)), found  # no chunk twice
        content = json.loads(server.get(f"/v1/vector_stores/{store['id']}/files/{ids[i]}/content"))
        assert "".join(part["text"] for part in content["data"]) == text_of(i)
    now = json.loads(server.get(f"/v1/vector_stores/{store['id']}/file_batches/{batch['id']}"))
    assert now["status"] == "completed" and now["file_counts"]["total"] == NUM_FILES
    assert server.stop() == 0


def test_a_store_that_is_removed_while_its_files_are_read_leaves_nothing(make_server):
    server = make_server()
    ids = [upload(server, text_of(i).encode())[1]["id"] for i in range(NUM_FILES)]
    _, store = server.post("/v1/vector_stores", {"file_ids": ids})
    folder = server.home / "corpora" / store["id"]
    wait_for(server, store["id"], 1)
    assert folder.is_dir()
    _delete(server, f"/v1/vector_stores/{store['id']}")
    server.crash()
    deadline = time.monotonic() + 60
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert json.loads(server.get("/v1/vector_stores"))["data"] == []
    assert server.stop() == 0


def _delete(server, path):
    with urllib.request.urlopen(urllib.request.Request(server.url + path, method="DELETE"), timeout=60) as response:
        assert response.status == 200
