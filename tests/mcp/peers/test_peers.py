"""MCP's official clients use the application, and the application uses official servers: over stdio and HTTP, in both
eras. The clients print one JSON document of what they saw (clients/), the servers offer one tool and one resource
(servers/)."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ATELIER = HERE.parents[2] / "build" / "release" / "atelier"
BIN = HERE / "node_modules" / ".bin"
NEW, OLD = "2026-07-28", "2025-11-25"
PYTHON = {version: HERE / f".venv-{version}" / "bin" / "python" for version in (1, 2)}
CLIENTS = {
    "npm client 2, either era": (["node", "clients/client_2.mjs", "auto"], NEW),
    "npm client 2, the older era": (["node", "clients/client_2.mjs", "legacy"], OLD),
    "npm sdk 1": (["node", "clients/sdk_1.mjs", "legacy"], OLD),
    "PyPI mcp 2, either era": ([PYTHON[2], "clients/mcp_2.py", "auto"], NEW),
    "PyPI mcp 2, the older era": ([PYTHON[2], "clients/mcp_2.py", "legacy"], OLD),
    "PyPI mcp 1": ([PYTHON[1], "clients/mcp_1.py", "legacy"], OLD),
}
SERVERS = {
    "npm server 2": ("node", str(HERE / "servers" / "server_2.mjs"), NEW),
    "npm sdk 1": ("node", str(HERE / "servers" / "sdk_1.mjs"), OLD),
    "PyPI mcp 2": (str(PYTHON[2]), str(HERE / "servers" / "mcp_server.py"), NEW),
    "PyPI mcp 1": (str(PYTHON[1]), str(HERE / "servers" / "mcp_server.py"), OLD),
}


class Application(unittest.TestCase):
    """A home with a configuration of the test's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {**os.environ, "ATELIER_HOME": str(self.folder / "home")}
        (self.folder / "files").mkdir()
        self.configure()

    def configure(self, servers=None, files=()):
        # Without agents there is the assistant, which brings a calculator.
        config = {"tools": [{"type": "files", "with": {"folder": str(self.folder / "files"), "write": True}}],
                  "mcpServers": servers or {}, "mcp_files": list(files)}
        (self.folder / "atelier.yaml").write_text(json.dumps(config))  # JSON is YAML

    def command(self, *words):
        return [str(ATELIER), "--config", str(self.folder / "atelier.yaml"), *words]

    def run_cli(self, *words, code=0):
        done = subprocess.run(self.command("--json", *words), env=self.environment, capture_output=True, text=True,
                              timeout=180, check=False)
        self.assertEqual(done.returncode, code, done.stderr[-2000:])
        return json.loads(done.stdout)

    def listening(self, command):
        """Starts a program that prints its URL first; the URL."""
        # A group of its own: node may be a wrapper, whose child would stay behind.
        program = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True, cwd=HERE,
                                   start_new_session=True)
        self.addCleanup(program.wait, 60)
        self.addCleanup(os.killpg, program.pid, signal.SIGTERM)
        self.addCleanup(program.stdout.close)
        return program.stdout.readline().split()[-1]


