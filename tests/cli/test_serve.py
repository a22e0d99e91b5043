"""`atelier serve` and ./up as programs: what they refuse, and how a failing step explains itself."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from calling import ATELIER, CHAT, HOME, ROOT, Case, atelier, environment

sys.path.insert(0, str(ROOT / "tests"))
from serving import Server  # noqa: E402


def up(*args, cwd=ROOT, **env):
    all_env = environment(**env)
    return subprocess.run(["./up", *args], cwd=cwd, env=all_env, capture_output=True, text=True, timeout=120)


class Serve(Case):
    def test_a_model_that_is_named_is_loaded_and_serves(self):
        server = Server("--model", CHAT, home=HOME)
        try:
            status, body = server.post("/v1/completions", {"prompt": "Hi", "max_tokens": 2})
            self.assertEqual(status, 200, body)
            checks = atelier("doctor", "--json", cwd=self.folder_with_port(server.url)).json["checks"]
            self.assertIn("answers at", next(check["what"] for check in checks if check["check"] == "port"))
        finally:
            self.assertEqual(server.stop(), 0)

    def folder_with_port(self, url):
        folder = tempfile.mkdtemp(prefix="atelier-serve-test-")
        self.addCleanup(shutil.rmtree, folder)
        with open(f"{folder}/atelier.yaml", "w") as file:
            file.write(f"server: {{port: {url.rsplit(':', 1)[1]}}}\n")
        return folder

    def test_other_addresses_want_a_key_or_force(self):
        for host in ("0.0.0.0", "::", "127.0.0.1.example.org"):
            answer = atelier("serve", "--port", "0", "--host", host)
            self.assertEqual(answer.code, 1)
            self.assertIn("without a key", answer.err)
            self.assertIn("--allow-open", answer.err)
        for more in (["--api-key", "sk-test"], ["--allow-open"]):
            server = Server("--host", "0.0.0.0", *more, home=HOME)
            self.assertEqual(server.stop(), 0)

    def test_a_key_is_asked_for(self):
        server = Server("--api-key", "env:ATELIER_TEST_KEY", home=HOME, env={"ATELIER_TEST_KEY": "sk-test"})
        try:
            body = {"prompt": "Hi", "max_tokens": 1}
            self.assertEqual(server.post("/v1/completions", body)[0], 401)
            self.assertEqual(server.post("/v1/completions", body, {"authorization": "Bearer sk-wrong"})[0], 401)
            self.assertEqual(server.post("/v1/completions", body, {"authorization": "Bearer sk-test"})[0], 200)
        finally:
            server.stop()

    def test_with_json_the_address_is_a_document(self):
        process = subprocess.Popen([ATELIER, "serve", "--port", "0", "--json"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, env=environment())
        self.assertRegex(json.loads(process.stdout.readline())["url"], r"^http://127\.0\.0\.1:\d+$")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(process.stdout.read(), "")

    def test_a_port_that_is_taken_or_none(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            answer = atelier("serve", "--port", taken.getsockname()[1])
            self.assertEqual(answer.code, 1)
            self.assertIn("cannot listen: Address already in use; choose another with --port", answer.err)
        self.assertIn("want 0 to 65535", atelier("serve", "--port", "70000").err)


class Up(Case):
    """In the tree as it is built; the steps before are made to fail in a copy."""

    def test_arguments_are_atelier_s(self):
        done = up("models", "list", "--names")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(CHAT, done.stdout.split())

    def test_no_network_for_the_models(self):
        with tempfile.TemporaryDirectory() as home:
            done = up(ATELIER_HOME=home, ATELIER_HUB="http://127.0.0.1:1", PIP_INDEX_URL="http://127.0.0.1:1",
                      PIP_RETRIES="0", PIP_CONFIG_FILE="/dev/null")
            self.assertEqual(done.returncode, 1)
            self.assertIn("up: pulling the default models failed", done.stderr)
            self.assertIn("up: what to do: check the network", done.stderr)

    def test_a_port_that_is_taken(self):
        with tempfile.TemporaryDirectory() as home, socket.create_server(("127.0.0.1", 0)) as taken:
            os.symlink(f"{HOME}/models", f"{home}/models")
            with open(f"{home}/atelier.yaml", "w") as file:
                file.write(f"server: {{port: {taken.getsockname()[1]}}}\n")
            done = up(ATELIER_HOME=home)
            self.assertEqual(done.returncode, 1)
            self.assertIn("Address already in use", done.stderr)
            self.assertIn("choose another with --port", done.stderr)

    def test_a_compiler_that_does_not_work(self):
        with tempfile.TemporaryDirectory() as folder:
            names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
            for name in names.decode().split("\0"):
                copy(name, folder)
            done = up(cwd=folder, CXX="/bin/false")
            self.assertEqual(done.returncode, 1)
            self.assertIn("up: configuring failed", done.stderr)
            self.assertIn("up: what to do:", done.stderr)
            # And a file that does not compile.
            with open(f"{folder}/src/base/check.cc", "a") as file:
                file.write("this is no C++\n")
            done = up(cwd=folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn("up: building failed", done.stderr)


def copy(name, folder):
    source = ROOT / name
    if source.is_file():
        os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
        shutil.copy2(source, f"{folder}/{name}")
