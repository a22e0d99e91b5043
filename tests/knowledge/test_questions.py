"""The questions about the project's own documentation are what README.md beside this file says of them.

Nothing here asks a model: this holds the files together, above all each quote with the page that it is taken from.
"""

import collections
import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUESTIONS = pathlib.Path(__file__).parent / "questions"
HALVES = {"open": "o", "sealed": "s"}
A_HALF, UNANSWERABLE = 75, 30
PAGES = ("accuracy adding api architectures decisions dependencies engine function_calling grammars json_schema notation "
         "panels providers sampling structured_outputs tokenizers tour").split()
DOCUMENTS = {"README.md", *(f"docs/{page}.md" for page in PAGES)}
KINDS = {"fact", "number", "reason", "how", "definition", "comparison"}
FIELDS = {"id": str, "question": str, "answerable": bool, "gold": list, "kind": str, "note": str}


def read(half):
    return [json.loads(line) for line in (QUESTIONS / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()]


def words(question):
    return " ".join(re.findall(r"\w+", question.lower()))


class Questions(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.halves = {half: read(half) for half in HALVES}
        cls.all = [row for rows in cls.halves.values() for row in rows]

    def test_each_line_has_the_fields_and_nothing_else(self):
        for row in self.all:
            with self.subTest(row.get("id")):
                self.assertEqual({name: type(value) for name, value in row.items()}, FIELDS)
                self.assertIn(row["kind"], KINDS)
                self.assertTrue(row["question"].strip())

    def test_both_halves_are_of_the_same_make_up(self):
        for half, rows in self.halves.items():
            with self.subTest(half):
                self.assertEqual(len(rows), A_HALF)
                self.assertEqual(sum(not row["answerable"] for row in rows), UNANSWERABLE)
                answered = {quote["document"] for row in rows for quote in row["gold"]}
                self.assertEqual(answered, DOCUMENTS)
                for answerable in (True, False):
                    self.assertEqual({row["kind"] for row in rows if row["answerable"] == answerable}, KINDS)

    def test_ids_count_the_lines_of_a_half(self):
        for half, letter in HALVES.items():
            self.assertEqual([row["id"] for row in self.halves[half]],
                             [f"{letter}{number:03}" for number in range(1, A_HALF + 1)])

    def test_no_question_stands_twice(self):
        counts = collections.Counter(words(row["question"]) for row in self.all)
        self.assertEqual([question for question, count in counts.items() if count > 1], [])

    def test_gold_is_quoted_from_its_page(self):
        for row in self.all:
            for quote in row["gold"]:
                with self.subTest(row["id"], document=quote["document"]):
                    self.assertEqual(set(quote), {"document", "quote"})
                    self.assertIn(quote["document"], DOCUMENTS)
                    self.assertEqual(quote["quote"], quote["quote"].strip())
                    page = (ROOT / quote["document"]).read_bytes()
                    self.assertTrue(quote["quote"] and quote["quote"].encode() in page,
                                    f"{quote['document']} no longer says {quote['quote']!r}: carry the quote along "
                                    "(tests/knowledge/README.md)")

    def test_answerable_ones_have_gold_and_the_others_a_reason(self):
        for row in self.all:
            with self.subTest(row["id"]):
                self.assertEqual(bool(row["gold"]), row["answerable"])
                self.assertTrue(row["answerable"] or row["note"].strip())


if __name__ == "__main__":
    unittest.main()