class AsServer(Application):
    def check(self, name, command, revision):
        with self.subTest(name):
            done = subprocess.run([*map(str, command)], env=self.environment, capture_output=True, text=True,
                                  timeout=180, cwd=HERE, check=False)
            self.assertEqual(done.returncode, 0, done.stderr[-2000:])
            saw = json.loads(done.stdout.splitlines()[-1])
            self.assertEqual((saw["revision"], saw["server"]), (revision, "atelier"))
            for tool in ("calculator", "read_file", "write_file", "ask_assistant"):
                self.assertIn(tool, saw["tools"])
            self.assertTrue(saw["sum"].startswith("1"), saw)
            self.assertTrue(saw["wrong"], saw)
            # It asks first: the client's user has said yes.
            self.assertTrue(saw["written"], saw)
            self.assertEqual((self.folder / "files" / "peer.txt").read_text(), "here")
            (self.folder / "files" / "peer.txt").unlink()
            self.assertIn("atelier://corpora", saw["resources"])
            self.assertEqual(json.loads(saw["corpora"]), [])
            # The older era says -32002, of which npm's client 2 itself makes -32602.
            self.assertEqual(saw["missing"], -32602 if revision == NEW or "npm client 2" in name else -32002)

    def test_clients_over_stdio(self):
        for name, (command, revision) in CLIENTS.items():
            self.check(name, [*command, "stdio", *self.command("mcp")], revision)

    def test_clients_over_http(self):
        base = self.listening(self.command("serve", "--port", "0"))
        for name, (command, revision) in CLIENTS.items():
            self.check(name, [*command, "http", base + "/mcp"], revision)

    def inspect(self, target, *words):
        done = subprocess.run([BIN / "mcp-inspector", "--cli", *target, *words], env=self.environment,
                              capture_output=True, text=True, timeout=180, cwd=HERE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return json.loads(done.stdout)

    def test_the_inspector(self):
        base = self.listening(self.command("serve", "--port", "0"))
        # It would take --config for its own.
        (self.folder / "home" / "atelier.yaml").write_text((self.folder / "atelier.yaml").read_text())
        for target in ([str(ATELIER), "mcp"], [base + "/mcp", "--transport", "http"]):
            with self.subTest(target=target[0]):
                tools = self.inspect(target, "--method", "tools/list")["tools"]
                self.assertIn("calculator", [tool["name"] for tool in tools])
                called = self.inspect(target, "--method", "tools/call", "--tool-name", "calculator", "--tool-arg",
                                      "expression=6*7")
                self.assertTrue(called["content"][0]["text"].startswith("42"), called)
                resources = self.inspect(target, "--method", "resources/list")["resources"]
                self.assertEqual(resources[0]["uri"], "atelier://corpora")


class AsClient(Application):
    def check(self, revision):
        listed = self.run_cli("mcp", "list", "--check")[0]
        self.assertNotIn("error", listed)
        self.assertEqual((listed["revision"], listed["tools"], listed["approved_tools"]), (revision, 1, 0))
        self.assertEqual(self.run_cli("mcp", "tools", "peer")[0]["standing"], "new")
        self.run_cli("mcp", "call", "peer", "add", "{}", code=1)  # nobody has approved it
        self.assertEqual(self.run_cli("mcp", "approve", "peer", "--yes")["approved"], ["add"])
        self.assertEqual(self.run_cli("mcp", "tools", "peer")[0]["standing"], "approved")
        self.assertEqual(self.run_cli("mcp", "call", "peer", "add", '{"a": 2, "b": 3.5}')["text"], "5.5")
        self.assertIn("peer://note", self.run_cli("mcp", "read", "peer")["text"])
        self.assertEqual(self.run_cli("mcp", "read", "peer", "peer://note")["text"], "a note from the peer")

    def test_servers_over_stdio(self):
        for name, (program, script, revision) in SERVERS.items():
            with self.subTest(name):
                self.setUp()
                self.configure({"peer": {"command": program, "args": [script, "stdio"]}})
                self.check(revision)

    def test_servers_over_http(self):
        for name, (program, script, revision) in SERVERS.items():
            with self.subTest(name):
                self.setUp()
                self.configure({"peer": {"type": "http", "url": self.listening([program, script, "http"])}})
                self.check(revision)

    def test_servers_that_others_publish(self):
        files = self.folder / "files"
        (files / "a.txt").write_text("what the file says")
        editors = {"mcpServers": {
            "everything": {"command": str(BIN / "mcp-server-everything"), "args": ["stdio"], "autoApprove": ["echo"]},
            "filesystem": {"command": str(BIN / "mcp-server-filesystem"), "args": ["${workspaceFolder}/files"]},
            "time": {"command": "${CLOCK_PYTHON}", "args": ["-m", "mcp_server_time", "--local-timezone", "UTC"]},
            "gone": {"command": "no-such-program"}}}
        (self.folder / ".mcp.json").write_text(json.dumps(editors))
        self.environment["CLOCK_PYTHON"] = str(PYTHON[2])
        self.configure(files=[".mcp.json"])
        listed = {one["name"]: one for one in self.run_cli("mcp", "list", "--check")}
        self.assertIn("no-such-program", listed.pop("gone")["error"])
        for name, one in listed.items():
            self.assertNotIn("error", one, name)
            self.assertEqual(len(self.run_cli("mcp", "approve", name, "--yes")["approved"]), one["tools"])
        echo = self.run_cli("mcp", "call", "everything", "echo", '{"message": "hello"}')
        self.assertIn("hello", echo["text"])
        read = self.run_cli("mcp", "call", "filesystem", "read_text_file", json.dumps({"path": str(files / "a.txt")}))
        self.assertEqual(read["structured"], {"content": "what the file says"})
        outside = self.run_cli("mcp", "call", "filesystem", "read_text_file", '{"path": "/etc/passwd"}', code=1)
        self.assertTrue(outside["is_error"])
        now = self.run_cli("mcp", "call", "time", "get_current_time", '{"timezone": "Europe/Rome"}')
        self.assertEqual(json.loads(now["text"])["timezone"], "Europe/Rome")


if __name__ == "__main__":
    unittest.main()
