"""Starts `atelier serve` on a free port for a test run and stops it again.

Each server has a data folder of its own, which sees the user's models but writes nothing beside them.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
ATELIER = os.environ.get("ATELIER_BIN", str(ROOT / "build/release/atelier"))
CHAT = "smollm2-135m-instruct"
EMBED = "all-minilm-l6-v2"


def users_home():
    return pathlib.Path(os.environ.get("ATELIER_HOME", pathlib.Path.home() / ".atelier"))


def make_home():
    """A new data folder with the models of the user's."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="atelier-test-"))
    users = users_home()
    for name in ("models", "panels"):
        if (users / name).is_dir():
            (home / name).symlink_to(users / name)
    return home


def change(sql, *values):
    """For Server.crash: a change to the database while no server has it."""
    def then(home):
        with sqlite3.connect(home / "atelier.db") as database:
            database.execute(sql, values)
    return then


def rows(home, sql):
    """What a query finds in the database, read without a change to it."""
    with sqlite3.connect(f"file:{home / 'atelier.db'}?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


class Server:
    """A running server. `url` ends without a slash."""

    def __init__(self, *args, home=None, config=None, port=0, threads=1, env=None):
        """One thread computes, unless said otherwise: a gang stalls where a busy machine takes one of its cores."""
        self.home = home or make_home()
        self.own_home = not home
        self.environment = dict(os.environ, ATELIER_HOME=str(self.home), **(env or {}))
        options = []
        if config:
            (self.home / "atelier.yaml").write_text(json.dumps(config))
            options = ["--config", str(self.home / "atelier.yaml")]
        self.command = [ATELIER, *options, "serve", "--port", str(port), "--threads", str(threads), *args]
        self._start()

    def _start(self):
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.errors = []
        self.url = self._wait_for_url()
        threading.Thread(target=self._drain, args=(self.process.stderr,), daemon=True).start()

    def _wait_for_url(self):
        """The server prints its address on stdout once it listens."""
        line = self.process.stdout.readline()
        found = re.search(r"https?://[\w.\[\]:]+", line)
        if not found:
            raise RuntimeError(f"serve did not start: {line}{self.process.stderr.read()}")
        threading.Thread(target=self._drain, args=(self.process.stdout,), daemon=True).start()
        return found.group().rstrip("/")

    def _drain(self, stream):
        for line in stream:
            self.errors.append(line)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as response:
            return response.read().decode()

    def metric(self, name):
        """Sum of a metric's samples over all label sets."""
        total = 0.0
        for line in self.get("/metrics").splitlines():
            if line.startswith(name) and line[len(name)] in "{ ":
                total += float(line.rsplit(" ", 1)[1])
        return total

    def wait_for_metric(self, name, wanted, seconds=30):
        """Whether the metric comes to `wanted` in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.metric(name) == wanted:
                return True
            time.sleep(0.02)
        return self.metric(name) == wanted

    def post(self, path, body, headers=None, timeout=120):
        """(status, parsed body) of a JSON POST; errors are answers too."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, headers={"content-type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def crash(self, then=None):
        """Dies as by kill -9 and starts again on what is left, which then(home) may look at or change first."""
        self.process.kill()
        self.process.wait()
        if then:
            then(self.home)
        self._start()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        if self.own_home:
            shutil.rmtree(self.home, ignore_errors=True)
        return code
