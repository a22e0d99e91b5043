"""What the examples are worth: each is asked its cases, and code looks at what came out.

A case counts where all that it says holds: `has` (texts in the answer), `cites` (a source that is named), `agent` (who did it),
`team` (where it was sent), `names` and `most_characters` (of a slogan). Fails where an example does fewer than FLOORS say, or
where the router's threshold is not the one that its cases give.
"""

import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ATELIER = os.environ.get("ATELIER_BIN", str(ROOT / "build/release/atelier"))
AGENTS = {"handbook": "librarian", "researcher": "researcher", "slogan": "slogan", "service_desk": "desk", "memory_chat": "friend"}
# As measured with the default models, less one or two cases: what another machine's rounding may turn.
FLOORS = {"handbook": 0.8, "researcher": 0.75, "slogan": 0.5, "service_desk": 0.8, "memory_chat": 0.8}
WANT_RIGHT = 0.9  # of what the router sends somewhere, on the half that the threshold is chosen on


class Home:
    """A data folder of the run's own, with the user's models."""

    def __init__(self, example):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="atelier-example-"))
        users = pathlib.Path(os.environ.get("ATELIER_HOME", pathlib.Path.home() / ".atelier"))
        for name in ("models", "panels"):
            if (users / name).is_dir():
                (self.folder / name).symlink_to(users / name)
        self.config = f"examples/{example}/atelier.yaml"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def run(self, *args, config=None):
        return subprocess.run([ATELIER, "--config", config or self.config, *args], cwd=ROOT, capture_output=True, text=True,
                              env=dict(os.environ, ATELIER_HOME=str(self.folder)), timeout=600)

    def ask(self, agent, text, config=None):
        """The run's body."""
        done = self.run("agent", "run", "-a", agent, "--json", text, config=config)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def cases_of(example):
    return [json.loads(line) for line in (ROOT / "examples" / example / "cases.jsonl").read_text().splitlines()]


def wrong_with(case, output):
    """What does not hold of the case's answer."""
    text = re.sub(r"\s+", " ", output)
    wrong = [f"lacks {want!r}" for want in case.get("has", []) if want not in text]
    if "cites" in case and case["cites"] not in text:
        wrong.append(f"does not cite {case['cites']}")
    if "names" in case:
        slogan = re.sub(r" \(round \d+.*\)$", "", text)
        if case["names"] not in slogan.lower() or len(slogan) > case["most_characters"]:
            wrong.append(f"{len(slogan)} characters, or does not name {case['names']!r}")
    return wrong


def evaluate(example):
    """The share of cases that were done."""
    cases, done = cases_of(example), 0
    with Home(example) as home:
        if example in ("handbook", "researcher"):
            indexed = home.run("index", "examples/handbook/docs", "-c", "example_handbook")
            assert indexed.returncode == 0, indexed.stderr
        for case in cases:
            for said in case.get("say", []):
                home.ask(AGENTS[example], said)
            body = home.ask(AGENTS[example], case.get("ask") or case["input"])
            wrong = wrong_with(case, body["output"])
            if "agent" in case:
                steps = json.loads(home.run("agent", "show", body["id"], "--json").stdout)
                if f"transfer_to_{case['agent']}" not in json.dumps(steps):
                    wrong.append(f"was not handed to {case['agent']}")
            done += not wrong
            if wrong:
                print(f"  {case.get('ask') or case['input']}\n    {'; '.join(wrong)}: {body['output'][:200]!r}")
    return done / len(cases)


def route_all():
    """Each case with the likeliest team, whatever its probability, and that."""
    config = re.sub(r"at_least: [\d.]+", "at_least: 0.0", (ROOT / "examples/router/atelier.yaml").read_text())
    routed = []
    with Home("router") as home:
        anywhere = home.folder / "anywhere.yaml"
        anywhere.write_text(config)
        for case in cases_of("router"):
            body = home.ask("router", case["input"], config=str(anywhere))
            answer = body["structured"]
            routed.append({**case, "sent": answer["team"], "probability": float(answer["probability"])})
    return routed


def threshold_of(routed):
    """The least probability from which on WANT_RIGHT of what is sent to a team is right; two places."""
    for hundredths in range(0, 100):
        sent = [case for case in routed if case["sent"] != "person" and case["probability"] >= hundredths / 100]
        if sent and sum(case["sent"] == case["team"] for case in sent) >= WANT_RIGHT * len(sent):
            return hundredths / 100
    return 1.0


def figures(routed, threshold):
    sent = [case for case in routed if case["sent"] != "person" and case["probability"] >= threshold]
    right = sum(case["sent"] == case["team"] for case in sent)
    belongs = [case for case in routed if case["team"] != "person"]
    strangers = [case for case in routed if case["team"] == "person"]
    kept = sum(case not in sent for case in strangers)
    bins = {}
    for case in belongs:
        bins.setdefault(min(4, int(case["probability"] * 5)), []).append(case)
    ece = sum(abs(sum(c["sent"] == c["team"] for c in group) - sum(c["probability"] for c in group)) for group in bins.values())
    return {"accuracy of the likeliest": sum(c["sent"] == c["team"] for c in belongs) / len(belongs),
            "sent to a team": len(sent) / len(routed), "right of these": right / max(1, len(sent)),
            "strangers left to a person": kept / len(strangers), "ECE": ece / len(belongs)}


def evaluate_router(fit):
    routed = route_all()
    halves = {half: [case for case in routed if case["half"] == half] for half in ("fit", "test")}
    threshold = threshold_of(halves["fit"])
    file = ROOT / "examples/router/atelier.yaml"
    written = float(re.search(r"at_least: ([\d.]+)", file.read_text()).group(1))
    if fit:
        file.write_text(re.sub(r"at_least: [\d.]+", f"at_least: {threshold:.2f}", file.read_text()))
        written = threshold
    for half, cases in halves.items():
        print(f"  {half}, {len(cases)} cases, threshold {written:.2f}: " +
              ", ".join(f"{name} {value:.2f}" for name, value in figures(cases, written).items()))
    assert math.isclose(written, threshold, abs_tol=0.05), f"the cases give a threshold of {threshold:.2f}, not {written:.2f}"
    return figures(halves["test"], written)["right of these"]


def main():
    fit = "--fit" in sys.argv
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or [*AGENTS, "router"]
    failed = False
    for example in wanted:
        print(f"{example}:")
        share = evaluate_router(fit) if example == "router" else evaluate(example)
        floor = FLOORS.get(example, 0.7)
        print(f"{example}: {share:.2f} (at least {floor})")
        failed = failed or share < floor
    sys.exit(failed)


if __name__ == "__main__":
    main()
