"""atelier workflow …: declared in atelier.yaml, checked, drawn, run with a scripted model, answered and resumed."""

import json
import pathlib
import sys
import tempfile

from calling import Case, atelier, make_home

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from scripted_upstream import ScriptedUpstream, last_content  # noqa: E402

ANNOUNCE = {"name": "announce", "description": "Writes of news.", "nodes": [
    {"name": "outline", "ask": {"prompt": "points on {{ input }}"}},
    {"name": "text", "ask": {"prompt": "write out {{ outline }}"}}]}
APPROVED = {"name": "approved", "nodes": [
    {"name": "draft", "ask": {"prompt": "{{ input }}"}},
    {"name": "look", "person": {"question": "Send {{ draft }}?", "must_approve": True}},
    {"name": "end", "value": "sent {{ draft }}"}]}


class Workflows(Case):
    def setUp(self):
        self.home = make_home()
        self.upstream = ScriptedUpstream(lambda body: f"<{last_content(body)}>")
        self.addCleanup(self.upstream.stop)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.configure(ANNOUNCE, APPROVED)

    def configure(self, *workflows):
        config = {"providers": [{"name": "far", "base_url": self.upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
                  "workflows": [{"model": "far/m", **workflow} for workflow in workflows]}
        self.config = pathlib.Path(self.folder.name, "atelier.yaml")
        self.config.write_text(json.dumps(config))

    def command(self, *args):
        return atelier("--config", self.config, *args, home=self.home)

    def document(self, *args):
        answer = atelier("--config", self.config, "--json", *args, home=self.home)
        self.assertEqual(answer.code, 0, answer.err)
        return answer.json

    def test_a_workflow_is_listed_shown_drawn_and_run(self):
        self.assertEqual([one["name"] for one in self.document("workflow", "list")], ["announce", "approved"])
        shown = self.command("workflow", "show", "announce").out
        self.assertRegex(shown, r"outline +ask")
        dot = self.command("workflow", "show", "announce", "--dot").out
        self.assertIn('"outline" -> "text";', dot)
        told = self.command("workflow", "run", "announce", "bees")
        self.assertEqual(told.out, "<write out <points on bees>>\n", told.err)
        self.assertIn("[announce] outline: <points on bees>", told.err)
        [run] = self.document("agent", "list")
        self.assertEqual((run["agent"], run["status"]), ("announce", "completed"))
        steps = self.document("agent", "show", run["id"])["steps"]
        self.assertEqual([step["path"] for step in steps], ["outline", "text"])
        self.assertIn("the same: completed", self.command("agent", "replay").out)

    def test_a_person_is_waited_for_and_nothing_is_asked_again(self):
        waiting = self.command("workflow", "run", "approved", "hello")
        self.assertIn("waits at step look (question): Send <hello>?", waiting.err)
        done = self.document("agent", "approve")
        self.assertEqual((done["status"], done["output"]), ("completed", "sent <hello>"))
        self.assertEqual(len(self.upstream.asked), 1)
        fork = self.document("agent", "fork", done["id"], "--at", "1")
        self.assertEqual(fork["status"], "waiting")
        refused = self.document("agent", "reject", fork["id"], "--reason", "not today")
        self.assertEqual((refused["status"], refused["what"]), ("refused", "look: a person rejected it: not today"))

    def test_what_is_wrong_is_told_with_its_line_before_anything_runs(self):
        wrong = {"name": "wrong", "nodes": [{"name": "a", "ask": {"prompt": "x"}},
                                            {"name": "b", "ask": {"prompt": "{{ aa }}"}}]}
        self.configure(wrong)
        told = self.command("workflow", "list")
        self.assertNotEqual(told.code, 0)
        self.assertIn("workflows[0].nodes[1].ask.prompt: got the variable 'aa'", told.err)
        self.configure(ANNOUNCE)
        self.assertIn("did you mean 'announce'?", self.command("workflow", "run", "anounce", "x").err)
        self.configure({"name": "tools", "nodes": [{"name": "a", "tool": {"name": "calculater"}}]})
        self.assertIn("did you mean 'calculator'?", self.command("workflow", "show", "tools").err)
