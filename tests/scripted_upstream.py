"""A chat model elsewhere that says what a function tells it to: for tests of what stands before models."""

import http.server
import json
import math
import threading


def call(name, arguments, call_id="call_1"):
    return {"id": call_id, "name": name, "arguments": json.dumps(arguments)}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # of Python's five places the kernel lets go of what comes at once on a busy machine


class ScriptedUpstream:
    """`answer(body)` gives a text, a list of calls, or of one token how likely it is this or that ({"Yes": 0.9, …}).
    `base_url` is what atelier.yaml names."""

    def __init__(self, answer):
        self.asked = []
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if "messages" not in body:  # it chats, and decides by nothing else
                    return self.reply("application/json", json.dumps({"error": {"message": "not here"}}), 404)
                upstream.asked.append(body)
                said = answer(body)
                odds = said if isinstance(said, dict) else {}
                if odds:
                    said = max(odds, key=odds.get)
                choice = {"role": "assistant", "content": said if isinstance(said, str) else None}
                reason = "stop"
                if not isinstance(said, str):
                    reason = "tool_calls"
                    choice["tool_calls"] = [
                        {"index": i, "id": one["id"], "type": "function",
                         "function": {"name": one["name"], "arguments": one["arguments"]}} for i, one in enumerate(said)]
                usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
                likely = {"logprobs": likely_tokens(odds)} if odds else {}
                head = {"id": "c", "created": 1, "model": body["model"]}
                if body.get("stream"):
                    chunks = [{**head, "object": "chat.completion.chunk",
                               "choices": [{"index": 0, "delta": choice, "finish_reason": None, **likely}]},
                              {**head, "object": "chat.completion.chunk",
                               "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
                              {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}]
                    data = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
                    self.reply("text/event-stream", data)
                else:
                    self.reply("application/json", json.dumps({
                        **head, "object": "chat.completion", "usage": usage,
                        "choices": [{"index": 0, "message": choice, "finish_reason": reason, **likely}]}))

            def reply(self, content_type, text, status=200):
                data = text.encode()
                self.send_response(status)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def likely_tokens(odds):
    top = [{"token": token, "logprob": math.log(share), "bytes": None} for token, share in odds.items()]
    return {"content": [{**max(top, key=lambda one: one["logprob"]), "top_logprobs": top}]}


def num_turns(body):
    """How often the model has answered in this conversation."""
    return sum(message["role"] == "assistant" for message in body["messages"])


def last_content(body):
    return body["messages"][-1]["content"]


def calculate_then_tell(body):
    """An agent's work of two answers: a call, and what came of it."""
    if num_turns(body) == 0:
        return [call("calculator", {"expression": "17% * 2340"})]
    return "It is " + last_content(body)
