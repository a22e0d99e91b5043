"""Connections: kept alive, pipelined, slow on either side, too many, from pages of other origins, drained, over TLS."""

import json
import os
import signal
import ssl
import subprocess
import time

import httpx2
import openai
import pytest
from serving import CHAT
from wire import Wire, assert_error, exchange, head_of, post

ENDLESS = {"model": CHAT, "messages": [{"role": "user", "content": "x"}], "stream": True, "ignore_eos": True}
# Each event carries some kilobytes.
WORDY = {**ENDLESS, "logprobs": True, "top_logprobs": 20, "max_tokens": 1800}


def chat(**options):
    return post("/v1/chat/completions", {**ENDLESS, **options})


def events(wire):
    """The data of a stream's events until it ends."""
    text = b""
    while piece := wire.chunk():
        text += piece
    return [event.removeprefix("data: ") for event in text.decode().split("\n\n") if event]


def test_a_connection_is_kept(server):
    with Wire(server) as wire:
        for path in ("/health", "/v1/models", "/nowhere", "/health"):
            wire.send(head_of("GET", path))
            assert wire.answer().status == (404 if path == "/nowhere" else 200)
        wire.send(chat(max_tokens=3))
        assert wire.head()[0] == 200 and events(wire)[-1] == "[DONE]"
        wire.send(head_of("HEAD", "/health"))
        assert wire.answer(has_body=False).status in (200, 405)
        wire.send(head_of("GET", "/health", Connection="close"))
        answer = wire.answer()
        assert answer.status == 200 and answer.headers["connection"] == "close" and wire.closed()


def test_http_1_0_closes_unless_asked(server):
    with Wire(server) as wire:
        wire.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert wire.answer().headers["connection"] == "keep-alive"
        wire.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert wire.answer().status == 200 and wire.closed()


def test_pipelined_requests_are_answered_in_order(server):
    with Wire(server) as wire:
        texts = [f"number {i}" for i in range(20)]
        wire.send(b"".join(post("/tokenize", {"model": CHAT, "prompt": text}) for text in texts))
        counts = [wire.answer().json()["count"] for _ in texts]
        assert counts == [exchange(server, post("/tokenize", {"model": CHAT, "prompt": text})).json()["count"] for text in texts]


def test_expect_continue(server):
    body = json.dumps({"model": CHAT, "prompt": "x"}).encode()
    with Wire(server) as wire:
        wire.send(head_of("POST", "/tokenize", Content_Type="application/json", Content_Length=len(body), Expect="100-continue"))
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 200


def drip(wire, data):
    """Sends byte by byte until the server hangs up or has answered."""
    wire.socket.setblocking(False)
    for i in range(len(data)):
        if not wire.send(data[i:i + 1]):
            break
        time.sleep(0.05)
        try:
            if early := wire.socket.recv(65536):
                wire.pending += early
                break
        except BlockingIOError:
            pass
    wire.socket.settimeout(30)


def test_slow_senders_get_408(make_server):
    hasty = make_server(config={"server": {"head_seconds": 0.5, "body_seconds": 0.5, "idle_seconds": 0.5}})
    with Wire(hasty) as wire:
        drip(wire, b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 1000)
        assert_error(wire.answer(), (408,))
        assert wire.closed()
    with Wire(hasty) as wire:
        wire.send(head_of("POST", "/tokenize", Content_Length=1000))
        drip(wire, b"x" * 1000)
        assert_error(wire.answer(), (408,))
        assert wire.closed()
    with Wire(hasty) as wire:
        assert wire.closed()  # never said a word, so is told none
    # Many of them keep nobody else out.
    slow = [Wire(hasty) for _ in range(200)]
    for wire in slow:
        wire.send(b"GET /health HTT")
    assert exchange(hasty, head_of("GET", "/health")).status == 200
    for wire in slow:
        wire.socket.close()


def test_an_idle_connection_is_closed(make_server):
    hasty = make_server(config={"server": {"idle_seconds": 0.5}})
    with Wire(hasty) as wire:
        wire.send(head_of("GET", "/health"))
        assert wire.answer().status == 200
        assert wire.closed()


def test_a_reader_that_reads_nothing_is_cut_off_and_frees_the_engine(make_server):
    hasty = make_server(config={"server": {"write_seconds": 0.5}})
    with Wire(hasty, receive_bytes=4096) as wire:
        wire.send(post("/v1/chat/completions", {**WORDY, "n": 16}))  # more than the kernel's buffers take
        assert wire.head()[0] == 200
        assert hasty.wait_for_metric("vllm:num_requests_running", 16)
        assert hasty.wait_for_metric("vllm:num_requests_running", 0, seconds=120)
        assert hasty.wait_for_metric("vllm:kv_cache_usage_perc", 0)
        with pytest.raises(EOFError):
            events(wire)
    assert exchange(hasty, head_of("GET", "/health")).status == 200


def test_a_slow_reader_gets_all(server):
    with Wire(server, receive_bytes=4096) as wire:
        wire.send(post("/v1/chat/completions", {**WORDY, "max_tokens": 60}))
        assert wire.head()[0] == 200
        assert server.wait_for_metric("vllm:num_requests_running", 0, seconds=60)
        assert events(wire)[-1] == "[DONE]"


def test_a_request_over_its_time_is_stopped(make_server):
    hasty = make_server(config={"server": {"request_seconds": 1}})
    exchange(hasty, post("/v1/chat/completions", {**ENDLESS, "stream": False, "max_tokens": 1}))  # loads the model
    assert_error(exchange(hasty, post("/v1/chat/completions", {**ENDLESS, "stream": False, "n": 8})), (408, 504))
    assert hasty.wait_for_metric("vllm:num_requests_running", 0)


