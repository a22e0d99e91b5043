#!/usr/bin/env python3
"""From starting the server's program to the first token of a chat, file cache warm, as one Markdown row.

    bench/first_token.py [--atelier PROGRAM] [--rounds 15] [MODEL]

Each round starts a server, asks for a streamed chat as soon as the server says where it listens, and stops the clock at
the first event with text. One untimed round before fills the file cache and packs the weights where that was not done
yet. Models come from $ATELIER_HOME.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]


def first_token_ms(args):
    """(ms until it listens, ms until the first text)"""
    begin = time.perf_counter()
    server = subprocess.Popen([args.atelier, "serve", "--port", "0", "--model", args.model], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        line = server.stdout.readline()
        listening = time.perf_counter()
        address = re.search(r"http://([\d.:]+)", line)
        if not address:
            sys.exit(f"first_token: got {line!r} from {args.atelier} serve, want an address")
        connection = http.client.HTTPConnection(address.group(1))
        connection.request("POST", "/v1/chat/completions", json.dumps({
            "model": args.model, "stream": True, "max_tokens": 4, "temperature": 0,
            "messages": [{"role": "user", "content": "Say hi."}]}), {"Content-Type": "application/json"})
        response = connection.getresponse()
        while event := response.readline():
            if re.search(rb'"content":"[^"]', event):
                return 1e3 * (listening - begin), 1e3 * (time.perf_counter() - begin)
        sys.exit(f"first_token: got status {response.status} and no text")
    finally:
        server.terminate()
        server.wait(30)


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    name = cpu.group(1) if cpu else os.uname().machine
    return f"{os.cpu_count()} cores of {name}, Linux {os.uname().release.split('-')[0]}, load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="smollm2-135m-instruct")
    parser.add_argument("--atelier", default=str(ROOT / "build/release/atelier"))
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    first_token_ms(args)
    listening, first = zip(*(first_token_ms(args) for _ in range(args.rounds)))
    print("| model | listens, median ms | first token, median ms | fastest | slowest | rounds | machine |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {args.model} | {statistics.median(listening):.0f} | {statistics.median(first):.0f} | {min(first):.0f} | "
          f"{max(first):.0f} | {args.rounds} | {machine()} |")


if __name__ == "__main__":
    main()
