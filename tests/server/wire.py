"""HTTP by hand: what no client library would send, and what it would hide of the answer."""

import dataclasses
import json
import socket

LIMIT_S = 30


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # lower-case names
    body: bytes

    def json(self):
        return json.loads(self.body)


class Wire:
    """One connection. Reads answers one after another, as they were sent."""

    def __init__(self, server, receive_bytes=None):
        host, port = server.url.split("//")[1].split(":")
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect((host, int(port)))
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False where the server has already hung up."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.pending += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.pending:
            if not self._more():
                raise EOFError(f"connection ended after {self.pending!r}")
        found, self.pending = self.pending.split(mark, 1)
        return found

    def _exactly(self, count):
        while len(self.pending) < count:
            if not self._more():
                raise EOFError(f"connection ended after {self.pending!r}")
        found, self.pending = self.pending[:count], self.pending[count:]
        return found

    def head(self):
        """(status, headers) of the next answer."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        assert lines[0].startswith("HTTP/1.1 "), lines[0]
        return int(lines[0].split()[1]), headers

    def chunk(self):
        """The next piece of a chunked body; empty at its end."""
        size = int(self._until(b"\r\n"), 16)
        data = self._exactly(size)
        assert self._exactly(2) == b"\r\n"
        return data

    def answer(self, has_body=True):
        status, headers = self.head()
        if status == 100:
            return Answer(status, headers, b"")
        body = b""
        if not has_body:
            pass
        elif headers.get("transfer-encoding") == "chunked":
            while piece := self.chunk():
                body += piece
        else:
            body = self._exactly(int(headers.get("content-length", 0)))
        return Answer(status, headers, body)

    def closed(self):
        """Whether the server ends the connection, with nothing more said."""
        try:
            return not self.pending and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def head_of(method, path, **headers):
    fields = {"Host": "x", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path, body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head_of("POST", path, **{"Content_Type": "application/json", "Content_Length": len(data), **headers}) + data


def exchange(server, request, has_body=True):
    """The answer to one request on a connection of its own."""
    with Wire(server) as wire:
        wire.send(request)
        return wire.answer(has_body)


def assert_error(answer, statuses=(400,)):
    """An error in OpenAI's shape."""
    assert answer.status in statuses, (answer.status, answer.body[:300])
    assert answer.headers["content-type"].startswith("application/json")
    error = answer.json()["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    assert isinstance(error["message"], str) and error["message"]
    assert isinstance(error["type"], str) and error["type"]
    assert error["param"] is None or isinstance(error["param"], str)
    assert error["code"] is None or isinstance(error["code"], str)
    return error
