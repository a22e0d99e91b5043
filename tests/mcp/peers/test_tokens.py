"""/mcp as an OAuth 2.1 protected resource: tokens that PyJWT has made, by keys of an issuer on loopback
(servers/issuer.py), let in whom they name and nobody else."""

import json
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from test_peers import NEW, PYTHON, Application

RESOURCE = "https://agents.example.org/mcp"
META = {"io.modelcontextprotocol/protocolVersion": NEW, "io.modelcontextprotocol/clientCapabilities": {}}


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return reply.read().decode()


def get(url):
    with urllib.request.urlopen(url, timeout=60) as reply:
        return json.loads(reply.read())


class Tokens(Application):
    def setUp(self):
        super().setUp()
        self.issuer = self.listening([str(PYTHON[2]), "servers/issuer.py"])
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

    def token(self, key="r1", alg="RS256", headers=None, **claims):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": RESOURCE, "sub": "ann", "exp": now + 300, "iat": now, "scope": "mcp other",
                  "client_id": "c", "jti": "j", **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return post(self.issuer + "/token", {"key": key, "alg": alg, "claims": claims, "headers": headers or {}})

    def ask(self, token=None, uri="atelier://corpora", headers=None):
        body = {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": uri, "_meta": META}}
        kinds = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                 "MCP-Protocol-Version": NEW, "Mcp-Method": "resources/read", "Mcp-Name": uri, **(headers or {})}
        if token:
            kinds["Authorization"] = "Bearer " + token
        request = urllib.request.Request(self.base + "/mcp", json.dumps(body).encode(), kinds)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, dict(reply.headers), json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), json.loads(error.read())

    def corpora(self, token):
        status, _, body = self.ask(token)
        self.assertEqual(status, 200, body)
        return [one["name"] for one in json.loads(body["result"]["contents"][0]["text"])]

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
