"""`atelier doctor`: what it finds, and that it names how to mend each fault."""

import http.server
import os
import shutil
import sqlite3
import tempfile
import threading

from calling import CHAT, EMBED, HOME, Case, atelier


class Doctor(Case):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="atelier-doctor-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        os.symlink(f"{HOME}/models", f"{self.home}/models")
        self.configure("server: {port: 0}\n")  # any free one: the machine's own server may hold the usual port

    def configure(self, text):
        with open(f"{self.home}/atelier.yaml", "w") as file:
            file.write(text)

    def examine(self, *args, **env):
        answer = atelier("doctor", "--json", *args, home=self.home, **env)
        checks = {check["check"]: check for check in answer.json["checks"]}
        failed = [check for check in checks.values() if check["health"] == "fail"]
        self.assertEqual(answer.code, 1 if failed else 0, answer.err)
        self.assertEqual(answer.json["ok"], not failed)
        for check in checks.values():
            self.assertEqual("mend" in check, check["health"] != "ok", check)
        return checks

    def fails(self, check, word, *args, **env):
        found = self.examine(*args, **env)[check]
        self.assertEqual(found["health"], "fail", found)
        self.assertIn(word, found["what"])

    def test_a_sound_installation(self):
        atelier("complete", "--max-tokens", "1", "x", home=self.home)  # makes the database
        checks = self.examine("--full")
        for name in ("processor", "threads", "memory", "huge pages", "open files", "home", "disk", "database traces.db",
                     f"model {CHAT}", f"model {EMBED}", "configuration", "port", "python3", "sandbox"):
            self.assertIn(name, checks)
        self.assertIn("hashes right", checks[f"model {CHAT}"]["what"])
        for line in self.run_ok("doctor", home=self.home).out.splitlines():
            self.assertRegex(line, r"^(ok|warn|fail)? +\S")

    def test_a_forced_instruction_set_that_is_none(self):
        self.fails("processor", "sse9", ATELIER_ISA="sse9")

    def test_a_configuration_that_cannot_be_read(self):
        self.configure("server: {prot: 1}\n")
        self.fails("configuration", "atelier.yaml:1")

    def test_an_open_server_without_a_key(self):
        self.configure("server: {host: 0.0.0.0, port: 0}\n")
        self.fails("configuration", "without a key")

    def test_a_key_whose_variable_is_not_set(self):
        self.configure("server: {port: 0, keys: [{name: me, key: 'env:NOT_SET_ANYWHERE'}]}\n")
        self.fails("configuration", "NOT_SET_ANYWHERE")

    def test_a_damaged_database(self):
        path = f"{self.home}/traces.db"
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE t(x)")
        db.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
        db.commit()
        db.close()
        with open(path, "r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 4096)
        self.fails("database traces.db", "traces.db")

    def test_no_models(self):
        os.remove(f"{self.home}/models")
        self.fails("models", "none")

    def test_a_truncated_model(self):
        os.remove(f"{self.home}/models")
        os.makedirs(f"{self.home}/models/{CHAT}")
        for name in os.listdir(f"{HOME}/models/{CHAT}"):
            shutil.copy(f"{HOME}/models/{CHAT}/{name}", f"{self.home}/models/{CHAT}")
            if name.endswith(".gguf"):
                os.truncate(f"{self.home}/models/{CHAT}/{name}", 1_000_000)
        self.fails(f"model {CHAT}", "1000000")

    def test_a_port_that_something_else_holds(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        server.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.configure(f"server: {{port: {server.server_port}}}\n")
        self.fails("port", "no Atelier answers")

    def test_a_folder_that_cannot_be_written(self):
        answer = atelier("doctor", "--json", home="/proc/nowhere")
        checks = {check["check"]: check for check in answer.json["checks"]}
        self.assertEqual(checks["home"]["health"], "fail")

    def test_no_python(self):
        self.assertEqual(self.examine(PATH="/nonexistent")["python3"]["health"], "warn")
