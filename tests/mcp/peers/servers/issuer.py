"""An authorization server as far as a resource server meets one, by PyJWT and cryptography: metadata (RFC 8414), keys
(RFC 7517), and tokens of any kind for whoever asks.

  GET  /.well-known/oauth-authorization-server, /jwks
  POST /token {"key", "alg", "claims", "headers"}     a token, as text; keys are made when they are first named
  POST /publish ["key", …]                            which keys /jwks shows
  GET  /asked                                         how often /jwks was asked for

Prints its URL first.
"""

import base64
import hashlib
import hmac
import http.server
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

MAKERS = {"RS256": lambda: rsa.generate_private_key(65537, 2048), "PS256": lambda: rsa.generate_private_key(65537, 2048),
          "ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate}
keys, published, asked = {}, [], [0]


def part(value):
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=")


def token(wanted):
    name, algorithm, claims = wanted["key"], wanted["alg"], wanted["claims"]
    headers = {"kid": name, "typ": "at+jwt", **wanted.get("headers", {})}
    if algorithm == "none":
        return jwt.encode(claims, None, "none", headers)
    if algorithm == "HS256":
        # The public key as the secret, which PyJWT itself refuses: what takes any algorithm of the header is fooled.
        text = part({"alg": "HS256", **headers}) + b"." + part(claims)
        secret = json.dumps(public(name)).encode()
        return (text + b"." + part(hmac.new(secret, text, hashlib.sha256).digest())).decode()
    if name not in keys:
        keys[name] = (algorithm, MAKERS[algorithm]())
    return jwt.encode(claims, keys[name][1], algorithm, headers)


def public(name):
    algorithm, key = keys[name]
    jwk = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": name, "use": "sig", "alg": algorithm, "key_ops": ["verify"]}


class Issuer(http.server.BaseHTTPRequestHandler):
    def answer(self, body, status=200):
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        url = f"http://{self.headers['Host']}"
        if self.path == "/.well-known/oauth-authorization-server":
            self.answer({"issuer": url, "jwks_uri": url + "/jwks", "authorization_endpoint": url + "/authorize",
                         "token_endpoint": url + "/token", "code_challenge_methods_supported": ["S256"]})
        elif self.path == "/jwks":
            asked[0] += 1
            self.answer({"keys": [public(name) for name in published]})
        elif self.path == "/asked":
            self.answer(asked[0])
        else:
            self.answer({}, 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/publish":
            published[:] = body
            self.answer(published)
        else:
            self.answer(token(body))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
