"""atelier agent …: what a person says to a run that waits, and what becomes of one whose process died: a call that nobody
knows the outcome of, an answer that is kept for later, several questions at once, and uses that are wrong."""

import http.server
import json
import pathlib
import signal
import subprocess
import sys
import threading

from calling import ATELIER, AgentCase, environment

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from scripted_upstream import ScriptedUpstream, call, last_content, num_turns  # noqa: E402

SECONDS = 60
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "Bell", "version": "1"}, "paths": {"/ring": {"post": {
    "operationId": "ring", "summary": "Rings the bell", "security": [],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {
        "type": "object", "properties": {"times": {"type": "integer"}}, "required": ["times"]}}}},
    "responses": {"200": {"description": "rung"}}}}}}


class Bell:
    """A server with an effect that nobody may cause twice. `held`: it rings, and then says nothing."""

    def __init__(self):
        self.rung, self.begun, self.held, self.gone = [], threading.Event(), threading.Event(), threading.Event()
        bell = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                bell.rung.append(json.loads(self.rfile.read(int(self.headers["content-length"])))["times"])
                bell.begun.set()
                if bell.held.is_set():  # an end of the connection would be an outcome, too
                    bell.gone.wait(SECONDS)
                    return
                data = json.dumps({"rung": bell.rung[-1]}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Waiting(AgentCase):
    def configure(self, answer, tools=({"type": "calculator"},), **agent):
        self.upstream = ScriptedUpstream(answer)
        self.addCleanup(self.upstream.stop)
        names = [] if agent.pop("no_tools", False) else ["*"]
        self.config.write_text(json.dumps({
            "providers": [{"name": "far", "base_url": self.upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
            "tools": list(tools), "agents": [{"name": "clerk", "model": "far/m", "tools": names, **agent}]}))

    def refused(self, *args):
        answer = self.agent(*args)
        self.assertNotEqual(answer.code, 0, answer.out)
        return answer.err


class Questions(Waiting):
    def test_an_agents_question_is_answered_by_a_text(self):
        self.configure(lambda body: [call("ask_person", {"question": "Which colour?"})] if num_turns(body) == 0
                       else "You said " + last_content(body), ask_person=True, no_tools=True)
        waiting = self.agent("run", "Paint it.")
        self.assertIn("Which colour?", waiting.err)
        answered = self.document("approve", "--text", "green")
        self.assertEqual((answered["status"], answered["output"]), ("completed", "You said green"))
        self.agent("run", "Paint it.")
        self.assertIn("do not want to answer", self.document("reject")["output"])

    def test_an_answer_may_be_kept_for_later(self):
        self.configure(lambda body: [call("calculator", {"expression": "6 * 7"})] if num_turns(body) == 0
                       else "It is " + last_content(body), needs_approval=["*"])
        self.agent("run", "go")
        asked = len(self.upstream.asked)
        kept = self.document("approve", "--later")
        self.assertEqual(len(self.upstream.asked), asked, "nothing goes on yet")
        self.assertIn("there is none", self.refused("approve", kept["id"]))
        self.assertIn("42", self.document("resume", kept["id"])["output"])

    def test_of_several_questions_one_is_meant_by_its_step(self):
        calls = [call("calculator", {"expression": "1 + 1"}, "a"), call("calculator", {"expression": "2 + 2"}, "b")]
        told = []

        def answer(body):
            if num_turns(body) == 0:
                return calls
            told.extend(message["content"] for message in body["messages"] if message["role"] == "tool")
            return "done"

        self.configure(answer, needs_approval=["*"])
        self.agent("run", "go")
        [run] = self.document("list", "--status", "waiting")
        steps = [question["path"] for question in run["questions"]]
        self.assertEqual(len(steps), 2)
        problem = self.refused("approve", run["id"])
        self.assertTrue(steps[0] in problem and steps[1] in problem, problem)
        self.document("reject", run["id"], "--step", steps[0], "--later")
        ended = self.document("approve", run["id"], "--step", steps[1])
        self.assertEqual(ended["status"], "completed")
        self.assertIn("refused", told[0])
        self.assertIn("4", told[1])

    def test_an_answer_that_a_guard_stops_is_edited(self):
        self.configure(lambda body: "The PIN is 1234.", no_tools=True,
                       guards=[{"name": "no-pins", "must_not_match": "PIN", "then": "ask"}])
        waiting = self.agent("run", "What is the PIN?")
        self.assertIn("no-pins", waiting.err)
        self.assertEqual(self.document("edit", "--text", "I may not say.")["output"], "I may not say.")

    def test_wrong_uses_are_named(self):
        self.configure(lambda body: [call("calculator", {"expression": "1 + 1"})] if num_turns(body) == 0 else "done",
                       needs_approval=["*"])
        self.assertIn("atelier agent run", self.refused("show"), "there is no run yet")
        self.agent("run", "go")
        self.assertIn("want the id of a run", self.refused("show", "run_none"))
        self.assertIn("want the id of a run", self.refused("resume", "run_none"))
        self.assertIn("--arguments", self.refused("edit", "--arguments", "{"))
        self.assertIn("want an object", self.refused("edit", "--arguments", "[1]"))
        self.assertIn("want one that waits", self.refused("approve", "--step", "9.9"))
        [run] = self.document("list", "--status", "waiting")
        self.assertIn("number of steps", self.refused("fork", run["id"], "--at", "-1"))
        self.document("cancel", run["id"])
        self.assertIn("has ended", self.refused("cancel", run["id"]))
        self.assertEqual(self.document("resume", run["id"])["status"], "cancelled", "what has ended stays ended")
        self.assertEqual(self.document("list", "--agent", "nobody"), [])

    def test_arguments_that_do_not_fit_may_be_given_again(self):
        self.configure(lambda body: [call("calculator", {"expression": "1 + 1"})] if num_turns(body) == 0
                       else last_content(body), needs_approval=["*"])
        self.agent("run", "go")
        self.assertIn('want a member "expression"', self.refused("edit", "--arguments", '{"expresion": "2 + 2"}'))
        self.assertIn("4", self.document("edit", "--arguments", '{"expression": "2 + 2"}')["output"])

    def test_tools_that_are_not_there_name_the_nearest(self):
        self.configure(lambda body: "done", tools=[{"type": "calculatr"}])
        self.assertIn("did you mean 'calculator'?", self.refused("run", "go"))
        self.configure(lambda body: "done")
        self.config.write_text(self.config.read_text().replace('"*"', '"calclator"'))
        self.assertIn("did you mean 'calculator'?", self.refused("run", "go"))


class Killed(Waiting):
    """The process dies while a call is under way that must not be made twice."""

    def setUp(self):
        super().setUp()
        self.bell = Bell()
        self.addCleanup(self.bell.stop)
        document = pathlib.Path(self.folder.name, "bell.json")
        document.write_text(json.dumps(
            {**DOCUMENT, "servers": [{"url": f"http://127.0.0.1:{self.bell.server.server_port}"}]}))
        server = f"http://127.0.0.1:{self.bell.server.server_port}"
        self.configure(lambda body: [call("ring", {"body": {"times": 3}})] if num_turns(body) == 0
                       else "Told: " + last_content(body),
                       tools=[{"type": "openapi", "with": {"document": str(document), "server": server}}])
        self.bell.held.set()
        run = subprocess.Popen([ATELIER, "--config", str(self.config), "agent", "run", "Ring three times."],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=environment(ATELIER_HOME=self.home))
        self.assertTrue(self.bell.begun.wait(SECONDS))
        run.send_signal(signal.SIGKILL)
        run.wait()
        self.bell.gone.set()
        self.bell.held.clear()
        waiting = self.agent("resume")
        self.assertIn("outcome_unknown", waiting.err)
        self.assertEqual(self.bell.rung, [3], "it is not rung again by itself")

    def test_a_person_has_it_made_again(self):
        self.assertIn('"rung":3', self.document("approve")["output"].replace(" ", ""))
        self.assertEqual(self.bell.rung, [3, 3])

    def test_a_person_says_what_it_gave(self):
        self.assertIn("I heard it ring.", self.document("edit", "--text", "I heard it ring.")["output"])
        self.assertEqual(self.bell.rung, [3])

    def test_a_person_says_that_nobody_knows(self):
        output = self.document("reject", "--reason", "It was a storm.")["output"]
        self.assertIn("not known", output)
        self.assertIn("It was a storm.", output)
        self.assertEqual(self.bell.rung, [3])
