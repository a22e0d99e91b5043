#!/usr/bin/env python3
"""What recording traces costs: tokens a second through HTTP with traces on and off, in turn, same machine, same run.

    bench/trace_overhead.py build/release/atelier [--rounds 9] [--clients 8] [--requests 48] [--tokens 32]

Two servers stand side by side; only one is asked at a time, by streaming clients. Prints each round's ratio and the
medians; and the processor time that a request costs, which other work on the machine disturbs less: in all, and outside
of the threads that compute. Models come from $ATELIER_HOME.
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    off, on = Server(args.program, False, args.threads), Server(args.program, True, args.threads)
    try:
        for server in (off, on):
            tokens_per_second(server, args)  # warm
        rounds = []
        for i in range(args.rounds):
            order = (off, on) if i % 2 == 0 else (on, off)
            figures = {server: measured(server, args) for server in order}
            rounds.append((*figures[off], *figures[on]))
            speed_off, speed_on = figures[off][0], figures[on][0]
            print(f"off {speed_off:8.1f}  on {speed_on:8.1f} tokens/s  on/off {speed_on / speed_off:.4f}", flush=True)
    finally:
        off.close()
        on.close()
    speed_off, all_off, rest_off, speed_on, all_on, rest_on = (statistics.median(column) for column in zip(*rounds))
    print(f"medians: off {speed_off:.1f}, on {speed_on:.1f} tokens/s; "
          f"on/off {statistics.median(r[3] / r[0] for r in rounds):.4f}")
    print(f"processor time a request: off {all_off:.2f} ms, on {all_on:.2f} ms; outside of the computing threads: off "
          f"{rest_off:.2f} ms, on {rest_on:.2f} ms, {100 * (rest_on - rest_off) / all_off:.2f}% of all")


if __name__ == "__main__":
    main()
