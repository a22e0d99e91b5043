"""kill -9 at random moments: the next server starts, and nothing acknowledged is lost.

ATELIER_CRASH_ROUNDS says how many rounds (3 by default), ATELIER_CRASH_SEED what is random.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time
import urllib.error

import serving
from serving import CHAT, EMBED

ROUNDS = int(os.environ.get("ATELIER_CRASH_ROUNDS", "3"))
SEED = int(os.environ.get("ATELIER_CRASH_SEED", random.randrange(1 << 30)))
DURABLE_AFTER_S = 1.0


class Caller(threading.Thread):
    """Calls until the server is gone; remembers which traces it was told of, and when."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.random, self.finished, self.failures = server, random.Random(seed), [], []

    def run(self):
        while True:
            try:
                status, answer = self.server.post("/v1/completions", {
                    "model": CHAT, "prompt": "x", "max_tokens": self.random.randint(1, 12), "ignore_eos": True})
            except (OSError, ValueError, urllib.error.URLError, ConnectionError, EOFError):
                return
            except Exception as error:  # http.client has many
                if type(error).__module__ != "http.client":
                    self.failures.append(error)
                return
            if status != 200:
                self.failures.append(answer)
                return
            self.finished.append((time.monotonic(), answer["id"].removeprefix("cmpl-")[:32]))


def stored_traces(home):
    with sqlite3.connect(f"file:{home / 'traces.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        roots = {row[0] for row in database.execute("SELECT trace_id FROM span WHERE is_root")}
        children = {row[0] for row in database.execute("SELECT trace_id FROM span WHERE NOT is_root")}
    return roots, children


def wait_for_answers_older_than(age_s, callers):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(caller.finished and caller.finished[0][0] < time.monotonic() - age_s for caller in callers):
            return
        time.sleep(0.05)


def test_killed_servers_lose_nothing_acknowledged():
    print(f"seed {SEED}")
    choices = random.Random(SEED)
    home = serving.make_home()
    acknowledged = set()
    try:
        for number in range(ROUNDS):
            server = serving.Server("--model", CHAT, home=home)
            callers = [Caller(server, choices.random()) for _ in range(4)]
            for caller in callers:
                caller.start()
            time.sleep(choices.uniform(0.3, 3.5))
            if number == ROUNDS - 1:  # short lives alone would prove nothing
                wait_for_answers_older_than(DURABLE_AFTER_S, callers)
            killed_at = time.monotonic()
            server.process.kill()
            server.process.wait()
            for caller in callers:
                caller.join(30)
                assert not caller.failures, f"round {number}, seed {SEED}: {caller.failures}"
                acknowledged |= {trace for when, trace in caller.finished if when < killed_at - DURABLE_AFTER_S}
            roots, children = stored_traces(home)
            assert acknowledged <= roots, f"round {number}, seed {SEED}: lost {acknowledged - roots}"
            assert acknowledged <= children
        server = serving.Server(home=home)
        status, _ = server.post("/v1/completions", {"model": CHAT, "prompt": "x", "max_tokens": 1})
        assert status == 200
        assert server.stop() == 0
        print(f"{ROUNDS} rounds, {len(acknowledged)} traces had to be there and were")
        assert acknowledged
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_killed_imports_leave_all_or_nothing(tmp_path):
    """A model whose import was acknowledged is there and whole; one whose import was killed is whole or absent."""
    choices = random.Random(SEED)
    home = tmp_path / "home"
    environment = dict(os.environ, ATELIER_HOME=str(home))
    users = os.environ.get("ATELIER_HOME", os.path.expanduser("~/.atelier"))
    source = os.path.join(users, "models", EMBED)

    def atelier(*arguments):
        return subprocess.Popen([serving.ATELIER, *arguments], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    for number in range(ROUNDS):
        name = f"copy-{number}"
        process = atelier("models", "import", source, "--name", name)
        time.sleep(choices.uniform(0.0, 0.4))
        process.kill()
        output, _ = process.communicate()
        acknowledged = process.returncode == 0
        there = (home / "models" / name).exists()
        assert there or not acknowledged, output
        if there:
            verified = atelier("models", "verify", name)
            assert verified.wait() == 0, verified.stdout.read()
        else:
            again = atelier("models", "import", source, "--name", name)
            assert again.wait() == 0, again.stdout.read()
