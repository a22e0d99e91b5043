"""A whole authorization server of others' making (npm oidc-provider, servers/authorization.mjs) beside both sides: its tokens at
our /mcp, and `atelier mcp login` where an MCP server wants them, a browser played by browser.py."""

import base64
import json
import socket
import subprocess
import urllib.parse
import urllib.request

from browser import Browser
from test_peers import Application
from test_tokens import RESOURCE, Door


class Authorization(Application):
    def setUp(self):
        super().setUp()
        self.issuer = self.listening(["node", "servers/authorization.mjs"])

    def set_clock(self, seconds):
        urllib.request.urlopen(urllib.request.Request(self.issuer + "/clock", str(seconds).encode()), timeout=60).close()

    def token(self, resource, scope="mcp"):
        """For a program, which nobody has to agree to."""
        form = {"grant_type": "client_credentials", "resource": resource, **({"scope": scope} if scope else {})}
        request = urllib.request.Request(self.issuer + "/token", urllib.parse.urlencode(form).encode(), {
            "Authorization": "Basic " + base64.b64encode(b"program:secret").decode()})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read())["access_token"]

    def log_in(self, deed):
        """`atelier mcp login peer`, where `deed` is done with its page; exit code, stdout, stderr, and what the deed gave."""
        program = subprocess.Popen(self.command("--json", "mcp", "login", "peer"), env=self.environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(program.kill)
        said = ""
        for line in program.stderr:
            said += line
            if line.startswith("http"):
                given = deed(line.strip())
                break
        else:
            given = None
        out, rest = program.communicate(timeout=120)
        return program.returncode, out, said + rest, given


class TokensAtOurDoor(Authorization, Door):
    def test_its_tokens_let_in_and_those_for_others_or_too_old_do_not(self):
        self.serve()
        self.assertEqual(self.corpora(self.token(RESOURCE)), [])
        self.set_clock(-7200)
        old = self.token(RESOURCE)
        self.set_clock(0)
        for name, token in {"for another": self.token("https://other.example.org/mcp"), "old": old}.items():
            with self.subTest(name):
                status, headers, _ = self.ask(token)
                self.assertEqual(status, 401)
                self.assertIn('error="invalid_token"', headers["WWW-Authenticate"])
        status, headers, _ = self.ask(self.token(RESOURCE, "other"))
        self.assertEqual(status, 403)
        self.assertIn('error="insufficient_scope"', headers["WWW-Authenticate"])


class LoggingIn(Authorization):
    def test_a_person_agrees_in_a_browser_and_tokens_are_renewed(self):
        self.configure({"peer": {"type": "http", "url": self.issuer + "/mcp"}})
        self.assertIn("atelier mcp login", self.run_failing("mcp", "tools", "peer"))
        code, out, said, page = self.log_in(lambda url: Browser().agree(url, "ann"))
        self.assertEqual(code, 0, said)
        self.assertIn("Atelier has what it needs", page)
        self.assertEqual(json.loads(out), {"server": "peer", "tools": 1})
        self.assertEqual(self.run_cli("mcp", "tools", "peer")[0]["definition"]["name"], "add")
        first = self.kept_tokens()
        # The token is too old an hour later: another is had for it, and nobody is asked.
        self.set_clock(3600)
        self.run_cli("mcp", "approve", "peer", "--yes")
        self.assertEqual(self.run_cli("mcp", "call", "peer", "add", '{"a": 2, "b": 3.5}')["text"], "5.5")
        self.assertNotEqual(self.kept_tokens()["access_token"], first["access_token"])

    def test_a_person_who_does_not_agree_is_told_so(self):
        self.configure({"peer": {"type": "http", "url": self.issuer + "/mcp"}})
        code, _, said, _ = self.log_in(lambda url: Browser().refuse(url))
        self.assertEqual(code, 1)
        self.assertIn("access_denied", said)

    def test_we_let_ourselves_in(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        resource = f"http://127.0.0.1:{port}/mcp"
        authorization = {"issuer": self.issuer, "resource": resource, "scopes": ["mcp"]}
        (self.folder / "atelier.yaml").write_text(json.dumps({
            "mcp": {"authorization": authorization}, "mcpServers": {"peer": {"type": "http", "url": resource}},
            "egress": {"private": [self.issuer.removeprefix("http://")]}}))
        self.listening(self.command("serve", "--port", str(port)))
        code, _, said, _ = self.log_in(lambda url: Browser().agree(url, "ann"))
        self.assertEqual(code, 0, said)
        self.assertIn("calculator", [one["definition"]["name"] for one in self.run_cli("mcp", "tools", "peer")])

    def run_failing(self, *words):
        done = subprocess.run(self.command(*words), env=self.environment, capture_output=True, text=True, timeout=180,
                              check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def kept_tokens(self):
        kept = json.loads((self.folder / "home" / "mcp" / "tokens.json").read_text())
        [tokens] = kept["tokens"][self.issuer].values()
        return tokens
