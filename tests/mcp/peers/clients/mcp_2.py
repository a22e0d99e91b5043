"""PyPI mcp 2: mcp_2.py auto|legacy stdio COMMAND ARGS... | http URL"""

import asyncio
import json
import os
import sys

from mcp import Client, MCPError, StdioServerParameters
from mcp.types import ElicitResult

MODE, KIND, PLACE, *ARGS = sys.argv[1:]


async def approve(_context, _params):
    return ElicitResult(action="accept", content={"approve": True})


async def main():
    server = PLACE if KIND == "http" else StdioServerParameters(command=PLACE, args=ARGS, env=dict(os.environ))
    async with Client(server, mode=MODE, elicitation_callback=approve) as client:
        tools = await client.list_tools()
        total = await client.call_tool("calculator", {"expression": "2/3 + 1/3"})
        wrong = await client.call_tool("calculator", {"expression": "1/0"})
        written = await client.call_tool("write_file", {"path": "peer.txt", "content": "here"})
        resources = await client.list_resources()
        corpora = await client.read_resource("atelier://corpora")
        try:
            await client.read_resource("atelier://nowhere")
            missing = "found"
        except MCPError as error:
            missing = error.code
        print(json.dumps({
            "revision": client.protocol_version, "server": client.server_info.name,
            "tools": [tool.name for tool in tools.tools], "sum": total.content[0].text, "wrong": wrong.is_error,
            "written": not written.is_error, "resources": [str(one.uri) for one in resources.resources],
            "corpora": corpora.contents[0].text, "missing": missing}))


asyncio.run(main())
