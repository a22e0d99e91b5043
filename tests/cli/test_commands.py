"""complete, tokens, embed, rerank, models, help: what they print, for people and with --json."""

import json
import math
import os
import re
import signal
import subprocess
import tempfile
import time

from calling import ATELIER, CHAT, EMBED, HOME, Case, atelier, environment


def wait_for_watch(pid):
    """Until the program watches for Ctrl-C instead of dying of it: its main thread blocks the signal."""
    while not int(re.search(r"SigBlk:\s*(\w+)", open(f"/proc/{pid}/status").read()).group(1), 16) & 1 << signal.SIGINT - 1:
        time.sleep(0.01)


class Complete(Case):
    def test_the_same_seed_gives_the_same_text_streamed_or_as_json(self):
        args = ["complete", "--seed", "7", "--max-tokens", "12", "Once", "upon", "a", "time"]
        streamed = self.run_ok(*args)
        document = self.run_ok(*args, "--json").json
        self.assertEqual(streamed.out, document["choices"][0]["text"] + "\n")
        self.assertEqual(document["model"], CHAT)
        self.assertEqual(document["seed"], 7)
        self.assertEqual(document["usage"]["completion_tokens"], 12)
        self.assertEqual(document["choices"][0]["finish_reason"], "length")

    def test_knows_the_capital_of_france(self):
        self.assertIn("Paris", self.run_ok("complete", "--temperature", "0", "--max-tokens", "4",
                                           given="The capital of France is").out)

    def test_chat_answers_and_a_system_message_counts(self):
        plain = self.run_ok("complete", "--chat", "--temperature", "0", "--max-tokens", "8", "--json", "Hello").json
        with_system = self.run_ok("complete", "--system", "You are a pirate.", "--temperature", "0", "--max-tokens", "8",
                                  "--json", "Hello").json
        self.assertNotEqual(plain["usage"]["prompt_tokens"], with_system["usage"]["prompt_tokens"])

    def test_described_options_reach_the_sampler(self):
        document = self.run_ok("complete", "--json", "--n", "2", "--logprobs", "3", "--token-ids", "--max-tokens", "3",
                               "--logit-bias", "17=100", "--logit-bias", "17=90", "Go").json
        self.assertEqual([choice["token_ids"] for choice in document["choices"]], [[17, 17, 17]] * 2)
        self.assertEqual(len(document["choices"][0]["logprobs"][0]["top_logprobs"]), 3)
        stopped = self.run_ok("complete", "--json", "--temperature", "0", "--stop", "Paris", "The capital of France is")
        self.assertNotIn("Paris", stopped.json["choices"][0]["text"])
        self.assertEqual(stopped.json["choices"][0]["finish_reason"], "stop")

    def test_wrong_values_are_refused_as_the_server_refuses_them(self):
        for args, message in [
            (["--temperature", "9", "x"], "temperature: got 9, want a number from 0 to 2"),
            (["--top-k", "many", "x"], "top_k: got"),
            (["--model", "smollm2-135m-instruc", "x"], "did you mean"),
            (["--suffix", "end", "x"], "no tokens for that"),
            (["--model", EMBED, "x"], "generates text"),
        ]:
            answer = atelier("complete", *args)
            self.assertEqual(answer.code, 1)
            self.assertIn(message, answer.err)
            self.assertEqual(answer.out, "")

    def test_an_error_with_json_is_one_document_too(self):
        answer = atelier("complete", "--json", "--temperature", "9", "x")
        self.assertEqual(answer.code, 1)
        self.assertIn("want a number from 0 to 2", answer.json["error"]["message"])

    def test_ctrl_c_ends_the_text_and_says_so(self):
        process = subprocess.Popen([ATELIER, "complete", "--ignore-eos", "--max-tokens", "8000", "One two three"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        first = process.stdout.read(8)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(first)
        self.assertIn("stopped by Ctrl-C", err)


class Tokens(Case):
    def test_pieces_and_merges_join_to_the_text(self):
        text = "Hello, wörld! 👋"
        document = self.run_ok("tokens", "--json", text).json
        tokens = [token for word in document["words"] for token in word["tokens"]]
        self.assertEqual(bytes(byte for token in tokens for byte in token["bytes"]).decode(), text)
        self.assertEqual(document["count"], len(tokens))
        hello = document["words"][0]
        self.assertEqual(hello["text"], "Hello")
        # Each merge joins what stands side by side by then; the last makes the token.
        parts = list("Hello")
        for merge in hello["merges"]:
            at = next(i for i in range(len(parts) - 1) if parts[i:i + 2] == [merge["left"], merge["right"]])
            parts[at:at + 2] = [merge["left"] + merge["right"]]
        self.assertEqual(parts, [token["text"] for token in hello["tokens"]])

    def test_ids_and_back(self):
        text = "def f(x):\n    return x"
        ids = self.run_ok("tokens", "--ids", given=text).out.split()
        self.assertEqual(self.run_ok("tokens", "--decode", *ids).out, text + "\n")
        self.assertEqual(self.run_ok("tokens", "--ids", "--json", given=text).json["ids"], [int(id) for id in ids])

    def test_special_tokens_only_where_asked(self):
        self.assertEqual(len(self.run_ok("tokens", "--ids", "--special", "<|im_end|>").out.split()), 1)
        self.assertGreater(len(self.run_ok("tokens", "--ids", "<|im_end|>").out.split()), 1)
        around = self.run_ok("tokens", "--ids", "--model", EMBED, "dog").out.split()
        self.assertEqual(around[1:-1], self.run_ok("tokens", "--ids", "--bare", "--model", EMBED, "dog").out.split())

    def test_a_table_for_people(self):
        out = self.run_ok("tokens", "Hello").out
        self.assertIn('"ell" + "o" -> "ello"', out)
        self.assertIn("48 65 6c 6c 6f", out)

    def test_an_id_that_is_none(self):
        self.assertIn("want ids from 0 to 49151", atelier("tokens", "--decode", "49152").err)


class EmbedAndRerank(Case):
    def test_vectors_are_the_same_by_every_way_in(self):
        by_json = [item["embedding"] for item in self.run_ok("embed", "--json", "a dog", "a cat").json["data"]]
        by_lines = [[float(x) for x in line.split()] for line in self.run_ok("embed", given="a dog\n\na cat\n").out.splitlines()]
        jsonl = self.run_ok("embed", "--jsonl", given='{"id": "d", "text": "a dog"}\n"a cat"\n').out.splitlines()
        self.assertEqual(by_json, by_lines)
        self.assertEqual(by_json, [json.loads(line)["embedding"] for line in jsonl])
        self.assertEqual(json.loads(jsonl[0])["id"], "d")
        self.assertAlmostEqual(math.hypot(*by_json[0]), 1, places=5)

    def test_skip_goes_on_where_a_run_ended(self):
        texts = "".join(f"text {i}\n" for i in range(5))
        whole = self.run_ok("embed", given=texts).out.splitlines()
        self.assertEqual(self.run_ok("embed", "--skip", "3", given=texts).out.splitlines(), whole[3:])

    def test_a_bad_line_is_named(self):
        self.assertIn("line 2", atelier("embed", "--jsonl", given='"a"\n{"id": 1}\n').err)
        self.assertEqual(atelier("embed", given="").code, 1)

    def test_rerank_puts_the_answer_first(self):
        texts = ["The moon is far.", "Cats eat meat.", "Stocks fell."]
        document = self.run_ok("rerank", "--json", "--top-n", "2", "what do cats eat", *texts).json
        self.assertEqual(document["results"][0]["text"], texts[1])
        self.assertEqual(document["results"][0]["index"], 1)
        self.assertEqual(len(document["results"]), 2)
        by_lines = self.run_ok("rerank", "what do cats eat", given="\n".join(texts)).out.splitlines()
        self.assertEqual(by_lines[0].split(maxsplit=2)[2], texts[1])
        jsonl = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
        best = json.loads(self.run_ok("rerank", "--jsonl", "what do cats eat", given=jsonl).out.splitlines()[0])
        self.assertEqual(best["id"], 1)

    def test_ctrl_c_ends_the_waiting_for_input(self):
        for args in (["embed"], ["rerank", "query"], ["chat"]):
            process = subprocess.Popen([ATELIER, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, env=environment())
            wait_for_watch(process.pid)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 130, args)
            self.assertIn("stopped by Ctrl-C", process.stderr.read())

    def test_ctrl_c_says_where_to_go_on(self):
        # More than can be done before the signal comes, read as it is written.
        process = subprocess.Popen([ATELIER, "embed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment())
        process.stdin.write("some words that go on for a while\n" * 100)
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdin.write("some words that go on for a while\n" * 100)
        process.stdin.close()
        done = 1 + len(process.stdout.read().splitlines())
        self.assertIn(f"--skip {done} goes on there", process.stderr.read())
        self.assertEqual(process.wait(timeout=60), 130)


class Models(Case):
    def test_list_show_verify(self):
        names = self.run_ok("models", "list", "--names").out.split()
        self.assertEqual(names, sorted([CHAT, EMBED]))
        self.assertEqual([model["name"] for model in self.run_ok("models", "list", "--json").json], names)
        self.assertIn("qwen3-0.6b", self.run_ok("models", "list", "--all", "--names").out.split())
        shown = self.run_ok("models", "show", CHAT, "--json").json
        self.assertEqual(shown["architecture"], "llama")
        self.assertEqual({file["problem"] for file in self.run_ok("models", "verify", CHAT, "--json").json}, {""})

    def test_import_verify_damage_and_remove(self):
        source = self.run_ok("models", "show", CHAT, "--json").json["file"]
        self.run_ok("models", "import", source, "--name", "mine")
        self.addCleanup(atelier, "models", "rm", "mine")
        taken = atelier("models", "import", source, "--name", "mine", "--json")
        self.assertEqual(taken.code, 1)
        self.assertIn("error", taken.json)
        [copy] = [os.path.join(HOME, "models/mine", name) for name in os.listdir(f"{HOME}/models/mine") if name.endswith("gguf")]
        with open(copy, "r+b") as file:
            file.seek(50_000_000)
            byte = file.read(1)[0]
            file.seek(50_000_000)
            file.write(bytes([byte ^ 1]))
        broken = atelier("models", "verify", "mine", "--json")
        self.assertEqual(broken.code, 1)
        self.assertTrue(any(file["problem"] for file in broken.json))
        doctor = atelier("doctor", "--full", "--json")
        self.assertEqual(doctor.code, 1)
        [finding] = [check for check in doctor.json["checks"] if check["check"] == "model mine"]
        self.assertEqual(finding["health"], "fail")
        self.assertIn("models rm mine", finding["mend"])
        self.run_ok("models", "rm", "mine", "--json")
        self.assertEqual(atelier("models", "show", "mine").code, 1)

    def test_pull_finds_what_is_there_and_names_what_is_not(self):
        self.assertTrue(all(model["was_there"] for model in self.run_ok("models", "pull", "--defaults", "--json").json))
        answer = atelier("models", "pull", "qwen3-0.6", ATELIER_HUB="http://127.0.0.1:1")
        self.assertEqual(answer.code, 1)
        self.assertIn("qwen3-0.6b", answer.err)


class GrammarCheck(Case):
    def test_says_what_is_whole_wrong_or_begun_and_how_it_could_end(self):
        rows = [{"schema": {"items": {"minimum": 3}, "type": "array"}, "texts": ["[4]", "[1]", "[4,"]},
                {"regex": "a+b", "texts": ["aab", "ba", "a"]},
                {"grammar": 'root ::= "a" root | "b"', "texts": ["ab", "c", "a"]},
                {"schema": {"type": "string", "minLength": 2, "maxLength": 1}, "texts": []}]
        out = self.run_ok("grammar", "check", given="".join(json.dumps(row) + "\n" for row in rows)).out
        answers = [json.loads(line) for line in out.splitlines()]
        for answer in answers[:3]:
            self.assertEqual([text["is"] for text in answer["texts"]], ["whole", "wrong", "begun"])
        self.assertEqual(answers[0]["texts"][2]["rest"], "null]")
        self.assertEqual(answers[1]["texts"][2]["rest"], "b")
        self.assertIn("no value satisfies", answers[3]["refused"])

    def test_members_in_any_order_are_a_matchers(self):
        row = json.dumps({"schema": {"properties": {"a": {}, "b": {}}}, "texts": ['{"b": 1, "a": 1}']}) + "\n"
        self.assertIn('"wrong"', self.run_ok("grammar", "check", given=row).out)
        self.assertIn('"whole"', self.run_ok("grammar", "check", "--any-order", given=row).out)

    def test_what_is_no_question_is_named_by_line(self):
        for line, message in [("nonsense", "line 1"), ('{"texts": []}', "want one of schema"), ('{"regex": 1}', "want a text")]:
            answer = atelier("grammar", "check", given=line + "\n")
            self.assertEqual(answer.code, 1)
            self.assertIn(message, answer.err)


class Usage(Case):
    def test_every_command_explains_itself(self):
        commands = self.run_ok("help").out.split("\nCOMMANDS\n")[1].split("\n\n")[0]
        names = re.findall(r"^  (\S+(?: \S+)?)  ", commands, re.M)
        self.assertIn("models pull", names)
        for name in names:
            page = self.run_ok("help", *name.split()).out
            self.assertEqual(page, self.run_ok(*name.split(), "--help").out)
            for part in ("USAGE", "OPTIONS OF EVERY COMMAND", "EXAMPLES", "EXIT CODES", "FILES", "ENVIRONMENT"):
                self.assertIn(f"\n{part}\n", page, name)
            manual = self.run_ok("help", "--man", *name.split()).out
            self.assertTrue(manual.startswith(".TH "), name)
            self.assertIn(".SH EXAMPLES", manual)

    def test_help_shows_what_samplers_default_to(self):
        page = " ".join(self.run_ok("help", "complete").out.split())
        for part in ("0 is greedy (0 to 2) [default: 1]", "growth of that penalty (1 to 1000) [default: 1.75]",
                     '[default: ["\\n",":","\\"","*"]]'):
            self.assertIn(part, page)

    def test_wrong_usage_is_2_and_says_what_was_meant(self):
        for args, message in [(["complet", "x"], "did you mean 'complete'?"), (["models", "pul"], "did you mean 'models pull'?"),
                              (["serve", "--prot", "1"], "--prot"), (["completion", "tcsh"], "tcsh"), (["rerank"], "query")]:
            answer = atelier(*args)
            self.assertEqual(answer.code, 2, args)
            self.assertIn(message, answer.err)
        self.assertEqual(atelier().code, 2)
        self.assertRegex(self.run_ok("--version").out, r"^atelier \d")

    def test_a_bad_configuration_is_named_with_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/atelier.yaml", "w") as file:
                file.write("server:\n  prot: 1\n")
            answer = atelier("complete", "x", cwd=folder)
            self.assertEqual(answer.code, 1)
            self.assertIn("atelier.yaml:2", answer.err)
            self.assertIn("port", answer.err)
            self.run_ok("help", cwd=folder)
