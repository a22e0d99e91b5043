"""`atelier a2a …` against an agent of Atelier with a scripted model."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from scripted_upstream import ScriptedUpstream, call, last_content  # noqa: E402
from serving import ATELIER, Server  # noqa: E402


def answer(body):
    said = last_content(body)
    return [call("ask_person", {"question": "Where to?"})] if said == "a train" else f"Told: {said}\x1b[2J"


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = ScriptedUpstream(answer)
        provider = {"name": "far", "base_url": cls.upstream.base_url, "models": [{"id": "m", "kind": "chat"}]}
        cls.server = Server(config={"providers": [provider], "agents": [
            {"name": "clerk", "model": "far/m", "description": "Books trains.", "ask_person": True}]})

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.upstream.stop()

    def atelier(self, *words, code=0):
        done = subprocess.run([ATELIER, "a2a", words[0], self.server.url, *words[1:]], text=True, capture_output=True,
                              env=dict(os.environ, ATELIER_HOME=str(self.server.home)), timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_a_task_is_begun_asked_back_gone_on_with_got_listed_and_cancelled(self):
        self.assertIn("TASK_STATE_COMPLETED", self.atelier("send", "hello"))
        task = json.loads(self.atelier("send", "a train", "--json"))
        self.assertEqual(task["status"]["state"], "TASK_STATE_INPUT_REQUIRED")
        told = self.atelier("send", "Rome", "--task", task["id"])
        self.assertIn("Told: ", told)
        self.assertNotIn("\x1b", told)  # what an agent says does not steer the terminal
        self.assertIn("TASK_STATE_COMPLETED", self.atelier("get", task["id"]))
        self.assertEqual(len(self.atelier("list", "--context", task["contextId"]).splitlines()), 1)
        self.assertIn("it has ended", self.atelier("cancel", task["id"], code=1))
        waiting = json.loads(self.atelier("send", "a train", "--json"))
        self.assertIn("TASK_STATE_INPUT_REQUIRED", self.atelier("watch", waiting["id"]))
        self.assertIn("TASK_STATE_CANCELED", self.atelier("cancel", waiting["id"]))

    def test_a_card_is_shown_and_its_signature_is_checked_by_the_keys_that_are_trusted(self):
        self.assertIn("there, not checked", self.atelier("card"))
        keys = self.server.home / "keys.json"
        keys.write_text(self.server.get("/.well-known/a2a-keys.json"))
        self.assertIn("by a key of --card-keys", self.atelier("card", "--card-keys", str(keys)))
        wrong = json.loads(keys.read_text())
        wrong["keys"][0]["kid"] = "another"
        keys.write_text(json.dumps(wrong))
        self.assertIn("no signature", self.atelier("card", "--card-keys", str(keys), code=1))


if __name__ == "__main__":
    unittest.main()
