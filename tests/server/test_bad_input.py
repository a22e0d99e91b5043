"""Bad input to every route that takes a body: a clear 4xx in OpenAI's shape, and a server that lives on."""

import json
import re

import pytest
from serving import CHAT, EMBED
from wire import Wire, assert_error, exchange, head_of, post

DEEP = 5000
BODIES = {
    "/v1/chat/completions": {"model": CHAT, "messages": [{"role": "user", "content": "x"}], "max_tokens": 1},
    "/v1/completions": {"model": CHAT, "prompt": "x", "max_tokens": 1},
    "/v1/responses": {"model": CHAT, "input": "x", "max_output_tokens": 1, "store": False},
    "/v1/vector_stores": {"name": "x", "metadata": {"a": "b"}, "expires_after": {"anchor": "last_active_at", "days": 1}},
    "/v1/vector_stores/{id}": {"name": "x", "metadata": {"a": "b"}, "expires_after": None},
    "/v1/vector_stores/{id}/search": {"query": "x", "filters": {"type": "eq", "key": "a", "value": 1},
                                      "ranking_options": {"score_threshold": 0.5}},
    "/v1/vector_stores/{id}/facets": {"keys": ["a"], "query": "x", "filters": {"type": "eq", "key": "a", "value": 1}},
    "/v1/vector_stores/{id}/suggestions": {"text": "x", "limit": 3},
    "/v1/vector_stores/{id}/files": {"file_id": "file-x", "attributes": {"a": 1}},
    "/v1/vector_stores/{id}/files/{file_id}": {"attributes": {"a": 1}},
    "/v1/vector_stores/{id}/file_batches": {"file_ids": ["file-x"], "files": [{"file_id": "file-x"}], "attributes": {"a": 1}},
    "/v1/decisions": {"model": CHAT, "input": "x", "questions": [{"type": "predicate", "instructions": "y"}]},
    "/v1/memory": {"kind": "fact", "text": "x", "user": "u", "agent": "a", "session": "s", "speaker": "u", "reference": "r",
                   "importance": 0.5, "said_ms": 1, "valid_from_ms": 1, "valid_to_ms": 2},
    "/v1/memory/search": {"query": "x", "user": "u", "agent": "a", "session": "s", "limit": 5},
    "/v1/embeddings": {"model": EMBED, "input": "x"},
    "/v1/rerank": {"model": EMBED, "query": "x", "documents": ["y"]},
    "/tokenize": {"model": CHAT, "prompt": "x"},
    "/detokenize": {"model": CHAT, "tokens": [1]},
    "/apply-template": {"model": CHAT, "messages": [{"role": "user", "content": "x"}]},
    "/infill": {"model": CHAT, "input_prefix": "x", "input_suffix": "y"},
}
MOST_TOKENS = ("max_tokens", "max_output_tokens")
# Routes whose bodies are read by the same code, tested beside their resources: those that need what is stored, and those
# whose faults have the shape of another API or whose bodies are no JSON.
ELSEWHERE = ("/v1/chat/completions/", "/v1/batches", "/v1/conversations", "/v1/files", "/v1/uploads", "/v1/messages",
             "/v1/responses/", "/v1/runs", "/mcp", "/a2a", "/v1/vector_stores/{id}/file_batches/{batch_id}/cancel", "/api/")
NO_JSON = {
    "nothing": b"",
    "a cut object": b"{",
    "an array": b"[]",
    "a string": b'"x"',
    "a number": b"5",
    "null": b"null",
    "no UTF-8": b'{"model": "\xff\xfe"}',
    "an overlong form": b'{"model": "\xc0\xaf"}',
    "half a surrogate pair": b'{"model": "\\ud800"}',
    "a surrogate in UTF-8": b'{"model": "\xed\xa0\x80"}',
    "a raw line break in a string": b'{"model": "a\nb"}',
    "a zero byte": b'{"model": "a"}\x00',
    "two values": b"{} {}",
    "a trailing comma": b'{"model": "x",}',
    "single quotes": b"{'model': 'x'}",
    "a comment": b'{"model": /* x */ "x"}',
    "NaN": b'{"temperature": NaN}',
    "Infinity": b'{"temperature": -Infinity}',
    "hexadecimal": b'{"temperature": 0x10}',
    "a leading zero": b'{"temperature": 01}',
    "a key twice": b'{"model": "x", "model": "y"}',
    "deep arrays": b"[" * 100000,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "form data": b"model=x&prompt=y",
    "UTF-16": '{"model": "x"}'.encode("utf-16"),
}
HUGE = ["1e400", "-1e400", "1" + "0" * 400, "9223372036854775808", "-9223372036854775809", "1e308", "1e-400", "0.5", "-1"]


