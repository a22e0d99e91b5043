"""The application itself as an MCP server: `atelier mcp` on stdin and stdout, and `atelier serve` at /mcp, both eras."""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

ATELIER = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "release" / "atelier"
NEW, OLD = "2026-07-28", "2025-11-25"
META = {"io.modelcontextprotocol/protocolVersion": NEW, "io.modelcontextprotocol/clientCapabilities": {}}
SUM = {"name": "calculator", "arguments": {"expression": "2/3 + 1/3"}}


def message(method, params=None, number=1):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})


def check(what, holds, got):
    if not holds:
        sys.exit(f"mcp: {what}: got {str(got)[:500]}")


def check_answers(what, discovered, listed, called):
    check(f"{what}: discovery", NEW in discovered["result"]["supportedVersions"], discovered)
    names = [tool["name"] for tool in listed["result"]["tools"]]
    check(f"{what}: tools", "calculator" in names and "ask_assistant" in names, names)
    check(f"{what}: a call", called["result"]["content"][0]["text"].startswith("1"), called)


def stdio(home):
    lines = [message("server/discover", {"_meta": META}, 1), message("tools/list", {"_meta": META}, 2),
             message("tools/call", {**SUM, "_meta": META}, 3), "not json",
             message("initialize", {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}, 4),
             message("resources/read", {"uri": "atelier://corpora"}, 5)]
    with subprocess.Popen([ATELIER, "mcp"], env={"ATELIER_HOME": home, "PATH": "/usr/bin:/bin"}, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        server.stdin.write("\n".join(lines) + "\n")
        server.stdin.flush()
        answers = {}
        for _ in lines:
            answer = json.loads(server.stdout.readline())
            answers[answer.get("id")] = answer
        server.stdin.close()
        check("stdio: ends when stdin does", server.wait(timeout=120) == 0, server.returncode)
    check_answers("stdio", answers[1], answers[2], answers[3])
    check("stdio: what is no message", answers[None]["error"]["code"] == -32700, answers[None])
    check("stdio: a session", answers[4]["result"]["protocolVersion"] == OLD, answers[4])
    check("stdio: corpora", json.loads(answers[5]["result"]["contents"][0]["text"]) == [], answers[5])


def post(url, body, headers):
    kinds = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), kinds), timeout=120) as reply:
            return reply.status, reply.headers, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, {}


def http(home):
    command = [ATELIER, "serve", "--port", "0", "--api-key", "secret"]
    with subprocess.Popen(command, env={"ATELIER_HOME": home, "PATH": "/usr/bin:/bin"}, text=True,
                          stdout=subprocess.PIPE) as server:
        try:
            base = server.stdout.readline().split()[-1]
            key = {"Authorization": "Bearer secret"}

            def ask(method, params, **more):
                name = {"Mcp-Name": params["name"]} if "name" in params else {}
                return post(base + "/mcp", message(method, {**params, "_meta": META}),
                            {"MCP-Protocol-Version": NEW, "Mcp-Method": method, **name, **more})

            status, headers, _ = ask("tools/list", {})
            check("http: without a key", status == 401, status)
            told = headers["WWW-Authenticate"].split('"')[1]
            with urllib.request.urlopen(told, timeout=120) as reply:
                check("http: metadata", json.loads(reply.read())["resource"] == base + "/mcp", told)
            status, _, _ = ask("tools/list", {}, Origin="http://evil.example", **key)
            check("http: another origin", status == 403, status)
            check_answers("http", ask("server/discover", {}, **key)[2], ask("tools/list", {}, **key)[2],
                          ask("tools/call", SUM, **key)[2])
        finally:
            server.terminate()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        stdio(folder)
        http(folder)
    print("mcp: the application serves at /mcp and on stdio, both eras")
