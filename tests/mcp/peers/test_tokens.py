"""/mcp as an OAuth 2.1 protected resource: tokens that PyJWT has made, by keys of an issuer on loopback
(servers/issuer.py), let in whom they name and nobody else."""

import json
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from test_peers import NEW, OLD, PYTHON, Application

RESOURCE = "https://agents.example.org/mcp"
META = {"io.modelcontextprotocol/protocolVersion": NEW, "io.modelcontextprotocol/clientCapabilities": {}}


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return reply.read().decode()


def get(url):
    with urllib.request.urlopen(url, timeout=60) as reply:
        return json.loads(reply.read())


class Door(Application):
    """An application whose /mcp wants tokens of `self.issuer`, and what comes of asking it."""

    def setUp(self):
        super().setUp()
        (self.folder / "docs").mkdir()
        (self.folder / "docs" / "a.md").write_text("# House\n\nThe heating is turned on in October.\n")

    def serve(self, keys=(), private=(), **more):
        authorization = {"issuer": self.issuer, "resource": RESOURCE, "scopes": ["mcp"],
                         "algorithms": ["RS256", "PS256", "ES256", "EdDSA"], **more}
        config = {"mcp": {"authorization": authorization}, "server": {"keys": list(keys)},
                  "access": [{"to": ["staff"], "corpora": ["house"]}, {"to": ["oauth:bob"], "corpora": ["shed"]}],
                  "corpora": [{"name": name, "embedder": "none"} for name in ("house", "shed")]}
        if private is not None:
            config["egress"] = {"private": [self.issuer.removeprefix("http://"), *private]}
        (self.folder / "atelier.yaml").write_text(json.dumps(config))
        for name in ("house", "shed"):
            self.run_cli("index", str(self.folder / "docs"), "-c", name)
        self.base = self.listening(self.command("serve", "--port", "0"))

    def ask(self, token=None, uri="atelier://corpora", headers=None):
        return self.post_message(token, "resources/read", {"uri": uri}, uri, headers)

    def post_message(self, token, method, params, name=None, headers=None):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
        kinds = {"MCP-Protocol-Version": NEW, "Mcp-Method": method, **({"Mcp-Name": name} if name else {}), **(headers or {})}
        with self.send(token, "POST", body, kinds) as reply:
            return reply.status, dict(reply.headers), json.loads(reply.read())

    def send(self, token, method, body=None, headers=None):
        """The reply, whatever its status."""
        kinds = {"Accept": "application/json, text/event-stream", **(headers or {})}
        if body is not None:
            kinds["Content-Type"] = "application/json"
        if token:
            kinds["Authorization"] = "Bearer " + token
        request = urllib.request.Request(self.base + "/mcp", json.dumps(body).encode() if body is not None else None, kinds,
                                         method=method)
        try:
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            return error

    def corpora(self, token):
        status, _, body = self.ask(token)
        self.assertEqual(status, 200, body)
        return [one["name"] for one in json.loads(body["result"]["contents"][0]["text"])]


