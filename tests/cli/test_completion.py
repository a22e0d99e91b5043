"""The scripts of `atelier completion`, in the shells they are for."""

import os
import pathlib
import shutil
import subprocess
import unittest

from calling import ATELIER, CHAT, EMBED, Case, environment

CASES = {
    "atelier comple": {"complete", "completion"},
    "atelier models p": {"pull"},
    "atelier models rm ": {CHAT, EMBED},
    "atelier chat --model ": {CHAT, EMBED},
    "atelier serve --kv-cache ": {"f16", "q8_0"},
    "atelier completion ": {"bash", "zsh", "fish"},
    "atelier models pull qwen3-": {"qwen3-0.6b", "qwen3-1.7b", "qwen3-4b"},
    "atelier complete --top-": {"--top-p", "--top-k", "--top-n-sigma"},
    "atelier --json mode": {"models"},
    "atelier models import /etc/passw": {"/etc/passwd"},
}


class Completion(Case):
    def setUp(self):
        # The scripts call `atelier` by its name.
        folder = str(pathlib.Path(ATELIER).parent)
        self.env = environment()
        self.env["PATH"] = folder + ":" + self.env["PATH"]

    def offers(self, argv, script):
        done = subprocess.run(argv, input=script, capture_output=True, text=True, timeout=60, env=self.env)
        self.assertEqual(done.stderr, "")
        return {line.split("\t")[0] for line in done.stdout.splitlines() if line}

    def test_bash(self):
        script = self.run_ok("completion", "bash").out
        for line, wanted in CASES.items():
            words = " ".join(f"'{word}'" for word in line.split(" "))
            ask = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _atelier; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            self.assertLessEqual(wanted, self.offers(["bash", "--norc"], f"{script}\n{ask}\n"), line)

    @unittest.skipUnless(shutil.which("zsh"), "no zsh here")
    def test_zsh(self):
        script = self.run_ok("completion", "zsh").out
        # Outside of a terminal zsh has no completion: what compadd would be given is printed instead.
        stand_in = ('compdef() { :; }; _files() { print -l /etc/passw*; }\n'
                    'compadd() { shift; print -l -- ${(M)@:#${current}*}; }\n')
        for line, wanted in CASES.items():
            words = " ".join(f"'{word}'" for word in line.split(" "))
            ask = f"words=({words}); CURRENT=$#words; _atelier\n"
            self.assertLessEqual(wanted, self.offers(["zsh", "-f"], stand_in + script + ask), line)

    @unittest.skipUnless(shutil.which("fish"), "no fish here")
    def test_fish(self):
        script = self.run_ok("completion", "fish").out
        for line, wanted in CASES.items():
            self.assertLessEqual(wanted, self.offers(["fish", "--no-config"], f"{script}\ncomplete -C '{line}'\n"), line)
