"""PyPI a2a-sdk 1 as a client, over both bindings.   ask_1.py URL KEY"""

import asyncio
import importlib.metadata
import sys
import uuid

import httpx
from a2a.client import ClientConfig, create_client
from a2a.types import (CancelTaskRequest, GetExtendedAgentCardRequest, GetTaskRequest, ListTasksRequest, Message, Part,
                       Role, SendMessageRequest, TaskState)
from a2a.utils.signing import create_signature_verifier
from jwt import PyJWK


def message(text, **more):
    return SendMessageRequest(message=Message(message_id=str(uuid.uuid4()), role=Role.ROLE_USER,
                                              parts=[Part(text=text)], **more))


async def last_task(client, request):
    """What the events of a message come to: the task as GetTask gives it."""
    ids = []
    async for event in client.send_message(request):
        kind = event.WhichOneof("payload")
        ids.append(event.task.id if kind == "task" else getattr(event, kind).task_id)
    assert len(set(ids)) == 1, ids
    return await client.get_task(GetTaskRequest(id=ids[0])), len(ids)


def key_of(kid, keys_url):
    """The key that a card's signature names."""
    [key] = [key for key in httpx.get(keys_url).json()["keys"] if key["kid"] == kid]
    return PyJWK(key)


async def check(url, key, binding, streaming):
    http = httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120)
    client = await create_client(url, ClientConfig(streaming=streaming, httpx_client=http,
                                                   supported_protocol_bindings=[binding]),
                                 signature_verifier=create_signature_verifier(key_of, ["ES256"]))
    task, events = await last_task(client, message("hello"))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED, task
    assert task.artifacts[0].parts[0].text == "You said: hello (0 answers before)", task
    assert events >= 3 if streaming else events >= 1, events
    again, _ = await last_task(client, message("and again", context_id=task.context_id))
    assert again.status.state == TaskState.TASK_STATE_COMPLETED, again
    assert again.artifacts[0].parts[0].text == "You said: and again (1 answers before)", again
    asking, _ = await last_task(client, message("ask me"))
    assert asking.status.state == TaskState.TASK_STATE_INPUT_REQUIRED, asking
    assert asking.status.message.parts[0].text == "Which colour?", asking
    told, _ = await last_task(client, message("blue", task_id=asking.id, context_id=asking.context_id))
    assert told.status.state == TaskState.TASK_STATE_COMPLETED, told
    assert told.artifacts[0].parts[0].text.startswith("You said: blue"), told
    waiting, _ = await last_task(client, message("ask me"))
    cancelled = await client.cancel_task(CancelTaskRequest(id=waiting.id))
    assert cancelled.status.state == TaskState.TASK_STATE_CANCELED, cancelled
    page = await client.list_tasks(ListTasksRequest(context_id=task.context_id))
    assert [one.id for one in page.tasks] == [again.id, task.id] and page.total_size == 2, page
    card = await client.get_extended_agent_card(GetExtendedAgentCardRequest())
    assert card.name == "clerk", card
    await client.close()


async def main(url, key):
    for binding in ("JSONRPC", "HTTP+JSON"):
        for streaming in (False, True):
            await check(url, key, binding, streaming)
    print(f"a2a: PyPI a2a-sdk {importlib.metadata.version('a2a-sdk')}: JSON-RPC and HTTP+JSON")


asyncio.run(main(*sys.argv[1:]))