class Tokens(Door):
    def setUp(self):
        super().setUp()
        self.issuer = self.listening([str(PYTHON[2]), "servers/issuer.py"])

    def token(self, key="r1", alg="RS256", headers=None, **claims):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": RESOURCE, "sub": "ann", "exp": now + 300, "iat": now, "scope": "mcp other",
                  "client_id": "c", "jti": "j", **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return post(self.issuer + "/token", {"key": key, "alg": alg, "claims": claims, "headers": headers or {}})

    def test_a_client_without_a_token_is_told_whose_it_needs(self):
        self.serve()
        status, headers, _ = self.ask()
        self.assertEqual(status, 401)
        self.assertEqual(headers["WWW-Authenticate"],
                         'Bearer resource_metadata="https://agents.example.org/.well-known/oauth-protected-resource/mcp",'
                         ' scope="mcp"')
        for path in ("", "/mcp"):
            metadata = get(self.base + "/.well-known/oauth-protected-resource" + path)
            self.assertEqual(metadata["resource"], RESOURCE)
            self.assertEqual(metadata["authorization_servers"], [self.issuer])
            self.assertEqual(metadata["scopes_supported"], ["mcp"])

    def test_a_token_lets_in_whom_it_names_to_what_access_gives(self):
        self.serve()
        for key, alg in (("r1", "RS256"), ("p1", "PS256"), ("e1", "ES256"), ("d1", "EdDSA")):
            self.token(key, alg)
        post(self.issuer + "/publish", ["r1", "p1", "e1", "d1"])
        for key, alg in (("r1", "RS256"), ("p1", "PS256"), ("e1", "ES256"), ("d1", "EdDSA")):
            with self.subTest(alg):
                self.assertEqual(self.corpora(self.token(key, alg)), [])
                self.assertEqual(self.corpora(self.token(key, alg, groups=["staff"])), ["house"])
                self.assertEqual(self.corpora(self.token(key, alg, sub="bob", aud=["x", RESOURCE])), ["shed"])
        self.assertEqual(self.corpora(self.token(groups=["oauth:bob"])), [])
        self.assertEqual(get(self.issuer + "/asked"), 1)

    def test_what_is_no_good_token_is_refused_and_told_why(self):
        self.serve()
        good = self.token()
        post(self.issuer + "/publish", ["r1"])
        now = int(time.time())
        bad = {"expired": self.token(exp=now - 120), "yet to come": self.token(nbf=now + 120),
               "without an end": self.token(exp=None), "for others": self.token(aud="https://other.example.org/mcp"),
               "for nobody": self.token(aud=None), "of another issuer": self.token(iss="https://evil.example.org"),
               "of nobody": self.token(sub=None), "of another kind": self.token(headers={"typ": "logout+jwt"}),
               "bound to a key": self.token(cnf={"jkt": "x"}), "by nobody": self.token(alg="none"),
               "by the public key": self.token(alg="HS256"), "changed": good[:-3] + ("AAA" if good[-3:] != "AAA" else "BBB"),
               "no token": "a.b.c", "by a key that is not published": self.token("r2"),
               "critical": self.token(headers={"crit": ["x"], "x": 1})}
        self.assertEqual(self.corpora(good), [])
        for name, token in bad.items():
            with self.subTest(name):
                status, headers, _ = self.ask(token)
                self.assertEqual(status, 401)
                self.assertIn('error="invalid_token"', headers["WWW-Authenticate"])
                self.assertIn("resource_metadata=", headers["WWW-Authenticate"])
        # Strangers' keys do not have the issuer asked again and again.
        self.assertEqual(get(self.issuer + "/asked"), 1)

    def test_a_token_without_the_scope_is_told_which(self):
        self.serve()
        self.token()
        post(self.issuer + "/publish", ["r1"])
        for scope in ("other", "mcpx", None):
            status, headers, _ = self.ask(self.token(scope=scope))
            self.assertEqual(status, 403)
            self.assertIn('error="insufficient_scope"', headers["WWW-Authenticate"])
            self.assertIn('scope="mcp"', headers["WWW-Authenticate"])

    def brief_token(self):
        """Good for a moment: the minute that clocks may differ by is nearly over."""
        return self.token(exp=int(time.time()) - 57)

    def test_a_stream_of_changes_ends_with_its_token(self):
        self.serve()
        self.token()
        post(self.issuer + "/publish", ["r1"])
        self.assertEqual(self.corpora(self.token()), [])
        brief = self.brief_token()
        listen = {"jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen",
                  "params": {"notifications": {"toolsListChanged": True}, "_meta": META}}
        with self.send(brief, "POST", listen, {"MCP-Protocol-Version": NEW, "Mcp-Method": "subscriptions/listen"}) as reply:
            self.assertEqual(reply.status, 200)
            told = self.until_the_end(reply)
        self.assertEqual([one.get("method") for one in told], ["notifications/subscriptions/acknowledged", None])
        self.assertEqual(told[-1]["result"]["resultType"], "complete")
        self.assertEqual(self.ask(brief)[0], 401)

    def test_a_sessions_stream_ends_with_its_token_and_goes_on_with_another(self):
        self.serve()
        good = self.token()
        post(self.issuer + "/publish", ["r1"])
        hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}
        with self.send(good, "POST", hello) as reply:
            session = {"Mcp-Session-Id": reply.headers["Mcp-Session-Id"], "MCP-Protocol-Version": OLD}
        with self.send(self.brief_token(), "GET", headers=session) as reply:
            self.assertEqual(reply.status, 200)
            self.assertEqual(self.until_the_end(reply), [])
        # The session is still there, for who may still come.
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        with self.send(good, "POST", ping, session) as reply:
            self.assertEqual(json.loads(reply.read())["result"], {})
        with self.send(good, "GET", headers=session) as reply:
            self.assertEqual(reply.status, 200)

    def until_the_end(self, reply):
        """The messages of a stream, which has to end."""
        text, deadline = b"", time.monotonic() + 60
        while piece := reply.read1(65536):
            text += piece
            self.assertLess(time.monotonic(), deadline, text)
        return [json.loads(line[6:]) for line in text.decode().splitlines() if line.startswith("data: ")]

    def test_keys_of_atelier_yaml_go_on_beside_tokens_which_open_nothing_else(self):
        self.serve(keys=[{"key": "sk-k", "name": "kay", "groups": ["staff"]}])
        token = self.token()
        post(self.issuer + "/publish", ["r1"])
        self.assertEqual(self.corpora("sk-k"), ["house"])
        self.assertEqual(self.corpora(token), [])
        request = urllib.request.Request(self.base + "/v1/models", headers={"Authorization": "Bearer " + token})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        self.assertEqual(refused.exception.code, 401)

    def test_the_issuers_keys_are_fetched_under_the_egress_policy(self):
        self.serve(private=None)
        token = self.token()
        post(self.issuer + "/publish", ["r1"])
        status, headers, _ = self.ask(token)
        self.assertEqual(status, 503)
        self.assertIn("Retry-After", headers)
        self.assertEqual(get(self.issuer + "/asked"), 0)

    def test_an_issuer_that_is_away_lets_nobody_in(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            place = f"127.0.0.1:{unused.getsockname()[1]}"
            self.serve(private=[place], jwks_url=f"http://{place}/jwks")
        status, _, _ = self.ask(self.token())
        self.assertEqual(status, 503)

    def test_algorithms_that_nobody_should_accept_cannot_be_configured(self):
        for algorithm in ("none", "HS256"):
            (self.folder / "atelier.yaml").write_text(json.dumps(
                {"mcp": {"authorization": {"issuer": self.issuer, "resource": RESOURCE, "algorithms": [algorithm]}}}))
            done = subprocess.run(self.command("corpus", "list"), env=self.environment, capture_output=True, text=True,
                                  timeout=180, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"mcp.authorization.algorithms: got '{algorithm}'", done.stderr)


if __name__ == "__main__":
    unittest.main()
