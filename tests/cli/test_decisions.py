"""decide and decisions calibrate: probabilities for people and with --json, and temperatures that are kept."""

import json
import shutil
import tempfile

from calling import CHAT, ROOT, Case, atelier, make_home

LABELLED = ROOT / "tests/golden/decisions/labelled.jsonl"
ABOUT = ["What is this about?", "-o", "billing", "-o", "delivery", "-o", "access: cannot log in"]
PARCEL = "My parcel never came."


def shown(out):
    """{value: probability} of what is printed for people, and the value with the star."""
    rows = [(line[0], *line[2:].split(None, 1)) for line in out.splitlines() if line[0] in "* "]
    [star] = [value for mark, _, value in rows if mark == "*"]
    return {value: float(probability) for _, probability, value in rows}, star


class Decide(Case):
    def test_a_statement_is_true_or_false(self):
        statement = "The customer wants their money back."
        probabilities, star = shown(self.run_ok("decide", statement, "Give me a refund.").out)
        self.assertEqual(probabilities.keys(), {"true", "false"})
        self.assertAlmostEqual(sum(probabilities.values()), 1, places=3)
        self.assertEqual(star, max(probabilities, key=probabilities.get))
        document = self.run_ok("--json", "decide", statement, "Give me a refund.").json
        self.assertEqual(document["model"], CHAT)
        self.assertAlmostEqual(document["answers"][0]["probability"], probabilities["true"], places=3)
        self.assertEqual(document["usage"]["output_tokens"], 0)

    def test_one_of_several_options_fits_whatever_their_order(self):
        probabilities, star = shown(self.run_ok("decide", *ABOUT, PARCEL).out)
        self.assertEqual(star, "delivery")
        self.assertEqual(probabilities.keys(), {"billing", "delivery", "access"})
        turned = self.run_ok("decide", ABOUT[0], *ABOUT[-2:], *ABOUT[1:-2], PARCEL).out
        self.assertEqual(shown(turned)[0], probabilities)

    def test_the_text_may_come_from_standard_input(self):
        by_words = self.run_ok("decide", *ABOUT, *PARCEL.split()).out
        self.assertEqual(self.run_ok("decide", *ABOUT, given=PARCEL + "\n").out, by_words)
        self.assertEqual(self.run_ok("decide", *ABOUT, "-", given=PARCEL).out, by_words)

    def test_levels_give_a_score(self):
        args = ["decide", "--score", "How satisfied is the writer?", "-o", "unhappy", "-o", "indifferent", "-o", "happy",
                "--orders", "3", "I loved it."]
        answer = self.run_ok("--json", *args).json["answers"][0]
        self.assertEqual([entry["label"] for entry in answer["probabilities"]], ["unhappy", "indifferent", "happy"])
        self.assertAlmostEqual(answer["score"], sum(entry["value"] * entry["probability"] for entry in answer["probabilities"]))
        self.assertIn(f"score {answer['score']:.3f} of 0 to 2", self.run_ok(*args).out)

    def test_what_the_model_prefers_is_left_in_only_where_asked(self):
        self.assertNotEqual(self.run_ok("decide", *ABOUT, PARCEL).out, self.run_ok("decide", "--biased", *ABOUT, PARCEL).out)

    def test_what_cannot_be_asked_is_named(self):
        for args, message in [
            (["-o", "one", "Which?", "x"], "--option: got 1, want 2 to 255"),
            (["-o", "a", "-o", "a", "Which?", "x"], "--option[1].value: got 'a' twice"),
            (["--score", "How?", "x"], "--option: got 0, want 2 to 10"),
            (["", "x"], "question: got no text"),
            (["--orders", "256", "It is so.", "x"], "--orders: got 256, want 0 to 255"),
            (["--model", "all-minilm-l6-v2", "It is so.", "x"], "generates text"),
        ]:
            answer = atelier("decide", *args)
            self.assertEqual(answer.code, 1, args)
            self.assertIn(message, answer.err)
            self.assertEqual(answer.out, "")
        self.assertEqual(atelier("decide").code, 2)


class Calibrate(Case):
    def setUp(self):
        self.home = make_home()
        self.labels = f"{self.home}/labelled.jsonl"
        with open(LABELLED) as file:
            self.lines = file.read().splitlines()[:12]
        with open(self.labels, "w") as file:
            file.write("\n".join(self.lines) + "\n\n")

    def calibrate(self, *args):
        return self.run_ok("decisions", "calibrate", self.labels, *args, home=self.home)

    def decide(self, *args):
        row = json.loads(self.lines[0])
        question = row["questions"][0]
        self.assertEqual(question["type"], "predicate")
        return self.run_ok("decide", *args, question["instructions"], row["input"], home=self.home).out

    def test_what_is_fitted_is_kept_and_used_from_then_on(self):
        before = self.decide()
        dry = self.calibrate("--dry-run", "--json").json
        self.assertEqual(dry["path"], "")
        self.assertEqual(self.decide(), before)
        kept = self.calibrate("--json").json
        self.assertEqual(kept["path"], f"{self.home}/calibrations/{CHAT}.json")
        self.assertEqual({**kept, "path": ""}, dry)
        self.assertEqual(kept["before"]["num"], sum(len(json.loads(line)["labels"]) for line in self.lines))
        self.assertLessEqual(kept["after"]["nll"], kept["before"]["nll"])
        self.assertEqual(kept["after"]["accuracy"], kept["before"]["accuracy"])
        self.assertEqual(sum(bin["num"] for bin in kept["held_out"]["bins"]), kept["before"]["num"])
        self.assertTrue(any(entry["temperature"] != 1 for entry in kept["questions"]))
        self.assertNotEqual(self.decide(), before)
        self.assertEqual(self.decide("--uncalibrated"), before)

    def test_a_table_for_people(self):
        out = self.calibrate("--dry-run").out
        for line in ("as they are", "calibrated, same labels", "calibrated, held out", "confidence"):
            self.assertIn(line, out)
        self.assertNotIn("kept in", out)

    def test_a_wrong_line_is_named(self):
        for line, message in [("{", "line 13"), ('{"input": "x", "questions": [], "labels": [], "more": 1}', "line 13: more"),
                              ('{"input": "x", "questions": [{"type": "predicate", "instructions": "y"}], "labels": [3]}',
                               "labels[0]: got 3")]:
            with open(self.labels, "w") as file:
                file.write("\n".join([*self.lines, line]))
            answer = atelier("decisions", "calibrate", self.labels, home=self.home)
            self.assertEqual(answer.code, 1)
            self.assertIn(message, answer.err)
        self.assertIn("none.jsonl", atelier("decisions", "calibrate", "none.jsonl", home=self.home).err)
