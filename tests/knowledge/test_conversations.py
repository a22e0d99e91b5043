"""The conversations over SciFact's questions are what README.md beside this file says of them."""

import json
import pathlib
import unittest

FILE = pathlib.Path(__file__).parent / "conversations/scifact.jsonl"
KINDS = {"pronoun", "ellipsis", "shift"}


class Conversations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]

    def test_each_line_is_a_conversation_that_the_user_begins_and_ends(self):
        for row in self.rows:
            with self.subTest(row.get("query")):
                self.assertEqual(set(row), {"query", "kind", "turns"})
                self.assertIn(row["kind"], KINDS)
                self.assertGreaterEqual(len(row["turns"]), 5 if row["kind"] == "shift" else 3)
                self.assertEqual(len(row["turns"]) % 2, 1)
                self.assertTrue(all(turn and turn == turn.strip() for turn in row["turns"]))

    def test_there_are_at_least_forty_and_none_asks_what_another_does(self):
        self.assertGreaterEqual(len(self.rows), 40)
        self.assertEqual(len({row["query"] for row in self.rows}), len(self.rows))

    def test_every_kind_is_there(self):
        self.assertEqual({row["kind"] for row in self.rows}, KINDS)


if __name__ == "__main__":
    unittest.main()
