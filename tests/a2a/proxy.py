"""Stands before a foreign agent, whose card then names this: "still", it does not stream; "cut", the first stream of each task
breaks off once the agent is at work, which goes on (POST /go) when somebody listens again."""

import http.client
import http.server
import json
import threading
import urllib.parse

BEGINS = (b'"message/stream"', b'"SendStreamingMessage"')
RESUMES = (b'"tasks/resubscribe"', b'"SubscribeToTask"')


class Proxy:
    def __init__(self, url, how):
        self.place, self.how = urllib.parse.urlsplit(url).netloc, how
        self.num_cut = self.num_resumed = 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                proxy.exchange(self)

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def exchange(self, asked):
        body = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        connection = http.client.HTTPConnection(self.place, timeout=120)
        connection.request(asked.command, asked.path, body or None, dict(asked.headers))
        answer = connection.getresponse()
        asked.send_response(answer.status)
        asked.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        asked.send_header("Connection", "close")
        asked.end_headers()
        asked.close_connection = True
        if asked.path.endswith("agent-card.json"):
            asked.wfile.write(self.card(answer.read()))
        else:
            self.pass_on(asked, body, answer)
        connection.close()

    def card(self, text):
        card = json.loads(text.replace(self.place.encode(), urllib.parse.urlsplit(self.url).netloc.encode()))
        card["capabilities"]["streaming"] = self.how != "still"
        return json.dumps(card).encode()

    def pass_on(self, asked, body, answer):
        begins = asked.path.endswith("message:stream") or any(word in body for word in BEGINS)
        resumes = asked.path.endswith(":subscribe") or any(word in body for word in RESUMES)
        if resumes and answer.status == 200:
            self.num_resumed += 1
            http.client.HTTPConnection(self.place, timeout=120).request("POST", "/go")
        so_far = b""
        while piece := answer.read1(65536):
            asked.wfile.write(piece)
            asked.wfile.flush()
            so_far += piece
            if self.how == "cut" and begins and b"Thinking." in so_far and so_far.endswith((b"\n\n", b"\r\n\r\n")):
                self.num_cut += 1
                return

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