def test_every_post_route_is_here(server):
    paths = json.loads(server.get("/openapi.json"))["paths"]
    posts = {path for path, methods in paths.items() if "post" in methods}
    aliases = {"/rerank", "/reranking", "/v1/reranking", "/v1/tokenize", "/v1/detokenize", "/v2/rerank", "/v1/infill"}
    here = {path for path in posts - aliases if not path.startswith(ELSEWHERE)}
    assert here <= set(BODIES), here - set(BODIES)
    assert set(BODIES) <= posts


def at(route):
    """A path of the route, to something that is not there: what is wrong with a body is told first."""
    return re.sub(r"\{\w+\}", "none", route)


@pytest.fixture(autouse=True)
def alive(server):
    yield
    assert json.loads(server.get("/health"))["status"] == "ok"
    assert server.process.poll() is None


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("what", NO_JSON)
def test_what_is_no_json_object(server, path, what):
    assert_error(exchange(server, post(at(path), NO_JSON[what])))


def mutations(body):
    """(field, body) with each field of another type in turn, or missing, or absurd."""
    wrong = [None, True, 7, -1, 0.5, "x", [], {}, [[]], [None], {"a": {}}, "y" * 100000, [1e300], "\u0000"]
    for key in body:
        if key not in MOST_TOKENS:  # without it an answer may be long
            yield key, {name: value for name, value in body.items() if name != key}
        for value in wrong[key in MOST_TOKENS:]:
            yield key, {**body, key: value}


@pytest.mark.parametrize("path", BODIES)
def test_wrong_types(server, path):
    """Never a 5xx; what is refused is refused in OpenAI's shape, and says what it wanted."""
    num_refused = 0
    with Wire(server) as wire:
        for field, body in mutations(BODIES[path]):
            wire.send(post(at(path), body))
            answer = wire.answer()
            assert answer.status in (200, 400, 404), (field, str(body)[:300], answer.body[:300])
            if answer.status != 200:
                assert_error(answer, (400, 404))
                num_refused += 1
    assert num_refused >= 10


@pytest.mark.parametrize("what", NO_JSON)
def test_mcp_is_told_that_it_is_no_json(server, what):
    """Errors of JSON-RPC have its shape."""
    answer = exchange(server, post("/mcp", NO_JSON[what]))
    assert 400 <= answer.status < 500, answer.body[:300]
    assert "error" in answer.json(), answer.body[:300]


@pytest.mark.parametrize("number", HUGE)
def test_huge_numbers(server, number):
    fields = ["temperature", "top_p", "top_k", "min_p", "seed", "n", "max_tokens", "max_completion_tokens", "min_tokens",
              "presence_penalty", "frequency_penalty", "repetition_penalty", "top_logprobs", "typical_p", "logprobs"]
    with Wire(server) as wire:
        for field in fields:
            body = {**BODIES["/v1/chat/completions"], "max_tokens": 1, field: "HERE"}
            if field == "max_completion_tokens":
                del body["max_tokens"]
            data = json.dumps(body).replace('"HERE"', number).encode()
            if field in ("max_tokens", "max_completion_tokens") and number == "1e308":
                continue
            wire.send(post("/v1/chat/completions", data))
            answer = wire.answer()
            if answer.status != 200:
                assert_error(answer)


def test_bodies_over_the_limit(make_server):
    small = make_server(config={"server": {"max_body_bytes": 4096}})
    for path in BODIES:
        assert_error(exchange(small, post(at(path), b"x" * 5000)), (413,))
        chunked = head_of("POST", at(path), Transfer_Encoding="chunked") + b"1000\r\n" + b"x" * 4096 + b"\r\n10\r\n" + b"x" * 16
        assert_error(exchange(small, chunked), (413,))
    # A promise of more than the limit is refused before it is kept.
    assert_error(exchange(small, head_of("POST", "/tokenize", Content_Length=10**15)), (413,))
    assert exchange(small, head_of("GET", "/health")).status == 200


def test_megabytes_of_prompt_are_refused_with_both_numbers(server):
    body = {**BODIES["/v1/chat/completions"], "messages": [{"role": "user", "content": "word " * 1_000_000}]}
    error = assert_error(exchange(server, post("/v1/chat/completions", body)))
    assert error["code"] == "context_length_exceeded"
    assert sum(part.strip(",.").isdigit() for part in error["message"].split()) >= 2, error


