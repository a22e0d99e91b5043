"""`atelier chat`: in a terminal, as a person uses it, and with lines from a pipe."""

import json
import os
import re
import stat
import tempfile

from calling import CHAT, EMBED, HOME, Case, Terminal, atelier

PROMPT = r"(?:^|\n)> $"


class ChatCase(Case):
    def start(self, *args):
        chat = Terminal("chat", "--temperature", "0", "--max-tokens", "16", *args)
        chat.wait_for(PROMPT)
        return chat

    def ask(self, chat, line):
        """The answer to a line that a person types."""
        chat.say(line)
        return chat.wait_for(PROMPT).rsplit("\n>", 1)[0]


class InATerminal(ChatCase):
    def test_answers_remembers_and_leaves(self):
        chat = self.start()
        self.assertTrue(self.ask(chat, "Hello").strip())
        self.assertTrue(self.ask(chat, "And you?").strip())
        shown = self.ask(chat, "/show")
        self.assertIn("messages  4", shown)
        self.assertIn("user: And you?", shown)
        chat.type("\x04")
        self.assertEqual(chat.end(), 0)

    def test_ctrl_c_stops_the_answer_and_not_the_program(self):
        chat = Terminal("chat", "--temperature", "0", "--ignore-eos", "--max-tokens", "8000")
        chat.wait_for(PROMPT)
        chat.say("Tell me a very long story.")
        chat.wait_for(r"\w+ \w+ \w+")
        chat.interrupt()
        chat.wait_for(r"\[stopped\]\n")
        chat.wait_for(PROMPT)
        self.assertIn("messages  2", self.ask(chat, "/show"))
        self.ask(chat, "/set ignore_eos off")
        self.ask(chat, "/set max_tokens 4")
        self.assertTrue(self.ask(chat, "Hello").strip())
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)

    def test_ctrl_c_at_the_prompt_drops_what_was_typed(self):
        chat = self.start()
        chat.type("this is not sent")
        chat.wait_for("not sent")
        chat.interrupt()
        chat.wait_for(r"\^C\n")
        chat.wait_for(PROMPT)
        self.assertIn("messages  0", self.ask(chat, "/show"))
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)

    def test_tab_completes_commands_settings_and_models(self):
        chat = self.start()
        chat.type("/se\t")
        chat.wait_for("/set ")
        chat.type("temperat\t")
        chat.wait_for("temperature ")
        chat.type("0.5\n")
        chat.wait_for(PROMPT)
        self.assertIn('"temperature":0.5', self.ask(chat, "/show"))
        chat.type("/model smol\t")
        chat.wait_for(re.escape(CHAT))
        chat.type("\n")
        chat.wait_for(PROMPT)
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)

    def test_what_is_thought_before_the_answer_is_dim(self):
        template = ("{% for m in messages %}<|im_start|>{{ m.role }}\n"
                    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n{% endif %}"
                    "{{ m.content }}<|im_end|>\n{% endfor %}"
                    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}")
        options = ("--chat-template", template, "--thinking-token-budget", "4", "--min-tokens", "16")
        chat = self.start(*options)
        said = self.ask(chat, "Hello")
        self.assertRegex(said, "\x1b\\[2m")
        answer = said.rsplit("\x1b[0m", 1)[1]
        self.assertTrue(answer.strip())
        shown = self.ask(chat, "/show")
        self.assertIn("messages  2", shown)
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)
        # The answer alone where nobody looks.
        piped = atelier("chat", "--temperature", "0", "--max-tokens", "16", *options, given="Hello\n")
        self.assertEqual(piped.out.strip(), answer.strip())

    def test_several_lines_are_one_message(self):
        chat = self.start()
        chat.type('"""first\n')
        chat.wait_for(r"\n\. ")
        chat.type("second\n")
        chat.wait_for(r"\n\. ")
        chat.type('third"""\n')
        chat.wait_for(PROMPT)
        chat.type("one\\\n")
        chat.wait_for(r"\n\. ")
        chat.type("two\n")
        chat.wait_for(PROMPT)
        shown = self.ask(chat, "/show")
        self.assertIn("user: first\nsecond\nthird\n", shown)
        self.assertIn("user: one\ntwo\n", shown)
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)

    def test_lines_are_edited_and_remembered_from_one_chat_to_the_next(self):
        chat = self.start()
        chat.type("/sXhow\x1b[D\x1b[D\x1b[D\x7f\n")  # three to the left, and one deleted
        self.assertIn("messages  0", chat.wait_for(PROMPT))
        chat.say("/set top_k 5")
        chat.wait_for(PROMPT)
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(f"{HOME}/chat_history").st_mode), 0o600)
        chat = self.start()
        chat.type("\x1b[A\x1b[A\n")  # two up: past /quit
        chat.wait_for(PROMPT)
        self.assertIn('"top_k":5', self.ask(chat, "/show"))
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)

    def test_backspace_takes_a_character_not_a_byte(self):
        chat = self.start()
        chat.type("/system abé👋\x7f\x7fc\n")
        chat.wait_for(PROMPT)
        self.assertIn("system    abc\n", self.ask(chat, "/show"))
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)

    def test_a_mistake_is_told_and_the_chat_goes_on(self):
        chat = self.start()
        self.assertIn("did you mean '/clear'", self.ask(chat, "/claer"))
        self.assertIn("want a number from 0 to 2", self.ask(chat, "/set temperature 9"))
        self.assertIn("did you mean 'temperature'", self.ask(chat, "/set temprature 1"))
        self.assertIn("want one that chats", self.ask(chat, f"/model {EMBED}"))
        self.assertIn("did you mean", self.ask(chat, "/model smollm2-135m-instruc"))
        self.assertIn("want one first", self.ask(chat, "/regenerate"))
        self.assertTrue(self.ask(chat, "Hello").strip())
        chat.say("/quit")
        self.assertEqual(chat.end(), 0)


