"""Our agents and A2A's official packages, in both versions and bindings: they as clients of our server, and as servers that
our agents ask. A real server, a scripted model.

  suite.py PYTHON1 PYTHON03       the interpreters that have a2a-sdk 1 and 0.3; node finds its packages here
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from scripted_upstream import ScriptedUpstream, call, last_content, num_turns  # noqa: E402
from serving import Server  # noqa: E402

KEY = "a-key-of-this-test"
SECONDS = 180
FORGED = "sdk_1_forged"  # its card is signed, by a key that is not the one trusted: our agents do not ask it


def answer(body):
    """The model of all agents: asks a person where it is told to, else says how much it was told."""
    said = last_content(body)
    if said.startswith(("tell ", "back ")) and body.get("tools"):
        return [call(said.split()[1], {"message": "hi" if said.startswith("tell") else "ask back"})]
    if said == "ask me" and body.get("tools"):
        return [call("ask_person", {"question": "Which colour?"})]
    if said == "calculate" and body.get("tools"):
        return [call("calculator", {"expression": "6 * 7"})]
    return f"You said: {said} ({num_turns(body)} answers before)"


def config(base_url, others, keys):
    """`others`: the URLs of foreign agents by the names of the tools that ask them; `keys`: that sign the card of some."""
    return {"server": {"keys": [{"key": KEY, "name": "tester"}]},
            "providers": [{"name": "far", "base_url": base_url, "models": [{"id": "m", "kind": "chat"}]}],
            "tools": [{"type": "calculator"}, *({"name": name, "type": "a2a",
                         "with": {"url": url, **({"card_keys": keys[name]} if name in keys else {})}}
                        for name, url in others.items())],
            "a2a": {"webhooks": {"private": ["127.0.0.1:*"]}},
            "agents": [{"name": "clerk", "model": "far/m", "description": "Says what it was told.", "ask_person": True},
                       {"name": "careful", "model": "far/m", "tools": ["calculator"], "needs_approval": ["calculator"]},
                       {"name": "traveller", "model": "far/m", "tools": [*others]}]}


def start(command):
    """A foreign agent, and its URL."""
    process = subprocess.Popen(command, cwd=HERE, text=True, stdout=subprocess.PIPE, start_new_session=True)
    return process, process.stdout.readline().strip()


def ask_others(server, others):
    failed = []
    for name in others:
        status, run = server.post("/v1/runs", {"agent": "traveller", "input": f"tell {name}"},
                                  headers={"authorization": f"Bearer {KEY}"})
        told = status == 200 and ("echo: hi" in run.get("output", "")) == (name != FORGED)
        status, run = server.post("/v1/runs", {"agent": "traveller", "input": f"back {name}"},
                                  headers={"authorization": f"Bearer {KEY}"})
        back = run.get("output", "")
        told = told and (name == FORGED or "Which one?" in back and "Call again with task" in back)
        verb = "does not ask" if name == FORGED else "asks"
        print(f"a2a: our agent {verb} {name}" if told else f"a2a: {name}: {status} {run}", flush=True)
        if not told:
            failed.append(name)
    return failed


def main(python1, python03):
    upstream = ScriptedUpstream(answer)
    folder = tempfile.TemporaryDirectory()
    keys = {name: f"{folder.name}/{name}.json" for name in ("sdk_1_rpc", FORGED)}
    foreign = {"sdk_1_rpc": start([python1, "answer_1.py", "JSONRPC", keys["sdk_1_rpc"]]),
               FORGED: start([python1, "answer_1.py", "JSONRPC", f"{folder.name}/another.json"]),
               "sdk_1_rest": start([python1, "answer_1.py", "HTTP+JSON"]),
               "sdk_03": start([python03, "answer_03.py"]),
               "npm_1_rpc": start(["node", "answer_1.mjs", "JSONRPC"]),
               "npm_1_rest": start(["node", "answer_1.mjs", "HTTP+JSON"]),
               "npm_03": start(["node", "answer_03.mjs"])}
    others = {name: url for name, (_, url) in foreign.items()}
    pathlib.Path(keys[FORGED]).write_text(pathlib.Path(keys["sdk_1_rpc"]).read_text())
    server = Server(config=config(upstream.base_url, others, keys))
    failed = []
    try:
        failed += ask_others(server, others)
        for command in ([python1, "ask_1.py"], [python03, "ask_03.py"], ["node", "ask_1.mjs"], ["node", "ask_03.mjs"]):
            done = subprocess.run([*command, server.url, KEY], cwd=HERE, text=True, timeout=SECONDS,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(done.stdout.strip() if done.returncode == 0 else done.stdout, flush=True)
            if done.returncode != 0:
                failed.append(command[-1])
    finally:
        server.stop()
        upstream.stop()
        for process, _ in foreign.values():
            os.killpg(process.pid, signal.SIGKILL)  # node may be what a wrapper has started
            process.wait()
    if failed:
        print(f"a2a: FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
