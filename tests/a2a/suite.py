"""Our agents and A2A's official packages, in both versions and bindings: they as clients of our server, and as servers that
our agents ask. A real server, a scripted model.

  suite.py PYTHON1 PYTHON03       the interpreters that have a2a-sdk 1 and 0.3; node finds its packages here
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from proxy import Proxy  # noqa: E402
from scripted_upstream import ScriptedUpstream, call, last_content, num_turns  # noqa: E402
from serving import Server  # noqa: E402

KEY = "a-key-of-this-test"
SECONDS = 180
TOLD = {"tell": "hi", "back": "ask back", "wait": "slowly"}  # what foreign agents are told
FORGED = "sdk_1_forged"  # its card is signed, by a key that is not the one trusted: our agents do not ask it


def answer(body):
    """The model of all agents: asks a person where it is told to, else says how much it was told."""
    said = last_content(body)
    verb, _, name = said.partition(" ")
    if verb in TOLD and body.get("tools"):
        return [call(name, {"message": TOLD[verb]})]
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
                       {"name": "traveller", "model": "far/m", "tools": [*others], "show_tools": 0}]}


def start(command):
    """A foreign agent, and its URL."""
    process = subprocess.Popen(command, cwd=HERE, text=True, stdout=subprocess.PIPE, start_new_session=True)
    return process, process.stdout.readline().strip()


def run(server, said):
    """What our agent makes of it: its output, and what its tool told meanwhile."""
    request = urllib.request.Request(
        server.url + "/v1/runs", json.dumps({"agent": "traveller", "input": said, "stream": True}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        lines = response.read().decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    # Pieces of an artifact may have come to be parts of it, which stand one below the other.
    return " ".join((events[-1].get("text") or "").split()), [one["message"] for one in events if one["type"] == "tool_progress"]


def ask(server, name, proxy):
    """What is wrong; nothing: it is well."""
    if name == FORGED:
        return None if "echo: hi" not in run(server, f"tell {name}")[0] else "a forged card is believed"
    if name.endswith("_cut"):
        output, told = run(server, f"wait {name}")
        if "echo: slowly" not in output or "Thinking." not in told:
            return f"{output} {told}"
        return None if proxy.num_cut and proxy.num_resumed else "no stream was cut and resumed"
    output, told = run(server, f"tell {name}")
    if "echo: hi" not in output or (("Thinking." in told) == name.endswith("_still")):
        return f"{output} {told}"
    output, _ = run(server, f"back {name}")
    return None if "Which one?" in output and "Call again with task" in output else output


def ask_others(server, others, proxies):
    failed = []
    for name in others:
        wrong = ask(server, name, proxies.get(name))
        verb = "does not ask" if name == FORGED else "asks"
        print(f"a2a: our agent {verb} {name}" if not wrong else f"a2a: {name}: {wrong}", flush=True)
        if wrong:
            failed.append(name)
    return failed


def main(python1, python03):
    upstream = ScriptedUpstream(answer)
    folder = tempfile.TemporaryDirectory()
    keys = {name: f"{folder.name}/{name}.json" for name in ("sdk_1_rpc", FORGED)}
    foreign = {"sdk_1_rpc": start([python1, "answer_1.py", "JSONRPC", keys["sdk_1_rpc"]]),
               FORGED: start([python1, "answer_1.py", "JSONRPC", f"{folder.name}/another.json"]),
               "sdk_1_rest": start([python1, "answer_1.py", "HTTP+JSON"])}
    for name, command in (("sdk_03", [python03, "answer_03.py"]), ("npm_1", ["node", "answer_1.mjs"]),
                          ("npm_03", ["node", "answer_03.mjs"])):
        foreign[name + "_rpc"], foreign[name + "_rest"] = start([*command, "JSONRPC"]), start([*command, "HTTP+JSON"])
    others, proxies = {name: url for name, (_, url) in foreign.items()}, {}
    # The same agents, where they do not stream, and where their streams break off.
    for name in [name for name in others if name != FORGED]:
        for how in ("still", "cut"):
            proxies[f"{name}_{how}"] = Proxy(others[name], how)
            others[f"{name}_{how}"] = proxies[f"{name}_{how}"].url
    pathlib.Path(keys[FORGED]).write_text(pathlib.Path(keys["sdk_1_rpc"]).read_text())
    server = Server(config=config(upstream.base_url, others, keys))
    failed = []
    try:
        failed += ask_others(server, others, proxies)
        for command in ([python1, "ask_1.py"], [python03, "ask_03.py"], ["node", "ask_1.mjs"], ["node", "ask_03.mjs"]):
            done = subprocess.run([*command, server.url, KEY], cwd=HERE, text=True, timeout=SECONDS,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(done.stdout.strip() if done.returncode == 0 else done.stdout, flush=True)
            if done.returncode != 0:
                failed.append(command[-1])
    finally:
        server.stop()
        upstream.stop()
        for proxy in proxies.values():
            proxy.stop()
        for process, _ in foreign.values():
            os.killpg(process.pid, signal.SIGKILL)  # node may be what a wrapper has started
            process.wait()
    if failed:
        print(f"a2a: FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
