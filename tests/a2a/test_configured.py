"""What `a2a` of atelier.yaml says of versions and extensions holds for cards and requests."""

import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from serving import Server  # noqa: E402

RECEIPTS = "https://example.org/ext/receipts"


class Configured(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        agents = [{"name": name, "model": "none/m"} for name in ("clerk", "porter")]
        extension = {"uri": RECEIPTS, "description": "Receipts.", "agents": ["cl*"], "required": True}
        cls.server = Server(config={"agents": agents, "a2a": {"versions": ["1.0"], "extensions": [extension]}})

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def card(self, agent):
        return json.loads(self.server.get(f"/a2a/{agent}/.well-known/agent-card.json"))

    def reason(self, agent, headers, method="GetTask"):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"id": "none"}}
        status, answer = self.server.post("/a2a/" + agent, body, headers)
        self.assertEqual(status, 200, answer)
        return answer["error"]["data"][0]["reason"]

    def test_an_older_version_is_neither_offered_nor_served(self):
        card = self.card("porter")
        self.assertEqual({one["protocolVersion"] for one in card["supportedInterfaces"]}, {"1.0"})
        self.assertNotIn("protocolVersion", card)
        for headers in ({}, {"A2A-Version": "0.3"}):
            self.assertEqual(self.reason("porter", headers, "tasks/get"), "VERSION_NOT_SUPPORTED")
        self.assertEqual(self.reason("porter", {"A2A-Version": "1.0"}), "TASK_NOT_FOUND")

    def test_a_required_extension_is_named_by_the_card_and_wanted_of_requests(self):
        self.assertEqual(self.card("clerk")["capabilities"]["extensions"],
                         [{"uri": RECEIPTS, "description": "Receipts.", "required": True}])
        self.assertNotIn("extensions", self.card("porter")["capabilities"])
        self.assertEqual(self.reason("clerk", {"A2A-Version": "1.0"}), "EXTENSION_SUPPORT_REQUIRED")
        named = {"A2A-Version": "1.0", "A2A-Extensions": "https://example.org/x, " + RECEIPTS}
        self.assertEqual(self.reason("clerk", named), "TASK_NOT_FOUND")


if __name__ == "__main__":
    unittest.main()
