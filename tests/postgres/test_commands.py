"""The commands over a corpus that PostgreSQL keeps. Runs beside a server: tests/postgres/run."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

ADDRESS = os.environ["ATELIER_POSTGRES"]  # calling.py takes such variables from those of the program

from calling import FolderCase, atelier  # noqa: E402


class Commands(FolderCase):
    def setUp(self):
        super().setUp()
        pathlib.Path(self.home, "atelier.yaml").write_text(f'corpora:\n  - name: shared\n    postgres: "{ADDRESS}"\n')
        self.write("engine.md", "# Engine\n\nThe scheduler preempts the sequence that was served last.\n")
        self.write("tea.md", "# Tea\n\nGreen tea is brewed at seventy degrees.\n")

    def test_a_folder_becomes_an_answer(self):
        report = self.ok("--json", "index", self.folder, "-c", "shared").json
        self.assertEqual((report["added"], report["embedded"]), (2, report["chunks"]))
        answer = self.ok("--json", "ask", "-c", "shared", "Which sequence does the scheduler preempt?").json
        self.assertIn("The scheduler preempts the sequence that was served last.",
                      [citation["quote"] for citation in answer["citations"]])
        for way in ("words", "vectors"):
            found = self.ok("--json", "search", "-c", "shared", "--by", way, "-k", "1", "brewing tea").json["results"]
            self.assertEqual([one["document"] for one in found], ["tea.md"])
        again = self.ok("--json", "index", self.folder, "-c", "shared").json
        self.assertEqual((again["unchanged"], again["chunks"]), (2, 0))
        stats = self.ok("--json", "corpus", "stats", "shared").json
        self.assertEqual(stats["documents"], 2)
        self.assertNotIn("segments", stats)
        for command in (("verify", "shared"), ("export", "shared"), ("reembed", "shared", "--embedder", "none")):
            refused = atelier("corpus", *command, home=self.home)
            self.assertEqual(refused.code, 1, command)
            self.assertIn("PostgreSQL lacks", refused.err)
        self.ok("corpus", "rm", "shared", "--yes")
        self.assertIn("not indexed yet", self.ok("corpus", "list").out)

    def test_a_password_is_not_written_down(self):
        pathlib.Path(self.home, "atelier.yaml").write_text(
            "corpora:\n  - name: shared\n    postgres: postgresql://me:secret@127.0.0.1/x\n")
        refused = atelier("index", self.folder, "-c", "shared", "--embedder", "none", home=self.home)
        self.assertEqual(refused.code, 1)
        self.assertIn("PGPASSWORD", refused.err)


if __name__ == "__main__":
    unittest.main()
