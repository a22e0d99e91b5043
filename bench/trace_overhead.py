#!/usr/bin/env python3
"""What recording traces costs: through HTTP with traces on and off, in turn, same machine, same run.

    bench/trace_overhead.py build/release/atelier [--pairs 5] [--rounds 5] [--clients 8] [--requests 48] [--tokens 32]

Two servers stand side by side; only one is asked at a time, by streaming clients. Two servers that do the same differ by
more than recording costs, for as long as they live: by where their memory lies. So there are several fresh pairs, and as
many of a control, in which neither records: what the control differs by, the measurement cannot tell. Processor time is
told in all, and outside of the threads that compute, where recording is done. Models come from $ATELIER_HOME.
"""
import argparse
import http.client
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

MODEL = "smollm2-135m-instruct"
SETTLE = 1.2  # seconds in which what was recorded reaches the disk


class Server:
    def __init__(self, program, record, threads):
        self.home = tempfile.mkdtemp(prefix="trace_overhead_")
        models = os.path.join(os.environ.get("ATELIER_HOME", os.path.expanduser("~/.atelier")), "models")
        os.symlink(models, os.path.join(self.home, "models"))
        config = os.path.join(self.home, "atelier.yaml")
        with open(config, "w") as out:
            out.write(f"traces: {{record: {str(record).lower()}}}\n")
        self.process = subprocess.Popen(
            [program, "--config", config, "serve", "--port", "0", "--model", MODEL, "--threads", str(threads)],
            env=dict(os.environ, ATELIER_HOME=self.home), stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split("http://")[1].strip()

    def cpu_ms(self):
        """By thread."""
        tasks = f"/proc/{self.process.pid}/task"
        return {task: int(open(f"{tasks}/{task}/schedstat").read().split()[0]) / 1e6 for task in os.listdir(tasks)}

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.home)


def ask(address, num_requests, num_tokens):
    connection = http.client.HTTPConnection(address)
    for i in range(num_requests):
        body = {"messages": [{"role": "user", "content": f"Write about number {i}."}], "max_tokens": num_tokens,
                "ignore_eos": True, "stream": True, "seed": i}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()


def tokens_per_second(server, args):
    each = args.requests // args.clients
    threads = [threading.Thread(target=ask, args=(server.address, each, args.tokens)) for _ in range(args.clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * args.clients * args.tokens / (time.monotonic() - began)


def measured(server, args):
    """Tokens a second; ms of processor time a request, in all and outside of the threads that compute."""
    before = server.cpu_ms()
    speed = tokens_per_second(server, args)
    time.sleep(SETTLE)
    spent = sorted((ms - before.get(task, 0) for task, ms in server.cpu_ms().items()), reverse=True)
    requests = args.requests // args.clients * args.clients
    return speed, sum(spent) / requests, sum(spent[args.threads:]) / requests


def compared(args, record):
    """Rounds of a fresh pair of servers, of which the second records or, as the control, does as the first."""
    pair = Server(args.program, False, args.threads), Server(args.program, record, args.threads)
    try:
        for server in pair:
            tokens_per_second(server, args)  # warm
        rounds = []
        for i in range(args.rounds):
            figures = {server: measured(server, args) for server in (pair if i % 2 == 0 else reversed(pair))}
            rounds.append((*figures[pair[0]], *figures[pair[1]]))
        return rounds
    finally:
        for server in pair:
            server.close()


def report(name, pairs, num_rounds):
    """Medians over all rounds, and the middle of what each pair's median says, with the least and the most."""
    def by_pair(figure):
        return sorted(statistics.median(figure(r) for r in rounds) for rounds in pairs)
    speeds, times = by_pair(lambda r: r[3] / r[0] - 1), by_pair(lambda r: r[4] / r[1] - 1)
    rest = statistics.median(r[5] - r[2] for rounds in pairs for r in rounds)
    total = statistics.median(r[1] for rounds in pairs for r in rounds)
    print(f"{name:8s} {len(pairs)} pairs of {num_rounds} rounds: tokens/s {statistics.median(speeds):+.2%} "
          f"({speeds[0]:+.2%} to {speeds[-1]:+.2%}), processor time {statistics.median(times):+.2%} ({times[0]:+.2%} to "
          f"{times[-1]:+.2%}), outside of the computing threads {rest:+.3f} of {total:.2f} ms a request "
          f"({rest / total:+.2%})", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    control, recorded = [], []
    for _ in range(args.pairs):
        control.append(compared(args, False))
        recorded.append(compared(args, True))
    report("control", control, args.rounds)
    report("records", recorded, args.rounds)


if __name__ == "__main__":
    main()
