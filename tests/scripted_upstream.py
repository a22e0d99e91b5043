"""A chat model elsewhere that says what a function tells it to: for tests of what stands before models."""

import http.server
import json
import threading


def call(name, arguments, call_id="call_1"):
    return {"id": call_id, "name": name, "arguments": json.dumps(arguments)}


class ScriptedUpstream:
    """`answer(body)` gives a text, or a list of calls. `base_url` is what atelier.yaml names."""

    def __init__(self, answer):
        self.asked = []
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                upstream.asked.append(body)
                said = answer(body)
                choice = {"role": "assistant", "content": said if isinstance(said, str) else None}
                reason = "stop"
                if not isinstance(said, str):
                    reason = "tool_calls"
                    choice["tool_calls"] = [
                        {"index": i, "id": one["id"], "type": "function",
                         "function": {"name": one["name"], "arguments": one["arguments"]}} for i, one in enumerate(said)]
                usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
                head = {"id": "c", "created": 1, "model": body["model"]}
                if body.get("stream"):
                    chunks = [{**head, "object": "chat.completion.chunk",
                               "choices": [{"index": 0, "delta": choice, "finish_reason": None}]},
                              {**head, "object": "chat.completion.chunk",
                               "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
                              {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}]
                    data = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
                    self.reply("text/event-stream", data)
                else:
                    self.reply("application/json", json.dumps({
                        **head, "object": "chat.completion", "usage": usage,
                        "choices": [{"index": 0, "message": choice, "finish_reason": reason}]}))

            def reply(self, content_type, text):
                data = text.encode()
                self.send_response(200)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


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
