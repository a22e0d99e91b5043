"""PyPI a2a-sdk 1 as a server: an agent that says what it was told, over one binding. With KEYS its card is signed, and the key
stands in that file.   answer_1.py JSONRPC|HTTP+JSON [KEYS]

Told "slowly" it waits for a POST to /go."""

import asyncio
import json
import pathlib
import socket
import sys

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import (AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Part, Task, TaskState, TaskStatus)
from a2a.utils.signing import create_agent_card_signer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

GO = asyncio.Event()


class Echo(AgentExecutor):
    async def execute(self, context, event_queue):
        if not context.current_task:
            await event_queue.enqueue_event(Task(id=context.task_id, context_id=context.context_id,
                                                 status=TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)))
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        await updater.start_work(updater.new_agent_message([Part(text="Thinking.")]))
        text = context.message.parts[0].text
        if text == "ask back":
            return await updater.requires_input(updater.new_agent_message([Part(text="Which one?")]))
        if text == "slowly":
            await GO.wait()
        await updater.add_artifact([Part(text="echo: ")], artifact_id="echo")
        await updater.add_artifact([Part(text=text)], artifact_id="echo", append=True, last_chunk=True)
        await updater.complete()

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def sign(card, keys):
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    pathlib.Path(keys).write_text(json.dumps({"keys": [{**jwk, "kid": "k1"}]}))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return create_agent_card_signer(pem, {"kid": "k1", "alg": "ES256", "jku": None, "typ": "JOSE"})(card)


async def go(_request):
    GO.set()
    return Response()


def main(binding, keys=None):
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    card = AgentCard(
        name="echo", description="Says what it was told.", version="1",
        supported_interfaces=[AgentInterface(url=url + ("/rpc" if binding == "JSONRPC" else ""),
                                             protocol_binding=binding, protocol_version="1.0")],
        capabilities=AgentCapabilities(streaming=True), default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="echo", name="echo", description="echoes", tags=["echo"])])
    if keys:
        card = sign(card, keys)
    handler = DefaultRequestHandler(agent_executor=Echo(), task_store=InMemoryTaskStore(), agent_card=card)
    routes = create_agent_card_routes(card)
    routes += create_jsonrpc_routes(handler, "/rpc") if binding == "JSONRPC" else create_rest_routes(handler)
    routes.append(Route("/go", go, methods=["POST"]))
    print(url, flush=True)
    uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error")).run(sockets=[listener])


main(*sys.argv[1:])
