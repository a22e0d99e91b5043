"""Runs `atelier` for the tests: as a program whose output is read, or in a pseudo-terminal as a person would."""

import atexit
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ATELIER = os.environ.get("ATELIER_BIN", str(ROOT / "build/release/atelier"))
CHAT = "smollm2-135m-instruct"
EMBED = "all-minilm-l6-v2"


def make_home():
    """A data folder of the tests' own, with the models of the person's."""
    home = tempfile.mkdtemp(prefix="atelier-cli-test-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    real = pathlib.Path(os.environ.get("ATELIER_HOME", pathlib.Path.home() / ".atelier"))
    os.makedirs(f"{home}/models")
    for name in (CHAT, EMBED):
        os.symlink(real / "models" / name, f"{home}/models/{name}")
    return home


HOME = make_home()


def environment(**more):
    env = {key: value for key, value in os.environ.items() if not key.startswith("ATELIER")}
    return {**env, "ATELIER_HOME": HOME, "TERM": "dumb", **more}


class Answer:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)  # fails unless stdout is one document


def atelier(*args, given="", home=None, cwd="/", **env):
    """Runs a command to its end; `given` is its standard input."""
    all_env = environment(**env, **({"ATELIER_HOME": str(home)} if home else {}))
    return Answer(subprocess.run([ATELIER, *map(str, args)], input=given, capture_output=True, text=True, timeout=120,
                                 env=all_env, cwd=cwd))


class Terminal:
    """`atelier` with a person before it."""

    def __init__(self, *args):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir("/")
            os.execve(ATELIER, [ATELIER, *args], environment(INPUTRC="/dev/null"))

    def read_some(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is gone
            return False
        self.seen += re.sub(r"\x1b\[\?2004[hl]", "", data.decode(errors="replace")).replace("\r", "")
        return bool(data)

    def wait_for(self, pattern, seconds=60):
        """What came up to `pattern`, which is then used up."""
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                before = self.seen[:found.end()]
                self.seen = self.seen[found.end():]
                return before
            if time.monotonic() > deadline or not self.read_some(1) and os.waitpid(self.pid, os.WNOHANG)[0]:
                raise AssertionError(f"got {self.seen!r}, want /{pattern}/")

    def type(self, text):
        os.write(self.fd, text.encode())

    def say(self, line):
        """Types a line and waits until it has been echoed."""
        self.type(line + "\n")
        self.wait_for(re.escape(line[-20:]) + r"\n")

    def interrupt(self):
        self.type("\x03")  # the terminal makes the signal of it

    def end(self):
        """Exit code once the program has ended."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            self.read_some(0.1)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"did not end; got {self.seen!r}")


class Case(unittest.TestCase):
    maxDiff = None

    def run_ok(self, *args, **kw):
        answer = atelier(*args, **kw)
        self.assertEqual(answer.code, 0, answer.err)
        return answer


class AgentCase(Case):
    """A home of its own, and `self.config`, a configuration with agents."""

    def setUp(self):
        self.home = make_home()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.config = pathlib.Path(self.folder.name, "atelier.yaml")

    def agent(self, *args):
        return atelier("--config", self.config, "agent", *args, home=self.home)

    def document(self, *args):
        answer = atelier("--config", self.config, "--json", "agent", *args, home=self.home)
        self.assertEqual(answer.code, 0, answer.err)
        return answer.json


class FolderCase(Case):
    """A home of its own, and a folder docs/ to fill."""

    def setUp(self):
        self.home = make_home()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="atelier-docs-")) / "docs"
        self.folder.mkdir()
        self.addCleanup(shutil.rmtree, self.folder.parent, ignore_errors=True)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def ok(self, *args):
        return self.run_ok(*args, home=self.home)
