#!/usr/bin/env python3
"""Writers and readers of vector stores over HTTP, with random deletes.

A writer uploads a file with a word of its own, puts it into one of the stores and waits until it is said to be read;
now and then it takes one out again. What was said to be read has to be found by every search that begins later, until
somebody begins to take it out; what was said to be out must be found by none that begins later. Readers look for both.
At the end everything is looked for once more, and once more after kill -9.

    tests/load/stores.py --writers 25 --readers 25 --seconds 60     prints one JSON document, fails on any difference
"""

import argparse
import http.client
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import serving  # noqa: E402

DELETE_SHARE = 0.35
WORDS = "engine river window signal garden matrix copper lantern harbour meadow".split()


class Client:
    """One connection; every answer that is not the expected one is an error."""

    def __init__(self, url):
        self.address = url.split("//")[1]
        self.connection = http.client.HTTPConnection(self.address, timeout=300)

    def ask(self, method, path, body=None, content_type="application/json"):
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.connection.request(method, path, data, {"content-type": content_type} if data else {})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: got {answer.status} {text[:300]!r}")
        return json.loads(text)

    def upload(self, text):
        form = (b'--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--B\r\nContent-Disposition: '
                b'form-data; name="file"; filename="a.txt"\r\n\r\n' + text.encode() + b"\r\n--B--\r\n")
        return self.ask("POST", "/v1/files", form, "multipart/form-data; boundary=B")["id"]

    def found(self, store, word):
        page = self.ask("POST", f"/v1/vector_stores/{store}/search", {"query": word, "max_num_results": 20})
        return {hit["file_id"] for hit in page["data"] if any(word in part["text"] for part in hit["content"])}


class Document:
    def __init__(self, store, file, word):
        self.store, self.file, self.word = store, file, word
        self.leaving = self.gone = False


class Load:
    """What is known by all, guarded by `lock`."""

    def __init__(self, url, stores, until):
        self.url, self.stores, self.until = url, stores, until
        self.lock = threading.Lock()
        self.documents, self.wrong = [], []
        self.searches = self.deletes = 0

    def say(self, what):
        with self.lock:
            self.wrong.append(what)

    def write(self, choices, name):
        client, mine, number = Client(self.url), [], 0
        while time.monotonic() < self.until:
            number += 1
            word = f"zq{name}x{number}"
            text = f"The {choices.choice(WORDS)} of {word} is {' '.join(choices.choices(WORDS, k=12))}."
            store = choices.choice(self.stores)
            file = client.upload(text)
            client.ask("POST", f"/v1/vector_stores/{store}/files", {"file_id": file, "attributes": {"writer": name}})
            while (state := client.ask("GET", f"/v1/vector_stores/{store}/files/{file}"))["status"] == "in_progress":
                time.sleep(0.02)
            if state["status"] != "completed":
                raise RuntimeError(f"got {state}")
            document = Document(store, file, word)
            mine.append(document)
            with self.lock:
                self.documents.append(document)
            if choices.random() < DELETE_SHARE:
                self.take_out(client, mine.pop(choices.randrange(len(mine))))

    def take_out(self, client, document):
        document.leaving = True
        client.ask("DELETE", f"/v1/vector_stores/{document.store}/files/{document.file}")
        document.gone = True
        with self.lock:
            self.deletes += 1

    def read(self, choices, _name):
        client = Client(self.url)
        while time.monotonic() < self.until:
            with self.lock:
                document = choices.choice(self.documents) if self.documents else None
            if document is None:
                time.sleep(0.05)
                continue
            self.look(client, document)

    def look(self, client, document):
        was_gone = document.gone
        found = client.found(document.store, document.word)
        with self.lock:
            self.searches += 1
        if was_gone and found:
            self.say(f"{document.word}: found after it was taken out")
        if not document.leaving and found != {document.file}:
            self.say(f"{document.word}: got {sorted(found)}, want {document.file}")

    def work(self, kind, seed, name):
        try:
            kind(random.Random(seed), name)
        except Exception as error:  # whatever it is, it is told
            self.say(f"{kind.__name__} {name}: {error!r}")

    def run(self, num_writers, num_readers, seed):
        kinds = [self.write] * num_writers + [self.read] * num_readers
        threads = [threading.Thread(target=self.work, args=(kind, seed * 1009 + i, i), daemon=True)
                   for i, kind in enumerate(kinds)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def check_all(self, when):
        """Everything that was acknowledged, as it should be now."""
        before, client = len(self.wrong), Client(self.url)
        for document in self.documents:
            self.look(client, document)
        for store in self.stores:
            counts = client.ask("GET", f"/v1/vector_stores/{store}")["file_counts"]
            kept = sum(not document.gone for document in self.documents if document.store == store)
            if counts["completed"] != kept or counts["total"] != kept:
                self.say(f"{store}: got {counts}, want {kept} files")
        self.wrong[before:] = [f"{when}: {what}" for what in self.wrong[before:]]


def run(num_writers, num_readers, seconds, seed, num_stores=3, embedding_model=serving.EMBED):
    """(figures, what was wrong)"""
    server = serving.Server()
    try:
        stores = [Client(server.url).ask("POST", "/v1/vector_stores", {"embedding_model": embedding_model})["id"]
                  for _ in range(num_stores)]
        begun = time.monotonic()
        load = Load(server.url, stores, begun + seconds)
        load.run(num_writers, num_readers, seed)
        took, searches = time.monotonic() - begun, load.searches
        load.check_all("at the end")
        server.crash()
        load.url = server.url
        load.check_all("after kill -9")
        if server.stop() != 0:
            load.wrong.append(f"the server ended badly: {''.join(server.errors)}")
    finally:
        server.kill()
    figures = {"writers": num_writers, "readers": num_readers, "stores": num_stores, "seconds": round(took, 1), "seed": seed,
               "written": len(load.documents), "deleted": load.deletes, "searches": searches, "wrong": len(load.wrong)}
    return figures, load.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=25)
    parser.add_argument("--readers", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--stores", type=int, default=3)
    parser.add_argument("--embedder", default=serving.EMBED, help="none: words alone")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    figures, wrong = run(arguments.writers, arguments.readers, arguments.seconds, arguments.seed, arguments.stores,
                         arguments.embedder)
    print(json.dumps(figures, indent=2))
    for line in wrong[:20]:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
