"""A2A's conformance kit (a2a-tck, branch 1.0-dev) against our server code: what MUST be, over JSON-RPC and HTTP+JSON, for an
agent whose card declares everything, one whose card declares nothing, and one that requires an extension. Each skip must
have one of the reasons below; one that hides a failure ('did not return an error') has none, and is one.

  conformance.py KIT
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SERVER = pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "a2a_fixture_server"
SECONDS = 600
NO_GRPC = "gRPC is not served, and no card names it"
BESIDE = "the run of the other card tests it"
REASONS = {
    r"Transport 'grpc' not configured|gRPC transport not configured": NO_GRPC,
    r"Agent supports (push notifications|streaming|extended agent card)": BESIDE,
    r"Agent does not support (push notifications|streaming)|Agent card does not declare capabilities for": BESIDE,
    r"Streaming not supported: .* this agent's card does not declare it": BESIDE,
    r"does not declare urn:a2a:tck:required-extension": "the run of the card that requires an extension tests it",
}
# The kit closes a refused stream without reading it and then reads it: its own client fails, whatever the server says. With
# streaming undeclared the specification wants that refusal (3.3.4), which two other tests of the kit see.
CRASH = ("TestRestStreaming.test_streaming_content_type", "httpx.ResponseNotRead")


def start(declares, folder):
    process = subprocess.Popen([SERVER, "0", folder, declares], text=True, stdout=subprocess.PIPE)
    return process, process.stdout.readline().strip()


def explain(reason):
    return next((why for pattern, why in REASONS.items() if re.search(pattern, reason)), None)


def judge(declares, report, output):
    """Prints what the kit found; the number of what counts as failed."""
    passed, skipped, failed, crashed = 0, collections.Counter(), [], 0
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
        skip = case.find("skipped")
        fault = case.find("failure") if case.find("failure") is not None else case.find("error")
        if fault is not None and declares != "everything" and name == CRASH[0] and CRASH[1] in (fault.text or ""):
            crashed += 1
        elif fault is not None:
            failed.append(f"{name}: {fault.get('message', '')[:300]}")
        elif skip is not None and explain(skip.get("message", "")):
            skipped[skip.get("message")] += 1
        elif skip is not None:
            failed.append(f"{name}: skipped: {skip.get('message')}")
        else:
            passed += 1
    print(f"a2a-tck, a card that declares {declares}: {passed} passed, {len(failed)} failed, {sum(skipped.values())} skipped"
          + (f", {crashed} failed in the kit itself ({CRASH[0]}: {CRASH[1]})" if crashed else ""))
    for reason, number in sorted(skipped.items()):
        print(f"  {number:3} skipped: {reason} ({explain(reason)})")
    for failure in failed:
        print(f"  FAILED {failure}")
    if passed == 0:
        print(output)
    return len(failed) + (passed == 0)


def run(kit, declares, *only):
    with tempfile.TemporaryDirectory() as folder:
        process, url = start(declares, folder)
        try:
            done = subprocess.run([sys.executable, "run_tck.py", "--sut-host", url, "--transport", "jsonrpc,http_json",
                                   "--level", "must", "--", *only], cwd=kit, text=True, timeout=SECONDS,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        finally:
            process.terminate()
            process.wait()
        return judge(declares, kit / "reports" / "junitreport.xml", done.stdout)


def main(kit):
    kit = pathlib.Path(kit)
    at = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=kit, text=True, stdout=subprocess.PIPE).stdout.strip()
    print(f"a2a-tck {at}", flush=True)
    failed = run(kit, "everything")
    failed += run(kit, "nothing")
    failed += run(kit, "extension", "-k", "TestCapabilityExtensionRequired")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
