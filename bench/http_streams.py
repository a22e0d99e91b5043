#!/usr/bin/env python3
"""Streams at once through HTTP and SSE beside one stream, the engine in process and llama.cpp, as a Markdown table.

    bench/http_streams.py [--atelier PROGRAM] [--peer-bin DIR] [--streams 16] [--threads 2] [--rounds 5] [MODEL]

Every figure is tokens generated a second while all streams run: from the moment when the last has its first token until
the first has its last (the peer's program runs its streams in step). Each stream has a prompt of --prompt tokens of its
own and generates --decode. The four take turns, round by round, and the table shows medians. The server's cache is
touched whole before, as it is where a server has run for a while. The client runs on the same machine, so it must cost
little: it looks at its sockets at most 500 times a second, keeps what it reads, and counts and parses when the clock has
stopped.

MODEL is the id of a model under $ATELIER_HOME/models; the peer reads its GGUF file. DIR holds llama-batched-bench
(bench/peer_table.py says how it is built).
"""
import argparse
import json
import os
import pathlib
import random
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
EVENT = b'"text":"'
LOOK_EVERY = 0.002  # seconds
CACHE_MIB = 128
WARM_ROUNDS = 2  # of 16 streams of 192 tokens: a cache of this size is touched whole, for SmolLM2


class Stream:
    def __init__(self, address, body):
        data = json.dumps(body).encode()
        self.socket = socket.create_connection(address)
        self.request = (b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        self.received = []  # (time, piece)

    def take(self, now):
        """False at the end."""
        piece = self.socket.recv(65536)
        self.received.append((now, piece))
        return bool(piece)

    def arrivals(self):
        """(time, events) of the pieces that hold any."""
        return [(when, count) for when, piece in self.received if (count := piece.count(EVENT))]

    def check(self, decode):
        text = b"".join(piece for _, piece in self.received)
        usage = re.search(rb'"completion_tokens":(\d+)', text)
        if not text.startswith(b"HTTP/1.1 200 ") or b"data: [DONE]" not in text or not usage:
            sys.exit(f"http_streams: got {text[:500]!r}, want a whole stream")
        if int(usage.group(1)) != decode:
            sys.exit(f"http_streams: got {usage.group(1).decode()} tokens, want {decode}")


def speed_of(address, model, args, count, run):
    """Tokens a second of `count` streams at once."""
    streams = []
    for number in range(count):
        choices = random.Random(run * 1000 + number)
        prompt = [choices.randrange(1000, 40000) for _ in range(args.prompt if count > 1 else 8)]
        streams.append(Stream(address, {
            "model": model, "prompt": prompt, "max_tokens": args.decode, "temperature": 0, "ignore_eos": True,
            "stream": True, "stream_options": {"include_usage": True}}))
    selector = selectors.DefaultSelector()
    for stream in streams:
        stream.socket.sendall(stream.request)
        selector.register(stream.socket, selectors.EVENT_READ, stream)
    left = len(streams)
    while left:
        ready = selector.select(60)
        now = time.perf_counter()
        time.sleep(LOOK_EVERY)  # so that one look takes what a step of the server gave to all streams
        for key, _ in selector.select(0) or ready:
            if not key.data.take(now):
                selector.unregister(key.fileobj)
                key.fileobj.close()
                left -= 1
    for stream in streams:
        stream.check(args.decode)
    arrivals = [stream.arrivals() for stream in streams]
    begin = max(of_one[0][0] for of_one in arrivals)
    end = min(of_one[-1][0] for of_one in arrivals)
    if end <= begin:
        sys.exit(f"http_streams: --decode: got {args.decode}, want more: some streams end before the last one begins")
    tokens = 0.0
    for of_one in arrivals:
        # A token that only completes a character has no event of its own: events stand for tokens in proportion.
        events = sum(count for _, count in of_one)
        tokens += args.decode / events * sum(count for when, count in of_one if begin < when <= end)
    return tokens / (end - begin)


def run_json(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{command[0]}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return json.loads(result.stdout)


def in_process(args):
    figures = run_json([args.atelier, "bench", args.model, "--json", "--threads", str(args.threads), "--streams",
                        str(args.streams), "--stream-prompt", str(args.prompt), "--decode", str(args.decode),
                        "--prefill", "64", "--repetitions", "1"])
    return figures["streams_tokens_per_s"]


def peer(args, file):
    command = [str(args.peer_bin / "llama-batched-bench"), "-m", str(file), "-npp", str(args.prompt), "-ntg",
               str(args.decode), "-npl", str(args.streams), "-t", str(args.threads), "-c",
               str(args.streams * (args.prompt + args.decode) + 256), "--output-format", "jsonl"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    if not rows:
        sys.exit(f"{command[0]}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return rows[-1]["speed_tg"]


class Server:
    def __init__(self, args):
        self.config = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        self.config.write(f"engine:\n  kv_cache_mib: {CACHE_MIB}\n")
        self.config.flush()
        self.process = subprocess.Popen([args.atelier, "--config", self.config.name, "serve", "--port", "0", "--threads",
                                         str(args.threads), "--model", args.model], stdout=subprocess.PIPE, text=True)
        host, port = re.search(r"http://([\d.]+):(\d+)", self.process.stdout.readline()).groups()
        self.address = (host, int(port))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.config.close()


def measure(args, file):
    samples = {}
    server = Server(args)
    try:
        for run in range(WARM_ROUNDS):
            speed_of(server.address, args.model, args, args.streams, args.rounds + 1 + run)
        for run in range(1, args.rounds + 1):
            taken = {"one": speed_of(server.address, args.model, args, 1, run),
                     "http": speed_of(server.address, args.model, args, args.streams, run)}
            if not args.no_in_process:
                taken["process"] = in_process(args)
            if args.peer_bin:
                taken["peer"] = peer(args, file)
            for name, value in taken.items():
                samples.setdefault(name, []).append(value)
    finally:
        server.stop()
    return {name: statistics.median(values) for name, values in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="smollm2-135m-instruct")
    parser.add_argument("--atelier", default=str(ROOT / "build/release/atelier"))
    parser.add_argument("--peer-bin", type=pathlib.Path)
    parser.add_argument("--no-in-process", action="store_true")
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--decode", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    home = pathlib.Path(os.environ.get("ATELIER_HOME", pathlib.Path.home() / ".atelier"))
    file = next((home / "models" / args.model).glob("*.gguf"), None)
    if args.peer_bin and not file:
        sys.exit(f"http_streams: {home / 'models' / args.model}: got no GGUF file, which the peer needs")
    figures = measure(args, file)
    names = {"one": "one stream, HTTP and SSE", "http": f"{args.streams} streams, HTTP and SSE",
             "process": f"{args.streams} streams, in process", "peer": f"{args.streams} streams, llama-batched-bench"}
    print(f"| {args.model}, {args.threads} threads | tokens/s | of {args.streams} streams over HTTP |\n|---|---|---|")
    for name, value in figures.items():
        print(f"| {names[name]} | {value:.1f} | {figures['http'] / value:.2f} × |")


if __name__ == "__main__":
    main()
