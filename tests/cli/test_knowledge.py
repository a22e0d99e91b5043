"""index, search, ask and their measurements, over a folder of a few small documents."""

import json

from calling import CHAT, EMBED, FolderCase, atelier

ENGINE = "# Engine\n\n## Preemption\n\nThe scheduler preempts the sequence that was served last.\n\n## Cache\n\nBlocks hold 16 positions.\n"
TEA = "<html><head><title>Tea</title></head><body><h1>Tea</h1><p>Green tea is brewed at seventy degrees.</p></body></html>"


class Knowledge(FolderCase):
    def setUp(self):
        super().setUp()
        self.write("engine.md", ENGINE)
        self.write("tea.html", TEA)

    def index(self, *more):
        return self.ok("--json", "index", self.folder, *more).json

    def test_a_question_is_answered_by_the_sentence_that_says_it(self):
        report = self.index()
        self.assertEqual((report["corpus"], report["embedder"], report["added"]), ("docs", EMBED, 2))
        self.assertEqual(report["chunks"], report["embedded"])
        answer = self.ok("--json", "ask", "Which sequence does the scheduler preempt?").json
        self.assertFalse(answer["refused"])
        quotes = [citation["quote"] for citation in answer["citations"]]
        self.assertIn("The scheduler preempts the sequence that was served last.", quotes)
        for citation in answer["citations"]:
            begin, end = citation["span"]
            if citation["document"] == "engine.md":
                self.assertEqual(ENGINE.encode()[begin:end].decode(), citation["quote"], "spans are the file's bytes")
        shown = self.ok("ask", "Which sequence does the scheduler preempt?").out
        self.assertIn("[1]", shown)
        self.assertIn("engine.md", shown)

    def test_words_meaning_and_both_find(self):
        self.index()
        by_meaning = self.ok("--json", "search", "--by", "vectors", "-k", "1", "How hot should the water be?").json
        self.assertEqual(by_meaning["results"][0]["document"], "tea.html")
        by_words = self.ok("--json", "search", "--by", "words", "brewing").json
        self.assertEqual([result["document"] for result in by_words["results"]], ["tea.html"])
        self.assertEqual(by_words["results"][0]["title"], "Tea")
        both = self.ok("search", "green tea").out
        self.assertIn("tea.html", both)

    def test_only_what_changed_is_read_again(self):
        self.index("--embedder", "none")
        again = self.index()
        self.assertEqual((again["added"], again["changed"], again["unchanged"], again["chunks"]), (0, 0, 2, 0))
        self.write("tea.html", TEA.replace("seventy", "eighty"))
        (self.folder / "engine.md").unlink()
        self.write("new.txt", "Something new.")
        changed = self.index()
        self.assertEqual((changed["added"], changed["changed"], changed["removed"]), (1, 1, 1))
        found = self.ok("--json", "search", "scheduler").json["results"]
        self.assertEqual(found, [], "what vanished is not found")
        self.assertIn("eighty", self.ok("search", "tea").out)

    def test_one_bad_file_is_told_and_skipped(self):
        (self.folder / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
        report = self.index("--embedder", "none")
        self.assertEqual(report["added"], 3)
        self.assertEqual([skipped["where"].split(":")[0] for skipped in report["skipped"]], ["bad.docx"])
        self.assertIn("tea.html", self.ok("search", "tea").out)

    def test_an_index_records_its_embedder(self):
        self.index("--embedder", "none")
        other = atelier("index", self.folder, "--embedder", EMBED, home=self.home)
        self.assertEqual(other.code, 1)
        self.assertIn(EMBED, other.err)
        self.assertIn("none", other.err)

    def test_what_is_missing_is_told(self):
        self.assertIn("atelier index FOLDER", atelier("ask", "Anything?", home=self.home).err)
        self.assertNotEqual(atelier("index", self.folder / "nowhere", home=self.home).code, 0)
        self.index("--embedder", "none")
        self.assertIn("docs", atelier("search", "x", "--corpus", "other", home=self.home).err)

    def test_retrieval_is_measured_on_a_judged_set(self):
        judged = self.folder.parent / "judged"
        (judged / "qrels").mkdir(parents=True)
        documents = [{"_id": "d1", "title": "Tea", "text": "Green tea."}, {"_id": "d2", "text": "Black coffee."}]
        (judged / "corpus.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
        (judged / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "coffee"}) + "\n")
        (judged / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td2\t1\n")
        report = self.ok("--json", "eval", "retrieval", judged, "--embedder", EMBED).json
        self.assertEqual([way["name"] for way in report["ways"]], ["BM25", "dense", "hybrid"])
        self.assertEqual([way["ndcg_at_10"] for way in report["ways"]], [1, 1, 1])

    def test_conversations_are_measured_with_and_without_their_history(self):
        judged = self.folder.parent / "judged"
        (judged / "qrels").mkdir(parents=True)
        documents = [{"_id": "d1", "text": "Green tea is brewed at seventy degrees."}, {"_id": "d2", "text": "Black coffee."}]
        (judged / "corpus.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
        (judged / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "how hot green tea"}) + "\n")
        (judged / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td1\t1\n")
        conversations = self.folder.parent / "conversations.jsonl"
        line = {"query": "q", "turns": ["What is green tea?", "A drink.", "And how warm?"]}
        conversations.write_text(json.dumps(line) + "\n")
        report = self.ok("--json", "eval", "conversations", judged, conversations, "--embedder", "none",
                         "--stage-model", CHAT).json
        figures = {way["name"]: way["ndcg_at_10"] for way in report["ways"]}
        self.assertEqual(list(figures), ["last turn", "history", "rewrite", "standalone"])
        self.assertEqual((figures["last turn"], figures["history"], figures["standalone"]), (0, 1, 1))
        rewritten = report["ways"][2]
        self.assertEqual(rewritten["skipped"], 0)
        self.assertGreater(rewritten["median_tokens"], 0, "the model was asked")
        conversations.write_text(json.dumps({**line, "query": "other"}) + "\n")
        wrong = atelier("eval", "conversations", judged, conversations, "--embedder", "none", home=self.home)
        self.assertIn("other", wrong.err)

    def test_a_learned_reranker_is_fitted_and_used(self):
        judged = self.folder.parent / "judged"
        (judged / "qrels").mkdir(parents=True)
        documents = [{"_id": f"d{i}", "text": f"{word} tea, a note on {word} water."}
                     for i, word in enumerate(["green", "black", "white", "red"])]
        (judged / "corpus.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
        queries = [{"_id": f"q{i}", "text": f"tea {document['text'].split()[0]}"} for i, document in enumerate(documents)]
        (judged / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
        lines = "".join(f"q{i}\td{i}\t1\n" for i in range(4))
        for split in ("train", "test"):
            (judged / f"qrels/{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + lines)
        model = self.folder.parent / "ranker.json"
        report = self.ok("--json", "eval", "fit-reranker", judged, "--embedder", "none", "--out", model).json
        self.assertEqual(report["parts"][0]["queries"], 4)
        self.assertEqual(report["model"], json.loads(model.read_text()))
        ways = self.ok("--json", "eval", "retrieval", judged, "--embedder", "none", "--rerank", "learned",
                       "--rerank-model", model).json["ways"]
        self.assertEqual([(way["name"], way["ndcg_at_10"]) for way in ways], [("BM25", 1), ("reranked", 1)])
        wrong = atelier("eval", "fit-reranker", judged, "--embedder", "none", "--without", "beauty", home=self.home)
        self.assertIn("beauty", wrong.err)

    def test_answers_are_measured_on_judged_questions(self):
        self.index()
        questions = self.folder.parent / "questions.jsonl"
        gold = {"document": "docs/engine.md", "quote": "Blocks hold 16 positions."}
        lines = [{"id": "a", "question": "How many positions does a block hold?", "answerable": True, "gold": [gold]},
                 {"id": "b", "question": "What does coffee cost?", "answerable": False, "gold": []}]
        questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
        ways = self.ok("--json", "eval", "answers", questions, "--prefix", "docs/").json["ways"]
        self.assertEqual([way["name"] for way in ways], ["as configured", "always refuse", "never refuse", "first sentence"])
        self.assertEqual(ways[2]["citation_recall"], 1)
        self.assertEqual(ways[1]["accuracy"], 0.5, "half of them are rightly refused")
        self.assertEqual(ways[0]["refusal_auroc"], 1)
        written = self.ok("--json", "eval", "answers", questions, "--prefix", "docs/", "--mode", "abstractive").json["ways"]
        self.assertEqual([way["name"] for way in written], ["written"] + [way["name"] for way in ways])
        self.assertEqual(written[1:], ways, "what is to be beaten is the same")
        self.assertTrue(0 <= written[0]["left_out"] <= 1)
