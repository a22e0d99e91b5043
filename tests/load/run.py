#!/usr/bin/env python3
"""Load on a real server: many clients that stream, and leave when they like.

Afterwards nothing may be left: no request, no block of the cache, no socket, no thread, no growing memory. Every stream
that was read to its end has to equal the same request's answer when it was alone, every other one begins like it.

    tests/load/run.py --clients 200 --seconds 60          prints one JSON document of figures, fails on any difference
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import serving  # noqa: E402

CANCEL_SHARE = 0.4
# Small enough for the first burst to touch all of it (an untouched block is no memory yet: 256 looked like a leak of
# 30 MB), and for prefixes to be evicted. With very many clients sequences are preempted now and then.
CACHE_MIB = 48
MAX_GROWTH_MB = 32  # of the resident set: what allocators keep of a burst, and traces not yet written


def cases(count):
    """The requests that clients choose from: greedy and seeded, short and long, sharing prefixes or not."""
    made = []
    for number in range(count):
        shared = "You are a careful assistant that answers in plain words. " * (number % 4)
        made.append({
            "model": serving.CHAT, "stream": True, "ignore_eos": True,
            "temperature": 0 if number % 3 == 0 else 1, "seed": number,
            "max_tokens": (4, 12, 24, 48)[number % 4],
            "messages": [{"role": "system", "content": shared or "Answer."},
                         {"role": "user", "content": f"Tell me about the number {number // 2}."}]})
    return made


class Stream:
    """One request on a connection of its own. `text` grows as events come."""

    def __init__(self, address, body):
        self.address, self.body, self.text, self.pending = address, body, "", b""

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(*self.address)
        data = json.dumps(self.body).encode()
        self.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                          b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"got {head!r} {await self.reader.read(1000)!r}")
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def events(self):
        """Yields after each event with text; ends at [DONE]."""
        while piece := await self.reader.read(65536):
            self.pending += piece
            *lines, self.pending = self.pending.split(b"\n")
            for line in lines:
                if line.startswith(b"data: [DONE]"):
                    return
                if not line.startswith(b"data: {"):
                    continue
                event = json.loads(line[6:])
                if "error" in event:
                    raise RuntimeError(f"got {event}")
                if content := event["choices"][0]["delta"].get("content"):
                    self.text += content
                    yield
        raise RuntimeError("the stream ended without [DONE]")


async def whole(address, body):
    async with Stream(address, body) as stream:
        async for _ in stream.events():
            pass
        return stream.text


class Tally:
    def __init__(self):
        self.completed = self.cancelled = self.events = 0
        self.different, self.errors, self.first_token_s = [], [], []


async def client(address, seed, until, alone, tally):
    choices = random.Random(seed)
    while time.monotonic() < until:
        number = choices.randrange(len(alone))
        body, expected = alone[number]
        leave_after = choices.randint(0, body["max_tokens"]) if choices.random() < CANCEL_SHARE else None
        begun = time.monotonic()
        try:
            async with Stream(address, body) as stream:
                count = 0
                if leave_after != 0:
                    async for _ in stream.events():
                        count += 1
                        if count == 1:
                            tally.first_token_s.append(time.monotonic() - begun)
                        if count == leave_after:
                            break
                left = leave_after is not None and count == leave_after
        except (OSError, EOFError, RuntimeError) as error:
            tally.errors.append(repr(error))
            continue
        tally.events += count
        if left:
            tally.cancelled += 1
            right = expected.startswith(stream.text)
        else:
            tally.completed += 1
            right = stream.text == expected
        if not right:
            tally.different.append({"case": number, "left": left, "got": stream.text, "want": expected})


def process_state(server):
    """What the operating system and the server itself know of what it holds."""
    folder = pathlib.Path(f"/proc/{server.process.pid}")
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    sockets = [fd for fd in (folder / "fd").iterdir() if os.path.lexists(fd) and _is_socket(fd)]
    return {
        "resident_mb": int(status["VmRSS"].split()[0]) // 1024,
        "peak_mb": int(status["VmHWM"].split()[0]) // 1024,
        "threads": int(status["Threads"]),
        "file_descriptors": len(os.listdir(folder / "fd")),
        "sockets": len(sockets),
        "running": server.metric("vllm:num_requests_running"),
        "waiting": server.metric("vllm:num_requests_waiting"),
        "cache_used": server.metric("vllm:kv_cache_usage_perc"),
        "preemptions": server.metric("vllm:num_preemptions_total"),
    }


def _is_socket(fd):
    try:
        return os.readlink(fd).startswith("socket:")
    except OSError:
        return False


def settled(server):
    """The state once all requests have gone."""
    for name in ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"):
        server.wait_for_metric(name, 0)
    time.sleep(1.5)  # connections that linger; traces that are written within a second
    return process_state(server)


async def load(address, num_clients, seconds, seed, alone):
    tally = Tally()
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(address, seed * 100003 + i, until, alone, tally) for i in range(num_clients)))
    return tally


def run(num_clients, seconds, seed, threads=2, num_cases=32):
    """(figures, what was wrong)"""
    server = serving.Server("--model", serving.CHAT, threads=threads, config={"engine": {"kv_cache_mib": CACHE_MIB}})
    try:
        host, port = server.url.split("//")[1].split(":")
        address = (host, int(port))

        async def all_alone():
            return [(body, await whole(address, body)) for body in cases(num_cases)]

        alone = asyncio.run(all_alone())
        # What a first burst makes for good (buffers, prefix cache) is no leak: it comes before the first look.
        asyncio.run(load(address, num_clients, min(5, seconds), seed + 1, alone))
        before = settled(server)
        begun = time.monotonic()
        tally = asyncio.run(load(address, num_clients, seconds, seed, alone))
        took = time.monotonic() - begun
        after = settled(server)
        wrong = [*tally.errors[:5], *tally.different[:5]]
        for name in ("running", "waiting", "cache_used"):
            if after[name] != 0:
                wrong.append(f"{name}: got {after[name]} after the load, want 0")
        for name in ("threads", "file_descriptors", "sockets"):
            if after[name] > before[name]:
                wrong.append(f"{name}: got {after[name]} after the load, want the {before[name]} of before")
        if after["resident_mb"] > before["resident_mb"] + MAX_GROWTH_MB:
            wrong.append(f"resident_mb: got {after['resident_mb']}, want at most {before['resident_mb'] + MAX_GROWTH_MB}")
        if server.stop() != 0:
            wrong.append(f"the server ended badly: {''.join(server.errors)}")
    finally:
        server.kill()
    firsts = sorted(tally.first_token_s) or [0]
    figures = {
        "clients": num_clients, "seconds": round(took, 1), "seed": seed, "completed": tally.completed,
        "cancelled": tally.cancelled, "different": len(tally.different), "errors": len(tally.errors),
        "events_per_s": round(tally.events / took, 1), "first_token_s_median": round(statistics.median(firsts), 3),
        "first_token_s_p99": round(firsts[int(len(firsts) * 0.99)], 3), "before": before, "after": after}
    return figures, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    figures, wrong = run(arguments.clients, arguments.seconds, arguments.seed, arguments.threads)
    print(json.dumps(figures, indent=2))
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
