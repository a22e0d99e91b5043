#!/usr/bin/env python3
"""Checks that what the server exports is OTLP, by the protocol's own message types.

    pip install opentelemetry-proto
    tools/check_otlp.py build/release/atelier

Starts a collector on loopback and a server that exports to it, asks the default models something, and reads every
body with the protobuf types, strictly. In OTLP's JSON ids are hexadecimal, in protobuf's own base64: that alone is
translated.   [opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"]
"""
import base64
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

bodies = []


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json", self.path
        bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


def to_base64(value):
    if isinstance(value, list):
        return [to_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else to_base64(item)
            for key, item in value.items()}


def post(address, path, body):
    request = urllib.request.Request(address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as error:
        error.read()


def main():
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    home = tempfile.mkdtemp(prefix="check_otlp_")
    models = os.path.join(os.environ.get("ATELIER_HOME", os.path.expanduser("~/.atelier")), "models")
    os.symlink(models, os.path.join(home, "models"))
    config = os.path.join(home, "atelier.yaml")
    with open(config, "w") as out:
        out.write(f"traces: {{otlp_endpoint: 'http://127.0.0.1:{collector.server_port}'}}\n")
    server = subprocess.Popen([sys.argv[1], "serve", "--config", config, "--port", "0"],
                              env=dict(os.environ, ATELIER_HOME=home), stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().split("listening on ")[1].strip()
        messages = [{"role": "user", "content": "Say hi"}]
        post(address, "/v1/chat/completions", {"messages": messages, "max_tokens": 3, "stop": ["zz"], "n": 2})
        post(address, "/v1/chat/completions", {"messages": messages, "temprature": 1})
        post(address, "/v1/embeddings", {"input": ["hello", "the sea"]})
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(home)
    names = []
    for body in bodies:
        request = json_format.ParseDict(to_base64(body), ExportTraceServiceRequest())
        for resource in request.resource_spans:
            attributes = {one.key for one in resource.resource.attributes}
            assert "service.name" in attributes, attributes
            for scope in resource.scope_spans:
                for span in scope.spans:
                    assert len(span.trace_id) == 16 and len(span.span_id) == 8
                    assert len(span.parent_span_id) in (0, 8)
                    assert span.end_time_unix_nano >= span.start_time_unix_nano > 1.7e18
                    names.append(span.name)
    assert len(names) == 4 + 1 + 3, names
    print(f"{len(bodies)} bodies, {len(names)} spans, all valid: {', '.join(names)}")


if __name__ == "__main__":
    main()