def test_wrong_methods_and_paths(server):
    known = json.loads(server.get("/openapi.json"))["paths"]

    def takes(path, method):
        """As it stands, or as something's id: `GET /v1/memory/search` asks for what is called search."""
        return any(method.lower() in methods and re.fullmatch(re.sub(r"{[^}]*}", ".+", pattern), path)
                   for pattern, methods in known.items())

    for path in BODIES:
        for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "BREW"):
            if takes(path, method):
                continue
            answer = exchange(server, head_of(method, path))
            assert_error(answer, (405,))
            assert "POST" in answer.headers["allow"]
    for path in ("/v1/nothing", "/..", "/%2e%2e/etc/passwd", "/v1/models/", "/v1/models/%00", "/v1/models/a%2fb", "//"):
        assert_error(exchange(server, head_of("GET", path)), (404,))
        assert exchange(server, head_of("HEAD", path), has_body=False).status == 404


# What a number, a flag or a name of a query is not, among it JSON of other types.
QUERIES = ["%22x%22", "[]", "{}", "null", "true", "0.5", "-1", "1e400", "9223372036854775808", "%00", "%ff", "x" * 5000]
QUERY_KEYS = ("limit", "after", "before", "order", "starting_after", "stream", "include", "filter", "purpose", "user",
              "model", "metadata[a]", "status", "cursor", "offset")


@pytest.mark.parametrize("value", QUERIES)
def test_odd_queries(server, value):
    paths = json.loads(server.get("/openapi.json"))["paths"]
    stored = exchange(server, post("/v1/responses", {**BODIES["/v1/responses"], "store": True})).json()["id"]
    conversation = exchange(server, post("/v1/conversations", {})).json()["id"]
    for path in (path for path, methods in paths.items() if "get" in methods):
        known = re.sub(r"/v1/responses/\{\w+\}", "/v1/responses/" + stored, path)
        known = re.sub(r"/v1/conversations/\{\w+\}", "/v1/conversations/" + conversation, known)
        for key in QUERY_KEYS:
            answer = exchange(server, head_of("GET", f"{at(known)}?{key}={value}"))
            assert answer.status < 500, (path, key, answer)


def test_other_content_types_are_read_as_json_or_refused(server):
    body = json.dumps(BODIES["/tokenize"]).encode()
    for content_type in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"):
        assert exchange(server, post("/tokenize", body, Content_Type=content_type)).status == 200
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", "image/png"):
        assert_error(exchange(server, post("/tokenize", body, Content_Type=content_type)), (415,))


HEADS = {
    "no version": b"GET /health\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"GET /health HTTP/1.2\r\nHost: x\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "TLS to a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40,
    "binary": bytes(range(256)) * 4,
    "a space before the colon": b"GET /health HTTP/1.1\r\nHost : x\r\n\r\n",
    "a bare carriage return": b"GET /health HTTP/1.1\rHost: x\r\n\r\n",
    "a zero byte in a value": b"GET /health HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
    "a space in the path": b"GET /health extra HTTP/1.1\r\nHost: x\r\n\r\n",
    "an authority as target": b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a relative target": b"GET health HTTP/1.1\r\nHost: x\r\n\r\n",
    "negative length": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "signed length": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "a word as length": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\nhello",
    "a length beyond 64 bits": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "two lengths": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a list of lengths": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nhello!",
    "length and chunks": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                         b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "another coding": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "chunked not last": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a coding that only looks so": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"POST /tokenize HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a word as chunk size": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a negative chunk size": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
    "a chunk size beyond 64 bits": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   b"fffffffffffffffff\r\nhello\r\n",
    "a chunk that overruns": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"2\r\nhello\r\n0\r\n\r\n",
    "a head over the limit": b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 40000 + b"\r\n\r\n",
    "very many headers": b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
    "an endless chunk line": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 40000,
    "endless trailers": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                        + b"A: b\r\n" * 20000,
    "another expectation": b"POST /tokenize HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("what", HEADS)
def test_bad_heads_and_framing(server, what):
    """Answered once, then the connection is over: nothing after a doubtful length is taken for a request."""
    with Wire(server) as wire:
        wire.send(HEADS[what] + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert_error(wire.answer(), (400, 413, 417, 431, 501, 505))
        assert wire.closed()


def test_a_body_cut_short_is_no_request(server):
    with Wire(server) as wire:
        wire.send(post("/tokenize", BODIES["/tokenize"])[:-5])
        wire.socket.shutdown(1)
        assert wire.closed()
