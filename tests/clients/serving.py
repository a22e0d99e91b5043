"""Starts `atelier serve` on a free port for a test run and stops it again."""

import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ATELIER = os.environ.get("ATELIER_BIN", str(ROOT / "build/release/atelier"))
CHAT = "smollm2-135m-instruct"
EMBED = "all-minilm-l6-v2"


class Server:
    """A running server. `url` ends without a slash."""

    def __init__(self, *args, home=None, env=None):
        environment = dict(os.environ, **(env or {}))
        if home:
            environment["ATELIER_HOME"] = str(home)
        self.process = subprocess.Popen(
            [ATELIER, "serve", "--port", "0", *args],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
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

    def post(self, path, body, headers=None):
        """(status, parsed body) of a JSON POST; errors are answers too."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, headers={"content-type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()
