"""Our agents as A2A's official clients meet them, in both versions and bindings: a real server, a scripted model.

  suite.py PYTHON1 PYTHON03       the interpreters that have a2a-sdk 1 and 0.3; node finds its packages here
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from scripted_upstream import ScriptedUpstream, call, last_content, num_turns  # noqa: E402
from serving import Server  # noqa: E402

KEY = "a-key-of-this-test"
SECONDS = 180


def answer(body):
    """The model of all agents: asks a person where it is told to, else says how much it was told."""
    said = last_content(body)
    if said == "ask me" and body.get("tools"):
        return [call("ask_person", {"question": "Which colour?"})]
    if said == "calculate" and body.get("tools"):
        return [call("calculator", {"expression": "6 * 7"})]
    return f"You said: {said} ({num_turns(body)} answers before)"


def config(base_url):
    return {"server": {"keys": [{"key": KEY, "name": "tester"}]},
            "providers": [{"name": "far", "base_url": base_url, "models": [{"id": "m", "kind": "chat"}]}],
            "tools": [{"type": "calculator"}],
            "a2a": {"webhooks": {"private": ["127.0.0.1:*"]}},
            "agents": [{"name": "clerk", "model": "far/m", "description": "Says what it was told.", "ask_person": True},
                       {"name": "careful", "model": "far/m", "tools": ["calculator"], "needs_approval": ["calculator"]}]}


def main(python1, python03):
    upstream = ScriptedUpstream(answer)
    server = Server(config=config(upstream.base_url))
    failed = []
    try:
        for command in ([python1, "ask_1.py"], [python03, "ask_03.py"], ["node", "ask_1.mjs"], ["node", "ask_03.mjs"]):
            done = subprocess.run([*command, server.url, KEY], cwd=HERE, text=True, timeout=SECONDS,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(done.stdout.strip() if done.returncode == 0 else done.stdout, flush=True)
            if done.returncode != 0:
                failed.append(command[-1])
    finally:
        server.stop()
        upstream.stop()
    if failed:
        print(f"a2a: FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
