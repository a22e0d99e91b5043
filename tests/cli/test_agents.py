"""atelier agent …: runs with a scripted model elsewhere, approvals by command, and what a journal is good for."""

import json
import pathlib
import sys

from calling import AgentCase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from scripted_upstream import ScriptedUpstream, calculate_then_tell  # noqa: E402


class Agents(AgentCase):
    def setUp(self):
        super().setUp()
        self.upstream = ScriptedUpstream(calculate_then_tell)
        self.addCleanup(self.upstream.stop)
        self.configure()

    def configure(self, **agent):
        config = {"providers": [{"name": "far", "base_url": self.upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
                  "tools": [{"type": "calculator"}],
                  "agents": [{"name": "clerk", "model": "far/m", "tools": ["calculator"], **agent}]}
        self.config.write_text(json.dumps(config))

    def test_a_run_is_told_listed_shown_and_removed(self):
        told = self.agent("run", "What is 17% of 2340?")
        self.assertEqual(told.code, 0, told.err)
        self.assertIn("397.8", told.out)
        self.assertIn("[clerk] calculator", told.err)
        [run] = self.document("list")
        self.assertEqual((run["status"], run["agent"]), ("completed", "clerk"))
        shown = self.document("show", run["id"])
        self.assertEqual([step["kind"] for step in shown["steps"]], ["value", "model", "tool", "model"])
        self.assertIn("calculator", self.agent("show").out)
        self.document("rm", "--compact", run["id"])
        self.assertEqual(self.document("show", run["id"])["output"], run["output"])
        self.document("rm", run["id"])
        self.assertEqual(self.document("list"), [])

    def test_a_call_waits_for_a_person(self):
        self.configure(needs_approval=["calculator"])
        waiting = self.agent("run", "go")
        self.assertEqual(waiting.code, 0, waiting.err)
        self.assertIn("waits at step", waiting.err)
        [run] = self.document("list", "--status", "waiting")
        edited = self.document("edit", run["id"], "--arguments", '{"expression": "1 + 1"}')
        self.assertEqual((edited["status"], "2" in edited["output"]), ("completed", True))
        again = self.agent("approve", run["id"])
        self.assertNotEqual(again.code, 0)
        self.assertIn("there is none", again.err)
        self.agent("run", "go")
        refused = self.document("reject", "--reason", "not today")
        self.assertIn("not today", refused["output"])
        self.agent("run", "go")
        self.assertEqual(self.document("approve")["status"], "completed")

    def test_replay_asks_nothing_and_names_what_differs(self):
        self.agent("run", "go")
        asked = len(self.upstream.asked)
        self.assertIn("the same: completed", self.agent("replay").out)
        self.assertEqual(len(self.upstream.asked), asked)
        self.configure(instructions="Be brief.")
        differs = self.agent("replay")
        self.assertNotEqual(differs.code, 0)
        self.assertRegex(differs.err, r"step 2 \(model far/m\): got another request")

    def test_a_fork_goes_its_own_way(self):
        run = self.document("run", "go")
        asked = len(self.upstream.asked)
        fork = self.document("fork", run["id"], "--at", "3")
        self.assertEqual((fork["forked_from"], fork["output"]), (run["id"], run["output"]))
        self.assertEqual(len(self.upstream.asked), asked + 1)

    def test_a_run_may_be_made_now_and_run_or_cancelled_later(self):
        made = self.document("run", "--id", "go")
        self.assertEqual(self.document("list")[0]["status"], "running")
        self.assertEqual(self.document("resume", made["id"])["status"], "completed")
        made = self.document("run", "--id", "go")
        self.document("cancel", made["id"])
        self.assertEqual(self.document("list")[0]["status"], "cancelled")

    def test_a_model_that_is_not_there_fails_the_run_and_it_can_be_resumed(self):
        port = self.upstream.server.server_port
        self.upstream.stop()
        failed = self.agent("run", "go")
        self.assertNotEqual(failed.code, 0)
        self.assertEqual(self.document("list")[0]["status"], "failed")
        self.upstream = ScriptedUpstream(calculate_then_tell)
        self.addCleanup(self.upstream.stop)
        self.assertNotEqual(self.upstream.server.server_port, port)
        self.configure()
        self.assertEqual(self.document("resume")["status"], "completed")

    def test_a_calculator_beside_no_agents_is_no_second_one(self):
        for tool in ({"type": "calculator"}, {"type": "calculator", "name": "sums"}):
            self.config.write_text(json.dumps({
                "providers": [{"name": "far", "base_url": self.upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}],
                "default_model": "far/m", "tools": [tool]}))
            told = self.agent("run", "What is 17% of 2340?")
            self.assertEqual(told.code, 0, told.err)
            self.assertIn("397.8", told.out)
