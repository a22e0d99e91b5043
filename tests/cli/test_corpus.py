"""The corpus commands and index --watch, over a folder of a few small documents."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

from calling import ATELIER, EMBED, Case, FolderCase, Terminal, atelier, environment

ENGINE = "# Engine\n\nThe scheduler preempts the sequence that was served last.\n"
TEA = "# Tea\n\nGreen tea is brewed at seventy degrees.\n"
CANARY = "zanzibarquokka"
DEADLINE_S = 120


class Corpora(FolderCase):
    def setUp(self):
        super().setUp()
        self.write("engine.md", ENGINE)
        self.write("tea.md", TEA)

    def index(self, embedder="none", *more):
        return self.ok("--json", "index", self.folder, "--embedder", embedder, *more).json

    def found(self, words, *more):
        return [result["document"] for result in self.ok("--json", "search", words, *more).json["results"]]

    def files_with(self, text):
        held = []
        for folder, _, names in os.walk(self.home, followlinks=False):
            for name in names:
                path = pathlib.Path(folder) / name
                if not path.is_symlink() and text.encode() in path.read_bytes():
                    held.append(str(path))
        return held

    def test_what_there_is_is_listed_and_counted(self):
        self.assertEqual(self.ok("--json", "corpus", "list").json, [])
        self.index()
        (listed,) = self.ok("--json", "corpus", "list").json
        self.assertEqual((listed["name"], listed["embedder"], listed["documents"], listed["chunks"], listed["problem"]),
                         ("docs", "none", 2, 2, ""))
        self.assertIn("docs", self.ok("corpus", "list").out)
        self.assertEqual(self.ok("corpus", "list", "--names").out, "docs\n")
        stats = self.ok("--json", "corpus", "stats").json
        self.assertEqual((stats["documents"], stats["records"], stats["vectors"], stats["deleted"]), (2, 4, 0, 0))
        self.assertGreater(stats["terms"], 5)
        self.assertEqual(stats["language"], "en")
        self.assertGreater(stats["bytes"], 0)
        self.assertIn("documents    2", self.ok("corpus", "stats", "docs").out)
        self.assertIn("docs", atelier("corpus", "stats", "other", home=self.home).err)

    def test_damage_is_told_with_an_exit_code(self):
        self.index()
        self.assertIn("every checksum is right", self.ok("corpus", "verify").out)
        self.ok("corpus", "snapshot", self.folder.parent / "backup")
        self.ok("corpus", "restore", self.folder.parent / "backup", "--replace")
        (segment,) = pathlib.Path(self.home).glob("corpora/docs/index-2/seg-*")
        damaged = bytearray(segment.read_bytes())
        damaged[200] ^= 4
        segment.unlink()  # its other name stays as it was
        segment.write_bytes(damaged)
        told = atelier("--json", "corpus", "verify", "docs", home=self.home)
        self.assertEqual(told.code, 1)
        self.assertFalse(told.json["ok"])
        self.assertEqual([problem["file"] for problem in told.json["problems"]], [segment.name])
        self.assertIn(segment.name, told.err)
        again = self.index()
        self.assertEqual(again["added"], 2, "what was lost with it is read again")
        self.assertEqual(self.found("tea"), ["tea.md"])

    def test_an_export_has_texts_spans_and_vectors(self):
        self.index(EMBED)
        lines = [json.loads(line) for line in self.ok("corpus", "export", "--vectors").out.splitlines()]
        documents = {line["id"]: line for line in lines if line["kind"] == "document"}
        self.assertEqual({id: line["text"] for id, line in documents.items()}, {"engine.md": ENGINE, "tea.md": TEA})
        chunks = [line for line in lines if line["kind"] == "chunk"]
        self.assertEqual(len(chunks), 2)
        for chunk in chunks:
            begin, end = chunk["span"]
            self.assertEqual(documents[chunk["document"]]["text"].encode()[begin:end].decode(), chunk["text"])
            self.assertEqual(len(chunk["vector"]), 384)
        out = self.folder.parent / "docs.jsonl"
        self.assertEqual(self.ok("--json", "corpus", "export", "docs", "--out", out).json["records"], 4)
        self.assertNotIn("vector", json.loads(out.read_text().splitlines()[1]))
        self.assertEqual([line["kind"] for line in self.ok("--json", "corpus", "export").json],
                         ["corpus", "chunk", "chunk", "document", "document"])

    def test_what_was_exported_is_imported_again(self):
        self.index(EMBED)
        out = self.folder.parent / "docs.jsonl"
        self.ok("corpus", "export", "--vectors", "--out", out)
        self.assertIn("--replace", atelier("corpus", "import", out, home=self.home).err)
        report = self.ok("--json", "corpus", "import", out, "--corpus", "copy").json
        self.assertEqual(report, {"corpus": "copy", "embedder": EMBED, "documents": 2, "chunks": 2, "vectors": 2})
        lines = [[json.loads(line) for line in self.ok("corpus", "export", name, "--vectors").out.splitlines()[1:]]
                 for name in ("docs", "copy")]
        for was, now in zip(*lines, strict=True):
            for a, b in zip(was.pop("vector", []), now.pop("vector", []), strict=True):
                self.assertAlmostEqual(a, b, places=5)
            self.assertEqual(was, now)
        self.assertEqual(self.found("How hot should the water be?", "--by", "vectors", "-k", "1", "-c", "copy"), ["tea.md"])
        # The folder goes on being followed from where it was.
        again = self.ok("--json", "index", self.folder, "--embedder", EMBED, "-c", "copy").json
        self.assertEqual((again["unchanged"], again["embedded"]), (2, 0))
        # Without vectors, then with new ones.
        self.ok("corpus", "export", "docs", "--out", out)
        told = self.ok("corpus", "import", out, "--replace")
        self.assertIn("atelier corpus reembed docs", told.out)
        self.assertEqual(self.ok("--json", "corpus", "stats", "docs").json["vectors"], 0)
        self.ok("corpus", "reembed", "docs", "--embedder", EMBED)
        self.assertEqual(self.found("How hot should the water be?", "--by", "vectors", "-k", "1", "-c", "docs"), ["tea.md"])
        # What is broken changes nothing.
        broken = out.read_text().splitlines()
        out.write_text("\n".join([*broken[:2], broken[2][:-9]]))
        refused = atelier("corpus", "import", out, "--corpus", "third", home=self.home)
        self.assertEqual(refused.code, 1)
        self.assertIn("line 3", refused.err)
        self.assertEqual(self.ok("corpus", "list", "--names").out.split(), ["copy", "docs"])

    def test_values_are_counted_and_words_gone_on_from(self):
        (self.folder / "a.jsonl").write_text("".join(
            json.dumps({"text": f"The scheduler of engine {i} preempts.", "team": "red" if i % 3 else "blue"}) + "\n"
            for i in range(7)))
        self.index()
        facets = self.ok("--json", "corpus", "facets", "docs", "--key", "@document").json
        self.assertEqual({facet["key"] for facet in facets}, {"@document"})
        counted = {one["value"]: one["count"] for one in facets[0]["values"]}
        self.assertEqual(counted["tea.md"], 1)
        some = self.ok("--json", "corpus", "facets", "docs", "--key", "@document", "--query", "green").json
        self.assertEqual([one["value"] for one in some[0]["values"]], ["tea.md"])
        self.assertIn("tea.md", self.ok("corpus", "facets", "docs", "--key", "@document").out)
        words = self.ok("--json", "corpus", "suggest", "green te").json
        self.assertIn("tea", [word["text"] for word in words])
        self.assertIn("tea", self.ok("corpus", "suggest", "te", "-c", "docs").out)

    def test_a_snapshot_is_restored_beside_what_is_there(self):
        self.index()
        backup = self.folder.parent / "backup"
        self.ok("corpus", "snapshot", backup)
        self.write("tea.md", TEA.replace("Green", "Black"))
        self.index()
        refused = atelier("corpus", "restore", backup, home=self.home)
        self.assertEqual(refused.code, 1)
        self.assertIn("--replace", refused.err)
        self.assertEqual(self.found("black"), ["tea.md"])
        self.assertEqual(self.ok("--json", "corpus", "restore", backup, "--corpus", "old").json["documents"], 2)
        self.assertEqual(self.found("green", "--corpus", "old"), ["tea.md"])
        self.ok("corpus", "restore", backup, "--replace")
        self.assertEqual(self.found("black", "--corpus", "docs"), [])
        self.assertEqual(self.index()["changed"], 1, "the folder is as it was before")
        self.assertNotEqual(atelier("corpus", "snapshot", backup, "-c", "old", home=self.home).code, 0, "it is not empty")

    def test_another_embedder_takes_the_place_of_the_first(self):
        self.index()
        other = atelier("index", self.folder, "--embedder", EMBED, home=self.home)
        self.assertEqual(other.code, 1)
        self.assertIn(f"atelier corpus reembed docs --embedder {EMBED}", other.err)
        report = self.ok("--json", "corpus", "reembed", "docs", "--embedder", EMBED).json
        self.assertEqual((report["embedder"], report["records"], report["kept"]), (EMBED, 4, 0))
        self.assertEqual(self.ok("--json", "corpus", "stats").json["vectors"], 2)
        self.assertEqual(self.found("How hot should the water be?", "--by", "vectors", "-k", "1"), ["tea.md"])
        again = self.index(EMBED)
        self.assertEqual((again["unchanged"], again["embedded"]), (2, 0))
        self.assertEqual(atelier("corpus", "reembed", "docs", "--embedder", EMBED, home=self.home).code, 1)
        # The same vectors as indexing gives.
        reembedded = self.ok("corpus", "export", "--vectors").out
        self.ok("corpus", "rm", "docs", "--yes")
        self.index(EMBED)
        vectors = [[json.loads(line).get("vector") for line in text.splitlines()]
                   for text in (reembedded, self.ok("corpus", "export", "--vectors").out)]
        for was, now in zip(*vectors):
            for a, b in zip(was or [], now or [], strict=True):
                self.assertAlmostEqual(a, b, places=5)

    def test_removed_means_gone_from_the_disk(self):
        self.write("secret.md", f"# Secret\n\nThe word is {CANARY}.\n")
        self.index()
        self.assertTrue(self.files_with(CANARY))
        refused = atelier("corpus", "rm", "docs", home=self.home)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("--yes", refused.err)
        self.assertEqual(self.found(CANARY), ["secret.md"])
        self.ok("--json", "corpus", "rm", "docs", "--yes")
        self.assertEqual(self.files_with(CANARY), [])
        self.assertEqual(self.ok("--json", "corpus", "list").json, [])
        self.assertTrue((self.folder / "secret.md").exists())

    def start(self, *args):
        """A command that runs until the test ends."""
        process = subprocess.Popen([ATELIER, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, env=environment(ATELIER_HOME=self.home))

        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def watch(self):
        watching = self.start("index", self.folder, "--embedder", "none", "--watch")
        self.assertIn("2 files added", watching.stdout.readline())
        return watching

    def interrupt(self, process):
        """What it still said; Ctrl-C is no failure."""
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=DEADLINE_S)
        self.assertEqual(process.returncode, 0)
        return out

    def test_a_folder_is_watched_while_others_read(self):
        watching = self.watch()
        self.assertEqual(self.found("tea"), ["tea.md"], "read beside the one that writes")
        self.assertEqual(atelier("index", self.folder, "--embedder", "none", home=self.home).code, 1, "one writes")
        self.assertEqual(atelier("corpus", "rm", "docs", "--yes", home=self.home).code, 1)
        self.assertIn("every checksum is right", self.ok("corpus", "verify").out)
        self.write("new.md", "# Coffee\n\nBlack coffee.\n")
        self.wait_until(lambda: self.found("coffee") == ["new.md"])
        (self.folder / "tea.md").unlink()
        self.wait_until(lambda: self.found("tea") == [])
        self.ok("corpus", "snapshot", self.folder.parent / "backup")
        told = self.interrupt(watching)
        self.assertIn("1 files added", told)
        self.assertIn("1 removed", told)
        self.assertEqual(self.index()["unchanged"], 2, "the lock is free, and nothing is left to do")

    def test_a_server_searches_what_another_process_writes(self):
        watching = self.watch()
        serving = self.start("serve", "--port", "0")
        url = re.search(r"http://[\w.:]+", serving.stdout.readline()).group()

        def searched(query):
            request = urllib.request.Request(f"{url}/v1/vector_stores/docs/search", json.dumps({"query": query}).encode(),
                                             {"content-type": "application/json"})
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return [hit["filename"] for hit in json.load(answer)["data"]]

        self.assertEqual(searched("tea"), ["tea.md"])
        self.write("new.md", "# Coffee\n\nBlack coffee.\n")
        self.wait_until(lambda: searched("coffee") == ["new.md"])
        refused = atelier("corpus", "reembed", "docs", "--embedder", EMBED, home=self.home)
        self.assertEqual(refused.code, 1)
        self.assertIn("is being written", refused.err)
        self.interrupt(watching)
        report = self.ok("--json", "corpus", "reembed", "docs", "--embedder", EMBED).json
        self.assertEqual((report["records"], report["kept"]), (0, 6), "all was made the first time")
        self.assertEqual(searched("How hot should the water be?")[0], "tea.md")

    def wait_until(self, condition):
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, "what changed was not followed")
            time.sleep(0.1)


class Asking(Case):
    def test_removing_asks_and_takes_no_for_an_answer(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="atelier-docs-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "tea.md").write_text(TEA)
        self.run_ok("index", folder, "--corpus", "asked", "--embedder", "none")
        for answer, is_left in (("n", True), ("y", False)):
            terminal = Terminal("corpus", "rm", "asked")
            terminal.wait_for(r"1 documents .*\? \[y/N\] ")
            terminal.type(answer + "\n")
            terminal.end()
            self.assertEqual("asked" in self.run_ok("corpus", "list", "--names").out.split(), is_left)