def test_too_many_connections_are_told_so(make_server):
    small = make_server(config={"server": {"max_connections": 3}})
    with Wire(small) as a, Wire(small) as b, Wire(small) as c:
        for wire in (a, b, c):
            wire.send(head_of("GET", "/health"))
            assert wire.answer().status == 200
        with Wire(small) as d:
            answer = d.answer()
            assert_error(answer, (503,))
            assert int(answer.headers["retry-after"]) >= 1
            assert d.closed()
        a.send(head_of("GET", "/health"))
        assert a.answer().status == 200


def test_a_full_queue_answers_429(make_server):
    small = make_server(config={"engine": {"max_running": 1, "max_waiting": 2}})
    with Wire(small) as running, Wire(small) as waiting, Wire(small) as also:
        running.send(chat())
        assert running.head()[0] == 200 and running.chunk()
        assert small.wait_for_metric("vllm:num_requests_running", 1)
        for number, wire in enumerate((waiting, also), 1):
            wire.send(chat())
            assert small.wait_for_metric("vllm:num_requests_waiting", number)
        answer = exchange(small, chat())
        assert_error(answer, (429,))
        assert int(answer.headers["retry-after"]) >= 1
    assert small.wait_for_metric("vllm:num_requests_waiting", 0)
    assert small.wait_for_metric("vllm:num_requests_running", 0)


def test_pages_of_listed_origins_may_call(make_server):
    open_to_one = make_server(config={"server": {"cors_origins": ["https://app.example"]}})
    asking = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    preflight = exchange(open_to_one, head_of("OPTIONS", "/v1/chat/completions", Origin="https://app.example", **asking))
    assert preflight.status in (200, 204)
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
    for request in (head_of("GET", "/v1/models", Origin="https://app.example"),
                    head_of("GET", "/nowhere", Origin="https://app.example"),
                    post("/v1/completions", b"{", Origin="https://app.example")):
        assert exchange(open_to_one, request).headers["access-control-allow-origin"] == "https://app.example"
    for origin in ("https://evil.example", "null", "https://app.example.evil.example"):
        for request in (head_of("GET", "/v1/models", Origin=origin),
                        head_of("OPTIONS", "/v1/chat/completions", Origin=origin, **asking)):
            assert "access-control-allow-origin" not in exchange(open_to_one, request).headers


def test_unless_configured_no_page_of_another_origin_may(server):
    answer = exchange(server, head_of("GET", "/v1/models", Origin="https://app.example"))
    assert answer.status == 200 and "access-control-allow-origin" not in answer.headers


def test_sigterm_lets_streams_finish_and_takes_no_more(make_server):
    leaving = make_server()
    with Wire(leaving) as streaming, Wire(leaving) as idle:
        idle.send(head_of("GET", "/health"))
        assert idle.answer().status == 200
        streaming.send(chat(max_tokens=60))
        assert streaming.head()[0] == 200 and streaming.chunk()
        leaving.process.send_signal(signal.SIGTERM)
        assert idle.closed()
        with pytest.raises(OSError):
            Wire(leaving)
        data = events(streaming)
        assert data[-1] == "[DONE]"
        assert json.loads(data[-2])["choices"][0]["finish_reason"] == "length"
    assert leaving.process.wait(20) == 0


def test_a_drain_has_an_end(make_server):
    leaving = make_server(config={"server": {"drain_seconds": 0.3}})
    with Wire(leaving) as streaming:
        streaming.send(chat(n=8))
        assert streaming.head()[0] == 200 and streaming.chunk()
        leaving.process.send_signal(signal.SIGTERM)
        assert leaving.process.wait(20) == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_streams_come_over_tls(make_server, certificate):
    secure = make_server("--certificate", str(certificate[0]), "--private-key", str(certificate[1]))
    assert secure.url.startswith("https://")
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    client = openai.OpenAI(base_url=secure.url + "/v1", api_key="unused", max_retries=0, _strict_response_validation=True,
                           http_client=httpx2.Client(verify=trust))
    options = {"model": CHAT, "messages": [{"role": "user", "content": "Say hello."}], "temperature": 0,
               "max_completion_tokens": 8}
    chunks = list(client.chat.completions.create(**options, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == client.chat.completions.create(**options).choices[0].message.content

    # Without trust in it, in plain text, in a version of old, or as garbage: no answer, and a server that lives.
    with pytest.raises(openai.APIConnectionError):
        openai.OpenAI(base_url=secure.url + "/v1", api_key="unused", max_retries=0).models.list()
    for garbage in (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(500), b"\x16\x03\x01\xff\xff" + b"x" * 70000):
        with Wire(secure) as wire:
            wire.send(garbage)
            while wire._more():
                pass
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with Wire(secure) as wire, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(wire.socket)
    assert client.models.list().data

    # A client that leaves in the middle of a stream frees the engine here too.
    stream = client.chat.completions.create(**{**options, "max_completion_tokens": 4000}, stream=True,
                                            extra_body={"ignore_eos": True})
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        metrics = httpx2.get(secure.url + "/metrics", verify=trust).text
        running = [line for line in metrics.splitlines() if line.startswith("vllm:num_requests_running{")]
        if running and all(float(line.rsplit(" ", 1)[1]) == 0 for line in running):
            return
    pytest.fail("still running")


def test_a_certificate_needs_its_key(certificate, tmp_path):
    import serving
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genrsa", "-out", other, "2048"], check=True, capture_output=True)
    for arguments in (["--certificate", str(certificate[0])],
                      ["--certificate", str(certificate[0]), "--private-key", str(other)],
                      ["--certificate", str(tmp_path / "none.pem"), "--private-key", str(certificate[1])]):
        with pytest.raises(RuntimeError, match="did not start"):
            serving.Server(*arguments)
