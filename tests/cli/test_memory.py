"""atelier memory …: what is remembered, by command and by an agent, and that what is forgotten is gone from the disk."""

import json
import pathlib
import subprocess
import sys
import tempfile

from calling import ATELIER, Case, atelier, environment, make_home

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from scripted_upstream import ScriptedUpstream  # noqa: E402

CANARY = "zebracanary"


def files_with(folder, text):
    wanted = text.encode()
    return [str(path) for path in pathlib.Path(folder).rglob("*")
            if path.is_file() and not path.is_symlink() and wanted in path.read_bytes()]


class Memory(Case):
    def setUp(self):
        self.home = make_home()

    def memory(self, *args):
        answer = atelier("--json", "memory", *args, home=self.home)
        self.assertEqual(answer.code, 0, answer.err)
        return answer.json

    def test_facts_and_turns_are_kept_found_shown_and_exported(self):
        nuts = self.memory("add", "Ana is allergic to nuts.", "--user", "ana", "--kind", "profile")["id"]
        self.memory("add", "Ben likes nuts.", "--user", "ben")
        turn = self.memory("add", "I moved to Porto.", "--user", "ana", "--session", "one", "--kind", "turn")["id"]
        found = self.memory("search", "What is she allergic to?", "--user", "ana")
        self.assertEqual([fact["id"] for fact in found["facts"]], [nuts])
        self.assertEqual(self.memory("search", "Where did Ana move?", "--user", "ana")["turns"][0]["id"], turn)
        self.assertEqual(self.memory("show", nuts)["text"], "Ana is allergic to nuts.")
        self.assertEqual(sorted(fact["user"] for fact in self.memory("list")), ["ana", "ben"])
        self.assertEqual(self.memory("list", "sessions")[0]["turns"], 1)
        whole = self.memory("export", "--user", "ana")
        self.assertEqual((len(whole["turns"]), len(whole["facts"])), (1, 1))
        lines = atelier("memory", "export", home=self.home).out.splitlines()
        self.assertEqual([json.loads(line)["type"] for line in lines], ["turn", "fact", "fact"])

    def test_of_what_is_forgotten_no_byte_is_left_under_the_home(self):
        fact = self.memory("add", f"The code is {CANARY}.", "--user", "ana")["id"]
        turn = self.memory("add", f"My code is {CANARY}.", "--user", "ana", "--kind", "turn")["id"]
        self.memory("add", "I am Ben.", "--user", "ben", "--kind", "turn")
        self.assertTrue(files_with(self.home, CANARY))
        self.assertEqual(self.memory("forget", fact, turn)["forgotten"], 2)
        self.assertEqual(files_with(self.home, CANARY), [])
        self.memory("add", f"My code is {CANARY}.", "--user", CANARY, "--kind", "turn")
        self.assertEqual(self.memory("rm", "--user", CANARY, "--yes")["forgotten"], 1)
        self.assertEqual(files_with(self.home, CANARY), [])
        self.assertEqual(len(self.memory("list", "turns")), 1)

    def test_wrong_uses_are_told(self):
        self.assertIn("nothing was recorded", atelier("memory", "list", home=self.home).err)
        self.assertIn("--all", atelier("memory", "rm", "--yes", home=self.home).err)
        self.memory("add", "One.")
        self.assertEqual(atelier("memory", "forget", "f/none", home=self.home).code, 1)
        self.assertEqual(atelier("memory", "show", "t/none", home=self.home).code, 1)


class RememberingAgent(Case):
    """An agent with a memory: what was said reaches the model of the next run, and the turns are recorded once."""

    def setUp(self):
        self.home = make_home()
        self.asked = []
        self.upstream = ScriptedUpstream(self.answer)
        self.addCleanup(self.upstream.stop)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        config = {"providers": [{"name": "far", "base_url": self.upstream.base_url,
                                 "models": [{"id": "m", "kind": "chat"}]}],
                  "agents": [{"name": "friend", "model": "far/m", "memory": {"user": "ana", "learn": False}}]}
        self.config = pathlib.Path(self.folder.name, "atelier.yaml")
        self.config.write_text(json.dumps(config))

    def answer(self, body):
        self.asked.append(json.dumps(body["messages"]))
        return "I see."

    def command(self, *args):
        answer = atelier("--config", self.config, "--json", *args, home=self.home)
        self.assertEqual(answer.code, 0, answer.err)
        return answer.json

    def test_what_was_said_is_told_in_the_next_run(self):
        self.command("agent", "run", "My cat is called Saffron.")
        self.assertNotIn("remembered", self.asked[0])
        run = self.command("agent", "run", "What is my cat called?")
        self.assertIn("ana: My cat is called Saffron.", self.asked[1])
        turns = self.command("memory", "list", "turns", "--user", "ana")
        self.assertEqual([turn["text"] for turn in turns],
                         ["My cat is called Saffron.", "I see.", "What is my cat called?", "I see."])
        self.assertEqual(self.command("agent", "replay", run["id"])["status"], "completed")
        self.assertEqual(len(self.command("memory", "list", "turns")), 4, "a replay records nothing")

    def test_in_a_chat_each_turn_is_remembered_once(self):
        given = "My cat is called Saffron.\nWhat is my cat called?\n/regenerate\n"
        chat = atelier("--config", self.config, "--json", "chat", "--model", "agent/friend", home=self.home, given=given)
        self.assertEqual(chat.code, 0, chat.err)
        self.assertEqual(len(chat.json["messages"]), 4)
        turns = self.command("memory", "list", "turns", "--user", "ana")
        self.assertEqual([turn["text"] for turn in turns],
                         ["My cat is called Saffron.", "I see.", "What is my cat called?", "I see."])
        self.assertEqual(self.asked[1].count("My cat is called Saffron."), 1, "what the model reads anyway is not told")
        again = atelier("--config", self.config, "chat", "--model", "agent/friend", home=self.home, given="And my dog?\n")
        self.assertEqual(again.code, 0, again.err)
        self.assertIn("ana: My cat is called Saffron.", self.asked[-1])

    def test_an_editors_session_is_a_conversation_of_the_same_agent(self):
        self.command("agent", "run", "My cat is called Saffron.")
        editor = subprocess.Popen([ATELIER, "--config", str(self.config), "acp"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  env=environment(ATELIER_HOME=self.home))
        self.addCleanup(editor.stdout.close)

        def ask(number, method, **params):
            editor.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
            editor.stdin.flush()
            while True:
                line = json.loads(editor.stdout.readline())
                if line.get("id") == number and "method" not in line:
                    return line["result"]

        ask(0, "initialize", protocolVersion=1, clientCapabilities={})
        session = ask(1, "session/new", cwd="/tmp", mcpServers=[])["sessionId"]
        for number, said in enumerate(("It likes fish.", "And milk."), 2):
            ask(number, "session/prompt", sessionId=session, prompt=[{"type": "text", "text": said}])
        editor.stdin.close()
        self.assertEqual(editor.wait(60), 0)
        self.assertIn("ana: My cat is called Saffron.", self.asked[1], "an agent is the same through any door")
        turns = self.command("memory", "list", "turns", "--agent", "friend", "--session", session)
        self.assertEqual([turn["text"] for turn in turns], ["It likes fish.", "I see.", "And milk.", "I see."])
