"""The live /metrics, after traffic of every kind, as Prometheus' own tool judges it."""

import subprocess

from serving import CHAT, EMBED
from wire import exchange, post


def test_promtool_finds_nothing_but_the_colon(server):
    chat = {"model": CHAT, "messages": [{"role": "user", "content": "x"}], "max_tokens": 3}
    for path, body in (("/v1/chat/completions", chat), ("/v1/chat/completions", {**chat, "n": 2, "stream": True}),
                       ("/v1/embeddings", {"model": EMBED, "input": ["a", "b"]}), ("/v1/completions", b"{"),
                       ("/v1/rerank", {"model": EMBED, "query": "a", "documents": ["b"]})):
        exchange(server, post(path, body))
    checked = subprocess.run(["promtool", "check", "metrics"], input=server.get("/metrics"), capture_output=True, text=True)
    lines = (checked.stdout + checked.stderr).splitlines()
    assert lines, "the colon in vLLM's names is always found"
    # A histogram that vLLM named against the rules, and whose name its dashboards ask for.
    vllms_own = 'vllm:iteration_tokens_total non-counter metrics should not have "_total" suffix'
    assert [line for line in lines if "metric names should not contain ':'" not in line and line != vllms_own] == []
