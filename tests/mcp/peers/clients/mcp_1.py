"""PyPI mcp 1: mcp_1.py legacy stdio COMMAND ARGS... | http URL"""

import asyncio
import json
import os
import sys

from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import ElicitResult

_, KIND, PLACE, *ARGS = sys.argv[1:]


async def approve(_context, _params):
    return ElicitResult(action="accept", content={"approve": True})


async def main():
    if KIND == "http":
        streams = streamablehttp_client(PLACE)
    else:
        streams = stdio_client(StdioServerParameters(command=PLACE, args=ARGS, env=dict(os.environ)))
    async with streams as (read, write, *_), ClientSession(read, write, elicitation_callback=approve) as client:
        begun = await client.initialize()
        tools = await client.list_tools()
        total = await client.call_tool("calculator", {"expression": "2/3 + 1/3"})
        wrong = await client.call_tool("calculator", {"expression": "1/0"})
        written = await client.call_tool("write_file", {"path": "peer.txt", "content": "here"})
        resources = await client.list_resources()
        corpora = await client.read_resource("atelier://corpora")
        try:
            await client.read_resource("atelier://nowhere")
            missing = "found"
        except McpError as error:
            missing = error.error.code
        print(json.dumps({
            "revision": begun.protocolVersion, "server": begun.serverInfo.name,
            "tools": [tool.name for tool in tools.tools], "sum": total.content[0].text, "wrong": wrong.isError,
            "written": not written.isError, "resources": [str(one.uri) for one in resources.resources],
            "corpora": corpora.contents[0].text, "missing": missing}))


asyncio.run(main())
