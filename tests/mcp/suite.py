"""The conformance suite of MCP against our server and our client, for each revision: every scenario that a revision
requires must pass, and one without a check has not passed. What the suite does not score is reported beside it.

  suite.py server|client REVISION [SCENARIO]
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release"
PACKAGE = HERE / "node_modules" / "@modelcontextprotocol" / "conformance"
SECONDS = 300


def required(side, revision):
    """The names under `side:` in the suite's own list, and those that are run without being scored."""
    scored, unscored, section = [], [], None
    for line in (PACKAGE / "requirements" / f"{revision}.yaml").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            section = line.rstrip(":")
        elif section == side and line.startswith("  - "):
            scored.append(line[4:].strip())
        elif section == "not_scored" and "scenario:" in line:
            unscored.append(line.split("scenario:")[1].strip())
    return scored, unscored


def command(side, revision, scenario, url):
    args = ["node", str(PACKAGE / "dist" / "index.js"), side]
    args += ["--url", url] if side == "server" else ["--command", str(BUILD / "mcp_fixture_client")]
    if scenario:
        return args + ["--scenario", scenario, "--spec-version", revision, "--verbose"]
    return args + ["--requirements", revision]


def run(side, revision, scenario, url=""):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command(side, revision, scenario, url), cwd=folder, text=True, timeout=SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if scenario:
            print(done.stdout)
            return done.returncode
        return judge(side, revision, done.stdout, pathlib.Path(folder))


def judge(side, revision, output, folder):
    scored, unscored = required(side, revision)
    counts = {name: (int(good), int(bad))
              for name, good, bad in re.findall(r"^[✓✗] (\S+): (\d+) passed, (\d+) failed", output, re.M)}
    failed = [name for name in scored if counts.get(name, (0, 0))[0] == 0 or counts[name][1] > 0]
    others = [name for name in unscored if name in counts]
    failing = [name for name in others if counts[name][0] == 0 or counts[name][1] > 0]
    print(f"mcp: {side} {revision}: {len(scored) - len(failed)} of {len(scored)} scenarios pass, "
          f"{sum(counts[name][0] for name in scored if name in counts)} checks; "
          f"not scored: {len(others) - len(failing)} of {len(others)} pass" +
          (f" (not: {', '.join(failing)})" if failing else ""))
    for path in sorted(folder.rglob("checks.json")):
        for check in json.loads(path.read_text()):
            if check["status"] in ("FAILURE", "WARNING") and any(name.replace("/", "-") in str(path) or name in str(path)
                                                                 for name in scored):
                print(f"  {check['status'].lower()}: {path.parent.name}: {check['id']}: {check.get('errorMessage')}")
    if failed:
        print("\n".join(output.splitlines()[-60:]))
        print(f"mcp: {side} {revision}: FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def main(side, revision, scenario=None):
    if side == "client":
        return run(side, revision, scenario)
    with subprocess.Popen([BUILD / "mcp_fixture_server", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            return run(side, revision, scenario, server.stdout.readline().strip())
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
