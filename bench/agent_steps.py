#!/usr/bin/env python3
"""What a durable step of an agent costs, beside LangGraph's SQLite checkpointer and PydanticAI's steps in DBOS on SQLite.

    pip install langgraph langgraph-checkpoint-sqlite langchain-core 'pydantic-ai-slim[dbos]'
    bench/agent_steps.py --atelier build/release/atelier_agent_bench --calls 10 50 200 --rounds 5

Every runtime does the same: a model that answers at once asks for one call of a tool that does nothing, N times, and ends.
A step is an answer or a call, so 2N + 1 of them. All databases are SQLite in WAL mode with synchronous FULL in one folder, and
every step is durable before the next. Told for each, the median of the rounds: processor time of the whole process a step,
wall time a step, bytes on disk a step. Runtimes take turns within a round, so that a busy machine is busy for all.
"""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time


def measured(work, num_calls, folder):
    """Seconds of processor and wall a step, and bytes on disk a step."""
    def cpu():
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    work(3)  # imports, tables and caches are made
    size = disk(folder)
    before, began = cpu(), time.perf_counter()
    work(num_calls)
    steps = 2 * num_calls + 1
    return {"cpu_us": (cpu() - before) / steps * 1e6, "wall_us": (time.perf_counter() - began) / steps * 1e6,
            "bytes": (disk(folder) - size) / steps}


def disk(folder):
    """With what waits in write-ahead logs."""
    for path in pathlib.Path(folder).glob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return sum(path.stat().st_size for path in pathlib.Path(folder).iterdir() if path.is_file())


def langgraph(num_calls, folder):
    import uuid

    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_core.tools import tool
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.prebuilt import create_react_agent

    @tool
    def note(x: str) -> str:
        """Takes a note."""
        return "noted"

    class Script(BaseChatModel):
        left: int = 0

        @property
        def _llm_type(self):
            return "script"

        def bind_tools(self, tools, **_):
            return self

        def _generate(self, messages, stop=None, run_manager=None, **_):
            self.left -= 1
            calls = [{"name": "note", "args": {"x": f"number {self.left}"}, "id": f"call_{self.left}"}] if self.left >= 0 else []
            return ChatResult(generations=[ChatGeneration(message=AIMessage(content="" if calls else "done", tool_calls=calls))])

    connection = sqlite3.connect(pathlib.Path(folder) / "langgraph.db", check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    saver = SqliteSaver(connection)
    saver.setup()

    def work(calls):
        agent = create_react_agent(Script(left=calls), [note], checkpointer=saver)
        config = {"configurable": {"thread_id": str(uuid.uuid4())}, "recursion_limit": 4 * calls + 10}
        result = agent.invoke({"messages": [("user", "go")]}, config, durability="sync")
        assert result["messages"][-1].content == "done" and len(result["messages"]) == 2 * calls + 2
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)

    return measured(work, num_calls, folder)


def pydantic_agent(calls_left, name, step=None):
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel
    from pydantic_ai.usage import UsageLimits

    def answer(messages, info):
        calls_left[0] -= 1
        if calls_left[0] < 0:
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart("note", {"x": f"number {calls_left[0]}"})])

    async def note(x: str) -> str:
        return "noted"

    agent = Agent(FunctionModel(answer), name=name)
    agent.tool_plain(step()(note) if step else note)
    return agent, UsageLimits(request_limit=None)


def pydantic_ai(num_calls, folder):
    """Nothing is durable: what the loop alone costs."""
    left = [0]
    agent, limits = pydantic_agent(left, "plain")

    def work(calls):
        left[0] = calls
        assert agent.run_sync("go", usage_limits=limits).output == "done"

    return measured(work, num_calls, folder)


def pydantic_ai_dbos(num_calls, folder):
    import sqlalchemy
    from dbos import DBOS
    from pydantic_ai.durable_exec.dbos import DBOSAgent

    @sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "connect")
    def full(connection, _):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.db", "log_level": "ERROR"})
    left = [0]
    agent, limits = pydantic_agent(left, "durable", DBOS.step)
    durable = DBOSAgent(agent)
    DBOS.launch()

    def work(calls):
        left[0] = calls
        assert durable.run_sync("go", usage_limits=limits).output == "done"

    try:
        return measured(work, num_calls, folder)
    finally:
        DBOS.destroy()


PEERS = {"langgraph": langgraph, "pydantic_ai": pydantic_ai, "pydantic_ai_dbos": pydantic_ai_dbos}


def run_atelier(binary, num_calls, folder):
    out = subprocess.run([binary, f"--benchmark_filter=BM_Steps/{num_calls}/", "--benchmark_format=json"], check=True,
                         capture_output=True, env=dict(os.environ, TMPDIR=folder)).stdout
    found = json.loads(out)["benchmarks"][0]
    return {name: found[name] for name in ("cpu_us", "wall_us", "bytes")}


def run_peer(name, num_calls, folder):
    out = subprocess.run([sys.executable, __file__, "--peer", name, "--calls", str(num_calls), "--folder", folder], check=True,
                         capture_output=True).stdout
    return json.loads(out.splitlines()[-1])


def versions():
    from importlib.metadata import version
    return ", ".join(f"{name} {version(name)}" for name in ("langgraph", "langgraph-checkpoint-sqlite", "pydantic-ai-slim", "dbos"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--atelier")
    parser.add_argument("--calls", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", choices=PEERS)
    parser.add_argument("--folder")
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(PEERS[options.peer](options.calls[0], options.folder)))
        return
    print(f"{versions()}; medians of {options.rounds} rounds")
    print("| runtime | calls | processor µs a step | wall µs a step | bytes on disk a step |\n|---|---|---|---|---|")
    for num_calls in options.calls:
        rows = {}
        for _ in range(options.rounds):
            for name in ["atelier", *PEERS]:
                with tempfile.TemporaryDirectory() as folder:
                    row = run_atelier(options.atelier, num_calls, folder) if name == "atelier" else run_peer(name, num_calls, folder)
                rows.setdefault(name, []).append(row)
        for name, measured_rows in rows.items():
            cpu, wall, size = (statistics.median(row[key] for row in measured_rows) for key in ("cpu_us", "wall_us", "bytes"))
            print(f"| {name} | {num_calls} | {cpu:.0f} | {wall:.0f} | {size:.0f} |", flush=True)


if __name__ == "__main__":
    main()
