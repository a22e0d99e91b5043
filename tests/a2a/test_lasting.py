"""What lasts of an A2A task: it goes on after kill -9, waits for answers and approvals across restarts, and webhooks are told
of it in order, at least once, where the egress policy lets them be told. A real server, a scripted model."""

import http.server
import itertools
import json
import pathlib
import queue
import sys
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from scripted_upstream import ScriptedUpstream, call, last_content, num_turns  # noqa: E402
from serving import Server  # noqa: E402

SECONDS = 60


class Webhook:
    """Takes what is POSTed to it; refuses it while `refuses` is set."""

    def __init__(self):
        self.told, self.refused, self.refuses = queue.Queue(), threading.Event(), False
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                refuses = hook.refuses
                self.send_response(503 if refuses else 204)
                self.end_headers()
                if refuses:
                    hook.refused.set()
                else:
                    hook.told.put((dict(self.headers), body))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def states_until(self, last):
        """The states that it was told, up to the one named."""
        states = []
        while not states or states[-1] != last:
            _, body = self.told.get(timeout=SECONDS)
            if "statusUpdate" in body:
                states.append(body["statusUpdate"]["status"]["state"])
        return states

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Lasting(unittest.TestCase):
    def setUp(self):
        self.asked, self.held = threading.Event(), threading.Event()
        self.held.set()
        upstream = ScriptedUpstream(self.answer)
        self.hook = Webhook()
        self.addCleanup(self.hook.stop)
        self.addCleanup(upstream.stop)
        provider = {"name": "far", "base_url": upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}
        self.server = Server(config={
            "providers": [provider], "tools": [{"type": "calculator"}],
            "a2a": {"webhooks": {"private": [f"127.0.0.1:{self.hook.port}"]}},
            "agents": [{"name": "clerk", "model": "far/m", "ask_person": True},
                       {"name": "careful", "model": "far/m", "tools": ["calculator"], "needs_approval": ["calculator"]}]})
        self.addCleanup(self.server.stop)
        self.addCleanup(self.held.set)

    def answer(self, body):
        self.asked.set()
        self.held.wait(SECONDS)
        said = last_content(body)
        if said == "ask me":
            return [call("ask_person", {"question": "Which colour?"})]
        if said == "calculate":
            return [call("calculator", {"expression": "6 * 7"})]
        return f"You said: {said} ({num_turns(body)} before)"

    def ask(self, method, params, agent="clerk"):
        status, answer = self.server.post(f"/a2a/{agent}", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
                                          headers={"A2A-Version": "1.0"})
        self.assertEqual(status, 200)
        return answer

    def send(self, text, agent="clerk", configuration=None, **more):
        message = {"messageId": f"m-{text}", "role": "ROLE_USER", "parts": [{"text": text}], **more}
        answer = self.ask("SendMessage", {"message": message, "configuration": configuration or {}}, agent)
        return answer["result"]["task"] if "result" in answer else answer

    def settled(self, task_id, agent="clerk"):
        """The task as it ends or waits, by the stream of its updates."""
        task = self.ask("GetTask", {"id": task_id}, agent)["result"]
        while task["status"]["state"] in ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"):
            self.changed.wait(0.05)
            task = self.ask("GetTask", {"id": task_id}, agent)["result"]
        return task

    changed = threading.Event()  # nobody sets it: the protocol's way to wait without a stream is to ask again

    def text_of(self, task):
        return task["artifacts"][0]["parts"][0]["text"]

    def test_a_task_that_was_under_way_goes_on_after_kill_9(self):
        self.held.clear()
        task = self.send("hello", configuration={"returnImmediately": True})
        self.assertIn(task["status"]["state"], ("TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"))
        self.assertTrue(self.asked.wait(SECONDS))
        self.server.crash()
        self.held.set()
        task = self.settled(task["id"])
        self.assertEqual(task["status"]["state"], "TASK_STATE_COMPLETED")
        self.assertEqual(self.text_of(task), "You said: hello (0 before)")

    def test_a_task_that_waits_for_an_answer_takes_it_after_kill_9(self):
        task = self.send("ask me")
        self.assertEqual(task["status"]["state"], "TASK_STATE_INPUT_REQUIRED")
        self.assertEqual(task["status"]["message"]["parts"][0]["text"], "Which colour?")
        self.server.crash()
        self.assertEqual(self.settled(task["id"])["status"]["state"], "TASK_STATE_INPUT_REQUIRED")
        told = self.send("blue", taskId=task["id"], contextId=task["contextId"])
        self.assertEqual(told["status"]["state"], "TASK_STATE_COMPLETED")
        self.assertIn("blue", self.text_of(told))

    def test_a_task_that_needs_an_approval_says_so_and_goes_by_it(self):
        for decision in ("approve", "reject"):
            task = self.send("calculate", agent="careful")
            self.assertEqual(task["status"]["state"], "TASK_STATE_AUTH_REQUIRED")
            self.assertIn("6 * 7", task["status"]["message"]["parts"][0]["text"])
            self.server.crash()
            told = self.send(decision, agent="careful", taskId=task["id"])
            self.assertNotIn("error", told)
            self.assertEqual(told["status"]["state"], "TASK_STATE_COMPLETED", told)
            self.assertEqual("42" in self.text_of(told), decision == "approve", told)

    def test_a_webhook_is_told_in_order_with_what_it_wants_to_see(self):
        hook = {"url": self.hook.url, "token": "t-1", "authentication": {"scheme": "Bearer", "credentials": "c-1"}}
        task = self.send("ask me", configuration={"taskPushNotificationConfig": hook})
        headers, first = self.hook.told.get(timeout=SECONDS)
        self.assertEqual(headers["Authorization"], "Bearer c-1")
        self.assertEqual(headers["X-A2A-Notification-Token"], "t-1")
        self.assertEqual(headers["Content-Type"], "application/a2a+json")
        self.assertEqual(first["statusUpdate"]["taskId"], task["id"])
        if first["statusUpdate"]["status"]["state"] != "TASK_STATE_INPUT_REQUIRED":
            self.hook.states_until("TASK_STATE_INPUT_REQUIRED")
        self.send("blue", taskId=task["id"])
        self.assertEqual(self.hook.states_until("TASK_STATE_COMPLETED"), ["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"])

    def test_what_a_webhook_has_not_taken_it_is_told_after_kill_9(self):
        self.hook.refuses = True
        task = self.send("hello", configuration={"taskPushNotificationConfig": {"url": self.hook.url}})
        self.assertEqual(task["status"]["state"], "TASK_STATE_COMPLETED")
        self.assertTrue(self.hook.refused.wait(SECONDS))
        self.server.crash(then=lambda home: setattr(self.hook, "refuses", False))
        told = []
        while not told or "statusUpdate" not in told[-1] or told[-1]["statusUpdate"]["status"]["state"] != "TASK_STATE_COMPLETED":
            told.append(self.hook.told.get(timeout=SECONDS)[1])
        kinds = [kind for kind, _ in itertools.groupby(next(iter(event)) for event in told)]
        self.assertEqual(kinds, ["statusUpdate", "artifactUpdate", "statusUpdate"])  # WORKING, the answer, COMPLETED
        self.assertTrue(self.hook.told.empty())

    def test_webhooks_at_addresses_that_are_not_allowed_are_refused(self):
        for url in (f"http://127.0.0.1:{self.hook.port + 1}/", "http://10.0.0.1/", "http://[::1]/", "http://0x7f.1/",
                    "http://169.254.169.254/latest", "file:///etc/passwd", "http://user@127.0.0.1/"):
            answer = self.send("hello", configuration={"taskPushNotificationConfig": {"url": url}})
            self.assertEqual(answer["error"]["code"], -32602, (url, answer))
        self.assertTrue(self.hook.told.empty())


if __name__ == "__main__":
    unittest.main()
