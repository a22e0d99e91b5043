"""1,000 streams open at once, more than run at once: all are answered, and those that stay get what they would alone."""

import asyncio
import json
import resource

from serving import CHAT
from wire import exchange, head_of, post

NUM_STREAMS = 1000
NUM_STAYING = 50


def body(number):
    staying = number >= NUM_STREAMS - NUM_STAYING
    return {"model": CHAT, "prompt": f"{number} is", "stream": True, "temperature": 1, "seed": number, "ignore_eos": True,
            "max_tokens": 6 if staying else 200}


async def open_stream(address, number):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(post("/v1/completions", body(number)))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return reader, writer


async def most_open(server):
    """Streams that run or wait, once the engine has seen all (it tells its figures after each step)."""
    for _ in range(1000):
        lines = (await asyncio.to_thread(server.get, "/metrics")).splitlines()
        count = sum(float(line.rsplit(" ", 1)[1]) for line in lines
                    if line.startswith(("vllm:num_requests_running{", "vllm:num_requests_waiting{")))
        if count >= NUM_STREAMS:
            break
        await asyncio.sleep(0.1)
    return count


async def text_of(stream):
    data = b""
    while b"data: [DONE]" not in data:
        piece = await stream[0].read(65536)
        assert piece, data[-300:]
        data += piece
    lines = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: {")]
    return "".join(json.loads(line)["choices"][0]["text"] for line in lines)


def test_a_thousand_streams_at_once(make_server):
    server = make_server()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    exchange(server, post("/v1/completions", {"model": CHAT, "prompt": "x", "max_tokens": 1}))
    host, port = server.url.split("//")[1].split(":")

    async def run():
        # Those that stay come last, behind more than run at once: none can end before the others leave.
        leaving = range(NUM_STREAMS - NUM_STAYING)
        staying = range(NUM_STREAMS - NUM_STAYING, NUM_STREAMS)
        streams = await asyncio.gather(*(open_stream((host, int(port)), number) for number in leaving))
        streams += await asyncio.gather(*(open_stream((host, int(port)), number) for number in staying))
        open_at_once = await most_open(server)
        for _, writer in streams[:-NUM_STAYING]:
            writer.close()
        texts = await asyncio.gather(*(text_of(stream) for stream in streams[-NUM_STAYING:]))
        return open_at_once, texts

    open_at_once, texts = asyncio.run(run())
    assert open_at_once == NUM_STREAMS
    assert server.wait_for_metric("vllm:num_requests_running", 0)
    assert server.wait_for_metric("vllm:kv_cache_usage_perc", 0)
    for number, text in list(enumerate(texts, NUM_STREAMS - NUM_STAYING))[::10]:
        alone = exchange(server, post("/v1/completions", {**body(number), "stream": False})).json()
        assert alone["choices"][0]["text"] == text
    assert exchange(server, head_of("GET", "/health")).status == 200
    assert server.stop() == 0