class FromAPipe(Case):
    def test_lines_are_messages_and_json_is_the_conversation(self):
        document = self.run_ok("chat", "--json", "--temperature", "0", "--max-tokens", "8", given="Hello\nAnd you?\n").json
        self.assertEqual([message["role"] for message in document["messages"]], ["user", "assistant"] * 2)
        self.assertEqual(document["settings"], {"temperature": 0, "max_tokens": 8})

    def test_a_saved_conversation_goes_on_as_if_it_had_not_been_left(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/talk.json"
            options = ["chat", "--json", "--temperature", "0", "--max-tokens", "8", "--system", "Be brief."]
            self.run_ok(*options, given=f"Hello\n/save {path}\n")
            went_on = self.run_ok("chat", "--json", "--load", path, given="And you?\n").json
            unbroken = self.run_ok(*options, given="Hello\nAnd you?\n").json
            self.assertEqual(went_on, unbroken)
            with open(path, "w") as file:
                json.dump({"messages": [{"role": "nobody", "content": "x"}]}, file)
            broken = atelier("chat", "--load", path)
            self.assertEqual(broken.code, 1)
            self.assertIn("messages[0].role", broken.err)

    def test_regenerate_clear_and_system(self):
        answers = self.run_ok("chat", "--temperature", "0", "--max-tokens", "8", given="Hello\n/regenerate\n").out.splitlines()
        self.assertEqual(answers[0], answers[1])
        document = self.run_ok("chat", "--json", "--max-tokens", "4", given="Hello\n/clear\n/system Be kind.\n").json
        self.assertEqual(document["messages"], [])
        self.assertEqual(document["system"], "Be kind.")

    def test_the_first_failure_ends_it(self):
        answer = atelier("chat", given="/bogus\nHello\n")
        self.assertEqual(answer.code, 1)
        self.assertEqual(answer.out, "")
