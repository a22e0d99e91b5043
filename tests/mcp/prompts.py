"""Prompt files of a folder, as `atelier serve` offers them at /mcp: listed, completed, rendered, and told of when they
change."""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from application import ATELIER, META, NEW, check, message, post

REVIEW = """---
name: review
description: Reviews a change.
arguments:
  - {name: text, required: true}
  - {name: tone, values: [kind, keen, strict], default: kind}
---
Be {{ tone }}: {{ text }}
"""


def main(home):
    folder = pathlib.Path(home)
    (folder / "prompts").mkdir()
    (folder / "prompts" / "review.md").write_text(REVIEW)
    (folder / "prompts" / "broken.md").write_text("no front matter")
    (folder / "atelier.yaml").write_text("prompts: prompts\n")
    command = [ATELIER, "--config", str(folder / "atelier.yaml"), "serve", "--port", "0"]
    with subprocess.Popen(command, env={"ATELIER_HOME": home, "PATH": "/usr/bin:/bin"}, text=True,
                          stdout=subprocess.PIPE) as server:
        try:
            talk(folder, server.stdout.readline().split()[-1])
        finally:
            server.terminate()


def talk(folder, base):
    def ask(method, params):
        name = {"Mcp-Name": params["name"]} if "name" in params else {}
        return post(base + "/mcp", message(method, {**params, "_meta": META}),
                    {"MCP-Protocol-Version": NEW, "Mcp-Method": method, **name})[2]

    listed = ask("prompts/list", {})["result"]["prompts"]
    check("the list", [one["name"] for one in listed] == ["review"], listed)
    check("arguments", [one["required"] for one in listed[0]["arguments"]] == [True, False], listed)
    got = ask("prompts/get", {"name": "review", "arguments": {"text": "x"}})["result"]
    check("a prompt", got["messages"][0]["content"]["text"].strip() == "Be kind: x", got)
    completed = ask("completion/complete", {"ref": {"type": "ref/prompt", "name": "review"},
                                            "argument": {"name": "tone", "value": "k"}})["result"]["completion"]
    check("completion", completed["values"] == ["kind", "keen"], completed)
    wrong = post(base + "/mcp", message("prompts/get", {"name": "review", "arguments": {"text": "x", "tone": "z"},
                                                        "_meta": META}),
                 {"MCP-Protocol-Version": NEW, "Mcp-Method": "prompts/get", "Mcp-Name": "review"})
    check("a value that is none", wrong[0] != 200 or "error" in wrong[2], wrong)
    listen(folder, base, ask)


def listen(folder, base, ask):
    body = message("subscriptions/listen", {"notifications": {"promptsListChanged": True}, "_meta": META}, 7)
    request = urllib.request.Request(base + "/mcp", body.encode(), {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": NEW, "Mcp-Method": "subscriptions/listen"})
    with urllib.request.urlopen(request, timeout=60) as stream:
        for line in stream:
            if not line.startswith(b"data: {"):
                continue
            method = json.loads(line[6:]).get("method")
            if method == "notifications/subscriptions/acknowledged":
                (folder / "prompts" / "second.md").write_text("---\nname: second\n---\nHello.\n")
            if method == "notifications/prompts/list_changed":
                break
        else:
            sys.exit("mcp: prompts: the stream ended without a word of the change")
    names = [one["name"] for one in ask("prompts/list", {})["result"]["prompts"]]
    check("the list after the change", names == ["review", "second"], names)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(home)
    print("mcp: prompt files are served, completed and followed")
