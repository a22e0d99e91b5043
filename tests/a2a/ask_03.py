"""PyPI a2a-sdk 0.3 as a client, over both bindings.   ask_03.py URL KEY"""

import asyncio
import importlib.metadata
import sys
import uuid

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, TaskIdParams, TaskQueryParams, TaskState, TextPart, TransportProtocol


def message(text, **more):
    return Message(message_id=str(uuid.uuid4()), role=Role.user, parts=[Part(root=TextPart(text=text))], **more)


async def last_task(client, said):
    task = None
    async for event in client.send_message(said):
        task = event[0]
    return await client.get_task(TaskQueryParams(id=task.id))


async def check(url, key, transport, streaming):
    http = httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120)
    client = await ClientFactory.connect(url, ClientConfig(
        streaming=streaming, httpx_client=http, supported_transports=[transport], use_client_preference=True))
    task = await last_task(client, message("hello"))
    assert task.status.state == TaskState.completed, task
    assert task.artifacts[0].parts[0].root.text == "You said: hello (0 answers before)", task
    asking = await last_task(client, message("ask me"))
    assert asking.status.state == TaskState.input_required, asking
    told = await last_task(client, message("blue", task_id=asking.id, context_id=asking.context_id))
    assert told.status.state == TaskState.completed, told
    waiting = await last_task(client, message("ask me"))
    cancelled = await client.cancel_task(TaskIdParams(id=waiting.id))
    assert cancelled.status.state == TaskState.canceled, cancelled


async def main(url, key):
    for transport in (TransportProtocol.jsonrpc, TransportProtocol.http_json):
        for streaming in (False, True):
            await check(url, key, transport, streaming)
    print(f"a2a: PyPI a2a-sdk {importlib.metadata.version('a2a-sdk')}: JSON-RPC and HTTP+JSON")


asyncio.run(main(*sys.argv[1:]))
